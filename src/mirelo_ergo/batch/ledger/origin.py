"""The address of each service in a ledger, so that an emulator's jobs never mix with the real service's."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, inspect, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from ..errors import LedgerError
from .schema import State, addresses, items, metadata

_UNDER_WAY: Final[tuple[State, ...]] = ("intended", "submitted", "unknown")
_EMULATOR: Final = "http://127.0.0.1"
"""The address of an emulator in a ledger of an older version, which only noted that it was one."""
_LOCK: Final = 0x6D69_7267


def bind(connection: Connection, place: str, asked: Mapping[str, str], *, moved: bool = False) -> None:
    """Record the address of each service; raises `LedgerError` if its items are from another address.

    The address is free to change until an item was begun. It may also change between two addresses of this machine
    while no item is running, because an emulator gets a new address when it is restarted; with `moved` always. A ledger
    of an older version, without this record, counts as the real service's if an item was begun.
    """
    for service, address in asked.items():
        before = address_of(connection, service)
        if before != address:
            if not moved:
                _refuse_mix(connection, place, service, before, address)
            _note(connection, service, address)


def check_address(connection: Connection, place: str, asked: Mapping[str, str]) -> None:
    """Raise `LedgerError` if `bind` would raise it; change nothing."""
    for service, address in asked.items():
        before = address_of(connection, service)
        if before != address:
            _refuse_mix(connection, place, service, before, address)


def address_of(connection: Connection, service: str) -> str | None:
    """Return the address of a service in a ledger; None if it was not recorded."""
    names = inspect(connection).get_table_names()
    if addresses.name in names:
        noted = connection.execute(select(addresses.c.address).where(addresses.c.service == service)).scalar()
        if noted is not None:
            return str(noted)
    if "mirelo_origin" in names and connection.execute(text("SELECT emulator FROM mirelo_origin")).scalar():
        return _EMULATOR
    return None


def _refuse_mix(connection: Connection, place: str, service: str, before: str | None, address: str) -> None:
    mine = select(func.count()).select_from(items).where(items.c.service == service)
    under_way = connection.execute(mine.where(items.c.state.in_(_UNDER_WAY))).scalar_one()
    begun = or_(items.c.state.in_((*_UNDER_WAY, "succeeded")), items.c.lease_until.is_not(None))
    if not connection.execute(mine.where(begun)).scalar_one():
        return
    first, second = _is_here(before), _is_here(address)
    if (before is None and not second) or (first and second and not under_way):
        return
    told = "the service itself" if before is None else f"{before}{', on this machine' if first else ''}"
    way = "moved=True takes it for the same service at another address"
    if first and under_way:
        way += f"; batch resolve --all --drop gives up what is under way ({under_way}) where that emulator has ended"
    raise LedgerError(
        f"the ledger {place} has items of {service} from {told}, and this client asks {address}"
        f"{', on this machine' if second else ''}: give a client of the first, or another ledger; {way}; "
        "nothing was sent"
    )


def _is_here(address: str | None) -> bool:
    """Return whether an address is a loopback address, as an emulator's is."""
    host = urlsplit(address or "").hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _note(connection: Connection, service: str, address: str) -> None:
    on_server = connection.dialect.name == "postgresql"
    if not inspect(connection).has_table(addresses.name):
        if on_server:
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))  # another worker may do the same
        metadata.create_all(connection, tables=[addresses])
    row = (postgresql.insert if on_server else sqlite.insert)(addresses).values(service=service, address=address)
    connection.execute(row.on_conflict_do_update(index_elements=["service"], set_={"address": address}))


__all__ = ["address_of", "bind", "check_address"]
