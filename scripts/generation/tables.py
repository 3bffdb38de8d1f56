"""Write operations.py, bodies.py and answers.py: the operations, the types of their bodies and of their answers.

The generated endpoints build whole requests of generated models. Who writes a body as a plain mapping, or needs no
more than an operation's path, takes these: they import nothing, and what the spec drops or retypes is a type error.
"""

import json
import keyword
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from scripts.generation.documents import GenerationError, find, join, operations

_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_OPERATIONS = '''"""The service's operations: each one's method, path and parameters, as its spec says."""

from typing import Final, NamedTuple


class Endpoint(NamedTuple):
    """Where an operation is asked, and which parameters it takes beside its body."""

    name: str  # the operationId
    method: str
    path: str  # its parameters stand in braces
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


'''
_BODIES = '''"""The bodies of the service's requests, as types of plain mappings."""

from typing import Any, Literal, NotRequired, Required, TypedDict


'''
_ANSWERS = '''"""What an operation of this service answers, without the answers that stand for an error."""

from typing import TypeVar

{imports}
T = TypeVar("T")


def success(answer: {answer}) -> T:
    """Return the answer that an operation's function gave, typed as what the spec promises for a success.

    Raises TypeError if it is an error's answer, or none. A client that raises for every error never gives one.
    """
    if {wrong}:
        raise TypeError(f"not a success: {{answer!r:.200}}")
    return answer
'''


def render_operations(document: dict[str, Any]) -> str:
    """Return the source of operations.py for a normalised and checked spec."""
    lines = [_OPERATIONS]
    for pointer, operation in operations(document):
        path, method = (pointer.split("/")[index].replace("~1", "/").replace("~0", "~") for index in (2, 3))
        named = {
            place: tuple(each["name"] for each in operation.get("parameters", []) if each["in"] == place)
            for place in ("query", "header")
        }
        arguments = [repr(operation["operationId"]), repr(method.upper()), repr(path)]
        arguments += [f"query={named['query']!r}"] if named["query"] else []
        arguments += [f"headers={named['header']!r}"] if named["header"] else []
        lines.append(f"{constant_name(operation['operationId'])}: Final = Endpoint({', '.join(arguments)})")
    return "\n".join([*lines, ""])


def constant_name(name: str) -> str:
    """Return the name of an operationId's constant: textToSfxV16JobPoll is TEXT_TO_SFX_V16_JOB_POLL."""
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in name)
    return words.upper()


def render_bodies(document: dict[str, Any]) -> str:
    """Return the source of bodies.py for a normalised and checked spec."""
    found: dict[str, list[str]] = {}
    for pointer, operation in operations(document):
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            at = join(pointer, "requestBody", "content", media_type, "schema")
            if media_type != "multipart/form-data":
                _type(document, content.get("schema", {}), at, found)
    return _BODIES + "\n".join(line for _, lines in sorted(found.items()) for line in lines)


def _type(document: dict[str, Any], schema: dict[str, Any], pointer: str, found: dict[str, list[str]]) -> str:
    """Return the type of a schema's values, and collect the classes that it needs."""
    nullable = " | None" if schema.get("nullable") else ""
    if "$ref" in schema:
        pointer = schema["$ref"][1:]
        name, target = pointer.rpartition("/")[2], find(document, pointer)
        nullable = " | None" if target.get("nullable") else ""
        if "properties" in target and name not in found:
            found[name] = []  # known before its fields are looked at, which may hold it
            found[name] = [*_class(document, name, target, pointer, found)]
        if "properties" in target:
            return f"{name}{nullable}"
        return _type(document, target, pointer, found)
    for key in ("oneOf", "anyOf"):
        if variants := schema.get(key):
            types = [
                _type(document, variant, f"{pointer}/{key}/{index}", found) for index, variant in enumerate(variants)
            ]
            return " | ".join(dict.fromkeys(types)) + nullable
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]{nullable}"
    if schema.get("type") == "array":
        return f"list[{_type(document, schema.get('items', {}), pointer + '/items', found)}]{nullable}"
    if schema.get("type") == "object":
        return f"dict[str, Any]{nullable}"
    return _TYPES[str(schema["type"])] + nullable if "type" in schema else "Any"


def _class(
    document: dict[str, Any], name: str, schema: dict[str, Any], pointer: str, found: dict[str, list[str]]
) -> Iterator[str]:
    yield f"class {name}(TypedDict):"
    text = textwrap.fill(" ".join(str(schema.get("description", name)).split()), 100, subsequent_indent="    ")
    yield f'    """{text}{" " if text.endswith(chr(34)) else ""}"""\n'
    required = schema.get("required", [])
    for field, inner in schema["properties"].items():
        at = join(pointer, "properties", field)
        if keyword.iskeyword(field):
            raise GenerationError(f"{at}: {field!r} is a word of Python's own, which no field of a class can be named")
        kind = "Required" if field in required else "NotRequired"
        values = _type(document, inner, at, found)
        names_a_class = any(each in found for each in re.findall(r"\w+", values))
        yield f"    {field}: {kind}[{json.dumps(values) if names_a_class else values}]"
    if not schema["properties"]:
        yield "    pass"
    yield "\n"


def render_answers(document: dict[str, Any]) -> str:
    """Return the source of answers.py for a normalised and checked spec."""
    names = error_models(document)
    wrong = f"answer is None or isinstance(answer, {' | '.join(names)})" if names else "answer is None"
    imports = f"from .models import {', '.join(names)}\n" if names else ""
    return _ANSWERS.format(imports=imports, answer=" | ".join(["T", *names, "None"]), wrong=wrong)


def error_models(document: dict[str, Any]) -> list[str]:
    """Return the names of the schemas of error answers only."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for _, operation in operations(document):
        for status, response in operation["responses"].items():
            while "$ref" in response:
                response = find(document, response["$ref"][1:])
            for content in response.get("content", {}).values():
                name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
                found[status.startswith("2")].update([name] * bool(name))
    return sorted(found[False] - found[True])
