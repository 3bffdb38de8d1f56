"""What a batch makes: one item is one call of a client."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class Item:
    """One thing to make: a call of a client, by its name and its arguments.

    `id` is yours, unique in its batch. `operation` is the name of the client's method, such as "text_to_sfx", and
    `arguments` are the method's keyword arguments, as JSON has them; paths may be `pathlib` ones. For the operation
    "app" of inference.sh they are `app`, `function` and `input`.
    """

    id: str
    operation: str
    arguments: Mapping[str, Any] = attrs.field(factory=dict)
    service: str = attrs.field(default="mirelo", kw_only=True)
    """The service, as `mirelo_ergo.capabilities()` names it."""
    out: str | None = attrs.field(default=None, kw_only=True)
    """The result's file name; without a suffix it gets that of what comes. None: the id."""
    take: int = attrs.field(default=1, kw_only=True)
    """Which take of the same request it is: with reuse, takes of one number are the same sound."""
    line: int | None = attrs.field(default=None, kw_only=True, eq=False)
    """The line of its manifest."""

    @property
    def name(self) -> str:
        """The result's file name as it was asked for: `out`, else the id."""
        return self.id if self.out is None else self.out

    @property
    def definition(self) -> str:
        """The sha256 of all that the item says: the same id with another one is another item."""
        text = json.dumps([self.service, self.operation, _plain(self.arguments), self.name, self.take], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def arguments_json(item: Item) -> str:
    """Return an item's arguments as one JSON text; raises `TypeError` or `ValueError` for what JSON cannot hold."""
    return json.dumps(_plain(item.arguments), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


__all__ = ["Item"]
