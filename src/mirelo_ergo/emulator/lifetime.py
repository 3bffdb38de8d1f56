"""The parts of an emulator from its start or a reset to the next reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import attrs

from mirelo_ergo.emulator.services.registry import SERVICES
from mirelo_ergo.emulator.services.service import EmulatedService

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mirelo_ergo.emulator.faults.plan import Plan
    from mirelo_ergo.emulator.faults.scenario import Scenario
    from mirelo_ergo.emulator.shared import State

S = TypeVar("S", bound=EmulatedService)


@attrs.frozen
class Lifetime:
    """The shared state, the services and the active faults. `reset` ends it and begins a new one."""

    state: State
    services: Mapping[str, EmulatedService]
    plan: Plan
    urls: Mapping[str, str]
    reset: Callable[[], None]

    @property
    def keys(self) -> dict[str, str]:
        """The key of the first account, by service, in each service's form."""
        return {name: service.written_key(self.state.key) for name, service in SERVICES.items()}

    def service(self, kind: type[S]) -> S:
        """Return a service by its class."""
        found = self.services[kind.name]
        assert isinstance(found, kind)
        return found

    def play(self, scenario: Scenario) -> None:
        """Replace the active rules by a scenario's, and set every balance if it has one."""
        self.plan.play(scenario.faults, scenario.name)
        if scenario.credits is not None:
            self.state.store.grant(scenario.credits)
