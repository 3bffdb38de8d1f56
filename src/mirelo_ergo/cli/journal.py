"""The job journal: one line per submitted job, so that no job is lost with its token.

A request that goes out under an idempotency key is written down before it leaves: what kills the command then loses
nothing, because the request can be sent again as the same. The journal holds tokens and short labels, no API key and
no result URL; a request's token holds what was asked for. A journal that cannot be written never stops a job.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST: Final = 512 * 1024
"""The largest size of the journal in bytes; then the older half is removed."""
SENT: Final = "sent"
"""The state of a request whose outcome is not known."""
_LONGEST_LABEL = 60
_LONGEST_REQUEST = LARGEST // 16
_LOCK_TRIES, _LOCK_PAUSE = 20, 0.05


@attrs.frozen
class Entry:
    """A job of an earlier command. `label` is the beginning of its prompt or its clip, `state` its end.

    `base_url` is the command's `--base-url`; `emulator` says that the job ended with its command. Of a request whose
    outcome is not known (`SENT`), the token is the request's, and `job_id` is what this journal calls it.
    """

    token: str
    job_id: str
    submitted_at: str
    label: str
    state: str = "submitted"
    base_url: str | None = None
    emulator: bool = False


def location() -> Path:
    """Return the path of the journal. A relative XDG_STATE_HOME is ignored, as its specification says.

    Raises `OSError` where there is no home folder.
    """
    state = os.environ.get("XDG_STATE_HOME", "")
    try:
        folder = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"  # noqa: PTH117
    except RuntimeError as error:
        raise OSError(str(error)) from error
    return folder / "mirelo-ergo" / "jobs.jsonl"


def add(
    token: str, job_id: str, label: str, *, base_url: str | None, emulator: bool, request: str | None = None
) -> None:
    """Record a submitted job. `request` is the token of its request. Raises `OSError`."""
    _append(
        {
            "event": "submitted",
            "token": token,
            "job_id": job_id,
            **_described(label, base_url),
            **({"emulator": True} if emulator else {}),
            **({} if request is None else {"request": name_of(request)}),
        }
    )


def name_of(request: str) -> str:
    """Return the name of a request in the journal, by its token."""
    return f"request-{hashlib.sha256(request.encode()).hexdigest()[:12]}"


def sending(request: str, label: str, *, base_url: str | None) -> None:
    """Record a request before it is sent, by its token. Raises `OSError`, also for a too long token."""
    if len(request) > _LONGEST_REQUEST:
        raise OSError("the request is too long for it")
    _append({"event": SENT, "token": request, "job_id": name_of(request), **_described(label, base_url)})


def not_taken(request: str) -> None:
    """Record that a request was certainly not accepted. Raises `OSError`."""
    _append({"event": "not taken", "request": name_of(request)})


def _described(label: str, base_url: str | None) -> dict[str, str]:
    return {"label": " ".join(label.split())[:_LONGEST_LABEL], **({} if base_url is None else {"base_url": base_url})}


def mark(token: str, state: str) -> None:
    """Record the end of a job: saved or failed. Raises `OSError`."""
    _append({"event": state, "token": token})


def entries() -> list[Entry]:
    """Return the jobs of the journal, and the requests whose outcome is not known, the newest last.

    Lines that make no sense are left out. Raises `OSError`.
    """
    found: dict[str, Entry] = {}
    for line in _lines():
        event, token, request = line.get("event"), line.get("token"), line.get("request")
        if isinstance(request, str):  # its outcome is known
            found = {each: entry for each, entry in found.items() if entry.job_id != request}
        if not isinstance(event, str) or not isinstance(token, str):
            continue
        if event in ("submitted", SENT):
            found.pop(token, None)
            found[token] = _entry(token, line, event)
        elif token in found:
            found[token] = attrs.evolve(found[token], state=event)
    return list(found.values())


def _entry(token: str, line: Mapping[str, Any], state: str) -> Entry:
    job_id, at, label, base_url = (line.get(name) for name in ("job_id", "at", "label", "base_url"))
    return Entry(
        token,
        job_id if isinstance(job_id, str) else "",
        at if isinstance(at, str) else "",
        label if isinstance(label, str) else "",
        state,
        base_url=base_url if isinstance(base_url, str) else None,
        emulator=line.get("emulator") is True,
    )


def _lines() -> Iterator[Mapping[str, Any]]:
    try:
        with _opened(location(), os.O_RDONLY) as file:
            text = _read(file, max(0, os.fstat(file).st_size - 2 * LARGEST), 2 * LARGEST).decode(errors="replace")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(line)
            if isinstance(value, dict):
                yield value


def _append(line: Mapping[str, object]) -> None:
    path = location()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    data = json.dumps({"at": at, **line}).encode() + b"\n"
    with _alone(path) as alone, _opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
        size = os.fstat(file).st_size
        if size and _read(file, size - 1, 1) != b"\n":  # a writer was interrupted within its line
            data = b"\n" + data
        if os.write(file, data) != len(data):
            raise OSError("the journal took a part of a line only")
        if alone and size + len(data) > LARGEST:
            _forget_older_half(path, _read(file, 0, 2 * LARGEST))


def _read(file: int, at: int, count: int) -> bytes:
    os.lseek(file, at, os.SEEK_SET)
    return os.read(file, count)


def _forget_older_half(path: Path, data: bytes) -> None:
    kept = data[-LARGEST // 2 :].partition(b"\n")[2]
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with _opened(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            os.write(file, kept)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    """Open a regular file with permissions for its owner only. Anything else, such as a FIFO, could block for ever."""
    file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(f"{path} is not a regular file")
        yield file
    finally:
        os.close(file)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Hold the journal's lock, after waiting at most a second; yields whether it was acquired."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield False
        return
    with _opened(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT) as lock:
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(_LOCK_PAUSE)
            else:
                yield True
                return
        yield False
