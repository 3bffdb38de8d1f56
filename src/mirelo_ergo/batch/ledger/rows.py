"""The rows of a ledger as values."""

from __future__ import annotations

import json
from typing import Any

import attrs
from sqlalchemy import Row

from ..items import Item
from .schema import State


@attrs.frozen
class SavedFile:
    """A saved result: its name in the batch's folder, its size in bytes and its sha256."""

    name: str
    size: int
    sha256: str


@attrs.frozen
class Entry:
    """An item with its state and results. Times are in Unix seconds, amounts in millionths; None: not known (yet)."""

    seq: int
    item: Item
    state: State
    attempts: int
    not_before: float
    worker: str | None
    fence: int
    lease_until: float | None
    intended_at: float | None
    key: str | None = attrs.field(repr=False)
    """The request's token, if the service has idempotency keys."""
    token: str | None
    submitted_at: float | None
    due_at: float | None
    """When the job should be done, by its estimate."""
    expires_at: float | None
    """When the job's results expire."""
    ended_at: float | None
    fingerprint: str | None
    currency: str | None
    price: int | None
    reserved: int
    charged: int
    files: tuple[SavedFile, ...]
    reused: str | None
    """The ledger of a reused result."""
    error_type: str | None
    error_code: str | None
    error: str | None

    @property
    def id(self) -> str:
        """The item's id."""
        return self.item.id

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, amounts in credits or dollars. Its keys stay; later versions may add some."""
        return {
            "id": self.id,
            "line": self.item.line,
            "service": self.item.service,
            "operation": self.item.operation,
            "arguments": dict(self.item.arguments),
            "take": self.item.take,
            "state": self.state,
            "attempts": self.attempts,
            "files": [attrs.asdict(file) for file in self.files],
            "token": self.token,
            "currency": self.currency,
            "price": None if self.price is None else self.price / 1_000_000,
            "charged": self.charged / 1_000_000,
            "reused": self.reused,
            "error": None
            if self.error is None
            else {"type": self.error_type, "code": self.error_code, "message": self.error},
            "submitted_at": self.submitted_at,
            "ended_at": self.ended_at,
        }


def entry_of(row: Row[*tuple[Any, ...]]) -> Entry:
    """Return the entry of a row of the items' table."""
    fields = row._mapping
    item = Item(
        fields["id"],
        fields["operation"],
        json.loads(fields["arguments"]),
        service=fields["service"],
        out=fields["name"],
        take=fields["take"],
        line=fields["line"],
    )
    files = tuple(SavedFile(**file) for file in json.loads(fields["files"] or "[]"))
    taken = {name: fields[name] for name in _SAME}
    return Entry(item=item, files=files, **taken)


_SAME = [field.name for field in attrs.fields(Entry) if field.name not in ("item", "files")]
