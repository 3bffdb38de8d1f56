"""The vendored spec as data: its operations, its schemas, and an independent judge of what fits them."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Final

import attrs
import jsonschema
import yaml

Schema = dict[str, Any]

SPEC: Final[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "openapi" / "mirelo-v2.yaml").read_text(encoding="utf-8")
)


def resolve(node: Schema) -> Schema:
    """Follow a reference to what it names."""
    while "$ref" in node:
        target: Any = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


@attrs.frozen
class Operation:
    """One operation of the spec."""

    id: str
    method: str
    path: str
    request: Schema | None
    answers: dict[int, Schema]

    @property
    def good(self) -> int:
        """Give the status of its success."""
        (status,) = [status for status in self.answers if status < 300]
        return status


def _schema(node: Schema) -> Schema:
    """Give the schema of a request's or an answer's JSON."""
    schema: Schema = resolve(node)["content"]["application/json"]["schema"]
    return schema


def _operations() -> dict[str, Operation]:
    found = {}
    for path, item in SPEC["paths"].items():
        for method, each in item.items():
            body = (
                resolve(each["requestBody"])["content"]["application/json"]["schema"] if "requestBody" in each else None
            )
            answers = {
                int(status): resolve(answer)["content"]["application/json"]["schema"]
                for status, answer in each["responses"].items()
            }
            found[each["operationId"]] = Operation(each["operationId"], method.upper(), path, body, answers)
    return found


OPERATIONS: Final = _operations()
GENERATIONS: Final = sorted(name.removesuffix("JobCreate") for name in OPERATIONS if name.endswith("JobCreate"))
"""The families by the first part of their operations: `textToSfx`, `videoToSfx`."""


def _json_schema(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable`, which JSON Schema does not know, into a type."""
    if isinstance(node, list):
        return [_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    turned = {name: _json_schema(value) for name, value in node.items()}
    if turned.pop("nullable", False) is True:
        turned["type"] = [turned["type"], "null"]
    return turned


_COMPONENTS: Final = _json_schema(copy.deepcopy(SPEC["components"]))


def judge(schema: Schema) -> jsonschema.Draft202012Validator:
    """Make a validator of one schema of the spec."""
    return jsonschema.Draft202012Validator(
        {**_json_schema(schema), "components": _COMPONENTS}, format_checker=jsonschema.FormatChecker()
    )
