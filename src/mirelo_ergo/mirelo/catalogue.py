"""The service's list of models (GET /v3/models), read tolerantly, and the check of requests against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from .._runtime.api.answers import Unusable, read_object, tolerant_integer
from .._runtime.redact import short_repr
from ..errors import InvalidRequestError

if TYPE_CHECKING:
    from .._runtime.io.protocol import Reply
    from .v3 import V3Generation

OPERATIONS: Final = {"extend-audio": "extend", "inpaint-audio": "inpaint"}
"""The catalogue's names of families, where they differ."""
_NAMES: Final = {
    "region_start_ms": "segment[0]",
    "region_width_ms": "segment[1] - segment[0]",
    "num_variants": "num_samples",
}
"""The arguments that ranges apply to, where the names differ."""
_CONTROLS: Final = ("loop", "preserve_speech")


@attrs.frozen
class Bounds:
    """The bounds of a number; None if the service gives none."""

    least: int | None
    most: int | None


@attrs.frozen
class CatalogueModel:
    """One model and what it accepts, as far as the service says."""

    name: str
    max_prompt_chars: int | None
    formats: tuple[str, ...] | None
    controls: tuple[str, ...] | None
    operations: Mapping[str, Mapping[str, Any]] | None
    """Ranges by operation; None if the service gives none."""

    def ranges(self, family: str) -> Mapping[str, Any] | None:
        """Return the ranges of a family; None if the model does not have it."""
        if self.operations is None:
            return {}
        return self.operations.get(OPERATIONS.get(family, family))


def read_catalogue(reply: Reply) -> dict[str, CatalogueModel]:
    """Read the list of models, by their ids. Unreadable parts are left out and not checked."""
    listed = read_object(reply).get("data")
    if not isinstance(listed, list):
        raise Unusable("the answer's field 'data' is not a list")
    found = (each for each in listed if isinstance(each, dict) and isinstance(each.get("id"), str))
    return {each["id"]: _model(each) for each in found}


def _model(fields: Mapping[str, Any]) -> CatalogueModel:
    operations = fields.get("operations")
    return CatalogueModel(
        fields["id"],
        tolerant_integer(fields.get("max_prompt_chars")),
        _words(fields.get("formats")),
        _words(fields.get("controls")),
        {name: each for name, each in operations.items() if isinstance(each, dict)}
        if isinstance(operations, dict)
        else None,
    )


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else None


def bounds(ranges: Mapping[str, Any], name: str, controls: frozenset[str] = frozenset()) -> Bounds:
    """Return the bounds of a number with these controls."""
    told = ranges.get(name)
    told = told if isinstance(told, dict) else {}

    def those(end: str) -> list[int]:
        found = [tolerant_integer(told.get(key)) for key in (end, *(f"{end}_with_{each}" for each in sorted(controls)))]
        return [value for value in found if value is not None]

    return Bounds(max(those("min"), default=None), min(those("max"), default=None))


def check(catalogue: Mapping[str, CatalogueModel], generation: V3Generation) -> None:
    """Raise `InvalidRequestError` if the model does not accept the request; names models that do."""
    problem = next(_problems(catalogue, generation), None)
    if problem is not None:
        field, text = problem
        raise InvalidRequestError(f"{generation.label}: {text}, says the service; nothing was sent", field=field)


def _problems(catalogue: Mapping[str, CatalogueModel], generation: V3Generation) -> Iterator[tuple[str, str]]:
    family = generation.family.name
    model = catalogue.get(generation.model)
    if model is None:
        yield "model", f"there is no such model; the models are {' and '.join(catalogue) or 'none'}"
        return
    ranges = model.ranges(family)
    if ranges is None:
        having = [name for name, each in catalogue.items() if each.ranges(family) is not None]
        yield "model", f"it has no {family}" + (f": {' and '.join(having)} has" if having else "")
        return
    wishes = generation.wishes
    controls = frozenset(name for name in _CONTROLS if wishes.get(name))
    known = _words(ranges.get("controls"))
    known = model.controls if known is None else known
    for name in sorted(controls):
        if known is not None and name not in known:
            yield name, f"it has no {name} for {family}"
    form = generation.output_format
    if form is not None and model.formats is not None and form not in model.formats:
        yield "output_format", f"output_format={short_repr(form)} is not one of {', '.join(model.formats)}"
    prompt = wishes.get("prompt")
    if isinstance(prompt, str) and model.max_prompt_chars is not None and len(prompt) > model.max_prompt_chars:
        yield "prompt", f"prompt has {len(prompt)} characters, and it takes {model.max_prompt_chars}"
    for name, value in _numbers(generation):
        found = bounds(ranges, name, controls)
        low = found.least is not None and value < found.least
        if low or (found.most is not None and value > found.most):
            terms = f" with {' and '.join(sorted(controls))}" if controls else ""
            limit = f"below the minimum of {found.least}" if low else f"above the maximum of {found.most}"
            yield name, f"{_NAMES.get(name, name)}={value} is {limit}{terms}"


def _numbers(generation: V3Generation) -> Iterator[tuple[str, int]]:
    wishes = generation.wishes
    segment = wishes.get("segment") or {}
    given = {
        "num_variants": generation.num_samples,
        "duration_ms": wishes.get("duration_ms"),
        "append_duration_ms": wishes.get("append_duration_ms"),
        "region_start_ms": segment.get("start_ms"),
    }
    start, end = tolerant_integer(segment.get("start_ms")), tolerant_integer(segment.get("end_ms"))
    if start is not None and end is not None:
        given["region_width_ms"] = end - start
    for name, value in given.items():
        number = tolerant_integer(value)
        if number is not None:
            yield name, number
