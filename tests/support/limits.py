"""A generated limits.py of a small made-up service, for tests of the request check."""

from __future__ import annotations

import attrs

Given = tuple[tuple[str, str | float | bool | None], ...]


@attrs.frozen
class Limit:
    """A parameter's limits, as a generated module holds them."""

    name: str
    type: str
    required: bool = False
    default: object = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()
    exclusive_minimum: float | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    schema: str | None = None
    tag: str | None = None
    variants: tuple[tuple[str, str], ...] = ()
    items: Limit | None = None
    nullable: bool = False
    exclusive_maximum: float | None = None


@attrs.frozen
class Condition:
    """A limit that depends on other fields, as a generated module holds it."""

    field: str
    when: Given = ()
    width: tuple[str, str] | None = None
    minimum: float | None = None
    maximum: float | None = None
    unless: Given = ()
    count_of: tuple[str, ...] = ()
    absent: bool = False


@attrs.frozen
class Tables:
    """The three tables of a generated module."""

    LIMITS: dict[str, dict[str, Limit]]
    ONE_OF: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    CONDITIONS: dict[str, tuple[Condition, ...]] = attrs.field(factory=dict)


def table(*limits: Limit) -> dict[str, Limit]:
    """Return the limits by their names."""
    return {limit.name: limit for limit in limits}
