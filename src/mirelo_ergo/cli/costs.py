"""What a generation costs, in its service's own unit: credits, or US dollars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from .times import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo import PreflightResult
    from mirelo_ergo.sync_so import Estimate as Dollars


@attrs.frozen
class Cost:
    """A cost: the `field` that has it in JSON, all of the service's answer (`told`), and the same in `words`."""

    amount: float
    field: str
    told: Mapping[str, Any]
    words: str

    @property
    def shown(self) -> str:
        """The amount with its unit."""
        return f"{self.amount} credits" if self.field == "credits" else f"{self.amount:.2f} USD"

    @property
    def limit_field(self) -> str:
        """The library's name of its limit."""
        return f"max_{self.field}"

    @property
    def option(self) -> str:
        """The option that limits it."""
        return "--max-credits" if self.field == "credits" else "--max-cost"

    def __add__(self, other: Cost) -> Cost:
        """Return both together; they are of one service."""
        return attrs.evolve(self, amount=self.amount + other.amount, told={}, words="")


def cost_of(found: PreflightResult | Dollars) -> Cost | None:
    """Return what a preflight found, None where the service did not say."""
    from mirelo_ergo.sync_so import Estimate

    if not isinstance(found, Estimate):
        words = f"{found.credits} credits, ready within {seconds(found.estimated_ms)} (98 % of jobs)"
        return Cost(found.credits, "credits", found.to_dict(), words)
    if found.cost_usd is None:
        return None
    frames = "" if found.frames is None else f" for {found.frames:g} frames"
    return Cost(found.cost_usd, "cost_usd", found.to_dict(), f"{found.cost_usd:.2f} USD{frames}")
