"""A spec file's content, and the schemas in it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen(eq=False)
class Document:
    """A whole spec file."""

    content: Mapping[str, Any]

    def follow(self, item: Mapping[str, Any], pointer: str) -> tuple[Mapping[str, Any], str]:
        """Return what an item is that may be a reference, and the pointer to it."""
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
    """One schema of a spec file; `content` has its own fields, what they refer to is found in the document."""

    document: Document = attrs.field(repr=False)
    pointer: str
    content: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of an object's fields."""
        fields = self.content.get("properties", {})
        return {name: field["default"] for name, field in fields.items() if "default" in field}
