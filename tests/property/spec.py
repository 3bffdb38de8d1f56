"""The vendored specs as data: its operations, its schemas, and an independent judge of what fits them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import attrs
import jsonschema

from tests.support import specs

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]

SPEC: Final[dict[str, Any]] = specs.spec()
_V3: Final = specs.vendored("mirelo-v3")
_GATEWAY: Final = specs.vendored("pixazo")
_MARKETPLACE: Final = specs.vendored("inference-sh")


def resolve(node: Schema) -> Schema:
    """Follow a reference to what it names."""
    while "$ref" in node:
        target: Any = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _inlined(node: Any, document: Schema) -> Any:
    """Replace every reference by what it names, so that a second spec needs no components."""
    if isinstance(node, list):
        return [_inlined(each, document) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" not in node:
        return {name: _inlined(each, document) for name, each in node.items()}
    target: Any = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return _inlined(target, document)


@attrs.frozen
class Operation:
    """One operation of the spec."""

    id: str
    method: str
    path: str
    request: Schema | None
    answers: dict[int, Schema]
    parameters: dict[str, Schema]
    """Of the query, the path and the headers, whole: `schema` is in them."""

    @property
    def good(self) -> int:
        """Return the status of its success."""
        (status,) = [status for status in self.answers if status < 300]
        return status


def _schema(node: Schema) -> Schema:
    """Return the schema of a request's or an answer's body, which has one form only."""
    (content,) = resolve(node)["content"].values()
    schema: Schema = content["schema"]
    return schema


def _operations(spec: Schema) -> dict[str, Operation]:
    found = {}
    for path, item in spec["paths"].items():
        for method, each in item.items():
            body = _schema(each["requestBody"]) if "requestBody" in each else None
            answers = {int(status): _schema(answer) for status, answer in each["responses"].items()}
            parameters = {one["name"]: one for one in map(resolve, each.get("parameters", ()))}
            found[each["operationId"]] = Operation(each["operationId"], method.upper(), path, body, answers, parameters)
    return found


_ALL: Final = _operations(SPEC)
_MADE_OTHERWISE: Final = ("Music", "Midi", "detectInstruments")
OPERATIONS: Final = {name: each for name, each in _ALL.items() if not any(word in name for word in _MADE_OTHERWISE)}
"""Those of sound effects, of assets and of the account."""
MUSIC: Final = {name: each for name, each in _operations(_inlined(SPEC, SPEC)).items() if name not in OPERATIONS}
"""Those of music and of notes."""
KEYED: Final = _operations(_inlined(_V3, _V3))
"""Those of v3."""
GATEWAY: Final = _operations(_inlined(_GATEWAY, _GATEWAY))
MARKETPLACE: Final = _operations(_inlined(_MARKETPLACE, _MARKETPLACE))
GENERATIONS: Final = sorted(name.removesuffix("JobCreate") for name in OPERATIONS if name.endswith("JobCreate"))
"""The families, each in one model, by the first part of their operations: `textToSfx`, `extendAudioWithVideoV16`."""


def request_of(family: str) -> Schema:
    """Return the schema of a family's request."""
    schema = OPERATIONS[f"{family}JobCreate"].request
    assert schema is not None
    return schema


def holds(condition: Schema, values: Schema, properties: dict[str, Schema]) -> bool:
    """Return whether an entry of `x-limits-when` is about these values; an absent field counts as its default."""
    when = condition.get("when", {})
    return all(values.get(name, resolve(properties[name]).get("default")) == wanted for name, wanted in when.items())


def _keeps_to_conditions(
    _: object, conditions: list[Schema], values: object, schema: Schema
) -> Iterator[jsonschema.ValidationError]:
    """Judge by `x-limits-when`, which JSON Schema does not know. What has a wrong type is refused elsewhere."""
    if not isinstance(values, dict):
        return
    for condition in conditions:
        if not holds(condition, values, schema["properties"]):
            continue
        if "width_of" in condition:
            inner = values.get(condition["width_of"])
            start, end = (inner.get(condition[end]) if isinstance(inner, dict) else None for end in ("from", "to"))
            bounded = end - start if type(start) is int and type(end) is int else None
        else:
            field = condition["field"]
            bounded = values.get(field, resolve(schema["properties"][field]).get("default"))
        if type(bounded) is int and not (
            condition.get("minimum", bounded) <= bounded <= condition.get("maximum", bounded)
        ):
            yield jsonschema.ValidationError(f"{bounded} is out of the bounds of {condition}")


def _json_schema(node: Any) -> Any:
    """Turn what JSON Schema does not know of OpenAPI 3.0: `nullable` into a type, an excluded bound into its own."""
    if isinstance(node, list):
        return [_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    turned = {name: _json_schema(value) for name, value in node.items()}
    if turned.pop("nullable", False) is True:
        if "type" not in turned:
            return {"anyOf": [turned, {"type": "null"}]}
        turned["type"] = [turned["type"], "null"]
    if turned.pop("exclusiveMinimum", False) is True:
        turned["exclusiveMinimum"] = turned.pop("minimum")
    return turned


_COMPONENTS: Final = _json_schema(copy.deepcopy(SPEC["components"]))
_VALIDATOR: Final[type[jsonschema.Draft202012Validator]] = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # in the stubs
    jsonschema.Draft202012Validator, {"x-limits-when": _keeps_to_conditions}
)


def judge(schema: Schema) -> jsonschema.Draft202012Validator:
    """Make a validator of one schema of the spec."""
    return _VALIDATOR({**_json_schema(schema), "components": _COMPONENTS}, format_checker=jsonschema.FormatChecker())
