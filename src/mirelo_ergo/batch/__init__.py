"""Batches: many jobs with one ledger, which records what was requested, sent, received and charged.

    from mirelo_ergo import MireloClient
    from mirelo_ergo.batch import Batch, Item

    with Batch.open("out/sfx.db") as batch, MireloClient() as client:
        batch.add(Item(f"rain-{n}", "text_to_sfx", {"prompt": "rain on a tin roof"}, take=n) for n in range(1, 101))
        print(batch.run(client, max_credits=2000).counts)

After an interruption of any kind, run it again: it continues, and nothing is charged twice.
"""

from __future__ import annotations

from importlib.util import find_spec as _find_spec

if _missing := [name for name in ("sqlalchemy", "yaml") if not _find_spec(name)]:
    raise ImportError(
        f'batches need {_missing[0]}, which is not installed: pip install "mirelo-ergo[batch]"', name=_missing[0]
    )

from .batch import Batch
from .checking import Mistakes
from .errors import CapReachedError, FenceLostError, LedgerError, ManifestError
from .events import Event, Step, Summary
from .items import Item
from .ledger import Budget, Entry, SavedFile, State
from .loop_thread import drive
from .manifest import read_manifest
from .plan import Plan
from .planning import Quote
from .starting import RunOptions

__all__ = [
    "Batch",
    "Budget",
    "CapReachedError",
    "Entry",
    "Event",
    "FenceLostError",
    "Item",
    "LedgerError",
    "ManifestError",
    "Mistakes",
    "Plan",
    "Quote",
    "RunOptions",
    "SavedFile",
    "State",
    "Step",
    "Summary",
    "drive",
    "read_manifest",
]
