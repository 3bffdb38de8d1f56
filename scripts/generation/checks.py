"""Refuse specs that would make the generator drop or rename something, or write text as code.

The generator escapes too; a spec that needs it to is refused all the same, so that nothing hangs on that.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from openapi_python_client.strings import PythonIdentifier

from scripts.generation.documents import METHODS, GenerationError, join, operations, resolve, schemas

_OPERATION = re.compile(
    r"[a-z][A-Za-z0-9_]{0,119}\Z"  # FastAPI makes one of the function, the whole path and the method
)  # begins small, a schema's name large: limits.py holds both as keys
_SCHEMA = re.compile(r"[A-Z][A-Za-z0-9]{0,63}\Z")
_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}\Z")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,63}\Z")
_PATH = re.compile(r"(/([A-Za-z0-9._~-]+|\{[A-Za-z][A-Za-z0-9_]*\}))+\Z")
_ODD = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}  # control, format (bidi), surrogate, private use, separators
_METHODS_OF_MODELS = {"additional_keys", "additional_properties", "from_dict", "to_dict"}
_NUMBERS = ("minimum", "maximum")
_LENGTHS = ("minLength", "maxLength")


def module_name(name: str) -> str:
    """Return the generator's module name for an operationId, a tag or a schema's name."""
    return str(PythonIdentifier(name, "field_"))


def odd_character(text: str) -> str | None:
    """Return the first character that is invisible or misleading."""
    return next((c for c in text if unicodedata.category(c) in _ODD and c != "\n"), None)


def check(document: dict[str, Any]) -> None:
    """Refuse a normalised spec with names, texts or defaults that are not safe in code; list all of them."""
    problems = [*_version(document), *_texts(document, ""), *_operations(document), *_components(document)]
    for pointer, schema in schemas(document):
        problems += _schema(schema, pointer)
        if "default" in schema:
            problems += _default(resolve(document, schema)[0], pointer)
    if problems:
        raise GenerationError("\n  ".join(["this spec cannot be generated from:", *problems]) + "\ncorrect or patch it")


def _version(document: dict[str, Any]) -> Iterator[str]:
    if not str(document.get("openapi")).startswith("3.0."):
        yield f"/openapi: {document.get('openapi')!r} is not 3.0.x, the version whose keywords are known here"


def _texts(value: Any, pointer: str) -> Iterator[str]:
    """Find texts, keys included, that could end a docstring or are misleading."""
    if isinstance(value, str):
        if "\\" in value or '"""' in value:
            yield f"{pointer}: a backslash or triple quotes in {value[:40]!r}"
        elif odd := odd_character(value):
            yield f"{pointer}: the character U+{ord(odd):04X} in {value[:40]!r}"
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(key, str):
                yield from _texts(key, pointer)
            yield from _texts(item, join(pointer, key))


def _operations(document: dict[str, Any]) -> Iterator[str]:
    modules: dict[str, str] = {}
    for path, item in document["paths"].items():
        if not _PATH.match(path):
            yield f"{join('/paths', path)}: a path is segments of letters, digits, ._~- or a {{parameter}}"
        for key in item.keys() - set(METHODS):
            yield f"{join('/paths', path, key)}: only methods can stand here; put it into each operation"
    for pointer, operation in operations(document):
        name = operation.get("operationId", "")
        if not _OPERATION.match(name):
            yield f"{pointer}/operationId: {name!r} is no name such as textToSfxSync"
        elif (first := modules.setdefault(module_name(name), pointer)) != pointer:
            yield f"{pointer}/operationId: {name!r} gives the same module as {first}"
        for tag in operation.get("tags", []):
            if not _TAG.match(tag):
                yield f"{pointer}/tags: {tag!r} is no name such as Sound Effects"
        for index, parameter in enumerate(operation.get("parameters", [])):
            pattern = _HEADER if parameter["in"] == "header" else _PROPERTY
            if not pattern.match(parameter["name"]):
                yield f"{pointer}/parameters/{index}: {parameter['name']!r} is no name such as job_id"


def _components(document: dict[str, Any]) -> Iterator[str]:
    modules: dict[str, str] = {}
    for name in document["components"]["schemas"]:
        pointer = join("/components/schemas", name)
        if not _SCHEMA.match(name):
            yield f"{pointer}: {name!r} is no name such as TextToSfxRequest"
        elif (first := modules.setdefault(module_name(name), pointer)) != pointer:
            yield f"{pointer}: gives the same module as {first}"


def _schema(schema: dict[str, Any], pointer: str) -> Iterator[str]:
    if "allOf" in schema:
        yield f"{pointer}/allOf: it makes shapes without a name; write the merged object"
    attributes: dict[str, str] = dict.fromkeys(_METHODS_OF_MODELS, "a method of every model")
    for name in schema.get("properties", {}):
        if not _PROPERTY.match(name):
            yield f"{join(pointer, 'properties', name)}: {name!r} is no name such as duration_ms"
        elif (first := attributes.setdefault(module_name(name), name)) != name:
            yield f"{join(pointer, 'properties', name)}: gives the same attribute as {first}"
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            yield f"{pointer}/required: {name!r} is not among the properties"
    for keyword in (*_NUMBERS, *_LENGTHS):
        if keyword in schema and not fits(schema[keyword], "number" if keyword in _NUMBERS else "integer"):
            yield f"{pointer}/{keyword}: {schema[keyword]!r} is no number"
            return
    for value in schema.get("enum", []):
        if not fits(value, schema.get("type")):
            yield f"{pointer}/enum: {value!r} is not of type {schema.get('type')!r}"


def _default(schema: dict[str, Any], pointer: str) -> Iterator[str]:
    default = schema["default"]
    if default is None and schema.get("nullable"):
        return
    if not fits(default, schema.get("type")):
        yield f"{pointer}/default: {default!r} is not of type {schema.get('type')!r}"
        return
    low, high = (schema.get(keyword) for keyword in (_LENGTHS if isinstance(default, str) else _NUMBERS))
    size = len(default) if isinstance(default, str) else default
    if (
        default not in schema.get("enum", [default])
        or (low is not None and (size <= low if schema.get("exclusiveMinimum") else size < low))
        or (high is not None and (size >= high if schema.get("exclusiveMaximum") else size > high))
    ):
        yield f"{pointer}/default: {default!r} is outside the schema's own bounds"


def fits(value: Any, kind: str | None) -> bool:
    """Return whether a JSON value has a scalar type. A bool is not an integer, nor is 3.0."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return False
