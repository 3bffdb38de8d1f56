"""A far side that runs one job, in the virtual time of the waiting code."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from mirelo_ergo._runtime.jobs.tokens import JobRecord
from tests.support import answers
from tests.support.virtual import START, WALL, VirtualIO, client_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo import Job
    from mirelo_ergo._runtime.io.protocol import Request


def still() -> float:
    """Return 0: no jitter."""
    return 0.0


class Server:
    """Run one job that is done `length` seconds after its submit, in a far side that may have trouble."""

    def __init__(
        self,
        length: float,
        trouble: Callable[[float], Any] = lambda at: None,
        *,
        chance: Callable[[], float] | None = None,
    ) -> None:
        self.length, self.trouble = length, trouble
        self.io = VirtualIO(self.answer, latency=0.0, chance=chance)

    def answer(self, request: Request) -> Any:
        at = self.io.clock - START
        return self.trouble(at) or (answers.succeeded() if at >= self.length else self.running(at))

    def running(self, at: float) -> Any:
        return answers.processing(min(90, int(100 * at / self.length)))

    @property
    def polls(self) -> list[float]:
        """Return when polls left, in seconds since the submit."""
        return [call.at - START for call in self.io.calls]

    def job(self, estimated_ms: int | None, age: float = 0.0) -> Job:
        """Return the handle of the job, submitted `age` seconds ago."""
        record = JobRecord("mirelo", "text-to-sfx", "v1.5", answers.JOB_ID, self.io.wall() - age, estimated_ms)
        return client_over(self.io).job(record.token)


def iso(at: float) -> str:
    return datetime.fromtimestamp(WALL + at, UTC).isoformat().replace("+00:00", "Z")


class Hinting(Server):
    """Write into each poll when the job will be done, by the server's own clock."""

    def __init__(
        self, length: float, says: Callable[[float], float], *, chance: Callable[[], float] | None = None
    ) -> None:
        super().__init__(length, chance=chance)
        self.says = says

    def running(self, at: float) -> Any:
        return answers.processing(at=iso(self.says(at)), date=formatdate(WALL + at, usegmt=True))
