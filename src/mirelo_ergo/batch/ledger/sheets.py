"""Which sheet each item came from, so that an item whose row left its sheet is not sent, by whichever way a run begins.

Ledgers that no sheet was put into, such as those of older versions, lack the table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, func, inspect, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from .schema import items, metadata, sheets

_CHUNK: Final = 500
_LOCK: Final = 0x6D69_7268


def sheets_of(connection: Connection, seqs: Collection[int]) -> set[str | None]:
    """Return the sheets that these items came from; None stands for items that came from none."""
    if not seqs:
        return set()
    if not has_sheets(connection):
        return {None}
    query = select(sheets.c.seq, sheets.c.sheet).where(sheets.c.seq.in_(seqs))
    found: Mapping[int, str] = {row.seq: row.sheet for row in connection.execute(query)}
    return {found.get(seq) for seq in seqs}


def put_sheet(
    connection: Connection, sheet: str, there: Collection[int], before: Collection[str | None], now: float
) -> int:
    """Record that a sheet holds these items and no others; return how many planned items have left with that.

    `before` are the sheets that its items came from: it takes their place, as a sheet does that got another name. Items
    of other sheets stay. An item that left is `removed` if it was planned. One that was sent is marked, so that it is
    fetched, but not sent once more.
    """
    if not has_sheets(connection):
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))  # another worker may do the same
        metadata.create_all(connection, tables=[sheets])
    for chunk in _chunks(there):
        _write(connection, [{"seq": seq, "sheet": sheet, "has_left": False} for seq in chunk])
    names = {sheet, *before}
    mine = sheets.c.sheet.in_([name for name in names if name is not None])
    query = select(items.c.seq, items.c.state).outerjoin(sheets, sheets.c.seq == items.c.seq)
    query = query.where(or_(mine, sheets.c.seq.is_(None)) if None in names else mine)
    gone = {row.seq: row.state for row in connection.execute(query) if row.seq not in there}
    for chunk in _chunks(gone):
        _write(connection, [{"seq": seq, "sheet": sheet, "has_left": True} for seq in chunk])
    removed = 0
    for chunk in _chunks(seq for seq, state in gone.items() if state == "planned"):
        values = {**_NOBODY, "state": "removed", "updated_at": now}
        planned = update(items).where(items.c.seq.in_(chunk), items.c.state == "planned")
        removed += connection.execute(planned.values(values)).rowcount
    return removed


def come_back(connection: Connection, seqs: Collection[int]) -> None:
    """Record that items that had left are wanted again."""
    if seqs and has_sheets(connection):
        connection.execute(update(sheets).where(sheets.c.seq.in_(seqs)).values(has_left=False))


def has_left(connection: Connection, seq: int) -> bool:
    """Return whether an item's row has left its sheet."""
    if not has_sheets(connection):
        return False
    return bool(connection.execute(select(sheets.c.has_left).where(sheets.c.seq == seq)).scalar())


def has_sheets(connection: Connection) -> bool:
    """Return whether a sheet was ever put into the ledger."""
    return bool(inspect(connection).has_table(sheets.name))


_NOBODY: Final[Mapping[str, Any]] = {"worker": None, "lease_until": None, "fence": items.c.fence + 1}
"""A worker that has just claimed it sends nothing."""


def _write(connection: Connection, rows: list[dict[str, Any]]) -> None:
    row = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(sheets)
    changes = {"sheet": row.excluded.sheet, "has_left": row.excluded.has_left}
    connection.execute(row.on_conflict_do_update(index_elements=["seq"], set_=changes), rows)


def _chunks(seqs: Iterable[int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    for seq in seqs:
        chunk.append(seq)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


__all__ = ["come_back", "has_left", "put_sheet", "sheets_of"]
