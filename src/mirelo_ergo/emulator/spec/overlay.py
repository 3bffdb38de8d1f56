"""The overlays' bounds that depend on other fields, which the vendors' files lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator.spec.schemas import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

CONDITIONS = "x-limits-when"


def lay_conditions(content: Mapping[str, Any], overlay: Mapping[str, Any]) -> None:
    """Add an overlay's conditions to a spec file's content, with named or inlined schemas."""
    document = Document(content)
    for pointer, entries in (overlay.get("conditions") or {}).items():
        here: Any = content
        for part in pointer.removeprefix("/").split("/"):
            here = document.follow(here[part.replace("~1", "/").replace("~0", "~")], pointer)[0]
        here[CONDITIONS] = entries
