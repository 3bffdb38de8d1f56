"""Whether a ledger's jobs are an emulator's: its placeholder sounds and made-up credits never mix with real ones."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select

from ..errors import LedgerError
from .schema import items, metadata, origin


def bind(connection: Connection, place: str, *, emulator: bool) -> None:
    """Note what the ledger is run against, the first time; raises `LedgerError` for the other kind later.

    A ledger without a note that has begun, made by an older version or from Python, counts as one of real services.
    """
    before = is_emulated(connection)
    if before is None and emulator:
        begun = connection.execute(select(items.c.seq).where(items.c.state != "planned").limit(1)).first()
        before = None if begun is None else False
    if before is not None and before != emulator:
        how = "with --emulator, so its sounds are placeholders" if before else "without --emulator"
        raise LedgerError(f"the ledger {place} was made {how}: give another folder; nothing was sent")
    if before is None:
        metadata.create_all(connection, tables=[origin])  # a ledger of an older version lacks it
        connection.execute(origin.insert().values(emulator=int(emulator)))


def is_emulated(connection: Connection) -> bool | None:
    """Return whether the ledger was made with an emulator; None where that was not noted."""
    if not inspect(connection).has_table(origin.name):
        return None
    noted = connection.execute(select(origin.c.emulator).limit(1)).scalar()
    return None if noted is None else bool(noted)
