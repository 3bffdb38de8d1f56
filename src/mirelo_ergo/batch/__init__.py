"""Many jobs, one ledger: what was asked for, what was sent, what came and what it cost, whatever ends the process."""

from __future__ import annotations

from .errors import CapReachedError, FenceLostError, LedgerError, ManifestError
from .items import Item

__all__ = ["CapReachedError", "FenceLostError", "Item", "LedgerError", "ManifestError"]
