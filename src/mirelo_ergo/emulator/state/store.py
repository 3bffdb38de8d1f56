"""The in-memory store of accounts, assets and jobs, independent of HTTP and sound."""

from __future__ import annotations

import hashlib
import math
import threading
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.refusals import Refusal, short
from mirelo_ergo.emulator.state.records import (
    KEY_PREFIX,
    LAPSED_PREFIX,
    Account,
    Asset,
    Balance,
    Charge,
    Job,
    Losses,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future
    from pathlib import Path

    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.media.rendering import Rendering
    from mirelo_ergo.emulator.state.records import Origin

DAY = 24 * 3600.0
PLANS = "https://plans.example.com/"
MAX_ACCOUNTS = 10_000
MAX_ASSETS = 10_000
MAX_JOBS = 10_000


class Store:
    """The store of all accounts, assets and jobs. It may be used from several threads."""

    def __init__(self, *, clock: Clock, random: random.Random, starting_credits: int) -> None:
        self._clock = clock
        self._random = random
        self._starting_credits = starting_credits
        self._lock = threading.RLock()
        self._accounts: dict[str, Account] = {}
        self._assets: dict[str, Asset] = {}
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, Job] = {}
        self._held: Counter[str] = Counter()
        self._first_end = math.inf  # of those running: every request settles, and mostly there is nothing to
        self._charges: list[Charge] = []

    # Accounts

    def account(self, key: str) -> Account:
        """Return a key's account, which is created at its first use; refuse an invalid key with 401."""
        if not key.startswith(KEY_PREFIX) or len(key) > 200:
            raise Refusal("unauthorized", 401, "this API key is not valid: a key of the emulator begins with sk-")
        with self._lock:
            if key not in self._accounts:
                if len(self._accounts) >= MAX_ACCOUNTS:
                    raise Refusal("server_error", 500, f"this emulator has {MAX_ACCOUNTS} accounts and takes no more")
                mark = hashlib.sha256(key.encode()).hexdigest()[:12]
                self._accounts[key] = Account(
                    key=key, id=f"usr_{mark}", email=f"{mark}@example.com", balance=self._starting_credits
                )
            self.settle()
            return self._accounts[key]

    def set_credits(self, key: str, amount: int) -> None:
        """Set a key's balance."""
        with self._lock:
            self.account(key).balance = amount

    def recovery(self, key: str, needed: int) -> dict[str, Any]:
        """Return the credits that an account lacks for a price, in the form of the API's credit recovery."""
        with self._lock:
            available = self.account(key).balance - self._held[key]
        short = max(0, needed - available)
        helps = bool(short) or key.startswith(LAPSED_PREFIX)
        return {
            "credits_required": needed,
            "credits_available": available,
            "credit_shortfall": short,
            "recovery_action": "view_plans" if helps else None,
            "recovery_url": PLANS if helps else None,
            "provisioning_state": "ready",
            "provisioning_deadline": None,
        }

    def grant(self, amount: int) -> None:
        """Set the balance of every key, future ones included."""
        with self._lock:
            self.settle()
            self._starting_credits = amount
            for account in self._accounts.values():
                account.balance = amount

    def charges(self) -> list[Charge]:
        """Return every charge so far, oldest first."""
        with self._lock:
            self.settle()
            return list(self._charges)

    def balances(self) -> list[Balance]:
        """Return the balances of all accounts, in their order of creation."""
        with self._lock:
            self.settle()
            spent = _sums((charge.key, charge.credits) for charge in self._charges)
            return [
                Balance(each.id, each.key, each.balance, self._held[each.key], spent.get(each.key, 0))
                for each in self._accounts.values()
            ]

    # Assets

    def new_asset(self, key: str, content_type: str | None, name: str = "") -> Asset:
        """Open an upload. `name` is the last part of its download URL."""
        with self._lock:
            self._forget_old()
            if len(self._assets) >= MAX_ASSETS:
                raise Refusal("server_error", 500, f"this emulator has {MAX_ASSETS} assets and takes no more today")
            asset = Asset(
                id=f"ast_{self._random.getrandbits(96):024x}",
                key=key,
                content_type=content_type,
                created_at=self._clock.now(),
                name=name,
            )
            self._assets[asset.id] = asset
            return asset

    def asset(self, asset_id: str) -> Asset | None:
        """Return an asset younger than 24 h."""
        with self._lock:
            self._forget_old()
            return self._assets.get(asset_id)

    def keep_upload(self, asset_id: str, path: Path, size: int, sha256: str) -> None:
        """Store an asset's bytes; a later upload replaces an earlier one."""
        with self._lock:
            asset = self.asset(asset_id)
            if asset is None:
                raise Refusal("NoSuchKey", 404, "The asset expired while it was uploaded.")
            self._assets[asset_id] = attrs.evolve(asset, path=path, size=size, sha256=sha256)
            if asset.path is not None:
                asset.path.unlink(missing_ok=True)

    def add_file(self, key: str, content_type: str, name: str, path: Path, sha256: str) -> Asset:
        """Add a file of a service, which is kept as long as an upload."""
        asset = self.new_asset(key, content_type, name)
        self.keep_upload(asset.id, path, path.stat().st_size, sha256)
        return attrs.evolve(asset, path=path, size=path.stat().st_size, sha256=sha256)

    def assets(self) -> list[Asset]:
        """Return every asset younger than 24 h, oldest first."""
        with self._lock:
            self._forget_old()
            return list(self._assets.values())

    def remove_asset(self, asset_id: str) -> None:
        """Remove an asset and its bytes."""
        with self._lock:
            asset = self._assets.pop(asset_id, None)
            if asset is not None and asset.path is not None:
                asset.path.unlink(missing_ok=True)

    # Jobs

    def check_balance(self, key: str, credits_needed: int) -> None:
        """Refuse with 402 a price above the balance without reserved credits, and a lapsed key."""
        if key.startswith(LAPSED_PREFIX):
            raise Refusal(
                "no_active_subscription",
                402,
                f"this account has no running subscription, its key begins {LAPSED_PREFIX}",
            )
        with self._lock:
            balance = self.account(key).balance
            reserved = self._held[key]
        if balance - reserved < credits_needed:
            held = f", of which running jobs hold {reserved}" if reserved else ""
            raise Refusal(
                "insufficient_credits", 402, f"{credits_needed} credits are needed and {balance} are left{held}"
            )

    def new_job(
        self,
        *,
        key: str,
        origin: Origin,
        request: dict[str, Any],
        credits_needed: int,
        estimated_ms: int,
        takes_ms: float,
        losses: Losses,
        begin: Callable[[], Future[tuple[Rendering, ...]]],
    ) -> Job:
        """Start a job's work and reserve its price; raise 402 if the balance does not cover it."""
        with self._lock:
            self._forget_old()
            if len(self._jobs) >= MAX_JOBS:
                raise Refusal("server_error", 500, f"this emulator has {MAX_JOBS} jobs and takes no more today")
            if credits_needed:  # what costs nothing is told even where nothing is left
                self.check_balance(key, credits_needed)
            now = self._clock.now()
            job = Job(
                id=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
                key=key,
                origin=origin,
                request=request,
                credits=credits_needed,
                estimated_ms=estimated_ms,
                created_at=now,
                finishes_at=now + takes_ms / 1000,
                work=begin(),
                losses=losses,
            )
            self._jobs[job.id] = self._running[job.id] = job
            self._held[key] += credits_needed
            self._first_end = min(self._first_end, job.finishes_at)
            return job

    def job(self, job_id: str, *, key: str, service: str, family: str | None = None, model: str | None = None) -> Job:
        """Return a key's job of a service and, if given, of a family and model.

        Refuse with 404 a job that is unknown, over 24 h old, or of another key or service.
        """
        with self._lock:
            self.settle()
            self._forget_old()
            job = self._jobs.get(job_id)
        if job is None or job.key != key or not job.origin.fits(service, family, model):
            raise Refusal("job_not_found", 404, f"there is no job {short(job_id)}, or it is older than 24 hours")
        return job

    def jobs(self) -> list[Job]:
        """Return every job younger than 24 h, oldest first."""
        with self._lock:
            self._forget_old()
            return list(self._jobs.values())

    def running(self, key: str, service: str) -> int:
        """Return the number of a key's running jobs at a service."""
        with self._lock:
            self.settle()
            return sum(job.key == key and job.origin.service == service for job in self._running.values())

    def cancel(self, job: Job, why: Refusal) -> bool:
        """End a running job now, without a charge; return whether it was running.

        Its rendering goes on, and is removed when it is done.
        """
        with self._lock:
            self.settle()
            if job.done:
                return False
            self._let_go(job)
            job.error = why
            job.finishes_at = job.completed_at = self._clock.now()
            job.work.add_done_callback(_remove_results)
            return True

    def remove(self, job: Job) -> None:
        """Remove a finished job and its results."""
        with self._lock:
            if job.done and self._jobs.pop(job.id, None) is not None:
                self.remove_results(job)

    def remove_results(self, job: Job) -> None:
        """Remove the results of a finished job, which itself is kept."""
        with self._lock:
            for rendering in job.results:
                rendering.delete()
            job.results = ()

    def result(self, job_id: str, index: int) -> Rendering | None:
        """Return one result of a job younger than 24 h."""
        with self._lock:
            self._forget_old()
            job = self._jobs.get(job_id)
            return job.results[index] if job is not None and index < len(job.results) else None

    def due(self) -> list[Future[tuple[Rendering, ...]]]:
        """Return the work of the jobs whose time is over."""
        with self._lock:
            now = self._clock.now()
            return [job.work for job in self._running.values() if job.finishes_at <= now]

    def settle(self) -> None:
        """End the jobs whose time is over and whose work is done, in the order of their ends; charge successful ones.

        A job whose rendering takes longer than its drawn duration is running until then.
        """
        with self._lock:
            now = self._clock.now()
            if now < self._first_end:
                return
            ready = [job for job in self._running.values() if job.finishes_at <= now and _has_ended(job.work)]
            for job in sorted(ready, key=lambda job: job.finishes_at):
                self._end(job)
            self._first_end = min((job.finishes_at for job in self._running.values()), default=math.inf)

    def _end(self, job: Job) -> None:
        self._let_go(job)
        failure = job.work.exception()
        if failure is None:
            job.results, job.lost = _kept(job.work.result(), job.losses.results)
        if failure is None or job.losses.charged:
            self._accounts[job.key].balance -= job.credits
            self._charges.append(Charge(job.id, job.credits, job.key))
        if isinstance(failure, Refusal):
            job.error = failure
        elif failure is not None:
            job.error = Refusal("server_error", 500, f"the emulator itself failed: {failure!r}")
        job.completed_at = job.finishes_at  # last: another thread may be looking at the job

    def _let_go(self, job: Job) -> None:
        del self._running[job.id]
        self._held[job.key] -= job.credits

    def _forget_old(self) -> None:
        self.settle()
        horizon = self._clock.now() - DAY
        for asset_id in _older(self._assets.values(), horizon):
            path = self._assets.pop(asset_id).path
            if path is not None:
                path.unlink(missing_ok=True)
        for job_id in _older(self._jobs.values(), horizon):
            job = self._jobs[job_id]
            if job.finishes_at == math.inf and not job.done:
                self._let_go(job)  # stuck: what it held is free again
            elif not job.done:
                continue  # still rendering: it has to end, and be charged, first
            del self._jobs[job_id]
            self.remove_results(job)


def _remove_results(work: Future[tuple[Rendering, ...]]) -> None:
    if not work.cancelled() and work.exception() is None:
        for rendering in work.result():
            rendering.delete()


def _kept(results: tuple[Rendering, ...], lost: int) -> tuple[tuple[Rendering, ...], int]:
    """Remove the last results; return the others and the number of removed ones."""
    variants = sorted({each.variant for each in results})
    gone = set(variants[max(0, len(variants) - lost) :] if lost else ())
    kept = tuple(each for each in results if each.variant not in gone)
    needed = {path for each in kept for path in each.files}  # several results may read from one recording
    for rendering in results:
        if rendering.variant in gone:
            rendering.delete(needed)
    return kept, len(gone)


def _has_ended(work: Future[tuple[Rendering, ...]]) -> bool:
    """Return whether the work has ended by itself, not by the emulator's stop."""
    return work.done() and not work.cancelled()


def _sums(amounts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for key, amount in amounts:
        sums[key] = sums.get(key, 0) + amount
    return sums


def _older(things: Iterable[Asset | Job], horizon: float) -> list[str]:
    """Return the ids of the entries before a time, which are in the order of their creation."""
    ids: list[str] = []
    for thing in things:
        if thing.created_at > horizon:
            break
        ids.append(thing.id)
    return ids
