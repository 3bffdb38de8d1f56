"""Sessions of inference.sh: a run opens or continues one, which ends when it is idle for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.refusals import Refusal, bad_request, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.state.records import Job

NEW = "new"
IDLE_SECONDS = 60


@attrs.define
class Session:
    """One session. It ends `idle_s` after its last run."""

    id: str
    key: str
    idle_s: float
    expires_at: float


class Sessions:
    """All sessions, by their ids."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, Session] = {}
        self._of_jobs: dict[str, str] = {}

    def of(self, key: str, sent: Mapping[str, Any]) -> Session | None:
        """Return the session that a run continues; refuse an unknown (404) or ended one (410)."""
        named = sent.get("session")
        if "session_timeout" in sent and named != NEW:
            raise bad_request(f"session_timeout is {sent['session_timeout']}: it goes with session {NEW!r} only")
        if named is None or named == NEW:
            return None
        found = self._known.get(named)
        if found is None or found.key != key:
            raise Refusal("SESSION_NOT_FOUND", 404, f"there is no session {short(named)}")
        if self._clock.now() >= found.expires_at:
            raise Refusal("SESSION_EXPIRED", 410, f"the session {short(named)} was idle for over {found.idle_s:g} s")
        return found

    def keep(self, job: Job, session: Session | None) -> None:
        """Record that a job runs in a session, which may be a new one."""
        if session is None and job.request.get("session") == NEW:
            idle_s = job.request.get("session_timeout", IDLE_SECONDS)
            session = self._known[f"ses_{job.id[:8]}"] = Session(f"ses_{job.id[:8]}", job.key, idle_s, 0.0)
        if session is not None:
            session.expires_at = (
                max(self._clock.now(), min(job.finishes_at, self._clock.now() + 86_400)) + session.idle_s
            )
            self._of_jobs[job.id] = session.id

    def id_of(self, job: Job) -> str | None:
        """Return the id of the session that a job runs in."""
        return self._of_jobs.get(job.id)
