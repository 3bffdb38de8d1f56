"""The processing of one item, from its state in the ledger to its end. It may be repeated any number of times."""

from __future__ import annotations

import attrs

from .errors import FenceLostError
from .events import Step
from .fetching import Fetcher
from .ledger import Entry
from .recording import Recorder
from .submitting import Submitter


@attrs.frozen(eq=False)
class Work:
    """Processes the items of one worker."""

    record: Recorder
    submitter: Submitter
    fetcher: Fetcher

    async def do(self, entry: Entry) -> Step:
        """Process a claimed item as far as possible, and return its last step. Raises `StopRun` with a cause."""
        try:
            if entry.state == "submitted":
                return await self.fetcher.fetch(entry)
            begin = self.submitter.submit if entry.state == "planned" else self.submitter.settle
            found = await begin(entry)
            return found if isinstance(found, str) else await self.fetcher.fetch(*found)
        except FenceLostError as lost:
            return self.record.report("lost", entry, lost.message)
