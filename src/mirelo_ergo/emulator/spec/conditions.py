"""The spec's x-limits-when: bounds that depend on other fields."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator.refusals import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping


def check(condition: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse what one entry of x-limits-when forbids; `values` has the defaults in it and fits the schema."""
    when = condition.get("when", {})
    if any(values.get(name) != value for name, value in when.items()):
        return
    name = condition.get("width_of") or condition["field"]
    if name not in values:
        return
    value, shown = values[name], name
    if "width_of" in condition:
        value = value[condition["to"]] - value[condition["from"]]
        shown = f"{name}.{condition['to']} - {name}.{condition['from']}"
    with_others = " with " + " and ".join(f"{field} {json.dumps(held)}" for field, held in when.items()) if when else ""
    if value < condition.get("minimum", value):
        raise bad_request(f"{shown} is {value}: it has to be {condition['minimum']} or more{with_others}")
    if value > condition.get("maximum", value):
        raise bad_request(f"{shown} is {value}: it has to be {condition['maximum']} or less{with_others}")
