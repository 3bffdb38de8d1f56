"""The state that all services share, from the emulator's start or a reset to the next reset."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING

import attrs

from mirelo_ergo.emulator.blobs import Blobs
from mirelo_ergo.emulator.disk import Disk
from mirelo_ergo.emulator.generator import JobService
from mirelo_ergo.emulator.state.records import KEY_PREFIX
from mirelo_ergo.emulator.state.signing import Signer
from mirelo_ergo.emulator.state.store import Store
from mirelo_ergo.emulator.state.workers import Workers
from mirelo_ergo.emulator.web.traffic import RequestLog
from mirelo_ergo.emulator.web.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.generator import JobFaultEffects
    from mirelo_ergo.emulator.spec.targets import Target


@attrs.frozen
class Options:
    """The initial settings of an emulator's state."""

    speed: float
    seed: int
    starting_credits: int
    webhook_hosts: Collection[str]


class State:
    """Accounts, jobs, files, webhooks and recorded requests.

    `key` is the first account. `effects` returns the effects of faults on the next job of an operation.
    """

    def __init__(
        self, options: Options, folder: Path, clock: Clock, effects: Callable[[Target], JobFaultEffects]
    ) -> None:
        self.random = draw = random.Random(options.seed)  # noqa: S311 - ids and durations, to come again; no secret
        self.key = f"{KEY_PREFIX}emulator-{draw.getrandbits(96):024x}"
        self.clock = clock
        self.store = Store(clock=clock, random=draw, starting_credits=options.starting_credits)
        self.store.account(self.key)  # is there, however many other keys come
        self.disk = Disk(folder)
        self.workers = Workers()
        self.jobs = JobService(
            store=self.store,
            clock=clock,
            random=draw,
            workers=self.workers,
            disk=self.disk,
            seed=options.seed,
            speed=options.speed,
            effects=effects,
        )
        self.signer = Signer(secrets.token_bytes(32), clock)
        self.blobs = Blobs(store=self.store, signer=self.signer, disk=self.disk)
        self.webhooks = Webhooks(
            clock=clock,
            random=random.Random(options.seed),  # noqa: S311 - as above
            hosts=options.webhook_hosts,
        )
        self.requests = RequestLog()

    def stop(self) -> None:
        """Wake all waits, end the rendering, and wait for the threads. No file is written after it."""
        self.clock.stop()
        self.workers.stop()
