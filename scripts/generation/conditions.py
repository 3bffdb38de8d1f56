"""Read x-limits-when, bounds that depend on other fields; the top of openapi/mirelo-v2.yaml describes its form."""

from typing import Any

from scripts.generation.checks import fits
from scripts.generation.documents import CONDITIONS, GenerationError, find, join, operations, schemas

_BOUNDS = ("minimum", "maximum")
_NUMBERS = ("integer", "number")
_SCALARS = ("boolean", "string", *_NUMBERS)


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
    """Checks one entry against the schema that it stands in."""

    def __init__(self, document: dict[str, Any], schema: dict[str, Any], entry: Any, pointer: str) -> None:
        self._document = document
        self._schema = schema
        self._entry = entry
        self._pointer = pointer

    def arguments(self) -> list[str]:
        """Return the entry's arguments to `Condition`, or refuse what it says."""
        entry, width = self._entry, []
        keys = entry.keys() - {"when", *_BOUNDS} if isinstance(entry, dict) else set()
        if keys == {"field"} and "when" in entry:
            field = entry["field"]
            kind = self._type("field", self._schema, field, _NUMBERS)
        elif keys == {"width_of", "from", "to"}:
            field = entry["width_of"]
            self._type("width_of", self._schema, field, ("object",))
            around = self._field("width_of", self._schema, field)
            kind = max(
                self._type(key, around, entry[key], _NUMBERS) for key in ("from", "to")
            )  # a number, if either is
            width = [f"width={(entry['from'], entry['to'])!r}"]
        else:
            raise self._refusal(
                "",
                f"{entry!r} is neither {{when, field}} nor {{width_of, from, to}} with a minimum or a maximum; "
                "teach scripts/generation/conditions.py and the request check about it",
            )
        when = [f"when={self._when()!r}"] if "when" in entry else []
        return [repr(field), *when, *width, *self._bounds(kind)]

    def _when(self) -> tuple[tuple[str, Any], ...]:
        values = self._entry["when"]
        if not isinstance(values, dict) or not values:
            raise self._refusal("when", f"{values!r} does not map fields to values")
        for name, value in values.items():
            kind = self._type("when", self._schema, name, _SCALARS)
            if not fits(value, kind) or value not in self._field("when", self._schema, name).get("enum", [value]):
                raise self._refusal("when", f"{value!r} is no value of {name!r}, which is of type {kind}")
        return tuple(sorted(values.items()))

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
