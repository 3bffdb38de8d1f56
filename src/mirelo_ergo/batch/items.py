"""The items of a batch: each is one call of a client."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class Item:
    """One item of a batch: a call of a client, given by its name and arguments.

    `id` is yours, unique in its batch. `operation` is the name of the client's method, such as "text_to_sfx", and
    `arguments` are the method's keyword arguments, as JSON has them; paths may be `pathlib` ones. For the operation
    "app" of inference.sh they are `app`, `function` and `input`.
    """

    id: str
    operation: str
    arguments: Mapping[str, Any] = attrs.field(factory=dict)
    service: str = attrs.field(default="mirelo", kw_only=True)
    """The name of the service, as in `mirelo_ergo.capabilities()`."""
    out: str | None = attrs.field(default=None, kw_only=True)
    """The result's file name; without a suffix it gets that of its content. None: the id."""
    take: int = attrs.field(default=1, kw_only=True)
    """The number of the take of the same request: with reuse, equal takes share one result."""
    line: int | None = attrs.field(default=None, kw_only=True, eq=False)
    """Its line in the manifest."""

    @property
    def name(self) -> str:
        """The requested file name of the result: `out`, else the id."""
        return self.id if self.out is None else self.out

    @property
    def definition(self) -> str:
        """The sha256 of the item's fields. An item with the same id and another definition was changed."""
        text = json.dumps([self.service, self.operation, _plain(self.arguments), self.name, self.take], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def changed_fields(old: Item, new: Item) -> list[str]:
    """Return the names of the fields in which two items differ."""
    before, after = _fields(old), _fields(new)
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def _fields(item: Item) -> dict[str, Any]:
    own = {"service": item.service, "operation": item.operation, "out": item.name, "take": item.take}
    return {**own, **_plain(item.arguments)}


def arguments_json(item: Item) -> str:
    """Return an item's arguments as JSON; raises `TypeError` or `ValueError` for a value that JSON cannot represent."""
    return value_json(item.arguments)


def value_json(value: Any) -> str:
    """Return an argument's value as JSON; raises `TypeError` or `ValueError` for one that JSON cannot represent."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return os.fspath(value) if isinstance(value, os.PathLike) else value


__all__ = ["Item"]
