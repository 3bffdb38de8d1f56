"""The ledger's tables and their version. `MIGRATIONS` updates older versions in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION: Final = 1

State = Literal["planned", "intended", "submitted", "succeeded", "failed", "unknown", "refused", "removed"]
"""The state of an item. `removed`: its row has left the sheet before it was sent."""
STATES: Final[tuple[State, ...]] = get_args(State)
ENDED: Final[tuple[State, ...]] = ("succeeded", "failed", "refused")
"""Final states. `unknown` is left only by a person's decision, or by a late report about the request."""

metadata = MetaData()

about = Table(
    "mirelo_batch",
    metadata,
    Column("version", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
)

addresses = Table(
    "mirelo_addresses",
    metadata,
    Column("service", String(40), primary_key=True),
    Column("address", Text, nullable=False),
)
"""The address of each service. Ledgers of older versions lack this table, and those versions ignore it."""

items = Table(
    "mirelo_items",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("id", String(200), nullable=False),
    Column("line", Integer),
    Column("service", String(40), nullable=False),
    Column("operation", String(60), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("name", String(200), nullable=False),
    Column("take", Integer, nullable=False),
    Column("definition", String(64), nullable=False),
    Column("fingerprint", String(64)),
    Column("currency", String(10)),
    Column("price", BigInteger),
    Column("state", String(10), nullable=False, default="planned"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Double, nullable=False, default=0.0),
    Column("worker", String(100)),
    Column("fence", BigInteger, nullable=False, default=0),
    Column("lease_until", Double),
    Column("intent_fence", BigInteger),
    Column("intended_at", Double),
    Column("key", Text),
    Column("token", Text),
    Column("submitted_at", Double),
    Column("due_at", Double),
    Column("expires_at", Double),
    Column("ended_at", Double),
    Column("reserved", BigInteger, nullable=False, default=0),
    Column("charged", BigInteger, nullable=False, default=0),
    Column("files", Text),
    Column("reused", Text),
    Column("error_type", String(60)),
    Column("error_code", String(60)),
    Column("error", Text),
    Column("updated_at", Double, nullable=False),
    UniqueConstraint("id"),
    CheckConstraint("reserved >= 0 AND charged >= 0"),
    Index("mirelo_items_state", "state", "seq"),
    Index("mirelo_items_name", "name"),
    Index("mirelo_items_fingerprint", "fingerprint"),
    sqlite_autoincrement=True,
)

budgets = Table(
    "mirelo_budgets",
    metadata,
    Column("currency", String(10), primary_key=True),
    Column("cap", BigInteger),
    Column("reserved", BigInteger, nullable=False, default=0),
    Column("charged", BigInteger, nullable=False, default=0),
    CheckConstraint("reserved >= 0 AND charged >= 0"),
)

sheets = Table(
    "mirelo_sheets",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("sheet", Text, nullable=False),
    Column("has_left", Boolean, nullable=False),
)
"""The sheet of each item, and whether its row has left it. Ledgers of older versions lack this table."""

MIGRATIONS: Final[Mapping[int, Callable[[Connection], None]]] = {}
"""The migrations by the version that they start from; each updates to the next one, within the given transaction."""
