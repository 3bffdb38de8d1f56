"""What a run tells while it runs, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs

from .ledger import Budget, Entry, State

Step = Literal[
    "claimed", "prepared", "intended", "answered", "submitted", "fetched", "placed", "reused", "succeeded", "failed",
    "refused", "unknown", "again", "aside", "lost", "held",
]  # fmt: skip
"""What happened to an item of a batch."""


@attrs.frozen
class Event:
    """One step of one item. `entry` is the item as the ledger had it last, `message` says why, where there is a why.

    The steps in their order: "claimed" from the ledger; "prepared", where the request has a key; "intended" is
    recorded, and the request leaves; its response is there ("answered") and recorded ("submitted"); results are
    "fetched", "placed" and recorded ("succeeded"), or "reused" instead. "failed", "refused" and "unknown" are recorded
    ends. "again": it is planned once more, later. "aside": this run leaves it as it is, the next one goes on. "lost":
    another worker took it over. "held": the cap leaves no room for it.
    """

    step: Step
    entry: Entry
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        fields: dict[str, Any] = {"event": self.step, "id": self.entry.id, "state": self.entry.state}
        if self.entry.token is not None:
            fields["token"] = self.entry.token
        if self.entry.files:
            fields["files"] = [file.name for file in self.entry.files]
        if self.message:
            fields["message"] = self.message
        return fields


OnEvent = Callable[[Event], None]


@attrs.frozen
class Summary:
    """What there is in a ledger: how many items in each state, and the money by currency, in millionths."""

    counts: Mapping[State, int]
    budgets: Mapping[str, Budget]
    saved: Mapping[str, int] = attrs.field(factory=dict)
    """What reused results would have cost, by currency, in millionths."""
    reused: int = 0
    """How many results were reused."""
    stopped: str | None = None
    """Why the run ended before all was done; None where it did not, or there was none."""

    @property
    def total(self) -> int:
        """All items."""
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Items that another run goes on with."""
        return self.counts["planned"] + self.counts["intended"] + self.counts["submitted"]

    @property
    def done(self) -> bool:
        """Whether every item succeeded."""
        return self.counts["succeeded"] == self.total

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, amounts in credits or dollars. Its keys stay; later versions may add some."""
        money = {
            name: {
                "cap": None if budget.cap is None else budget.cap / 1_000_000,
                "reserved": budget.reserved / 1_000_000,
                "charged": budget.charged / 1_000_000,
                "saved": self.saved.get(name, 0) / 1_000_000,
            }
            for name, budget in self.budgets.items()
        }
        return {
            "total": self.total,
            "counts": dict(self.counts),
            "money": money,
            "reused": self.reused,
            "stopped": self.stopped,
        }


__all__ = ["Event", "Step", "Summary"]
