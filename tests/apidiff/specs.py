"""Specs to compare: the small one with a schema put where callers meet it, and edits by JSON pointer."""

import copy
from pathlib import Path
from typing import Any, Final

import attrs

from scripts.api_diff import diff
from scripts.diffing.changes import ABSENT, Change
from scripts.generation.documents import find, join, load, split
from scripts.generation.normalise import load_overlay, normalise
from tests.generation.specs import ANSWER, BODY, inlined_spec

ROOT: Final = Path(__file__).parents[2]
POST = "/paths/~1v1~1sounds/post"
PARAMETERS = POST + "/parameters"
ANSWERS = POST + "/responses"


def ours() -> dict[str, Any]:
    """Return the vendored spec; its names are those of the overlay where it has none, as in the vendor's form."""
    document = load(ROOT / "openapi" / "mirelo-v2.yaml")
    if "schemas" in document["components"]:
        return document
    overlay = load_overlay(ROOT / "openapi" / "overlays" / "mirelo-v2.yaml")
    return normalise(document, attrs.evolve(overlay, patches=(), conditions={}))


def edited(document: dict[str, Any], *edits: tuple[str, Any]) -> dict[str, Any]:
    """Return a copy with each pointed-at value set, appended (at `/-`), or taken away (ABSENT)."""
    document = copy.deepcopy(document)
    for pointer, value in edits:
        *parents, last = split(pointer)
        parent: Any = find(document, join("", *parents)) if parents else document
        key: Any = int(last) if isinstance(parent, list) and last != "-" else last
        if value is ABSENT:
            del parent[key]
        elif key == "-":
            parent.append(copy.deepcopy(value))
        else:
            parent[key] = copy.deepcopy(value)
    return document


def small(*edits: tuple[str, Any]) -> dict[str, Any]:
    """Return the small spec, edited."""
    return edited(inlined_spec(), *edits)


def with_schema(place: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the small spec with a schema at one of the places that PLACES names."""
    match place:
        case "request probe":
            return small((BODY + "/properties/probe", schema))
        case "request probe[]":
            return small((BODY + "/properties/probe", {"type": "array", "items": schema}))
        case "request source(type=text).probe":
            return small((BODY + "/properties/source/oneOf/1/properties/probe", schema))
        case "request probe.*":
            return small((BODY + "/properties/probe", {"type": "object", "additionalProperties": schema}))
        case "query probe":
            return small((PARAMETERS + "/-", {"name": "probe", "in": "query", "schema": schema}))
        case "header X-Probe":
            return small((PARAMETERS + "/-", {"name": "X-Probe", "in": "header", "schema": schema}))
        case "answer 200 probe":
            return small((ANSWER + "/properties/probe", schema))
        case "answer 200 probe[]":
            return small((ANSWER + "/properties/probe", {"type": "array", "items": schema}))
        case "answer 200 header x-probe":
            return small((ANSWERS + "/200/headers", {"X-Probe": {"schema": schema}}))
    raise AssertionError(place)


REQUEST_PLACES = (
    "request probe",
    "request probe[]",
    "request source(type=text).probe",
    "request probe.*",
    "query probe",
    "header X-Probe",
)
ANSWER_PLACES = ("answer 200 probe", "answer 200 probe[]", "answer 200 header x-probe")


def told(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Return each change's place, words and verdict."""
    return [(change.place, change.words, change.breaking) for change in diff(old, new)]


def only(changes: list[Change]) -> Change:
    """Return the one change there is."""
    assert len(changes) == 1, changes
    return changes[0]
