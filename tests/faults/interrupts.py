"""Calls that somebody stops, and the places where: by Ctrl-C in a child process, by cancelling a task in this one."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from mirelo_ergo import SubmitOutcomeUnknown, Video
from mirelo_ergo._runtime.io.sent import SentTracker
from tests.faults import mirelo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from pathlib import Path

    from tests.faults.harness import Face

Call = Literal["me", "wait", "submit", "run", "sync", "upload", "download"]
Place = Literal["sleep", "connect", "body", "answer"]
TOKEN = f"mirelo2:text-to-sfx:v1.5:{mirelo.JOB_ID}:1767268800:1000:"
CLIP_SIZE = 16 << 20
"""More than the kernels of both sides buffer."""


def prepare(face: Face, client: Any, call: Call, folder: Path) -> Callable[[], Any]:
    """Do what comes before the call, and return the call itself."""
    if call == "download":
        return partial(face.do(client.job(TOKEN).wait()).download, folder)
    rain = client.text_to_sfx("rain")
    calls: dict[Call, Any] = {
        "me": client.me,
        "wait": client.job(TOKEN).wait,
        "submit": rain.submit_job,
        "run": rain.run,
        "sync": rain.sync_i_accept_http_timeout_risk,
    }
    if call == "upload":
        clip = Video.from_bytes(bytes(CLIP_SIZE), "video/mp4")
        calls["upload"] = client.video_to_sfx(clip, duration_ms=2000).submit_job
    chosen: Callable[[], Any] = calls[call]
    return chosen


@contextmanager
def _listening(heard: Callable[[str, Mapping[str, Any]], None]) -> Iterator[None]:
    """Hear of every event of every attempt, as `SentTracker` does: it is how a connection says how far it has come."""
    event = SentTracker.event

    def told(self: SentTracker, name: str, info: Mapping[str, Any]) -> None:
        event(self, name, info)
        heard(name, info)

    SentTracker.event = told  # type: ignore[method-assign]
    try:
        yield
    finally:
        SentTracker.event = event  # type: ignore[method-assign]


@contextmanager
def announcing(client: Any, call: Call, place: Place, port: int, reached: Callable[[], None]) -> Iterator[None]:
    """Call `reached` when the call is about to block in a place; `port` is the server's that it connects to."""
    if place == "sleep":
        sleep = client._io.sleep

        async def announced(seconds: float) -> None:
            if seconds > 1:
                reached()
            await sleep(seconds)

        client._io.sleep = announced
        yield
        client._io.sleep = sleep
        return
    method = {"upload": "PUT", "submit": "POST", "run": "POST", "sync": "POST"}.get(call, "GET")
    awaited = {
        "connect": ("connect_tcp.started", "port", port),
        "body": (f"{'send_request' if call == 'upload' else 'receive_response'}_body.started", "method", method),
        "answer": ("receive_response_headers.started", "method", method),
    }[place]

    def heard(name: str, info: Mapping[str, Any]) -> None:
        if name.endswith(awaited[0]) and info.get(awaited[1]) == awaited[2]:
            reached()

    with _listening(heard):
        yield


POINTS = {
    "before connect": "connect_tcp.started",
    "before the head": "send_request_headers.started",
    "after the body": "send_request_body.complete",
    "after the answer": "receive_response_body.complete",
}
"""Points around a request, by the names of an attempt's events."""
FILE_POINTS = {"before the link": "os.link", "after the link": "os.remove"}
"""Points around a download's end, by the audit events of its giving a file its name."""


@contextmanager
def at_point(point: str, reached: Callable[[], None]) -> Iterator[None]:
    """Call `reached` when this process comes to a point for the first time."""
    pending = [reached]

    def once() -> None:
        if pending:
            pending.pop()()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if pending and event == FILE_POINTS.get(point) and ".part" in str(arguments[0]):
            once()

    if point in FILE_POINTS:
        sys.addaudithook(hook)  # it cannot be removed again
    name = POINTS.get(point, "no such event")
    with _listening(lambda event, _: once() if event.endswith(name) else None):
        yield


def told(error: BaseException, at: float) -> dict[str, Any]:
    """Return as JSON how a call ended, when, and what is known after it; the chain of causes by their names."""
    causes: list[BaseException] = []
    # before Python 3.11.3, the TimeoutError of asyncio.timeout has what it stopped as its context, not as its cause
    link = error.__cause__ or (error.__context__ if isinstance(error, TimeoutError) else None)
    while link is not None:
        causes.append(link)
        link = link.__cause__
    unknown = next((cause for cause in causes if isinstance(cause, SubmitOutcomeUnknown)), None)
    return {
        "kind": type(error).__name__,
        "at": at,
        "notes": [note for link in (error, *causes) for note in getattr(link, "__notes__", ())],
        "causes": [type(cause).__name__ for cause in causes],
        "unknown": unknown
        and {
            "sent": unknown.sent,
            "accepted": unknown.accepted,
            "code": unknown.code,
            "http_status": unknown.http_status,
            "retryable": unknown.retryable,
            "fingerprint": unknown.request_fingerprint,
            "message": unknown.message,
        },
    }


async def cancelled(
    call: Callable[[], Awaitable[Any]], reached: asyncio.Event, confirm: Callable[[], object]
) -> tuple[BaseException, float, float]:
    """Start a call as a task and cancel it where it has reached its place; `confirm` may wait for the server's side.

    Return the error as the awaiting caller sees it, when it was cancelled and when it had ended.
    """
    ends: list[float] = []

    async def timed() -> None:
        try:
            await call()
        finally:
            ends.append(time.monotonic())

    task = asyncio.create_task(timed())
    await asyncio.wait_for(reached.wait(), 60)
    await asyncio.to_thread(confirm)
    stopped = time.monotonic()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError as error:
        return error, stopped, ends[0]
    raise AssertionError("the call came to its end")
