"""Scenarios: named sets of rules with an initial balance, read from YAML or JSON."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import yaml

from mirelo_ergo.emulator.faults.kinds import an_object, build
from mirelo_ergo.emulator.faults.plan import MAX_RULES, Rule, rule_from_json, rule_to_json
from mirelo_ergo.emulator.refusals import short
from mirelo_ergo.emulator.spec.bounds import Number, Text, nearest

if TYPE_CHECKING:
    from collections.abc import Hashable

MAX_FILE = 64 << 10
MAX_CREDITS = 1_000_000_000
SUFFIXES = (".yaml", ".yml", ".json")
FOLDER = Path(__file__).resolve().parents[1] / "scenarios"


@attrs.frozen
class Scenario:
    """A named set of faults. `credits` is the balance of every key; without it balances are unchanged."""

    name: str = attrs.field(default="", validator=Text(r"[^\x00-\x1f]{0,100}", "up to 100 characters on one line"))
    description: str = attrs.field(default="", validator=Text(r"[^\x00]{0,2000}", "up to 2,000 characters"))
    credits: int | None = attrs.field(default=None, validator=Number(0, MAX_CREDITS, whole=True, optional=True))
    faults: tuple[Rule, ...] = attrs.field(default=(), converter=tuple[Rule, ...])


def names() -> list[str]:
    """Return the names of the built-in scenarios."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(source: str | Path) -> Scenario:
    """Load a scenario by its name or from a file; raise `ValueError` with the file and the place in it.

    A `Path`, and a name with a slash or one of the suffixes .yaml, .yml and .json, is a file of at most 64 KiB.
    """
    if isinstance(source, str) and not source.endswith(SUFFIXES) and "/" not in source and "\\" not in source:
        if source not in names():
            raise ValueError(f"scenario is {short(source)}, which is none: {nearest(source, names())}; or give a file")
        return _shipped(source)
    path = Path(source)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
    except OSError as error:
        raise ValueError(f"{path}: the scenario cannot be read: {error.strerror or error}") from None
    return parse(raw, str(path))


def parse(raw: bytes, where: str) -> Scenario:
    """Read a scenario from YAML or JSON. `where` is its name in messages."""
    if len(raw) > MAX_FILE:
        raise ValueError(f"{where}: the scenario is over {MAX_FILE:,} bytes")
    try:
        value = yaml.load(raw, _Loader)  # noqa: S506 - it is a safe loader, and stricter than that
    except yaml.YAMLError as error:
        raise ValueError(f"{where}: the scenario is no YAML that is read here: {_flat(error)}") from None
    except (RecursionError, ValueError, OverflowError) as error:
        raise ValueError(f"{where}: the scenario cannot be read: {short(str(error), 200)}") from None
    try:
        return scenario_from_json(value)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def scenario_from_json(value: object) -> Scenario:
    """Read a scenario's definition; raise `ValueError` with the place, the value, its bound and the known names."""
    given = an_object(value, "scenario")
    rules = given.get("faults", [])
    if not isinstance(rules, list) or len(rules) > MAX_RULES:
        shown = f"has {len(rules)} entries" if isinstance(rules, list) else f"is {short(rules)}"
        raise ValueError(f"scenario.faults {shown}: it has to be a list of up to {MAX_RULES} rules")
    given["faults"] = [rule_from_json(rule, f"scenario.faults[{at}]") for at, rule in enumerate(rules)]
    return build(Scenario, given, "scenario")


def scenario_to_json(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario's definition as JSON, without defaults."""
    plain = attrs.asdict(scenario, recurse=False, filter=lambda _, value: value not in (None, "", ()))
    return {**plain, "faults": [rule_to_json(rule) for rule in scenario.faults]}


@functools.cache
def _shipped(name: str) -> Scenario:
    return parse((FOLDER / f"{name}.yaml").read_bytes(), f"{name}.yaml")


class _Loader(yaml.SafeLoader):
    """A YAML loader without aliases, which can grow without bounds, and without duplicate keys."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stubs say nothing of it
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key has to be a word", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {short(key.value)} comes twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _flat(error: yaml.YAMLError) -> str:
    """Return the problem and its place on one line."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return short(str(error), 200)
    mark = error.problem_mark or error.context_mark
    place = "" if mark is None else f" in line {mark.line + 1}, column {mark.column + 1}"
    return f"{error.problem or error.context}{place}"
