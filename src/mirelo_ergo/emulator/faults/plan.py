"""The active rules, their state, and the choice of faults for a request or a generation."""

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
    """The bound of an operation: a group, a union of groups, or an operationId."""

    optional: bool = False

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and value in registry.names()

    def words(self) -> str:
        return f"one of {', '.join((*targets.UNIONS, *targets.GROUPS))}, or an operationId"

    def schema(self) -> dict[str, Any]:
        return {"enum": sorted(registry.names())}


@attrs.frozen
class Service(Bound):
    """The bound of a service: one of the emulated ones."""

    optional: bool = True

    def allows(self, value: object) -> bool:
        return isinstance(value, str) and value in registry.SERVICES

    def words(self) -> str:
        return f"one of {', '.join(registry.SERVICES)}"

    def schema(self) -> dict[str, Any]:
        return {"enum": list(registry.SERVICES)}


@attrs.frozen
class Rule:
    """A fault, and where and how often it happens.

    `operation` is a group (`submit`, `poll`, `upload`, …), `generate` for submit and sync together, `any`, or one
    operationId. Of the matching requests, or the accepted generations for a fault of the job, every nth is hit
    (`every`), or each with a `probability` (reproducible by `seed`); by default all are. `times` ends it after this
    many hits; otherwise it stays until it is cleared. `service` limits it to one service.
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
        """Return whether it can hit an operation."""
        named = self.operation in (target.id, target.group) or target.group in targets.UNIONS.get(self.operation, ())
        stored = target.group in ("upload", "result")  # the store is one for all services on a port
        there = self.service is None or target.service in (
            self.service,
            registry.port_of(self.service) if stored else "",
        )
        return named and there and target.group in self.fault.groups


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """Return a rule as JSON, without defaults."""
    plain = attrs.asdict(rule, recurse=False, filter=lambda _, value: value is not None)
    if rule.probability is None:
        del plain["seed"]
    return {**plain, "fault": fault_to_json(rule.fault)}


def rule_from_json(value: object, where: str) -> Rule:
    """Read a rule; raise `ValueError` with the place, the value, its bound and the known names."""
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
    """An active rule: its number, and the numbers of matching and hit requests or generations."""

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
        """Count a matching request, and return whether it is hit."""
        self.seen += 1
        if self.rule.every is not None:
            hit = self.seen % self.rule.every == 0
        else:
            hit = self.rule.probability is None or self.draw.random() < self.rule.probability
        self.hits += hit
        return hit

    def lacks(self, fault: RateLimit, key: str, now: float) -> float:
        """Take a token from the key's bucket; return 0, or the seconds until there is one."""
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
    """The faults of one request: its delays, and the fault that decides its answer."""

    latency_s: float = 0.0
    bytes_per_s: int | None = None
    answer: Fault | None = None
    kinds: tuple[str, ...] = ()


class Plan:
    """The active rules in their order. It may be used from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._active: list[_Active] = []
        self._count = 0
        self._scenario: str | None = None

    def add(self, rules: Iterable[Rule]) -> list[int]:
        """Add rules after the active ones; return their numbers. At most 100 are active at once."""
        with self._lock:
            self._tidy()
            return self._add(list(rules))

    def play(self, rules: Iterable[Rule], scenario: str | None = None) -> None:
        """Replace the active rules, and record the name of their scenario."""
        with self._lock:
            self._active = []
            self._add(list(rules))
            self._scenario = scenario

    @property
    def scenario(self) -> str | None:
        """The name of the active scenario, None when all rules are cleared."""
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
        """Remove one rule or all; return whether there was any. Jobs that are stuck stay stuck."""
        with self._lock:
            kept = [each for each in self._active if number is not None and each.id != number]
            found = len(kept) < len(self._active)
            self._active = kept
            if number is None:
                self._scenario = None
            return found

    def active(self) -> list[ActiveFault]:
        """Return the active rules."""
        with self._lock:
            self._tidy()
            return [ActiveFault(each.id, each.rule, each.seen, each.hits) for each in self._active]

    def choose(self, target: Target, key: str) -> RequestFaults:
        """Choose the faults of a request.

        Delays add up. Of the faults that decide the answer the first one applies, and later ones wait.
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
        """Choose the faults of an accepted job, or of a preflight's estimate."""
        with self._lock:
            job_faults = [(each, each.rule.fault) for each in self._about(target)]
            return effects_of(fault for each, fault in job_faults if isinstance(fault, JobFault) and each.hits_now())

    def _about(self, target: Target) -> list[_Active]:
        self._tidy()
        return [each for each in self._active if each.rule.about(target)]

    def _tidy(self) -> None:
        self._active = [each for each in self._active if not each.spent]


def limited(lacks: float) -> Status:
    """Return the 429 for a request that came this many seconds too early."""
    return Status(429, retry_after=max(1, math.ceil(lacks)))
