"""Validation of values against the schemas of a spec file (OpenAPI 3.0), with readable messages.

It is imported with the first request that needs it, because its import takes as long as the rest of the emulator's.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

from jsonschema import ValidationError
from jsonschema.validators import Draft202012Validator, extend
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mirelo_ergo.emulator.refusals import bad_request, short
from mirelo_ergo.emulator.spec.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.protocols import Validator

    from mirelo_ergo.emulator.spec.schemas import Document, Schema

DOCUMENT = "urn:mirelo-ergo:spec"
ONE_OF_FIELDS = "x-one-of-fields"


def _is_integer(checker: object, value: object) -> bool:
    """Return whether a value is a whole number. 2000.0 is one, because many languages write it so."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _or_null(keyword: str) -> Any:
    """Return a keyword's check that accepts null if the schema is `nullable`."""
    check = Draft202012Validator.VALIDATORS[keyword]

    def checked(validator: Any, bound: Any, value: Any, schema: Any) -> Any:
        return () if value is None and schema.get("nullable") else check(validator, bound, value, schema)

    return checked


def _one_of_fields(validator: object, names: list[str], value: object, schema: object) -> Iterator[ValidationError]:
    if isinstance(value, dict) and sum(name in value for name in names) != 1:
        yield ValidationError("it has to have exactly one of them")


VALIDATOR: Any = extend(  # type: ignore[no-untyped-call]  # in the stubs
    OAS30Validator,
    # With a discriminator, OAS30Validator's own would fail for a value that is a list, and says less of the variants.
    {keyword: _or_null(keyword) for keyword in ("oneOf", "anyOf", "enum")} | {ONE_OF_FIELDS: _one_of_fields},
    type_checker=OAS30Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)


def check(schema: Schema, value: Any, name: str = "") -> None:
    """Refuse a value that does not fit a schema; `name` is what the message calls it, "" for a body."""
    errors = _validator(schema).iter_errors(value)
    error = next(iter(sorted(errors, key=lambda each: list(map(str, each.absolute_path)))), None)
    if error is not None:
        raise bad_request(message(error, name))


@functools.cache
def _validator(schema: Schema) -> Validator:
    # A reference to the place in the document, so that the references inside it resolve too.
    reference = {"$ref": f"{DOCUMENT}{schema.pointer}"}
    return cast("Validator", VALIDATOR(reference, registry=_registry(schema.document), format_checker=FORMATS))


@functools.cache
def _registry(document: Document) -> Registry[Any]:
    known: Registry[Any] = Registry().with_resource(DOCUMENT, DRAFT202012.create_resource(dict(document.content)))
    return known


def message(error: ValidationError, name: str) -> str:
    """Return a message with the field, its value and its bound; the library's own message quotes the whole value."""
    path = ".".join([name, *map(str, error.absolute_path)]).strip(".") or "the body"
    value: Any = error.instance
    bound: Any = error.validator_value
    match error.validator:
        case "required":
            missing = next(field for field in bound if field not in value)
            return f"{missing if path == 'the body' else f'{path}.{missing}'} is missing"
        case "minimum":
            over = isinstance(error.schema, dict) and error.schema.get("exclusiveMinimum")
            return f"{path} is {short(value)}: it has to be {f'over {bound}' if over else f'{bound} or more'}"
        case "maximum":
            under = isinstance(error.schema, dict) and error.schema.get("exclusiveMaximum")
            return f"{path} is {short(value)}: it has to be {f'under {bound}' if under else f'{bound} or less'}"
        case "minLength":
            return f"{path} has {len(value)} characters: it needs {bound} or more"
        case "maxLength":
            return f"{path} has {len(value)} characters: it may have {bound}"
        case "minItems":
            return f"{path} has {len(value)} entries: it needs {bound} or more"
        case "maxItems":
            return f"{path} has {len(value)} entries: it may have {bound}"
        case "type":
            return f"{path} is {short(value)}: it has to be of type {bound}"
        case "enum":
            return f"{path} is {short(value)}: it has to be one of {', '.join(map(str, bound))}"
        case "pattern":
            return f"{path} is {short(value)}: it has to match {bound}"
        case "format":
            escaped = ", percent-encoded where necessary" if bound == "uri" else ""
            return f"{path} is {short(value)}: it has to be a {bound.upper()}{escaped}"
        case "x-one-of-fields":
            given = [each for each in bound if each in value]
            return f"{path} has {' and '.join(given) or 'none'}: it needs exactly one of {', '.join(bound)}"
        case "oneOf" | "anyOf":
            return _variants(error, name, path)
        case _:
            return f"{path}: {short(error.message, 200)}"


def _variants(error: ValidationError, name: str, path: str) -> str:
    """Return the problem within the variant of the value's `type`, or the known types."""
    value = error.instance
    if not isinstance(value, dict):
        return f"{path} is {short(value)}: it has to be an object with a type"
    if "type" not in value:
        return f"{path}.type is missing"
    variants: dict[int, list[ValidationError]] = {}
    for cause in error.context or ():
        variants.setdefault(int(cause.schema_path[0]), []).append(cause)
    names: list[str] = []
    for causes in variants.values():
        wrong_type = [cause for cause in causes if list(cause.path) == ["type"]]
        if not wrong_type:
            return message(causes[0], name)
        names += cast("list[str]", wrong_type[0].validator_value)
    return f"{path}.type is {short(value['type'])}: it has to be one of {', '.join(names)}"
