"""Operations of a vendored OpenAPI file: their routes, parameters and bodies."""

from __future__ import annotations

import functools
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import yaml

from mirelo_ergo.emulator.refusals import bad_request, short
from mirelo_ergo.emulator.spec import conditions
from mirelo_ergo.emulator.spec.overlay import CONDITIONS, lay_conditions
from mirelo_ergo.emulator.spec.schemas import Document, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import Headers, QueryParams

JSON = "application/json"
METHODS = ("get", "post", "put", "patch", "delete")
INTEGER = re.compile(r"-?[0-9]+")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
ECHO_DEPTH = 100  # more than what lies around a request when it is echoed, in the answer and on the stack


@attrs.frozen
class Parameter:
    """A query or header parameter."""

    name: str
    required: bool
    schema: Schema


@attrs.frozen
class Operation:
    """One operation of the spec, which checks requests. `bodies` are by media type."""

    id: str
    method: str
    path: str
    query: tuple[Parameter, ...]
    headers: tuple[Parameter, ...]
    bodies: Mapping[str, Schema]
    body_required: bool

    def read_query(self, sent: QueryParams) -> dict[str, Any]:
        """Return the query parameters as typed values with defaults; refuse values that the spec does not allow."""
        return _read(self.query, sent)

    def read_headers(self, sent: Headers) -> dict[str, Any]:
        """Return the header parameters, as `read_query` does. `sent` finds a name in any case."""
        return _read(self.headers, sent)

    def read_body(self, raw: bytes) -> dict[str, Any]:
        """Return the JSON body unchanged; refuse one that the spec does not allow."""
        if not raw and not self.body_required:
            return {}
        try:
            value = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
            _write(value)
        except (ValueError, RecursionError) as error:
            raise bad_request(f"the body is not JSON: {short(str(error))}") from None
        self.check_body(value)
        body: dict[str, Any] = value  # every body of the specs is an object
        return body

    def check_body(self, value: Any, media_type: str = JSON) -> None:
        """Refuse a body that the spec does not allow. The body of a form is its fields."""
        schema = self.bodies[media_type]
        check(schema, value)
        for condition in schema.content.get(CONDITIONS, ()):
            conditions.check(condition, self.values(value, media_type))

    def values(self, body: Mapping[str, Any], media_type: str = JSON) -> dict[str, Any]:
        """Return the known fields of a body, with defaults for missing ones.

        A number without a fraction, such as 2000.0, becomes an integer if the spec has one.
        """
        schema = self.bodies[media_type]
        fields = schema.content.get("properties", {})
        return schema.defaults | {name: _whole(value) for name, value in body.items() if name in fields}


@functools.cache
def load(name: str = "mirelo-v2.yaml") -> tuple[Operation, ...]:
    """Return the operations of a spec file, with the conditions of its overlay."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is not in every build
    path = find(name)
    content, overlay = (
        yaml.load(each.read_bytes(), loader)  # noqa: S506 - both loaders are the safe ones
        for each in (path, path.parent / "overlays" / name)
    )
    lay_conditions(content, overlay)
    return operations_of(content)


def operations_of(content: Mapping[str, Any]) -> tuple[Operation, ...]:
    """Return the operations of a spec file's content."""
    document = Document(content)
    return tuple(
        _operation(document, path, method, item)
        for path, item in document.content["paths"].items()
        for method in METHODS
        if method in item
    )


def check(schema: Schema, value: Any, name: str = "") -> None:
    """Refuse a value that does not fit a schema; `name` is what the message calls it, "" for a body."""
    from mirelo_ergo.emulator.spec import validation  # with the first check only: it takes long

    validation.check(schema, value, name)


def find(name: str) -> Path:
    """Return the path of a spec file: inside the package if installed from a wheel, else in the checkout."""
    package = Path(__file__).resolve().parents[2]
    candidates = (package / "openapi" / name, package.parents[1] / "openapi" / name)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"the spec {name} is in neither {candidates[0].parent} nor {candidates[1].parent}")


def _operation(document: Document, path: str, method: str, path_item: Mapping[str, Any]) -> Operation:
    item, place = path_item[method], f"#/paths/{path.replace('/', '~1')}"
    given = [
        document.follow(parameter, f"{at}/parameters/{number}")
        for at, holder in ((place, path_item), (f"{place}/{method}", item))
        for number, parameter in enumerate(holder.get("parameters", ()))
    ]
    body, at = document.follow(item.get("requestBody", {}), f"{place}/{method}/requestBody")
    return Operation(
        id=item["operationId"],
        method=method.upper(),
        path=path,
        query=tuple(_parameter(document, *each) for each in given if each[0]["in"] == "query"),
        headers=tuple(_parameter(document, *each) for each in given if each[0]["in"] == "header"),
        bodies={
            media_type: _schema(document, content["schema"], f"{at}/content/{media_type.replace('/', '~1')}/schema")
            for media_type, content in body.get("content", {}).items()
        },
        body_required=bool(body.get("required")),
    )


def _parameter(document: Document, item: Mapping[str, Any], pointer: str) -> Parameter:
    schema = _schema(document, item["schema"], f"{pointer}/schema")
    return Parameter(item["name"], bool(item.get("required")), schema)


def _schema(document: Document, item: Mapping[str, Any], pointer: str) -> Schema:
    content, pointer = document.follow(item, pointer)
    return Schema(document, pointer, content)


def _read(parameters: tuple[Parameter, ...], sent: QueryParams | Headers) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for parameter in parameters:
        content, name = parameter.schema.content, parameter.name
        if name in sent:
            value = _typed(content, sent.getlist(name), name)
            check(parameter.schema, value, name)
            values[name] = value
        elif "default" in content:
            values[name] = content["default"]
        elif parameter.required:
            raise bad_request(f"{name} is missing")
    return values


def _typed(schema: Mapping[str, Any], sent: list[str], name: str) -> Any:
    """Return a parameter's text converted to its schema's type, or unchanged if impossible: then the check refuses it.

    A list may be sent in the forms that `entries` reads.
    """
    kind, text = schema.get("type"), sent[-1]
    if kind == "array":
        return [_typed(schema.get("items", {}), [str(entry)], name) for entry in entries(sent)]
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if (kind == "integer" and INTEGER.fullmatch(text)) or (kind == "number" and NUMBER.fullmatch(text)):
        with suppress(ValueError):  # Python reads no integer of over 4300 digits
            return float(text) if "." in text else int(text)
    return text


def entries(sent: list[str]) -> list[Any]:
    """Return the entries of a list that was sent with commas, as one name several times, or as a JSON array."""
    return [entry for text in sent for entry in _entries(text)]


def _entries(text: str) -> list[Any]:
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return [text]
        return list(found)
    return text.split(",") if text else []


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _write(value: Any) -> None:
    """Refuse a body that a poll could not echo: half a surrogate pair, a number beyond the floats, too deep nesting."""
    for _ in range(ECHO_DEPTH):
        value = [value]
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _integer(inner) for name, inner in value.items()}
    return _integer(value)


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
