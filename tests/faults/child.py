"""What runs in the child processes of `children.py`: commands come in by lines, facts go out as JSON.

Here Ctrl-C, fork and SIGKILL hit a client without hitting pytest.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from mirelo_ergo import AsyncMireloClient, MireloClient
from tests.faults.harness import KEY, Face
from tests.faults.interrupts import announcing, at_point, prepare, told
from tests.faults.leaks import LeakCheck
from tests.faults.storm import at_random, at_random_ahead, cancelled, moments


def say(**facts: Any) -> None:
    """Write one line at once: what was said before a SIGKILL was said."""
    os.write(1, (json.dumps(facts) + "\n").encode())


def interrupts() -> None:
    """Make the calls that are ordered, say when each is in its place, and wait there for Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts a job in the background has it ignored
    # A socket that never connected: `socket.create_connection` leaves it to the garbage collector when Ctrl-C hits it.
    warnings.filterwarnings("ignore", r"unclosed <socket\.socket [^>]*laddr=\([^)]*\)>$", ResourceWarning)
    for line in sys.stdin:
        _interrupted(*json.loads(line))


def _interrupted(url: str, call: Any, place: Any, port: int, folder: str) -> None:
    with LeakCheck(Path(folder)):
        face = Face("sync", "sockets")
        client = face.open(url, timeout_ms=60_000)
        fate: dict[str, Any] = {"kind": "none"}
        with face.promise(deadline=30.0):
            made = prepare(face, client, call, Path(folder))
            with announcing(client, call, place, port, partial(say, reached=place)):
                try:
                    made()
                except KeyboardInterrupt as error:
                    fate = told(error, time.monotonic())
                    face.errors.append(error)
        face.errors.clear()  # the frames they hold would keep alive what LeakCheck looks for
        say(**fate)
        sys.stdin.readline()  # by now the servers are well again
        say(credits=client.me().credits_available)
        face.close()


def forks(url: str, held: str) -> None:
    """Fork a used client, with a submit under way in another thread if `held`; use it in both processes at once.

    The child closes it at its end, the parent goes on with it.
    """
    client = MireloClient(KEY, base_url=url)
    say(before=_used(client, 1000))
    thread = threading.Thread(target=client.text_to_sfx("held").submit_job)

    def used_and_closed() -> None:
        _used(client, 2000)
        client.close()

    if held:
        thread.start()
        sys.stdin.readline()  # by now the server has it, and does not answer
    pid = os.fork()
    if not pid:
        _end_child(used_and_closed)
    say(parent=_used(client, 3000))
    say(status=os.waitpid(pid, 0)[1])
    say(after=_used(client, 4000))
    if held:
        thread.join()
    client.close()


def async_forks(url: str, running: str) -> None:
    """Do the same with the async client, forked beside its idle loop or from within its `running` one."""
    client = AsyncMireloClient(KEY, base_url=url)
    loop = asyncio.new_event_loop()

    async def used_and_closed() -> None:
        await _used_async(client, 2000)
        await client.aclose()

    async def main() -> int:
        say(before=await _used_async(client, 1000))
        return fork() if running else 0

    def fork() -> int:
        pid = os.fork()
        if not pid:
            _end_child(lambda: asyncio.run(used_and_closed()))
        return pid

    pid = loop.run_until_complete(main()) or fork()
    say(parent=loop.run_until_complete(_used_async(client, 3000)))
    say(status=os.waitpid(pid, 0)[1])
    say(after=loop.run_until_complete(_used_async(client, 4000)))
    loop.run_until_complete(client.aclose())
    loop.close()


def _used(client: MireloClient, first: int) -> list[object]:
    """Use every pool. A preflight costs its duration here: the answer to another one would be seen."""
    prices = [client.text_to_sfx("rain", duration_ms=first + n).preflight().credits for n in range(5)]
    job = client.text_to_sfx("rain", duration_ms=first).submit_job()
    return [*prices, *job.wait(poll_interval_ms=10).result_urls]


async def _used_async(client: AsyncMireloClient, first: int) -> list[object]:
    prices = [(await client.text_to_sfx("rain", duration_ms=first + n).preflight()).credits for n in range(5)]
    job = await client.text_to_sfx("rain", duration_ms=first).submit_job()
    return [*prices, *(await job.wait(poll_interval_ms=10)).result_urls]


def crashes() -> None:
    """Fork a process for each order, which makes the ordered calls and is killed at a point on its way.

    This process only waits, so that a hundred crashes cost one start of Python. A process is reaped when the next line
    comes, so that its pid is nobody else's before.
    """
    MireloClient(KEY).close()  # imports what a client needs
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _end_child(partial(_crashing, *json.loads(line)))
        say(pid=pid)
        sys.stdin.readline()
        say(status=os.waitpid(pid, 0)[1])


def _crashing(colour: Any, url: str, point: str, exactly: bool, subject: str, folder: str) -> None:
    def reached() -> None:
        if exactly:
            os.kill(os.getpid(), signal.SIGKILL)
        say(reached=point)

    face = Face(colour, "sockets")
    client = face.open(url)
    with at_point(point, reached):
        if folder:
            paths = face.do(face.do(client.job(subject).wait(poll_interval_ms=1)).download(folder))
            say(saved=[path.name for path in paths])
        else:
            job = face.do(client.text_to_sfx(subject).submit_job())
            say(token=job.token)
            if point == "after the token":
                reached()
            face.do(job.wait())
    face.close()
    say(over=True)


def keyed() -> None:
    """Fork a process for each order, which makes one call under the ordered key and may be killed at a point of it."""
    MireloClient(KEY).close()  # imports what a client needs
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _end_child(partial(_keyed, *json.loads(line)))
        status = os.waitpid(pid, 0)[1]
        say(status=status)


def _keyed(colour: Any, url: str, key: str, kill_at: str) -> None:
    face = Face(colour, "sockets")
    client = face.open(url)
    with at_point(kill_at, lambda: os.kill(os.getpid(), signal.SIGKILL)):
        result = face.do(client.text_to_sfx("rain").sync_i_accept_http_timeout_risk(key))
    face.close()
    say(results=len(result.result_urls))


def prepared() -> None:
    """Fork a process for each order, which records a request of v3, submits it, and is killed at a point of that."""
    MireloClient(KEY).close()  # imports what a client needs
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _end_child(partial(_prepared, *json.loads(line)))
        say(status=os.waitpid(pid, 0)[1])


def _prepared(colour: Any, url: str, point: str, prompt: str, place: str, again: bool) -> None:
    face = Face(colour, "sockets")
    client = face.open(url, model="sfx-2.0")
    request = client.text_to_sfx(prompt, duration_ms=1000)
    if not again:
        Path(place).write_text(face.do(request.prepare()))
    with at_point(point, lambda: os.kill(os.getpid(), signal.SIGKILL)):
        face.do(client.resubmit(Path(place).read_text()) if again else request.submit_job())
        os.kill(os.getpid(), signal.SIGKILL)


def storm(way: str, url: str, number: str, certificates: str) -> None:
    """Run a child that gets interrupted, as test_storm.py says, and report the outcome."""
    ways = {
        "moments": moments,
        "cancelled": cancelled,
        "at_random": at_random,
        "at_random_ahead": at_random_ahead,
    }
    say(**ways[way](url, number, certificates))


def _end_child(work: Callable[[], object]) -> None:
    """Do a forked child's work and leave at once: what it inherited is the parent's to end."""
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    modes: dict[str, Callable[..., None]] = {
        "interrupts": interrupts,
        "forks": forks,
        "async_forks": async_forks,
        "crashes": crashes,
        "keyed": keyed,
        "prepared": prepared,
        "storm": storm,
    }
    modes[sys.argv[1]](*sys.argv[2:])
