"""The vendored specs as data, with the conditions of their overlays. A spec that is inlined gets its names back."""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any

import attrs
import yaml

from scripts.generation.documents import load
from scripts.generation.normalise import load_overlay, normalise

OPENAPI = Path(__file__).parents[2] / "openapi"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, but not in every build


def read_yaml(text: bytes | str) -> Any:
    """Read plain YAML."""
    return yaml.load(text, _LOADER)


@functools.cache
def vendored(name: str) -> dict[str, Any]:
    """Read a spec as it is stored: one for all who ask, to look at and not to change."""
    document: dict[str, Any] = read_yaml((OPENAPI / f"{name}.yaml").read_bytes())
    return document


def spec(name: str = "mirelo-v2") -> dict[str, Any]:
    """Read a spec, and put its overlay's conditions into the bodies that they are of."""
    document = copy.deepcopy(vendored(name))
    path = OPENAPI / "overlays" / f"{name}.yaml"
    if "schemas" not in document["components"]:  # as vendors publish it
        named = attrs.evolve(load_overlay(path), patches=(), conditions={})
        document = normalise(load(OPENAPI / f"{name}.yaml"), named)
    overlay = read_yaml(path.read_bytes())
    for pointer, entries in overlay.get("conditions", {}).items():
        here: Any = document
        for part in pointer[1:].split("/"):
            here = target(document, here[part.replace("~1", "/")])
        here["x-limits-when"] = copy.deepcopy(entries)
    return document


def target(document: dict[str, Any], node: Any) -> Any:
    """Return what a node is that may be a reference."""
    while isinstance(node, dict) and "$ref" in node:
        reference, node = node["$ref"], document
        for part in reference[2:].split("/"):
            node = node[part]
    return node
