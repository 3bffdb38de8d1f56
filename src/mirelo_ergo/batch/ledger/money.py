"""The money of a ledger: reservations under a cap. Amounts are whole millionths of a credit or a US dollar.

Reserved and charged amounts together count against the cap. Every change is one atomic statement in the transaction of
the state change that it belongs to, so that any number of workers stays under the cap.
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import Final, Literal

import attrs
from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..errors import CapReachedError
from .schema import budgets

Currency = Literal["credits", "usd"]
MILLION: Final = 1_000_000


def to_millionths(value: float | Decimal | str) -> int:
    """Return an amount of credits or dollars in whole millionths, rounded up."""
    return int((Decimal(str(value)) * MILLION).to_integral_value(rounding=ROUND_UP))


def format_amount(millionths: int, currency: str | None) -> str:
    """Return an amount as text: `12 credits`, `0.35 USD`."""
    text = f"{Decimal(millionths) / MILLION:f}"
    plain = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{plain} USD" if currency == "usd" else f"{plain} credits"


@attrs.frozen
class Budget:
    """The money of one currency, in millionths. `cap` None: no limit."""

    currency: str
    cap: int | None
    reserved: int
    charged: int

    @property
    def left(self) -> int | None:
        """The amount that may still be reserved; None without a cap."""
        return None if self.cap is None else max(0, self.cap - self.reserved - self.charged)


def read_budgets(connection: Connection) -> dict[str, Budget]:
    """Return the money by currency, without currencies that were never used."""
    rows = connection.execute(select(budgets)).mappings()
    return {row["currency"]: Budget(**row) for row in rows}


def set_cap(connection: Connection, currency: Currency, cap: int | None) -> None:
    """Set the cap on all reserved and charged amounts, over all runs of the ledger; None: no cap."""
    _make_row(connection, currency)
    connection.execute(update(budgets).where(budgets.c.currency == currency).values(cap=cap))


def capped(connection: Connection) -> bool:
    """Return whether any currency has a cap."""
    return connection.execute(select(budgets.c.cap).where(budgets.c.cap.is_not(None)).limit(1)).first() is not None


def reserve(connection: Connection, currency: str, price: int) -> None:
    """Reserve a price, or raise `CapReachedError` and change nothing."""
    _make_row(connection, currency)
    total = budgets.c.reserved + budgets.c.charged + price
    fits = or_(budgets.c.cap.is_(None), total <= budgets.c.cap)
    changed = connection.execute(
        update(budgets).where(budgets.c.currency == currency, fits).values(reserved=budgets.c.reserved + price)
    )
    if changed.rowcount != 1:
        budget = read_budgets(connection)[currency]
        raise CapReachedError(
            f"the next item costs {format_amount(price, currency)}, and only "
            f"{format_amount(budget.left or 0, currency)} are left under the cap of "
            f"{format_amount(budget.cap or 0, currency)}; nothing was sent for it"
        )


def settle(connection: Connection, currency: str | None, reserved: int, charged: int) -> None:
    """Replace a reservation by a charge, which may be 0."""
    if currency is None or not (reserved or charged):
        return
    connection.execute(
        update(budgets)
        .where(budgets.c.currency == currency)
        .values(reserved=budgets.c.reserved - reserved, charged=budgets.c.charged + charged)
    )


def _make_row(connection: Connection, currency: str) -> None:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = insert(budgets).values(currency=currency, cap=None, reserved=0, charged=0)
    connection.execute(row.on_conflict_do_nothing(index_elements=["currency"]))
