"""What can be asked of which model, read from the generated limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from .._runtime.plain import Plain
from .families import FAMILIES, choose_family


@attrs.frozen
class ModelInfo(Plain):
    """One family in one model.

    `limits` has each field of its request with what the spec says of it (`type`, `required`, `default`, `minimum`,
    `maximum`, `min_length`, `max_length`, `enum`: only those it has), those inside an object under `field.inner`;
    `conditions` are the limits that depend on other fields, in words. `is_default`: a call without `model=` uses it.
    """

    family: str
    model: str
    is_default: bool
    limits: Mapping[str, Mapping[str, Any]]
    conditions: tuple[str, ...]


def known_models(preferred: str | None) -> list[ModelInfo]:
    """List every family in every model; `preferred` is the client's own `model=`, which a call does not leave."""
    from mirelo_ergo_api.mirelo_v2.limits import CONDITIONS, LIMITS

    listed = []
    for (name, model), family in FAMILIES.items():
        default = choose_family(name, None).model if preferred is None else preferred
        limits = {field: _given(limit._asdict()) for field, limit in family.limits.items()}
        for field, limit in family.limits.items():
            inner = LIMITS[limit.schema] if limit.schema is not None else {}
            limits |= {f"{field}.{part}": _given(each._asdict()) for part, each in inner.items()}
        conditions = tuple(_words(condition._asdict()) for condition in CONDITIONS.get(family.schema, ()))
        listed.append(ModelInfo(name, model, model == default, limits, conditions))
    return listed


def list_models() -> list[ModelInfo]:
    """Return families and models with their limits, as `MireloClient.models` does, without a client.

    Needs no key. Sends nothing.
    """
    return known_models(None)


def _given(limit: dict[str, Any]) -> dict[str, Any]:
    left_out = ("name", "schema", "tag", "variants", "items", "nullable")
    return {key: value for key, value in limit.items() if key not in left_out and value is not None and value != ()}


def _words(condition: dict[str, Any]) -> str:
    what = condition["field"]
    if condition["width"]:
        start, end = condition["width"]
        what = f"{what}.{end} - {what}.{start}"
    bounds = [f"at least {condition['minimum']}"] if condition["minimum"] is not None else []
    bounds += [f"at most {condition['maximum']}"] if condition["maximum"] is not None else []
    reason = " and ".join(f"{name}={value!r}" for name, value in condition["when"])
    return f"{what} is {' and '.join(bounds)}" + (f" when {reason}" if reason else "")
