"""The spec's x-limits-when: bounds that depend on other fields, or on the number of items of a kind in a list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator.refusals import bad_request, short

if TYPE_CHECKING:
    from collections.abc import Mapping


def check(condition: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Refuse values that an entry of x-limits-when forbids. `values` includes the defaults and matches the schema."""
    when, unless = condition.get("when", {}), condition.get("unless", {})
    if not _holds(when, values) or (unless and _holds(unless, values)):
        return
    terms = _terms(" with ", when) + _terms(" unless with ", unless)
    if "absent" in condition:
        value = _at(values, condition["absent"])
        if value is not None:
            raise bad_request(f"{condition['absent']} is {short(value)}: it has to be left out{terms}")
        return
    name = condition.get("width_of") or condition["field"]
    if name not in values:
        return
    value, shown = values[name], name
    if "width_of" in condition:
        value = value[condition["to"]] - value[condition["from"]]
        shown = f"{name}.{condition['to']} - {name}.{condition['from']}"
    elif "count_of" in condition:
        value = sum(item.get("type") in condition["count_of"] for item in value)
        shown = f"the number of {' and '.join(condition['count_of'])} in {name}"
    if value < condition.get("minimum", value):
        raise bad_request(f"{shown} is {value}: it has to be {condition['minimum']} or more{terms}")
    if value > condition.get("maximum", value):
        raise bad_request(f"{shown} is {value}: it has to be {condition['maximum']} or less{terms}")


def _holds(given: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return all(_at(values, name) == value for name, value in given.items())


def _at(values: Mapping[str, Any], path: str) -> Any:
    """Return the value at a path such as `options.prompt`, None if there is none."""
    found: Any = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _terms(word: str, given: Mapping[str, Any]) -> str:
    return word + " and ".join(f"{field} {json.dumps(value)}" for field, value in given.items()) if given else ""
