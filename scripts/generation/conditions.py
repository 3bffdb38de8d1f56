"""Read x-limits-when, limits that depend on other fields. The overlays of mirelo-v2 and sync-so describe it."""

import copy
from typing import Any

from scripts.generation.checks import fits
from scripts.generation.documents import CONDITIONS, GenerationError, find, follow, join, operations, schemas

Conditions = dict[str, list[Any]]
"""An overlay's: by the place of a request's body, what stands there as x-limits-when."""
_BOUNDS = ("minimum", "maximum")
_NUMBERS = ("integer", "number")
_SCALARS = ("boolean", "string", *_NUMBERS)


def lay(document: dict[str, Any], conditions: Conditions, strict: bool = True) -> dict[str, Any]:
    """Return a spec, in either form, with an overlay's conditions added.

    Refuses a place that is none, and one that says its conditions itself, unless `strict` is False: what compares an
    older spec leaves both alone.
    """
    laid = copy.deepcopy(document)
    for pointer, entries in conditions.items():
        schema = follow(laid, pointer)
        if isinstance(schema, dict) and schema.get(CONDITIONS, entries) == entries:
            schema[CONDITIONS] = entries
        elif strict:
            problem = "nothing is there" if schema is None else "the spec says its own there; remove them here"
            raise GenerationError(f"overlay: the conditions of {pointer}: {problem}")
    return laid


def collect_conditions(document: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Return, by request schema, each condition's arguments to `Condition`."""
    bodies = {
        content.get("schema", {}).get("$ref", "#")[1:]
        for _, operation in operations(document)
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }
    collected: dict[str, list[list[str]]] = {}
    for pointer, schema in schemas(document):
        if CONDITIONS not in schema:
            continue
        entries, at = schema[CONDITIONS], join(pointer, CONDITIONS)
        if pointer not in bodies or "properties" not in schema:
            raise GenerationError(f"{at}: only the object that is a request's body can have it; nothing checks it here")
        if not isinstance(entries, list) or not entries:
            raise GenerationError(f"{at}: {entries!r} is no list of conditions")
        collected[pointer.rpartition("/")[2]] = [
            _Entry(document, schema, entry, join(at, index)).arguments() for index, entry in enumerate(entries)
        ]
    return dict(sorted(collected.items()))


class _Entry:
    """Checks one entry against its schema."""

    def __init__(self, document: dict[str, Any], schema: dict[str, Any], entry: Any, pointer: str) -> None:
        self._document = document
        self._schema = schema
        self._entry = entry
        self._pointer = pointer

    def arguments(self) -> list[str]:
        """Return the entry's arguments to `Condition`, or refuse it."""
        entry, more = self._entry, []
        keys = entry.keys() - {"when", "unless", *_BOUNDS} if isinstance(entry, dict) else set()
        if keys == {"field"} and ("when" in entry or "unless" in entry):
            field = entry["field"]
            kind = self._type("field", self._schema, field, _NUMBERS)
        elif keys == {"width_of", "from", "to"}:
            field = entry["width_of"]
            self._type("width_of", self._schema, field, ("object",))
            around = self._field("width_of", self._schema, field)
            kind = max(
                self._type(key, around, entry[key], _NUMBERS) for key in ("from", "to")
            )  # a number, if either is
            more = [f"width={(entry['from'], entry['to'])!r}"]
        elif keys == {"count_of", "field"}:
            field, kind = entry["field"], "integer"
            more = [f"count_of={self._tags(field)!r}"]
        elif keys == {"absent"} and "unless" in entry and not entry.keys() & {*_BOUNDS}:
            field = entry["absent"]
            self._path(field)
            return [repr(field), *self._given(), "absent=True"]
        else:
            raise self._refusal(
                "",
                f"{entry!r} is none of {{when, field}}, {{width_of, from, to}} and {{count_of, field}} with a minimum "
                "or a maximum, or {absent, unless}; "
                "teach scripts/generation/conditions.py and the request check about it",
            )
        return [repr(field), *self._given(), *more, *self._bounds(kind)]

    def _given(self) -> list[str]:
        return [f"{key}={self._values(key)!r}" for key in ("when", "unless") if key in self._entry]

    def _values(self, key: str) -> tuple[tuple[str, Any], ...]:
        values = self._entry[key]
        if not isinstance(values, dict) or not values:
            raise self._refusal(key, f"{values!r} does not map fields to values")
        for name, value in values.items():
            if value is None:  # it is absent
                self._field(key, self._schema, name)
                continue
            kind = self._type(key, self._schema, name, _SCALARS)
            if not fits(value, kind) or value not in self._field(key, self._schema, name).get("enum", [value]):
                raise self._refusal(key, f"{value!r} is no value of {name!r}, which is of type {kind}")
        return tuple(sorted(values.items()))

    def _tags(self, field: Any) -> tuple[str, ...]:
        """Return the tags of the counted list items, each of which must exist."""
        items = self._field("field", self._schema, field).get("items", {})
        union = find(self._document, items["$ref"][1:]) if "$ref" in items else items
        known = union.get("discriminator", {}).get("mapping", {})
        tags = self._entry["count_of"]
        if not isinstance(tags, list) or not tags or not known.keys() >= {*tags}:
            raise self._refusal("count_of", f"{tags!r} is no list of what tells the items of {field!r} apart")
        return tuple(tags)

    def _path(self, path: Any) -> None:
        """Refuse a path that is neither a field nor `outer.inner`."""
        outer, _, inner = str(path).partition(".")
        around = self._field("absent", self._schema, outer)
        if inner:
            self._field("absent", around, inner)

    def _bounds(self, kind: str) -> list[str]:
        bounds = {key: self._entry[key] for key in _BOUNDS if key in self._entry}
        for key, bound in bounds.items():
            if not fits(bound, kind):
                raise self._refusal(key, f"{bound!r} is not of type {kind}")
        if not bounds or list(bounds.values()) != sorted(bounds.values()):
            raise self._refusal("", "it needs a minimum or a maximum, the first not above the second")
        return [f"{key}={bound!r}" for key, bound in bounds.items()]

    def _type(self, key: str, schema: dict[str, Any], name: Any, allowed: tuple[str, ...]) -> str:
        kind = str(self._field(key, schema, name).get("type"))
        if kind not in allowed:
            raise self._refusal(key, f"{name!r} is of type {kind}, it has to be {' or '.join(allowed)}")
        return kind

    def _field(self, key: str, schema: dict[str, Any], name: Any) -> dict[str, Any]:
        if not isinstance(name, str) or name not in schema.get("properties", {}):
            raise self._refusal(key, f"there is no field {name!r}")
        field: dict[str, Any] = schema["properties"][name]
        return find(self._document, field["$ref"][1:]) if "$ref" in field else field

    def _refusal(self, key: str, problem: str) -> GenerationError:
        return GenerationError(f"{join(self._pointer, key) if key else self._pointer}: {problem}")
