"""An exception that a signal handler raises (Celery's soft limit, RQ's time-out, an alarm) comes out as it is."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

import mirelo_ergo
from mirelo_ergo import MireloClient, SubmitOutcomeUnknown, Video
from tests.faults import mirelo
from tests.faults.harness import KEY
from tests.faults.interrupts import TOKEN
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Close, ReadHead, ReadRequest, Respond, Script, Send, Signal, Stall
from tests.faults.test_every_service import ID, SHOPS, Shop
from tests.faults.transfer import mp4

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

    over = threading.Event()

    def ring_then() -> None:
        after.wait(60.0)
        if not over.is_set():
            signal.setitimer(signal.ITIMER_REAL, 0.05)

    thread = threading.Thread(target=ring_then)
    thread.start()
    try:
        yield
    finally:
        over.set()
        after.set()
        thread.join()
        signal.setitimer(signal.ITIMER_REAL, 0)
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


@pytest.mark.parametrize("shop", SHOPS.values(), ids=SHOPS)
@pytest.mark.parametrize("error", ERRORS)
def test_what_ends_a_wait_for_a_paid_job_leads_back_to_it(shop: Shop, error: type[Exception]) -> None:
    """Nobody else holds the job that `run()` has paid for: its token is a note on what a signal handler raised."""
    stuck = threading.Event()
    raised = error("of a handler")
    stalled: Script = [ReadRequest(), Signal(stuck), Stall()]
    with FaultServer(Routes({"POST *": [shop.accepted(ID)], "GET *": [stalled]})) as server:
        cls: Any = getattr(mirelo_ergo, f"{shop.service}Client")
        with cls(KEY, base_url=server.url) as client, alarm(raised, stuck), pytest.raises(error) as caught:
            shop.call(client).run(poll_interval_ms=1)
        assert caught.value is raised
        [note] = list[str](getattr(raised, "__notes__", []))
        assert "the job goes on; resume it with client.job(" in note
        assert ID in note
        assert raised.__cause__ is None


def _interrupting(*_: Any, **__: Any) -> Any:
    signal.raise_signal(signal.SIGALRM)


STEPS: dict[str, tuple[str, str]] = {
    "the bytes reach the disk": ("os.fsync", "download"),
    "the file gets its name": ("os.link", "download"),
    "a file that is there is judged": ("mirelo_ergo._runtime.transfer.sinks._judge", "download"),
    "a result is decoded": ("mirelo_ergo._runtime.transfer.probe._decodes_whole", "download"),
    "a source is looked at": ("mirelo_ergo._runtime.transfer.sources.FileState.of", "upload"),
    "a clip's headers are read": ("mirelo_ergo._runtime.transfer.probe._read", "headers"),
}


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("step", STEPS)
def test_it_passes_unchanged_through_steps_with_files(
    step: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading, judging, decoding and naming files takes time as well; no half-made file is left."""
    name, call = STEPS[step]
    raised = error("of a handler")
    body = mp4(1000)
    path = tmp_path / "clip.mp4"
    path.write_bytes(body)
    folder = tmp_path / "out"
    folder.mkdir()
    if step == "a file that is there is judged":
        (folder / f"{mirelo.JOB_ID}-1.wav").write_bytes(body)
    head = Respond(200, headers={"Content-Type": "video/mp4"}, framed=False).wire
    unframed = [ReadRequest(), Send(head + body + b"\0"), Close()]
    with FaultServer() as server, contextlib.ExitStack() as stack:
        good = Respond(200, body, {"Content-Type": "video/mp4"})
        file = unframed if step == "a result is decoded" else good
        polls = [mirelo.succeeded(f"{server.url}/1.mp4")]
        server.play(Routes({"GET /1.mp4": [file], "GET *": polls, "POST *": [mirelo.accepted()]}))
        client = stack.enter_context(MireloClient(KEY, base_url=server.url))
        result = client.job(TOKEN).wait()
        made: dict[str, Any] = {
            "download": lambda: result.download(folder),
            "upload": lambda: client.video_to_sfx(Video.from_path(path), duration_ms=1000).submit_job(),
            "headers": lambda: Video.from_path(path).headers(),
        }
        stack.enter_context(alarm(raised, threading.Event()))
        monkeypatch.setattr(name, _interrupting)
        with pytest.raises(error) as caught:
            made[call]()
        monkeypatch.undo()
        assert caught.value is raised
        assert raised.__cause__ is None
        assert mirelo.submits(server.requests) == []
        assert [each.name for each in folder.iterdir() if each.name.endswith(".part")] == []
