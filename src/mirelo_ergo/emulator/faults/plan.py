"""Which faults happen when: rules, the state each has, and the choice for one request or one generation."""

from __future__ import annotations

import math
import random
import threading
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.faults.effects import effects_of
from mirelo_ergo.emulator.faults.kinds import (
    KINDS,
    Fault,
    JobFault,
    Latency,
    RateLimit,
    SlowUpload,
    Status,
    an_object,
    build,
    fault_from_json,
    fault_to_json,
)
from mirelo_ergo.emulator.refusals import short
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.emulator.spec import targets
from mirelo_ergo.emulator.spec.bounds import Bound, Number, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mirelo_ergo.emulator.clock import Clock
    from mirelo_ergo.emulator.generator import JobFaultEffects
    from mirelo_ergo.emulator.spec.targets import Target

MAX_RULES = 100
MAX_KEYS = 10_000


@attrs.frozen
class Operation(Bound):
    """A group of operations, a union of groups, or one operation by its operationId."""

    optional: bool = False

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and value in registry.names()

    def words(self) -> str:
        return f"one of {', '.join((*targets.UNIONS, *targets.GROUPS))}, or an operationId"

    def schema(self) -> dict[str, Any]:
        return {"enum": sorted(registry.names())}


@attrs.frozen
class Service(Bound):
    """One of the emulated services."""

    optional: bool = True

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and value in registry.SERVICES

    def words(self) -> str:
        return f"one of {', '.join(registry.SERVICES)}"

    def schema(self) -> dict[str, Any]:
        return {"enum": list(registry.SERVICES)}


@attrs.frozen
class Rule:
    """One fault, where it happens and how long.

    `operation` is a group (`submit`, `poll`, `upload`, …), `generate` for submit and sync together, `any`, or one
    operationId. Of the requests it is about, or the accepted generations for a fault of the job, every nth is hit
    (`every`), or each by chance (`probability`, drawn from `seed`, the same each time); without either, all are.
    `times` ends it after so many hits; without it, it stays until it is cleared. `service` keeps it to one service.
    """

    operation: str = attrs.field(validator=Operation())
    fault: Fault = attrs.field()
    times: int | None = attrs.field(default=None, validator=Number(1, 1_000_000, whole=True, optional=True))
    every: int | None = attrs.field(default=None, validator=Number(1, 1_000_000, whole=True, optional=True))
    probability: float | None = attrs.field(default=None, validator=Number(0, 1, optional=True))
    seed: int = attrs.field(default=0, validator=Number(0, 2**32 - 1, whole=True))
    service: str | None = attrs.field(default=None, validator=Service())

    def __attrs_post_init__(self) -> None:
        if type(self.fault) not in KINDS.values():
            raise ValueError(f"fault is {short(self.fault)}: it has to be a fault, such as faults.Reset()")
        if self.every is not None and self.probability is not None:
            raise ValueError(f"every is {self.every} and probability {self.probability}: a rule has one of them")
        if isinstance(self.fault, RateLimit) and not (self.every is None and self.probability is None):
            raise ValueError("fault is rate_limit: its own rate says whom it hits, without every and probability")
        if not registry.groups(self.operation, self.service):
            raise ValueError(f"operation is {self.operation!r}, which {self.service} does not have")
        if not registry.groups(self.operation, self.service) & self.fault.groups:
            raise ValueError(
                f"operation is {self.operation!r}, to which {self.fault.kind} cannot happen: "
                f"it can to {', '.join(sorted(self.fault.groups))}"
            )

    def about(self, target: Target) -> bool:
        """Return whether it may hit this operation."""
        named = self.operation in (target.id, target.group) or target.group in targets.UNIONS.get(self.operation, ())
        stored = target.group in ("upload", "result")  # the store is one for all services on a port
        there = self.service is None or target.service in (
            self.service,
            registry.port_of(self.service) if stored else "",
        )
        return named and there and target.group in self.fault.groups


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """Write a rule, without what it leaves open."""
    plain = attrs.asdict(rule, recurse=False, filter=lambda _, value: value is not None)
    if rule.probability is None:
        del plain["seed"]
    return {**plain, "fault": fault_to_json(rule.fault)}


def rule_from_json(value: object, where: str) -> Rule:
    """Read a rule; raise `ValueError` that names the place, the value, its bound and the known names."""
    given = an_object(value, where)
    if "fault" in given:
        given["fault"] = fault_from_json(given["fault"], f"{where}.fault")
    operation = given.get("operation")
    if isinstance(operation, str) and operation not in registry.names():
        known = nearest(operation, registry.names(), (*targets.UNIONS, *targets.GROUPS, "every operationId"))
        raise ValueError(f"{where}.operation is {short(operation)}, which is none: {known}")
    return build(Rule, given, where)


@attrs.frozen
class ActiveFault:
    """A rule in force: its number, how many requests or generations it was about, and how many of them it hit."""

    id: int
    rule: Rule
    seen: int
    hits: int


@attrs.define
class _Active:
    id: int
    rule: Rule
    draw: random.Random
    seen: int = 0
    hits: int = 0
    buckets: dict[str, tuple[float, float]] = attrs.field(factory=dict[str, tuple[float, float]])

    @property
    def spent(self) -> bool:
        return self.rule.times is not None and self.hits >= self.rule.times

    def hits_now(self) -> bool:
        """Count one that it is about, and say whether it is hit."""
        self.seen += 1
        if self.rule.every is not None:
            hit = self.seen % self.rule.every == 0
        else:
            hit = self.rule.probability is None or self.draw.random() < self.rule.probability
        self.hits += hit
        return hit

    def lacks(self, fault: RateLimit, key: str, now: float) -> float:
        """Take a token from the key's bucket; return the seconds until there is one when it is empty, else 0."""
        tokens, at = self.buckets.pop(key, (float(fault.burst), now))
        tokens = min(float(fault.burst), tokens + (now - at) * fault.per_s)
        if len(self.buckets) >= MAX_KEYS:
            del self.buckets[next(iter(self.buckets))]  # the one that was used the longest time ago
        self.buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        self.seen += 1
        self.hits += tokens < 1
        return 0.0 if tokens >= 1 else (1 - tokens) / fault.per_s


@attrs.frozen
class RequestFaults:
    """What happens to one request: how it is slowed, and the one fault that decides about its answer."""

    latency_s: float = 0.0
    bytes_per_s: int | None = None
    answer: Fault | None = None
    kinds: tuple[str, ...] = ()


class Plan:
    """The rules in force, in the order they came; safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._active: list[_Active] = []
        self._count = 0
        self._scenario: str | None = None

    def add(self, rules: Iterable[Rule]) -> list[int]:
        """Put rules in force after those that are; return their numbers. At most 100 are in force at once."""
        with self._lock:
            self._tidy()
            return self._add(list(rules))

    def play(self, rules: Iterable[Rule], scenario: str | None = None) -> None:
        """Put rules in force instead of those that are; note what they are called together."""
        with self._lock:
            self._active = []
            self._add(list(rules))
            self._scenario = scenario

    @property
    def scenario(self) -> str | None:
        """The name of the rules that were put in force together, None when all are cleared."""
        return self._scenario

    def _add(self, rules: list[Rule]) -> list[int]:
        if len(self._active) + len(rules) > MAX_RULES:
            raise ValueError(f"{len(self._active)} faults are active: {MAX_RULES} may be, clear some first")
        made = [
            _Active(self._count + number, rule, random.Random(rule.seed))  # noqa: S311 - to come again, no secret
            for number, rule in enumerate(rules, 1)
        ]
        self._count += len(made)
        self._active += made
        return [each.id for each in made]

    def clear(self, number: int | None = None) -> bool:
        """Take one rule, or all, out of force; say whether there was any. Jobs that are stuck stay so."""
        with self._lock:
            kept = [each for each in self._active if number is not None and each.id != number]
            found = len(kept) < len(self._active)
            self._active = kept
            if number is None:
                self._scenario = None
            return found

    def active(self) -> list[ActiveFault]:
        """Return the rules in force."""
        with self._lock:
            self._tidy()
            return [ActiveFault(each.id, each.rule, each.seen, each.hits) for each in self._active]

    def choose(self, target: Target, key: str) -> RequestFaults:
        """Choose what happens to a request.

        Slowness adds up. Of the faults that decide about the answer the first one counts, and the later ones wait.
        """
        chosen = RequestFaults()
        if not self._active:
            return chosen
        with self._lock:
            for each in self._about(target):
                fault = each.rule.fault
                if isinstance(fault, Latency) and each.hits_now():
                    chosen = attrs.evolve(chosen, latency_s=chosen.latency_s + fault.seconds)
                elif isinstance(fault, SlowUpload) and each.hits_now():
                    slowest = min(chosen.bytes_per_s or fault.bytes_per_s, fault.bytes_per_s)
                    chosen = attrs.evolve(chosen, bytes_per_s=slowest)
                elif isinstance(fault, Latency | SlowUpload | JobFault) or chosen.answer is not None:
                    continue
                elif isinstance(fault, RateLimit):
                    lacks = each.lacks(fault, key, self._clock.now())
                    if not lacks:
                        continue
                    chosen = attrs.evolve(chosen, answer=limited(lacks))
                elif each.hits_now():
                    chosen = attrs.evolve(chosen, answer=fault)
                else:
                    continue
                chosen = attrs.evolve(chosen, kinds=(*chosen.kinds, fault.kind))
        return chosen

    def job_effects(self, target: Target) -> JobFaultEffects:
        """Choose what happens to a job that was just accepted, or to the estimate of a preflight."""
        with self._lock:
            job_faults = [(each, each.rule.fault) for each in self._about(target)]
            return effects_of(fault for each, fault in job_faults if isinstance(fault, JobFault) and each.hits_now())

    def _about(self, target: Target) -> list[_Active]:
        self._tidy()
        return [each for each in self._active if each.rule.about(target)]

    def _tidy(self) -> None:
        self._active = [each for each in self._active if not each.spent]


def limited(lacks: float) -> Status:
    """Return the answer to a request that came too early by so many seconds."""
    return Status(429, retry_after=max(1, math.ceil(lacks)))
