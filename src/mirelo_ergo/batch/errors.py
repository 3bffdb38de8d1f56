"""The errors of batches. Each is a `MireloError` too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..errors import ConfigurationError, CostLimitError, InvalidRequestError, MireloError

LISTED: Final = 50
"""The number of mistakes that a `ManifestError` lists; the others are counted."""


class LedgerError(ConfigurationError):
    """Raised when a ledger cannot be used: missing, damaged, newer, locked, on a full or read-only disk.

    `away` says that its server does not answer at the moment, for example during a restart; `missing`, that there is
    no ledger in its place.
    """

    default_code = "ledger_error"
    away = False
    missing = False


class FenceLostError(MireloError):
    """Raised when an item's lease has ended and another worker has taken it over. Write and send nothing more."""

    default_code = "fence_lost"


class CapReachedError(CostLimitError):
    """Raised when an item's price no longer fits under the ledger's cap. Nothing was recorded or sent."""

    default_code = "cap_reached"


class ManifestError(InvalidRequestError):
    """Raised when items of a manifest are wrong. None was added, and nothing was sent.

    `mistakes` are the first 50, one sentence each, with their line and field; `count` is the number of all.
    """

    default_code = "invalid_manifest"

    def __init__(self, mistakes: Sequence[str], count: int, where: str = "the items") -> None:
        self.mistakes = list(mistakes[:LISTED])
        self.count = count
        more = count - len(self.mistakes)
        lines = [f"{where}: {count} {'mistake' if count == 1 else 'mistakes'}; nothing was sent", *self.mistakes]
        super().__init__("\n".join(lines + ([f"and {more} more"] if more else [])))


__all__ = ["CapReachedError", "FenceLostError", "LedgerError", "ManifestError"]
