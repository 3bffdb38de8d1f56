"""The errors that only batches have. Each is a `MireloError` too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..errors import ConfigurationError, CostLimitError, InvalidRequestError, MireloError

LISTED: Final = 50
"""Mistakes that a `ManifestError` lists; the others are counted."""


class LedgerError(ConfigurationError):
    """Raised when a ledger cannot be used: no ledger, damaged, newer, locked, on a full or read-only disk.

    `away` says that its server does not answer at the moment, as while it is restarted.
    """

    default_code = "ledger_error"
    away = False


class FenceLostError(MireloError):
    """Raised when an item is no longer this worker's: its lease ended, and another took it over. Write nothing."""

    default_code = "fence_lost"


class CapReachedError(CostLimitError):
    """Raised when an item's price does not fit under the ledger's cap any more. Nothing was recorded or sent."""

    default_code = "cap_reached"


class ManifestError(InvalidRequestError):
    """Raised when items of a manifest are wrong. Nothing was sent, and nothing of it was added.

    `mistakes` are the first 50, one sentence each, with their line and field; `count` is how many there are.
    """

    default_code = "invalid_manifest"

    def __init__(self, mistakes: Sequence[str], count: int, where: str = "the items") -> None:
        self.mistakes = list(mistakes[:LISTED])
        self.count = count
        more = count - len(self.mistakes)
        lines = [f"{where}: {count} {'mistake' if count == 1 else 'mistakes'}; nothing was sent", *self.mistakes]
        super().__init__("\n".join(lines + ([f"and {more} more"] if more else [])))

    def __reduce__(self) -> tuple[object, ...]:
        where = self.message.partition(":")[0]
        return type(self), (self.mistakes, self.count, where)


__all__ = ["CapReachedError", "FenceLostError", "LedgerError", "ManifestError"]
