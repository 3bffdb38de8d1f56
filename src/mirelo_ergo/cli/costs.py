"""The cost of a generation, in its service's unit: credits or US dollars."""

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
    """A cost: its `field` in JSON, the service's whole answer (`told`), and its text (`words`)."""

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
        """The library's argument that limits it."""
        return f"max_{self.field}"

    @property
    def option(self) -> str:
        """The option that limits it."""
        return "--max-credits" if self.field == "credits" else "--max-cost"

    def __add__(self, other: Cost) -> Cost:
        """Return the sum of two costs of one service."""
        return attrs.evolve(self, amount=self.amount + other.amount, told={}, words="")


def cost_of(found: PreflightResult | Dollars) -> Cost | None:
    """Return the cost in a preflight, None if the service did not give it."""
    from mirelo_ergo.sync_so import Estimate

    if not isinstance(found, Estimate):
        words = f"{found.credits} credits, ready within {seconds(found.estimated_ms)} (98 % of jobs)"
        return Cost(found.credits, "credits", found.to_dict(), words)
    if found.cost_usd is None:
        return None
    frames = "" if found.frames is None else f" for {found.frames:g} frames"
    return Cost(found.cost_usd, "cost_usd", found.to_dict(), f"{found.cost_usd:.2f} USD{frames}")
