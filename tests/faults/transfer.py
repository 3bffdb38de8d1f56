"""What the rows about uploads and downloads share: made files, an API beside a storage host, and what may reach it."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo import Video
from mirelo_ergo._runtime.client.settings import user_agent
from tests.faults import mirelo
from tests.faults.harness import KEY, SIGNATURE
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Close, ReadRequest, Respond, Script, Send, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mirelo_ergo import MireloError
    from tests.faults.harness import Face
    from tests.faults.wire import Received

MIB = 1 << 20
ETAG = '"v1"'
MODIFIED = "Thu, 01 Jan 2026 12:00:00 GMT"
SESSION = "session=geheim-of-the-api"
NAME = f"{mirelo.JOB_ID}-1.wav"
"""What the first result of the job is saved as."""
SUBMIT, POLL = f"POST {mirelo.TEXT_TO_SFX}/jobs", f"GET {mirelo.TEXT_TO_SFX}/jobs/{mirelo.JOB_ID}"
"""What a job takes on the wire when its submit and its first poll go well."""


# Files.


@cache
def noise(size: int, seed: int = 1) -> bytes:
    """Make bytes of which no two pieces are alike, the same ones for the same seed."""
    return random.Random(seed).randbytes(size)


def wav(size: int, seed: int = 1) -> bytes:
    """Make a RIFF/WAVE file of exactly `size` bytes."""
    head = b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    return (head + noise(max(size, 64), seed))[:size]


def box(name: bytes, payload: bytes) -> bytes:
    return (len(payload) + 8).to_bytes(4, "big") + name + payload


def mp4(size: int = 200_000, seed: int = 1) -> bytes:
    """Make the boxes of an MP4 file with about `size` bytes of data, the index in front."""
    return box(b"ftyp", b"isom\0\0\0\1isom") + box(b"moov", noise(5000, seed)) + box(b"mdat", noise(size, seed))


def sha256(data: bytes | Path) -> str:
    return hashlib.sha256(data if isinstance(data, bytes) else data.read_bytes()).hexdigest()


# The storage host's answers.


def whole(body: bytes, content_type: str = "audio/wav", etag: str | None = ETAG, **headers: str) -> Respond:
    """Answer 200 with all of it; headers by keyword, `Last_Modified="..."`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Respond(200, body, {"Content-Type": content_type, **({"ETag": etag} if etag else {}), **named})


def part(body: bytes, start: int, content_type: str = "audio/wav", etag: str | None = ETAG, **headers: str) -> Respond:
    """Answer 206 with the bytes from `start` on."""
    content_range = f"bytes {start}-{len(body) - 1}/{len(body)}"
    answer = whole(body[start:], content_type, etag, **{"Content_Range": content_range, **headers})
    return attrs.evolve(answer, status=206)


def cut(answer: Respond, count: int, end: Step | None = None) -> Script:
    """Send an answer's head and `count` bytes of its body, then end the connection."""
    return [ReadRequest(), Send(answer.head + answer.body[:count]), end or Close()]


# An API, and a storage host beside it.


def with_cookie(answer: Respond) -> Respond:
    """Let the API set a cookie, which must go nowhere."""
    return attrs.evolve(answer, headers={**answer.headers, "Set-Cookie": f"{SESSION}; Path=/"})


@contextmanager
def results(
    files: Sequence[Script] | Mapping[str, Sequence[Script]], *more: str, **options: Any
) -> Iterator[tuple[FaultServer, FaultServer]]:
    """Return an API whose job succeeds, and the host of its results.

    `files` are the host's scripts, or its scripts by path. Each poll shows one set of URLs: the first the path
    `/1.wav`, or all paths that `files` names, a later one the next path of `more`; all with the signature. At the end
    `check_wire` must hold.
    """
    routes = files if isinstance(files, Mapping) else {"/*": files}
    first = list(files) if isinstance(files, Mapping) else ["/1.wav"]
    with FaultServer(Routes({f"GET {path}": scripts for path, scripts in routes.items()}), **options) as host:
        polls = [[signed(host, path) for path in first], *([signed(host, path)] for path in more)]
        api = Routes(
            {
                "POST *": [with_cookie(mirelo.accepted())],
                "GET *": [with_cookie(mirelo.succeeded(*urls)) for urls in polls],
            }
        )
        with FaultServer(api) as server:
            yield server, host
            check_wire(server, host)


def signed(host: FaultServer, path: str) -> str:
    return f"{host.url}{path}?{SIGNATURE}"


def finished(face: Face, api: FaultServer, num_samples: int = 1, **options: Any) -> Any:
    """Generate with a client of this face and return the result, whose files are still to be fetched."""
    client = face.open(api.url, extra_headers={"X-Tenant": "ours"}, **options)
    job = face.do(client.text_to_sfx("rain", num_samples=num_samples).submit_job())
    return face.do(job.wait(poll_interval_ms=1))


@contextmanager
def uploads(puts: Sequence[Script], *, slots: int = 2, **options: Any) -> Iterator[tuple[FaultServer, FaultServer]]:
    """Return an API and the host its assets are put to: `asset-1` at `/put/1`, the next one at `/put/2`.

    At the end `check_wire` must hold.
    """
    with FaultServer(Routes({"PUT *": puts}), **options) as host:
        assets = [mirelo.asset(signed(host, f"/put/{n}"), f"asset-{n}") for n in range(1, slots + 1)]
        api = Routes(
            {
                "POST /v2/assets": [with_cookie(answer) for answer in assets],
                "POST */jobs": [with_cookie(mirelo.accepted(operation=mirelo.VIDEO_TO_SFX))],
            }
        )
        with FaultServer(api) as server:
            yield server, host
            check_wire(server, host)


def submitting(face: Face, api: FaultServer, video: Video, **options: Any) -> Any:
    """Return the call that uploads the video and submits a job with it."""
    client = face.open(api.url, extra_headers={"X-Tenant": "ours"}, **options)
    return client.video_to_sfx(video, duration_ms=1000).submit_job


# What came.


def wire(server: FaultServer) -> list[str]:
    """Return every request as `METHOD /path`, in order."""
    return [f"{request.method} {request.path.partition('?')[0]}" for request in server.requests]


def ranges(server: FaultServer) -> list[tuple[str | None, str | None]]:
    """Return every request's Range and If-Range."""
    return [(request.headers.get("range"), request.headers.get("if-range")) for request in server.requests]


def check_wire(api: FaultServer, host: FaultServer) -> None:
    """Assert what holds for every row: at most one charge, and on a storage host nothing but the transfer itself.

    That is: our name, but no key, no cookie of the API, no header of the user's client and none that httpx adds.
    """
    assert len(mirelo.submits(api.requests)) <= 1
    for request in host.requests:
        fixed = {"host": f"127.0.0.1:{host.port}", "accept-encoding": "identity", "user-agent": user_agent()}
        if request.method == "PUT":
            fixed |= {"content-type": "video/mp4", "content-length": request.headers["content-length"]}
        conditional = {name for name in ("range", "if-range") if name in request.headers}
        assert conditional in (set(), {"range", "if-range"}), request.headers
        assert {name: value for name, value in request.headers.items() if name not in conditional} == fixed
        assert request.path.endswith(f"?{SIGNATURE}")
        assert not any(secret in text for secret in (KEY, SESSION) for text in request.headers.values())


def check_submitted(api: FaultServer, asset: str = "asset-1") -> None:
    """Assert that exactly one job was submitted, with this asset."""
    [submit] = mirelo.submits(api.requests)
    assert submit.json["video"] == {"type": "asset", "asset_id": asset}


def check_error(error: MireloError, kind: str, http_status: int = 0, code: str | None = None) -> None:
    """Assert an error's exact class, its code (the class's own unless given) and status."""
    assert (type(error).__name__, error.http_status) == (kind, http_status), repr(error)
    assert error.code == (code or type(error).default_code)


def check_nothing_saved(folder: Path, *kept: str) -> None:
    """Assert that a folder holds these names and nothing else, hidden or not; it may be missing."""
    assert sorted(path.name for path in folder.glob("*")) == sorted(kept)


def put_bodies(host: FaultServer) -> list[Received]:
    return [request for request in host.requests if request.method == "PUT"]


# Sockets: an audit hook sees every one, in any thread. It cannot be removed, so it listens only when asked to.

_heard: list[tuple[str, Any]] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _heard is not None and event in ("socket.__new__", "socket.connect", "socket.getaddrinfo"):
        _heard.append((event.partition(".")[2], arguments[1] if event == "socket.connect" else arguments[0]))


sys.addaudithook(_hook)


@contextmanager
def sockets_opened() -> Iterator[list[tuple[str, Any]]]:
    """Return the list of what this process does with sockets meanwhile: new ones, connects, look-ups of names."""
    global _heard  # the hook is one per process
    heard: list[tuple[str, Any]] = []
    _heard = heard
    try:
        yield heard
    finally:
        _heard = None
