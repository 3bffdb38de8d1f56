"""The vendored OpenAPI file as the rule book: routes, query parameters and bodies are checked against it."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import attrs
import jsonschema
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mirelo_ergo.emulator.spec import conditions
from mirelo_ergo.emulator.spec.formats import FORMATS
from mirelo_ergo.emulator.web.refusals import bad_request, short

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT = "urn:mirelo-ergo:spec"
METHODS = ("get", "post", "put", "patch", "delete")
INTEGER = re.compile(r"-?[0-9]+")
MAX_DIGITS = 18  # of a query's integer; beyond them no price is told
ECHO_DEPTH = 100  # more than what lies around a request when it is echoed, in the answer and on the stack


@attrs.frozen
class Operation:
    """One operation of the spec, with what it needs to check a request."""

    id: str
    method: str
    path: str
    query: Mapping[str, dict[str, Any]]
    headers: Mapping[str, dict[str, Any]]
    body: jsonschema.Draft202012Validator | None
    body_schema: Mapping[str, Any]
    body_required: bool

    def read_query(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """Return the query parameters as typed values with defaults filled in; refuse what the spec does not allow."""
        return _read(self.query, sent)

    def read_headers(self, sent: Mapping[str, str]) -> dict[str, Any]:
        """Return the header parameters, as `read_query` does; `sent` finds a name in whatever case."""
        return _read(self.headers, sent)

    def read_body(self, raw: bytes) -> dict[str, Any]:
        """Return the JSON body as it was sent; refuse what the spec does not allow."""
        if not raw and not self.body_required:
            return {}
        try:
            value = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
            _write(value)
        except (ValueError, RecursionError) as error:
            raise bad_request(f"the body is not JSON: {short(str(error))}") from None
        assert self.body is not None
        _check(self.body, value, "")
        body: dict[str, Any] = value  # every body of the spec is an object
        for condition in self.body_schema.get("x-limits-when", ()):
            conditions.check(condition, self.values(body))
        return body

    def values(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a body that the spec knows, with its defaults for those that were not sent.

        A number without a fraction, like 2000.0, is an integer to JSON Schema and becomes one here.
        """
        fields = self.body_schema.get("properties", {})
        defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
        return defaults | {name: _whole(value) for name, value in body.items() if name in fields}


@functools.cache
def load(name: str = "mirelo-v2.yaml") -> tuple[Operation, ...]:
    """Read a spec file's operations."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is not in every build
    document = _modern(yaml.load(find(name).read_bytes(), loader))  # noqa: S506 - both loaders are the safe ones
    registry: Registry[Any] = Registry().with_resource(DOCUMENT, DRAFT202012.create_resource(document))
    return tuple(
        _operation(document, registry, path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    )


def find(name: str) -> Path:
    """Return where a spec file lies: inside the package when installed from a wheel, at the top of a checkout else."""
    package = Path(__file__).resolve().parents[2]
    candidates = (package / "openapi" / name, package.parents[1] / "openapi" / name)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"the spec {name} is in neither {candidates[0].parent} nor {candidates[1].parent}")


def _operation(
    document: dict[str, Any], registry: Registry[Any], path: str, method: str, item: dict[str, Any]
) -> Operation:
    parameters = [_follow(document, parameter) for parameter in item.get("parameters", ())]
    body: jsonschema.Draft202012Validator | None = None
    schema: dict[str, Any] = {}
    body_item = _follow(document, item.get("requestBody", {}))
    if body_item:
        # A reference to the place in the document, so that the references inside it resolve too.
        pointer = item["requestBody"].get("$ref", f"#/paths/{path.replace('/', '~1')}/{method}/requestBody")
        body = jsonschema.Draft202012Validator(
            {"$ref": f"{DOCUMENT}{pointer}/content/application~1json/schema"},
            registry=registry,
            format_checker=FORMATS,
        )
        schema = _follow(document, body_item["content"]["application/json"]["schema"])
    return Operation(
        id=item["operationId"],
        method=method.upper(),
        path=path,
        query=_parameters(document, parameters, "query"),
        headers=_parameters(document, parameters, "header"),
        body=body,
        body_schema=schema,
        body_required=bool(body_item.get("required")),
    )


def _parameters(document: dict[str, Any], parameters: list[dict[str, Any]], where: str) -> dict[str, dict[str, Any]]:
    return {
        parameter["name"]: {**parameter, "schema": _follow(document, parameter["schema"])}
        for parameter in parameters
        if parameter["in"] == where
    }


def _read(parameters: Mapping[str, dict[str, Any]], sent: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        schema = parameter["schema"]
        if name in sent:
            value: Any = sent[name]
            if schema.get("type") == "integer" and INTEGER.fullmatch(value):
                if len(value.lstrip("-")) > MAX_DIGITS:
                    raise bad_request(f"{name} is {short(value)}: it may have {MAX_DIGITS} digits")
                value = int(value)
            _check(jsonschema.Draft202012Validator(schema, format_checker=FORMATS), value, name)
            values[name] = value
        elif "default" in schema:
            values[name] = schema["default"]
        elif parameter.get("required"):
            raise bad_request(f"{name} is missing")
    return values


def _modern(node: Any) -> Any:
    """Rewrite OpenAPI 3.0's boolean exclusiveMinimum as JSON Schema's, which is the bound itself."""
    if isinstance(node, dict):
        node = {name: _modern(value) for name, value in node.items()}
        if node.get("exclusiveMinimum") is True:
            node["exclusiveMinimum"] = node.pop("minimum")
        return node
    return [_modern(value) for value in node] if isinstance(node, list) else node


def _follow(document: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in item:
        found: Any = document
        for part in item["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        item = found
    return item


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _write(value: Any) -> None:
    """Fail for what a poll could not echo: half a surrogate pair, a number beyond the floats, too deep a nesting."""
    for _ in range(ECHO_DEPTH):
        value = [value]
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _integer(inner) for name, inner in value.items()}
    return _integer(value)


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check(validator: jsonschema.Draft202012Validator, value: Any, name: str) -> None:
    error = next(iter(sorted(validator.iter_errors(value), key=lambda e: list(map(str, e.absolute_path)))), None)
    if error is not None:
        raise bad_request(_message(error, name))


def _message(error: jsonschema.ValidationError, name: str) -> str:
    """Name the field, what it holds and its bound: jsonschema's own message quotes the whole value instead."""
    path = ".".join([name, *map(str, error.absolute_path)]).strip(".") or "the body"
    value: Any = error.instance
    bound: Any = error.validator_value
    match error.validator:
        case "required":
            missing = next(field for field in bound if field not in value)
            return f"{missing if path == 'the body' else f'{path}.{missing}'} is missing"
        case "minimum":
            return f"{path} is {short(value)}: it has to be {bound} or more"
        case "exclusiveMinimum":
            return f"{path} is {short(value)}: it has to be over {bound}"
        case "maximum":
            return f"{path} is {short(value)}: it has to be {bound} or less"
        case "minLength":
            return f"{path} has {len(value)} characters: it needs {bound} or more"
        case "maxLength":
            return f"{path} has {len(value)} characters: it may have {bound}"
        case "type":
            return f"{path} is {short(value)}: it has to be of type {bound}"
        case "enum":
            return f"{path} is {short(value)}: it has to be one of {', '.join(map(str, bound))}"
        case "format":
            return f"{path} is {short(value)}: it has to be a {bound.upper()}, percent-encoded where need be"
        case "oneOf":
            return _one_of(error, name, path)
        case _:
            return f"{path}: {short(error.message, 200)}"


def _one_of(error: jsonschema.ValidationError, name: str, path: str) -> str:
    """Report on the variant that the value's `type` names; without one, which names there are."""
    value = error.instance
    if not isinstance(value, dict):
        return f"{path} is {short(value)}: it has to be an object with a type"
    if "type" not in value:
        return f"{path}.type is missing"
    variants: dict[int, list[jsonschema.ValidationError]] = {}
    for cause in error.context or ():
        variants.setdefault(int(cause.schema_path[0]), []).append(cause)
    names: list[str] = []
    for causes in variants.values():
        wrong_type = [cause for cause in causes if list(cause.path) == ["type"]]
        if not wrong_type:
            return _message(causes[0], name)
        names += cast("list[str]", wrong_type[0].validator_value)
    return f"{path}.type is {short(value['type'])}: it has to be one of {', '.join(names)}"
