"""An exception that a signal handler raises (Celery's soft limit, RQ's time-out, an alarm) comes out as it is."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import MireloClient, SubmitOutcomeUnknown, Video
from tests.faults import mirelo
from tests.faults.harness import KEY
from tests.faults.interrupts import TOKEN
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import ReadHead, ReadRequest, Respond, Send, Signal, Stall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarm")


class SoftTimeLimit(Exception):
    """As Celery's is: no subclass of anything."""


@contextlib.contextmanager
def alarm(error: Exception, after: threading.Event) -> Iterator[None]:
    """Let a signal handler raise this in the main thread, shortly after the event."""

    def ring(*_: object) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, ring)

    def ring_then() -> None:
        after.wait(60.0)
        signal.setitimer(signal.ITIMER_REAL, 0.05)

    thread = threading.Thread(target=ring_then)
    thread.start()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        thread.join()
        signal.signal(signal.SIGALRM, before)


ERRORS = [SoftTimeLimit, TimeoutError, ConnectionResetError, BrokenPipeError]
"""What handlers raise: also what the network itself could."""


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", ["me", "poll", "upload", "pipe", "download", "submit"])
def test_it_passes_unchanged_and_the_client_is_of_use(call: str, error: type[Exception], tmp_path: Path) -> None:
    stuck = threading.Event()

    def stalled(*before: Any) -> list[Any]:
        return [*before, Signal(stuck), Stall()]

    raised = error("of a handler")
    with FaultServer() as server:
        faults = {
            "me": ("GET /v2/me", stalled(ReadRequest())),
            "poll": ("GET *", stalled(ReadRequest())),
            "upload": ("PUT *", stalled(ReadHead())),
            "pipe": ("PUT *", stalled(ReadHead())),
            "download": ("GET /1.wav", stalled(ReadRequest(), Send(Respond(200, bytes(99)).wire[:-50]))),
            "submit": ("POST *", stalled(ReadRequest())),
        }
        good = {
            "GET /v2/me": [mirelo.me()],
            "GET /1.wav": [Respond(200)],
            "GET *": [mirelo.succeeded(f"{server.url}/1.wav")],
            "POST /v2/assets": [mirelo.asset(f"{server.url}/put")],
            "POST *": [mirelo.accepted()],
        }
        pattern, fault = faults[call]
        server.play(Routes({pattern: [fault], **{key: value for key, value in good.items() if key != pattern}}))
        with MireloClient(KEY, base_url=server.url) as client, contextlib.ExitStack() as stack:
            made = _call(client, call, tmp_path, stack)
            with alarm(raised, stuck), pytest.raises(error) as caught:
                made()
        assert caught.value is raised
        causes = [type(raised.__cause__)] if raised.__cause__ is not None else []
        assert causes == ([SubmitOutcomeUnknown] if call == "submit" else [])
        assert len(mirelo.submits(server.requests)) == (call == "submit")
        server.play([mirelo.me()])
        with MireloClient(KEY, base_url=server.url) as client:
            assert client.me().credits_available == 1000


def _call(client: MireloClient, call: str, folder: Path, stack: contextlib.ExitStack) -> Any:
    if call == "me":
        return client.me
    if call == "poll":
        return client.job(TOKEN).wait
    if call == "download":
        result = client.job(TOKEN).wait()
        return lambda: result.download(folder)
    if call == "submit":
        return client.text_to_sfx("rain").submit_job
    if call == "upload":
        video = Video.from_bytes(bytes(16 << 20), "video/mp4")
    else:
        reading, writing = os.pipe()  # nobody ever writes into it
        stack.callback(os.close, writing)
        file = stack.enter_context(io.FileIO(reading))
        video = Video.from_file(file, size=1 << 20, content_type="video/mp4")
    return client.video_to_sfx(video, duration_ms=1000).submit_job
