"""Issue 3, point 6: SIGKILL around a submit and in a download. MIRELO_SOAK says how often at each point (3)."""

from __future__ import annotations

import os
import random
import signal
import time
from threading import Event
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.faults.children import Child
from tests.faults.interrupts import FILE_POINTS, POINTS
from tests.faults.server import FaultServer
from tests.faults.standin import Fault, StandIn
from tests.faults.steps import ReadRequest, Respond, Script, Send, Signal, Stall
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.harness import Face

TIMES = int(os.environ.get("MIRELO_SOAK") or 3)
CHARGES = {
    "before connect": 0,
    "before the head": 0,
    "after the body": 1,
    "after the answer": 1,
    "after the token": 1,
}
"""What a process killed exactly there has left behind."""
SIZE = 3 << 20


@pytest.fixture(scope="module")
def crashes() -> Iterator[Child]:
    """Start the one process that all that crash are forked from."""
    with Child("crashes") as child:
        yield child


@attrs.frozen
class Crash:
    """One crash: what the process had said, and whether it was killed exactly at its point."""

    said: dict[str, Any]
    exactly: bool


class Crasher:
    """Let processes use a service and crash: the first one exactly at a point, the next up to some milliseconds later.

    `sent` takes the place of a point: the server sets it.
    """

    def __init__(self, crashes: Child, server: FaultServer, face: Face, point: str, sent: Event | None = None) -> None:
        self._crashes, self._server, self._face, self._point, self._sent = crashes, server, face, point, sent
        self._random = random.Random(point)
        self._exactly = sent is None
        self._connected = point != "before connect"

    def crash(self, subject: str, folder: str = "") -> Crash:
        before, accepted = self._server.still_open, self._server.accepted
        exactly, self._exactly = self._exactly, False
        self._crashes.tell(self._face.colour, self._server.url, self._point, exactly, subject, folder)
        pid: int = self._crashes.hear()["pid"]
        said: dict[str, Any] = {}
        if not exactly:
            if self._sent is not None:
                assert self._sent.wait(60)
                self._sent.clear()
            while self._sent is None and "reached" not in said:
                said |= self._crashes.hear()
            time.sleep(self._random.uniform(0.0, 0.004))
            os.kill(pid, signal.SIGKILL)
        self._crashes.tell()
        while "status" not in said:
            said |= self._crashes.hear()
        assert said["status"] == signal.SIGKILL or "over" in said
        # What the dead had sent is read to its end, also when its connection was not yet accepted.
        until(
            lambda: self._server.still_open <= before and not (self._server.accepted == accepted and self._connected),
            "the server still waits for a dead client, or for its connection",
        )
        return Crash(said, exactly)


@pytest.mark.parametrize("point", [*POINTS, "after the token"])
def test_killed_around_a_submit(face: Face, crashes: Child, point: str) -> None:
    """At most one charge, none before the body was sent; a token that was printed resumes the job."""
    service = StandIn(time.monotonic, lasts=0.0)
    with FaultServer() as server:
        service.attach(server)
        client = face.open(server.url)
        crasher = Crasher(crashes, server, face, point)
        resumed = 0
        for number in range(TIMES):
            prompt = f"sound {number}"
            crashed = crasher.crash(prompt)
            charged = [job_id for job_id, whose in service.charged().items() if whose == prompt]
            assert len(charged) <= 1
            if crashed.exactly:
                assert len(charged) == CHARGES[point]
                assert ("token" in crashed.said) == (point == "after the token")
            if "token" in crashed.said:
                job = client.job(crashed.said["token"])
                assert [job.job_id] == charged
                assert face.do(face.do(job.wait(poll_interval_ms=1)).bytes()) == [service.file(job.job_id)]
                resumed += 1
        assert resumed or point != "after the token"


@pytest.mark.parametrize("point", ["in the body", *FILE_POINTS])
def test_killed_in_a_download(face: Face, crashes: Child, point: str, tmp_path: Path) -> None:
    """Under the final name a whole file or none, beside it only a `.part`, which disturbs no later download."""
    service = StandIn(time.monotonic, lasts=0.0, size=SIZE)
    shares = random.Random(point)
    sent = Event()

    def stuck(good: Respond) -> Script:
        share = good.body[: int(len(good.body) * shares.random())]
        return [ReadRequest(), Send(good.head + share), Signal(sent), Stall()]

    with FaultServer() as server:
        service.attach(server)
        client = face.open(server.url)
        crasher = Crasher(crashes, server, face, point, sent if point == "in the body" else None)
        for number in range(TIMES):
            folder = tmp_path / str(number)
            job = face.do(client.text_to_sfx("rain").submit_job())
            if point == "in the body":
                service.fail("result", Fault("stuck", stuck))
            crashed = crasher.crash(job.token, str(folder))
            names = {path.name for path in folder.glob("*")}
            parts = {name for name in names if name.startswith(".") and name.endswith(".part")}
            assert names - parts in (set(), {f"{job.job_id}-1.wav"})
            assert len(parts) <= 1
            for name in names - parts:
                assert (folder / name).read_bytes() == service.file(job.job_id)
            if crashed.exactly or point == "in the body":
                assert bool(names - parts) == (point == "after the link")
            (path,) = face.do(face.do(job.wait(poll_interval_ms=1)).download(folder, overwrite=bool(names - parts)))
            assert path.read_bytes() == service.file(job.job_id)
            for part in parts:
                (folder / part).unlink()
            assert list(folder.iterdir()) == [path]
