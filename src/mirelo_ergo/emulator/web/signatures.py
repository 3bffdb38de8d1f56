"""Signatures of webhooks: headers that prove the sender and the time."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen
class TimestampedHmac:
    """A header with `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of the time, a dot and the raw body."""

    header: str
    secret: str = attrs.field(repr=False)

    def sign(self, raw: bytes, now: float) -> Mapping[str, str]:
        """Return the headers for a body."""
        stamp = str(int(now))
        mark = hmac.new(self.secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
        return {self.header: f"t={stamp},v1={mark}"}
