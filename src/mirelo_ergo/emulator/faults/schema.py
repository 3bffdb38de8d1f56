"""The JSON Schema of scenario files, generated from the kinds of faults.

`scripts/scenario_schema.py` writes it to `scenario.schema.json` beside the built-in scenarios, for editors.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.faults.kinds import KINDS
from mirelo_ergo.emulator.faults.plan import MAX_RULES, Rule
from mirelo_ergo.emulator.faults.scenario import FOLDER, Scenario
from mirelo_ergo.emulator.spec.bounds import Bound

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = FOLDER / "scenario.schema.json"


def scenario_schema() -> dict[str, Any]:
    """Return the schema of a scenario file, draft 2020-12."""
    faults = {f"fault_{kind}": _object(cls, {"kind": {"const": kind}}) for kind, cls in KINDS.items()}
    rule = _object(Rule, {"fault": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in faults]}})
    rule["not"] = {"required": ["every", "probability"]}
    rules = {"type": "array", "maxItems": MAX_RULES, "items": {"$ref": "#/$defs/rule"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of the mirelo_ergo emulator",
        **_object(Scenario, {"faults": rules}),
        "$defs": {"rule": rule, **faults},
    }


def _object(cls: type[Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an attrs class. `fields` has the schemas that do not follow from validators."""
    properties = dict(fields)
    required = ["kind"] if "kind" in fields else []
    for field in attrs.fields(cls):
        if isinstance(field.validator, Bound):
            properties[field.name] = field.validator.schema()
            if field.default not in (attrs.NOTHING, None):
                properties[field.name]["default"] = field.default
        if field.default is attrs.NOTHING:
            required.append(field.name)
    return {
        "description": " ".join((inspect.getdoc(cls) or "").split()),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def text() -> str:
    """Return the content of the schema's file."""
    return json.dumps(scenario_schema(), indent=2) + "\n"
