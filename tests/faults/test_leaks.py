"""Prove that each kind of leak is found and named, and that none is seen where there is none."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo._threads import start_thread
from tests.faults.leaks import LeakCheck

if TYPE_CHECKING:
    from pathlib import Path


def test_what_ends_in_time_is_no_leak(tmp_path: Path) -> None:
    with LeakCheck(tmp_path):
        sock = socket.socket()
        threading.Timer(0.1, sock.close).start()
        (tmp_path / "result.wav").write_bytes(b"kept")
        (tmp_path / "result.wav.part").touch()
        (tmp_path / "result.wav.part").unlink()
    assert sock.fileno() == -1


def test_an_open_socket_is_a_leak_even_under_a_number_used_before() -> None:
    with ExitStack() as later:
        earlier = socket.socket()
        number = earlier.fileno()
        check = later.enter_context(ExitStack())
        check.enter_context(LeakCheck(within=0))
        earlier.close()
        assert later.enter_context(socket.socket()).fileno() == number
        with pytest.raises(AssertionError, match=rf"left open: descriptor {number} -> socket:\[\d+\]"):
            check.close()


def test_an_open_file_is_a_leak(tmp_path: Path) -> None:
    with ExitStack() as later, pytest.raises(AssertionError, match=r"descriptor \d+ -> .*/log"), LeakCheck(within=0):
        later.enter_context((tmp_path / "log").open("w"))


def test_a_running_thread_is_a_leak() -> None:
    go = threading.Event()
    thread = threading.Thread(target=go.wait, name="left behind")
    with pytest.raises(AssertionError, match="thread left behind"), LeakCheck(within=0):
        thread.start()
    go.set()
    thread.join()


def test_a_running_thread_that_python_does_not_list_is_a_leak() -> None:
    go, over = threading.Event(), threading.Event()

    def work() -> None:
        go.wait()
        over.set()

    with pytest.raises(AssertionError, match="thread "), LeakCheck(within=0):
        start_thread(work)
    go.set()
    assert over.wait(30)


@pytest.mark.parametrize("name", ["result.wav.part", ".result.wav.x7.part", "a.tmp", "tmpabc"])
def test_a_temporary_file_is_a_leak_at_any_depth(tmp_path: Path, name: str) -> None:
    (tmp_path / "deeper").mkdir()
    file = tmp_path / "deeper" / name
    with pytest.raises(AssertionError, match=f"file .*/deeper/{name}"), LeakCheck(tmp_path, within=0):
        file.touch()
    file.unlink()


def test_a_pending_task_is_a_leak_and_an_ending_one_is_not() -> None:
    async def run() -> None:
        async with LeakCheck():
            ending = asyncio.create_task(asyncio.sleep(0.03))
        assert ending.done()
        started: list[asyncio.Task[None]] = []
        with pytest.raises(AssertionError, match="task poller: <coroutine object sleep"):
            async with LeakCheck(within=0):
                started.append(asyncio.create_task(asyncio.sleep(60), name="poller"))
        started[0].cancel()

    asyncio.run(run())


def test_the_error_of_the_test_is_kept_beside_the_leak() -> None:
    def run(error: BaseException) -> None:
        with ExitStack() as later, LeakCheck(within=0):
            later.enter_context(socket.socket())
            raise error

    failure = ValueError("of the test itself")
    with pytest.raises(AssertionError, match="left open: descriptor") as caught:
        run(failure)
    assert caught.value.__cause__ is failure
    with pytest.raises(KeyboardInterrupt) as interrupt:
        run(KeyboardInterrupt())
    assert "left open: descriptor" in interrupt.value.__notes__[0]
