"""A reset: everything is as new, and what was under way comes to a clean end."""

from __future__ import annotations

import logging
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from mirelo_ergo.emulator import Emulator, faults, running
from tests.emulator.support import TEXT, VIDEO, Api, error_of, fetch, put
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def emu(server: Emulator, caplog: pytest.LogCaptureFixture) -> Iterator[Emulator]:
    caplog.set_level(logging.WARNING)
    server.reset()
    yield server
    assert [record for record in caplog.records if not record.name.startswith("httpx")] == []


def test_nothing_is_remembered(emu: Emulator, api: Api) -> None:
    address, key, first = emu.url, emu.key, api.submit(TEXT, prompt="rain", duration_ms=1000)
    asset = api.upload(b"xyz")
    (url,) = api.results(TEXT, prompt="rain", duration_ms=1000)
    emu.set_credits(3)
    emu.fail_next("generate", faults.FailedJob())
    emu.speed = 3
    before = emu.clock.now()
    emu.reset()
    assert (emu.url, emu.key, emu.speed) == (address, key, 1.0)
    assert (emu.jobs, emu.charges, emu.requests, emu.faults, emu.credits) == ([], [], [], [], 10_000)
    assert emu.clock.now() < before, "the time that was advanced is forgotten too"
    assert error_of(api.get(first["job_url"])) == (404, "job_not_found")
    assert emu.asset(asset["asset_id"]) is None
    assert fetch(url).status_code == 403
    again = api.submit(TEXT, prompt="rain", duration_ms=1000)
    assert again["job_id"] == first["job_id"], "the same seed, from its beginning"
    assert api.finish(again)["status"] == "succeeded"


def test_after_its_end_there_is_nothing_to_reset() -> None:
    with running() as emulator:
        pass
    with pytest.raises(RuntimeError, match="does not run"):
        emulator.reset()


def test_a_synchronous_request_gets_an_answer(emu: Emulator, api: Api) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(api.post, f"{TEXT}/sync", {"prompt": "rain"})
        until(lambda: bool(emu.jobs))
        emu.reset()
        answer = waiting.result(60)
    assert error_of(answer) == (503, "server_error")
    assert emu.charges == []


def test_a_stalled_upload_gets_an_answer_and_leaves_no_file(emu: Emulator, api: Api) -> None:
    asset_id, url = api.open_upload()
    parts = urlsplit(url)
    folder = emu._state.disk.folder
    head = (
        f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Type: video/mp4\r\nContent-Length: 90\r\n\r\nxy"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as wire:
        wire.sendall(head.encode())
        until(lambda: any(folder.iterdir()))
        emu.reset()
        assert wire.recv(4096).startswith(b"HTTP/1.1 503 ")
    assert not folder.exists()
    assert emu.asset(asset_id) is None


def test_a_rendering_ends(emu: Emulator, api: Api, example_clip: Path) -> None:
    others = set(threading.enumerate())  # emulators that this process runs for other tests have workers too
    video = api.upload(example_clip.read_bytes())
    for _ in range(6):
        api.submit(VIDEO, video=video, duration_ms=5000, num_samples=4, output="video", start_offset_ms=1000)
    old = emu._state
    until(lambda: any(path.name.startswith("window") for path in old.disk.folder.iterdir()))
    emu.reset()
    assert not old.disk.folder.exists()
    workers = [thread for thread in threading.enumerate() if "worker" in thread.name and thread not in others]
    assert not workers, "its threads are gone"
    assert emu.jobs == []
    assert put(api.open_upload()[1], b"the next one works").status_code == 200


def test_under_load(emu: Emulator) -> None:
    stop = threading.Event()
    answers: Counter[int] = Counter()

    def use() -> None:
        auth = {"authorization": f"Bearer {emu.key}"}
        with httpx.Client(base_url=emu.url, verify=False) as http:
            while not stop.is_set():
                opened = http.post("/v2/assets", json={}, headers=auth)
                answers[opened.status_code] += 1
                if opened.status_code == 201:
                    answers[http.put(opened.json()["upload_url"], content=bytes(100_000)).status_code] += 1
                answers[http.post(f"{TEXT}/jobs", json={"prompt": "rain"}, headers=auth).status_code] += 1

    with ThreadPoolExecutor(4) as pool:
        users = [pool.submit(use) for _ in range(4)]
        try:
            for _ in range(20):
                until(lambda: len(emu.requests) > 5)
                emu.reset()
        finally:
            stop.set()
        for user in users:
            user.result(60)
    assert min(answers[200], answers[201], answers[202]) > 5
    assert set(answers) <= {200, 201, 202, 403, 503}, "and an upload whose asset was forgotten has a bad signature"
    assert len(list(emu._state.disk.folder.parent.iterdir())) == 2, "the lock and one folder, the present one"
