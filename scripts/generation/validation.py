"""Refuse what is not OpenAPI, with the place in the document."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import ValidationError
from jsonschema_path import SchemaPath
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from openapi_spec_validator.validation import keywords
from openapi_spec_validator.validation.validators import SpecValidator
from referencing.exceptions import Unresolvable

from scripts.generation.documents import GenerationError, find, join
from scripts.generation.normalise import refuse_remote_references
from scripts.generation.openapi31 import is_31

_VALID: set[bytes] = set()
"""Digests of what was found valid: looking again takes a second."""
os.environ["OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND"] = "jsonschema"  # the other one does not say what is wrong


def validate(document: dict[str, Any]) -> None:
    """Refuse what is not OpenAPI 3.0 or 3.1."""
    refuse_remote_references(document)  # before the validator, which would fetch them
    if isinstance(document.get("openapi"), str) and not re.match(r"3\.[01]\.", document["openapi"]):
        raise GenerationError(f"/openapi: {document['openapi'][:20]!r} is not read here; write the file as 3.1 or 3.0")
    seen = hashlib.sha256(json.dumps(document, sort_keys=True, default=repr).encode()).digest()
    if seen in _VALID:
        return
    try:
        problem = next(_validator(document).iter_errors(), None)
    except Unresolvable as nowhere:
        raise GenerationError(f"the $ref to {nowhere.ref!r} leads nowhere") from nowhere
    except Exception as trip:  # the validator stumbles over a $ref to something of another kind
        told = f"{type(trip).__name__}: {trip}"
        raise GenerationError(f"this is not OpenAPI: the validator failed with {told[:120]}") from trip
    if problem:
        innermost = _innermost(problem)
        place = _place(document, [*innermost.absolute_path])
        raise GenerationError(f"{place}: {innermost.message[:300]}".removeprefix(": "))
    _VALID.add(seen)


class _Defaults(keywords.OpenAPIV30ValueValidator):
    """Checks a schema's default, and says where it is: the library's own says only what is wrong."""

    def __call__(self, schema: SchemaPath, value: Any) -> Iterator[ValidationError]:
        for problem in super().__call__(schema, value):
            problem.path.extendleft(reversed([*schema.parts, "default"]))
            problem.message += "; correct the default, or what it does not keep to, in the file"
            yield problem


class _Parameters(keywords.ParametersValidator):
    """Checks a list of parameters, and says which list has one twice."""

    def __call__(self, parameters: SchemaPath) -> Iterator[ValidationError]:
        for problem in super().__call__(parameters):
            if not problem.absolute_path:
                problem.path.extend(parameters.parts)
                problem.message += "; remove one of the two in the file"
            yield problem


def _validator(document: dict[str, Any]) -> SpecValidator:
    if is_31(document):
        return OpenAPIV31SpecValidator(document)
    validator = OpenAPIV30SpecValidator(document)
    parts = validator.keyword_validators_registry
    parts |= {"default": _Defaults(parts), "parameters": _Parameters(parts)}
    return validator


def _place(document: dict[str, Any], tokens: list[Any]) -> str:
    """Return the JSON pointer of a place that may be reached over references."""
    here: Any = document
    pointer = ""
    for token in tokens:
        while isinstance(here, dict) and isinstance(here.get("$ref"), str):
            pointer = here["$ref"][1:]
            here = find(document, pointer)
        pointer = join(pointer, token)
        here = here[token] if isinstance(here, list) else here.get(token) if isinstance(here, dict) else None
    return pointer


def _innermost(problem: ValidationError) -> ValidationError:
    """Return the innermost error: the outer ones only say that no alternative of OpenAPI matches."""
    inner = [_innermost(cause) for cause in problem.context or ()]
    return max(inner, key=lambda cause: len(cause.absolute_path), default=problem)
