"""The content of a spec file, and its schemas."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen(eq=False)
class Document:
    """A spec file."""

    content: Mapping[str, Any]

    def follow(self, item: Mapping[str, Any], pointer: str) -> tuple[Mapping[str, Any], str]:
        """Return an item after following its reference, if it is one, and the pointer to it."""
        while "$ref" in item:
            pointer = item["$ref"]
            item = functools.reduce(
                lambda found, part: found[part.replace("~1", "/").replace("~0", "~")],
                pointer.removeprefix("#/").split("/"),
                self.content,
            )
        return item, pointer


@attrs.frozen(eq=False)
class Schema:
    """One schema of a spec file. References in its `content` are found in the document."""

    document: Document = attrs.field(repr=False)
    pointer: str
    content: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of an object's fields."""
        fields = self.content.get("properties", {})
        return {name: field["default"] for name, field in fields.items() if "default" in field}
