"""The events of a run, and its summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import attrs

from .ledger import Budget, Entry, State

Step = Literal[
    "claimed", "prepared", "intended", "answered", "submitted", "fetched", "placed", "reused", "succeeded", "failed",
    "refused", "unknown", "again", "aside", "lost", "held", "outdated",
]  # fmt: skip
"""A step of an item; see `Event`."""


@attrs.frozen
class Event:
    """One step of one item. `entry` is the item's latest state in the ledger, `message` the reason if there is one.

    The steps in their order are: "claimed" from the ledger; "prepared", if the request has a key; "intended", after
    which the request is sent; "answered", when its response is there; "submitted", when that is recorded; "fetched" and
    "placed" results; "succeeded", when these are recorded. "reused" replaces all steps of a request. "failed",
    "refused" and "unknown" are recorded ends. "again": it is planned once more for later. "aside": this run leaves it
    for the next one. "lost": another worker has taken it over. "held": the cap leaves no room for it.
    "outdated", at the start: it was sent with files whose bytes are others now, and is not made again.
    """

    step: Step
    entry: Entry
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the event as plain JSON values."""
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
    """The summary of a ledger: the number of items in each state, and the money by currency, in millionths."""

    counts: Mapping[State, int]
    budgets: Mapping[str, Budget]
    saved: Mapping[str, int] = attrs.field(factory=dict)
    """The cost that reused results saved, by currency, in millionths."""
    reused: int = 0
    """The number of reused results."""
    stopped: str | None = None
    """Why the run ended before all items were done; None if it did not, or if there was no run."""
    other_files: tuple[str, ...] = ()
    """The ids of items whose files have changed since they were sent. They are made again only under a new id."""

    @property
    def total(self) -> int:
        """The number of all items, without those that have left the sheet."""
        return sum(self.counts.values()) - self.counts.get("removed", 0)

    @property
    def left(self) -> int:
        """The number of items that another run can continue."""
        return self.counts["planned"] + self.counts["intended"] + self.counts["submitted"]

    @property
    def done(self) -> bool:
        """Whether every item succeeded that has not left the sheet."""
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
