"""Idempotency keys: one job per key, for as long as the service remembers the key."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from mirelo_ergo.emulator.refusals import Refusal, short

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mirelo_ergo.emulator.clock import Clock

T = TypeVar("T")
DAY = 24 * 3600.0
MAX_KEYS = 10_000
CONFLICT = "idempotency_key_conflict"
IN_FLIGHT = "idempotency_key_in_flight"


@attrs.define
class _Entry(Generic[T]):
    digest: str
    since: float
    made: T | None = None


class IdempotencyKeys(Generic[T]):
    """The results of idempotency keys, by account. A key is forgotten after a day of the emulator's time.

    It refuses with 409 and the codes CONFLICT and IN_FLIGHT, which each service writes in its own form.
    """

    def __init__(self, clock: Clock, lasts: float = DAY) -> None:
        self._clock = clock
        self._lasts = lasts
        self._entries: dict[tuple[str, str], _Entry[T]] = {}

    async def once(self, account: str, key: str, request: bytes, make: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """Return the result of `make` at the key's first use, and whether this is a later use.

        `request` is everything that must be the same for one key, such as path and body. If `make` refuses, the key is
        free again.
        """
        self._forget_old()
        digest, place = hashlib.sha256(request).hexdigest(), (account, key)
        known = self._entries.get(place)
        if known is not None:
            if known.digest != digest:
                raise Refusal(CONFLICT, 409, f"the idempotency key {short(key)} was used for another request")
            if known.made is None:
                raise Refusal(IN_FLIGHT, 409, f"the first request with the idempotency key {short(key)} is in flight")
            return known.made, True
        if len(self._entries) >= MAX_KEYS:
            raise Refusal("server_error", 500, f"this emulator has {MAX_KEYS} idempotency keys and takes no more today")
        entry = self._entries[place] = _Entry[T](digest, self._clock.now())
        try:
            entry.made = await make()
        except BaseException:
            if self._entries.get(place) is entry:
                del self._entries[place]
            raise
        return entry.made, False

    def forget(self, account: str, key: str) -> None:
        """Forget a key: its next use counts as the first."""
        self._entries.pop((account, key), None)

    def _forget_old(self) -> None:
        horizon = self._clock.now() - self._lasts
        for place, entry in list(self._entries.items()):  # in the order of their first use
            if entry.since > horizon:
                break
            del self._entries[place]
