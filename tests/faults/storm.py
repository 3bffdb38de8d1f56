"""What the children of test_storm.py do: be interrupted at every moment, or at hundreds of random ones.

Ctrl-C strikes where CPython looks for signals: a Python function begins, or a C function has returned.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import signal
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from mirelo_ergo import AsyncMireloClient, MireloClient, SubmitOutcomeUnknown
from mirelo_ergo._runtime.http import connections
from tests.faults.harness import KEY
from tests.faults.leaks import LeakCheck

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

STRIKES = 500
"""How many interrupts strike in `at_random`."""


def shown_with_locals(error: BaseException) -> str:
    """Return all that a tool shows which prints local variables: of an error, its causes, and what it interrupted."""
    shown: list[str] = []
    links: list[BaseException | None] = [error]
    seen: set[int] = set()
    while links:
        link = links.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        links += [link.__cause__, link.__context__]
        shown.append(f"{link!r} {vars(link)} {getattr(link, '__notes__', '')}")
        trace = link.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_globals.get("__name__") != __name__:
                shown += [f"{frame.f_code.co_qualname}: {name} = {_written(each)}" for name, each in _locals(frame)]
            trace = trace.tb_next
    return "\n".join(shown)


def _locals(frame: FrameType) -> list[tuple[str, object]]:
    return list(frame.f_locals.items())


def _written(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # it was interrupted while it was made
        return "?"


def _told(error: BaseException) -> str:
    """Return where the key can be seen in an error, empty if nowhere."""
    return next((line[:200] for line in shown_with_locals(error).splitlines() if KEY in line), "")


def moments(url: str, step: str, certificates: str) -> dict[str, Any]:
    """Interrupt a submit at every `step`-th moment of it, each time with a client that is used afterwards."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    told, silent, broken, number = set[str](), list[str](), 0, 0
    client = _opened(MireloClient, url, certificates)
    client.me()
    struck = True
    while struck:
        number += int(step)
        struck, error = interrupted_at(number, client.text_to_sfx(f"rain {number}").submit_job)
        if error is not None:
            told.add(_told(error))
            silent += [] if _says_what_is_open(error) else [f"rain {number}"]
            error = None
        broken += client.me().credits_available != 1000
    client.close()
    return {"moments": number, "told": sorted(told - {""}), "broken": broken, "silent": silent}


def _says_what_is_open(error: BaseException) -> bool:
    """Return whether an interrupt leads to the job that may have been paid for: the error of an unknown outcome."""
    link: BaseException | None = error
    while link is not None and not isinstance(link, SubmitOutcomeUnknown):
        link = link.__cause__ or link.__context__
    return link is not None


def interrupted_at(number: int, call: Callable[[], object]) -> tuple[bool, BaseException | None]:
    """Make a call with a Ctrl-C at its n-th moment; say whether it struck, and what came out.

    No garbage is collected meanwhile: what a finalizer raises is lost, a Ctrl-C too.
    """
    left = [number]

    def hook(frame: object, what: str, _: object) -> None:
        left[0] -= what in ("call", "c_return")
        if not left[0]:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    gc.disable()
    sys.setprofile(hook)
    try:
        call()
        sys.setprofile(None)
    except KeyboardInterrupt as error:
        sys.setprofile(None)
        return True, error
    finally:
        gc.enable()
    return left[0] <= 0, None


def at_random(url: str, seed: str, certificates: str) -> dict[str, Any]:
    """Interrupt calls at random moments until 500 interrupts have struck, then use all slots at once.

    The moment lies within the time that the last whole call took, so that a fast machine is struck as a slow one.
    """

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, interrupt)
    chance = random.Random(seed)
    with LeakCheck(None):
        client = _opened(MireloClient, url, certificates)
        calls: list[Callable[[], object]] = [client.me, client.text_to_sfx("rain").submit_job]
        lengths = [_seconds(call) for call in calls]
        struck, told = 0, set[str]()
        while struck < STRIKES:
            which = struck % 2
            try:
                signal.setitimer(signal.ITIMER_REAL, max(0.00002, chance.uniform(0, lengths[which])))
                length = _seconds(calls[which])
                signal.setitimer(signal.ITIMER_REAL, 0)
                lengths[which] = length
            except KeyboardInterrupt as error:
                struck += 1
                told.add(_told(error))
        signal.setitimer(signal.ITIMER_REAL, 0)
        gc.collect()
        done: list[object] = []
        threads = [
            threading.Thread(target=lambda: done.append(client.text_to_sfx("crowd").submit_job())) for _ in range(32)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        works = client.me().credits_available == 1000
        client.close()
    return {"struck": struck, "told": sorted(told - {""}), "together": len(done), "works": works}


def at_random_ahead(url: str, seed: str, certificates: str) -> dict[str, Any]:
    """Do the same where each submit's connection is opened ahead, as it is far away."""
    connections.WORTH = 0.0  # type: ignore[misc]  # of this child process
    return at_random(url, seed, certificates)


def _seconds(call: Callable[[], object]) -> float:
    """Make a call and say how long it took."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def cancelled(url: str, _: str, certificates: str) -> dict[str, Any]:
    """Cancel a submit after each of its turns on the event loop, each time with a client that is used afterwards."""

    async def main() -> dict[str, Any]:
        told, turns, struck = set[str](), 0, True
        async with _opened(AsyncMireloClient, url, certificates) as client:
            await client.me()
            while struck:
                task = asyncio.ensure_future(client.text_to_sfx("rain").submit_job())
                for _ in range(turns):
                    await asyncio.sleep(0)
                    if task.done():
                        break
                turns += 1
                struck = task.cancel()
                try:
                    await task
                except asyncio.CancelledError as error:
                    told.add(_told(error))
                assert (await client.me()).credits_available == 1000
        return {"moments": turns, "told": sorted(told - {""}), "broken": 0, "silent": []}

    return asyncio.run(main())


def _opened(face: Any, url: str, certificates: str) -> Any:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore", ResourceWarning)  # a socket that was interrupted between two steps of its making
    sys.unraisablehook = lambda _: None  # a Ctrl-C in a finalizer is Python's to lose
    return face(KEY, base_url=url, timeout_ms=20_000, verify=certificates or True)
