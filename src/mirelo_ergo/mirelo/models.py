"""The families and models with their limits, from the generated limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from .._runtime.plain import Plain
from . import v3
from .catalogue import Bounds, CatalogueModel, bounds
from .families import FAMILIES, choose_family
from .versions import KNOWN as V3_MODELS
from .versions import MUSIC


@attrs.frozen
class ModelInfo(Plain):
    """One family in one model.

    `limits` maps each field of its request to the limits in the spec (those that exist of `type`, `required`,
    `default`, `minimum`, `maximum`, `min_length`, `max_length` and `enum`); fields within an object are named
    `field.inner`. `conditions` are the limits that depend on other fields, in words. `is_default`: a call without
    `model=` uses it. The spec has few limits for the models `sfx-…`; `client.models(live=True)` adds those of the
    service.
    """

    family: str
    model: str
    is_default: bool
    limits: Mapping[str, Mapping[str, Any]]
    conditions: tuple[str, ...]


def known_models(preferred: str | None, catalogue: Mapping[str, CatalogueModel] | None = None) -> list[ModelInfo]:
    """Return every family in every model; `preferred` is the client's `model=`, which is the default of its calls.

    `catalogue` is the service's list of v3's models, used instead of the built-in one.
    """
    from mirelo_ergo_api.mirelo_v2.limits import CONDITIONS, LIMITS

    listed = []
    for (name, model), family in FAMILIES.items():
        default = choose_family(name, None).model if preferred is None or model == MUSIC else preferred
        limits = {field: _given(limit._asdict()) for field, limit in family.limits.items()}
        for field, limit in family.limits.items():
            inner = LIMITS[limit.schema] if limit.schema is not None else {}
            limits |= {f"{field}.{part}": _given(each._asdict()) for part, each in inner.items()}
        conditions = tuple(_words(condition._asdict()) for condition in CONDITIONS.get(family.schema, ()))
        listed.append(ModelInfo(name, model, model == default, limits, conditions))
    if catalogue is None:
        catalogue = {name: CatalogueModel(name, None, None, None, None) for name in V3_MODELS}
    return [*listed, *_models_of_v3(preferred, catalogue)]


def _models_of_v3(preferred: str | None, catalogue: Mapping[str, CatalogueModel]) -> Iterator[ModelInfo]:
    from mirelo_ergo_api.mirelo_v3.limits import LIMITS

    for name, family in v3.FAMILIES.items():
        for model in catalogue.values():
            ranges = model.ranges(name)
            if ranges is None:
                continue
            limits = {field: _given(limit._asdict()) for field, limit in LIMITS[family.schema].items()}
            for field, limit in LIMITS[family.schema].items():
                inner = LIMITS[limit.schema] if limit.schema is not None else {}
                limits |= {f"{field}.{part}": _given(each._asdict()) for part, each in inner.items()}
            for field in limits:
                limits[field] |= _within(bounds(ranges, _RANGES.get(field, field)))
            if model.max_prompt_chars is not None and "input.prompt" in limits:
                limits["input.prompt"] = limits["input.prompt"] | {"max_length": model.max_prompt_chars}
            if model.formats is not None:
                limits["output.format"] = limits["output.format"] | {"enum": model.formats}
            yield ModelInfo(name, model.name, model.name == preferred, limits, tuple(_conditions(ranges)))


def _within(found: Bounds) -> dict[str, Any]:
    least = {} if found.least is None else {"minimum": found.least}
    return least if found.most is None else {**least, "maximum": found.most}


def _conditions(ranges: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words the limits that depend on controls, and those of a region's width."""
    width = bounds(ranges, "region_width_ms")
    if width != Bounds(None, None):
        yield f"region.end_ms - region.start_ms is {_span(width)}"
    for name in ranges:
        for control in ("loop", "preserve_speech"):
            alone, with_it = bounds(ranges, name), bounds(ranges, name, frozenset({control}))
            if with_it != alone:
                yield f"{name} is {_span(with_it)} when {control}=True"


def _span(found: Bounds) -> str:
    least = [] if found.least is None else [f"at least {found.least}"]
    most = [] if found.most is None else [f"at most {found.most}"]
    return " and ".join([*least, *most])


def list_models() -> list[ModelInfo]:
    """Return families and models with their limits, as `MireloClient.models` does, without a client.

    Needs no key. Sends nothing.
    """
    return known_models(None)


_RANGES: Final = {"region.start_ms": "region_start_ms"}
"""The names of ranges that differ from their fields."""


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
