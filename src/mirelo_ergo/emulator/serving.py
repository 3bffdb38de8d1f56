"""Runs an emulator for the command line, until a signal."""

from __future__ import annotations

import atexit
import contextlib
import gc
import ipaddress
import os
import signal
import sys
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mirelo_ergo.emulator import ready
from mirelo_ergo.emulator.faults.scenario import Scenario
from mirelo_ergo.emulator.server import Emulator, running

if TYPE_CHECKING:
    from types import FrameType


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    seed: int = 0,
    ready_file: Path | None = None,
    *,
    webhook_hosts: Collection[str] = (),
    scenario: str | Path | Scenario | None = None,
    ports: Mapping[str, int] | None = None,
) -> None:
    """Run an emulator until SIGINT or SIGTERM. To be called in the main thread.

    Prints its addresses and a key. `ready_file` gets the same as JSON (`url`, `key`, `pid`, and by service `urls` and
    `keys`) once the ports answer, and is removed at the end; `read_ready_file` tells whether its emulator still runs.
    Webhooks trust the system's certificates, and those in the file that the variable SSL_CERT_FILE names. The other
    arguments are those of `running`.
    """
    end = threading.Event()

    def on_signal(signum: int, frame: FrameType | None) -> None:
        end.set()

    atexit.register(gc.freeze)  # the interpreter's last look for garbage takes longer than all the rest of the end
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.ExitStack() as stack:
            emulator = stack.enter_context(
                running(
                    host=host,
                    port=port,
                    speed=speed,
                    seed=seed,
                    scenario=scenario,
                    webhook_hosts=webhook_hosts,
                    ports=ports,
                )
            )
            if ready_file is not None:
                stack.enter_context(ready.ready_file(ready_file, _told(emulator)))
            if not ipaddress.ip_address(emulator.host).is_loopback:
                print(
                    f"note: on {emulator.host}, everybody who reaches this machine can use the emulator and see what"
                    " it got",
                    file=sys.stderr,
                )
            print(_where(emulator), flush=True)
            while not end.wait(0.1):  # an unlimited wait would not see the signal on every system
                pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(emulator: Emulator) -> dict[str, object]:
    return {
        "url": emulator.url,
        "key": emulator.key,
        "pid": os.getpid(),
        "services": dict(emulator.urls),
        "urls": dict(emulator.urls),
        "keys": dict(emulator.keys),
    }


def _where(emulator: Emulator) -> str:
    """Return the address of each service, and its key if it has another form."""
    others = [
        f"{name} at {url}" + ("" if emulator.keys[name] == emulator.key else f", key {emulator.keys[name]}")
        for name, url in emulator.urls.items()
        if url != emulator.url
    ]
    return "\n".join([f"emulator at {emulator.url}", *others, f"key {emulator.key}"])
