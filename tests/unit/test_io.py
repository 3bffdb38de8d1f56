"""The two real I/Os where no socket is needed: locks, slots, files, event loops, forks."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo import AsyncMireloClient, ConfigurationError, MireloClient
from mirelo_ergo._runtime.api.retry import RetryBudget, SubmitThrottle
from mirelo_ergo._runtime.http.asynchronous import AsyncNetwork
from mirelo_ergo._runtime.http.dialing import Route
from mirelo_ergo._runtime.http.http11 import Http11
from mirelo_ergo._runtime.http.network import AttemptTimeouts, SocketWire
from mirelo_ergo._runtime.io.deadline import Deadline, Timing
from mirelo_ergo._runtime.io.protocol import SUBMITS_IN_FLIGHT, run
from mirelo_ergo._runtime.io.sent import SentTracker
from mirelo_ergo._runtime.io.slots import Slots
from mirelo_ergo.webhooks import WebhookInbox
from tests.support import answers
from tests.support.virtual import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo._runtime.http.asynchronous import AsyncIO
    from mirelo_ergo._runtime.http.blocking import BlockingIO
    from mirelo_ergo._runtime.io.protocol import Alarm


def blocking() -> BlockingIO:
    return MireloClient(KEY)._io


def awaiting() -> AsyncIO:
    return AsyncMireloClient(KEY)._io


def test_both_tell_the_time_alike() -> None:
    async def look() -> None:
        for io in (blocking(), awaiting()):
            before = time.monotonic()
            assert before <= io.now() <= time.monotonic()
            before = time.time()
            assert before <= io.wall() <= time.time()
            assert all(0 <= io.random() < 1 for _ in range(20))
            began = io.now()
            await io.sleep(0.02)
            assert io.now() - began >= 0.019

    asyncio.run(look())


def test_the_slots_are_32_and_waiting_for_one_ends() -> None:
    async def take() -> None:
        for io in (blocking(), awaiting()):
            held: list[Any] = [await io.submit_slot(1.0) for _ in range(SUBMITS_IN_FLIGHT)]
            assert all(held)
            assert await io.submit_slot(0.01) is None
            held[5].release()
            held[5].release()  # once more is no second place
            again = await io.submit_slot(1.0)
            assert again is not None
            assert await io.submit_slot(0.01) is None

    asyncio.run(take())


def test_a_slot_that_nobody_holds_is_free() -> None:
    async def take() -> None:
        for io in (blocking(), awaiting()):
            held: list[Any] = [await io.submit_slot(1.0) for _ in range(SUBMITS_IN_FLIGHT)]
            del held[:7]  # interrupted before it could be given back
            for _ in range(20):
                assert await io.submit_slot(1.0)
            held += [await io.submit_slot(1.0) for _ in range(7)]
            assert all(held)
            assert await io.submit_slot(0.01) is None

    asyncio.run(take())


def test_who_waits_for_a_slot_gets_the_next_one_in_order() -> None:
    async def take() -> None:
        io = awaiting()
        held: list[Any] = [await io.submit_slot(1.0) for _ in range(SUBMITS_IN_FLIGHT)]
        order: list[int] = []

        async def wait(number: int) -> None:
            slot = await io.submit_slot(60.0)
            assert slot is not None
            order.append(number)
            await asyncio.sleep(0)
            slot.release()

        tasks = [asyncio.create_task(wait(number)) for number in range(100)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        held.pop().release()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [0, *range(2, 100)]

    asyncio.run(take())


def test_a_thread_that_waits_for_a_slot_is_told_of_it() -> None:
    io = blocking()
    held: list[Any] = [run(io.submit_slot(1.0)) for _ in range(SUBMITS_IN_FLIGHT)]
    taken: list[object] = []
    threads = [threading.Thread(target=lambda: taken.append(run(io.submit_slot(30.0)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    held.pop().release()
    del held[:2]
    for thread in threads:
        thread.join()
    assert all(taken)
    assert len(taken) == 3


def test_a_lock_excludes_others_of_its_key_and_is_forgotten() -> None:
    io = blocking()
    order: list[str] = []

    async def hold(name: str) -> None:
        async with io.lock("same"), io.lock(f"its own {name}"):
            order.append(f"{name} in")
            time.sleep(0.02)  # noqa: ASYNC251  # the blocking form
            order.append(f"{name} out")

    threads = [threading.Thread(target=lambda name=name: run(hold(name))) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order in (["a in", "a out", "b in", "b out"], ["b in", "b out", "a in", "a out"])
    assert len(io._locks) == 0

    async def hold_async() -> None:
        other = awaiting()
        async with other.lock("same"):
            assert other.lock("same").locked()
            assert not other.lock("another").locked()
        assert not other.lock("same").locked()

    asyncio.run(hold_async())


def test_an_alarm_wakes_from_any_thread_and_forgets_no_ring() -> None:
    async def listen() -> None:
        for io in (blocking(), awaiting()):
            alarm = io.alarm()
            began = io.now()
            assert not await alarm.wait(0.02)
            assert io.now() - began >= 0.019
            alarm.notify()
            alarm.notify()
            assert await alarm.wait(60.0)  # rung before, and twice is once
            assert not await alarm.wait(0.0)
            ringer = threading.Timer(0.02, alarm.notify)
            ringer.start()
            assert await alarm.wait(20.0)
            ringer.join()

    asyncio.run(listen(), debug=True)  # where what is no business of another thread is refused


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no alarm signal")
def test_ctrl_c_ends_a_blocking_wait_for_an_alarm() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            run(blocking().alarm().wait(60.0))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_ring_after_the_loops_end_wakes_nobody() -> None:
    async def make() -> Alarm:
        return awaiting().alarm()

    asyncio.run(make()).notify()


def test_a_cancelled_wait_for_an_alarm_leaves_no_task() -> None:
    async def listen() -> None:
        task = asyncio.ensure_future(awaiting().alarm().wait(60.0))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(listen())


def test_a_forked_child_waits_for_no_thread_of_its_parent() -> None:
    """What the parent's threads hold at the fork, a lock and every slot, is free in the child, and still held there."""
    io = blocking()

    async def both() -> int:
        held = [await io.submit_slot(1.0) for _ in range(SUBMITS_IN_FLIGHT)]
        assert all(held)
        async with io.lock("held by a thread that is not in the child"):
            pid = os.fork()
            if not pid:
                signal.alarm(60)  # a guard
                async with io.lock("held by a thread that is not in the child"):
                    os._exit(0 if await io.submit_slot(0.01) else 1)
            assert await io.run_blocking(os.waitpid, pid, 0) == (pid, 0)
        assert await io.submit_slot(0.01) is None
        return len(held)

    assert run(both()) == SUBMITS_IN_FLIGHT


def test_a_forked_child_finds_every_lock_free() -> None:
    """Held by a thread of the parent at the fork: the client's budget, pace and slots, an inbox."""
    owners: list[Any] = [RetryBudget(time.monotonic), SubmitThrottle(time.monotonic), Slots(lambda _: None, 1)]
    owners += [blocking(), WebhookInbox(), WebhookInbox()._store]
    for owner in owners:
        owner._mutex.acquire()
    pid = os.fork()
    if not pid:
        os._exit(sum(not owner._mutex.acquire(blocking=False) for owner in owners))
    assert os.waitpid(pid, 0)[1] == 0
    assert all(owner._mutex.locked() for owner in owners)


def test_a_cancelled_task_waits_for_the_file_it_reads() -> None:
    finished = []

    def read(fails: bool) -> None:
        time.sleep(0.05)
        finished.append(fails)
        if fails:
            raise OSError("nobody asks any more")

    async def work() -> None:
        io = awaiting()
        for fails in (False, True):
            task = asyncio.ensure_future(io.run_blocking(read, fails))
            await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()  # impatient
            with pytest.raises(asyncio.CancelledError):
                await task
            assert finished[-1:] == [fails], "it did not wait for the end of the call"
        with pytest.raises(OSError, match="nobody"):
            await io.run_blocking(read, True)

    asyncio.run(work())
    assert finished == [False, True, True]


def test_a_loop_that_ends_waits_for_the_file_that_a_task_reads() -> None:
    """`asyncio.run` cancels all tasks at its end: the thread of one must not go on while its file is closed."""
    steps = []

    def read(begun: Callable[[], object]) -> None:
        begun()
        time.sleep(0.05)
        steps.append("read")

    async def save(begun: Callable[[], object]) -> None:
        try:
            await awaiting().run_blocking(read, begun)
        finally:
            steps.append("closed")

    async def work() -> asyncio.Task[None]:
        begun = asyncio.Event()
        task = asyncio.ensure_future(save(partial(asyncio.get_running_loop().call_soon_threadsafe, begun.set)))
        await begun.wait()
        return task

    assert asyncio.run(work()).cancelled()
    assert steps == ["read", "closed"]


def test_bytes_without_a_pause_let_other_tasks_run() -> None:
    """A stream's pieces may be there already, one after the other: a loop that takes them must not stand still."""

    async def work() -> None:
        near, far = socket.socketpair()
        near.setblocking(False)
        with near, far:
            network = AsyncNetwork()
            connection = Http11(SocketWire(near, network), Route("http", "127.0.0.1", 80))
            waits, sent = AttemptTimeouts(Deadline(network.now, 60.0), Timing(), network.now), SentTracker()
            await connection.send(b"GET / HTTP/1.1\r\n\r\n", b"", waits, sent)
            far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
            await connection.receive_head(waits, sent)
            for _ in range(3):
                far.sendall(b"a line\n")
                turns: list[str] = []
                asyncio.get_running_loop().call_soon(turns.append, "another task")
                assert await connection.receive_body(waits, sent, 60.0) == b"a line\n"
                assert turns == ["another task"]

    asyncio.run(work())


def test_an_async_client_belongs_to_one_open_loop_at_a_time() -> None:
    client = AsyncMireloClient(KEY, transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answers.ME)))
    first = asyncio.new_event_loop()
    try:
        assert first.run_until_complete(client.me()).id == "usr_1"
        with pytest.raises(ConfigurationError, match="in use by another event loop: make one client per loop"):
            asyncio.run(client.me())
    finally:
        first.run_until_complete(first.shutdown_asyncgens())
        first.close()
    assert asyncio.run(client.me()).id == "usr_1"  # a closed loop's client may move on
