"""Idempotency keys: one per logical submit, remembered by the service for a limited time."""

from __future__ import annotations

import re

import attrs

from ...errors import InvalidRequestError, SubmitOutcomeUnknown
from ..redact import short_repr


@attrs.frozen
class IdempotencyKey:
    """The key of one logical submit. `made_at` is in Unix seconds; `lifetime` seconds later it is not sent again."""

    value: str
    made_at: float
    lifetime: float

    def left(self, now: float) -> float:
        """Return the seconds for which the service will certainly know the key, by the system's clock."""
        return self.made_at + self.lifetime - now


@attrs.frozen
class KeyRules:
    """A service's rules for idempotency keys: their header, their format, and how long the service remembers them."""

    header: str = "Idempotency-Key"
    pattern: re.Pattern[str] = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
    lifetime: float = 24 * 3600.0

    def key(self, given: object, now: float) -> IdempotencyKey:
        """Return the key that the caller gave, or a new random one for None.

        Raises `InvalidRequestError` for a key that does not have the service's format.
        """
        if given is None:
            from uuid import uuid4

            return IdempotencyKey(str(uuid4()), now, self.lifetime)
        if isinstance(given, str) and self.pattern.fullmatch(given):
            return IdempotencyKey(given, now, self.lifetime)
        raise InvalidRequestError(
            f"idempotency_key={short_repr(given)} does not look like {self.pattern.pattern}: give a random one such as "
            "str(uuid.uuid4()), or None for a new one; nothing was sent",
            field="idempotency_key",
        )


def key_of(unknown: SubmitOutcomeUnknown, lifetime: float) -> IdempotencyKey:
    """Return the key of a request whose outcome is unknown; its age counts from when it was made, not last sent."""
    assert unknown.idempotency_key is not None, "a caller checks first that it has a key"
    made_at = unknown.sent_at if unknown.key_made_at is None else unknown.key_made_at
    return IdempotencyKey(unknown.idempotency_key, made_at, lifetime)
