"""pytest fixtures: an emulator of the services, and clients that talk to it. pytest finds them once this is installed.

    def test_out_of_credits(mirelo_emulator, mirelo_client):
        mirelo_emulator.set_credits(60)
        job = mirelo_client.text_to_sfx("rain", duration_ms=5000).submit_job()
        assert mirelo_emulator.jobs[0].state == "processing"
        mirelo_emulator.clock.advance(600)  # a job of ten minutes would be over too
        assert job.status().status == "succeeded"
        with pytest.raises(mirelo_ergo.InsufficientCreditsError):
            mirelo_client.text_to_sfx("wind", duration_ms=5000).run()
        assert mirelo_emulator.credits == 10

Every emulated service has two: `mirelo_client` and `async_mirelo_client`, `pixazo_client` and `async_pixazo_client`, …
One server serves the whole session (each worker of pytest-xdist has its own), and is reset for every test. Code that
makes its own client, in any language, uses `mirelo_emulator.url` and `.key`; set `mirelo_emulator.speed = 1000` to keep
its waits short. This module imports nothing until a fixture is first used.
"""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo.emulator import Emulator


@pytest.fixture(scope="session")
def _mirelo_server() -> Iterator[Emulator]:
    try:
        from mirelo_ergo.emulator import running
    except ImportError as error:
        pytest.fail(f"the fixture mirelo_emulator is not available: {error}", pytrace=False)
    with running() as emulator:
        yield emulator


@pytest.fixture
def mirelo_emulator(_mirelo_server: Emulator) -> Iterator[Emulator]:
    """A running emulator, reset: 10,000 credits, no jobs, requests or faults, real time. Costs nothing."""
    _mirelo_server.reset()
    yield _mirelo_server
    _mirelo_server.reset()  # this ends what the test left running


def _fixtures(service: str) -> dict[str, object]:
    """Return the fixtures of a service, by their names."""

    def client(mirelo_emulator: Emulator) -> Iterator[Any]:
        from mirelo_ergo import _testing

        with _testing.client(mirelo_emulator, service) as made:
            yield made

    def async_client(mirelo_emulator: Emulator) -> Any:
        from mirelo_ergo import _testing

        # A client opens nothing before its first request, and the loop's end closes it: no async plugin is needed.
        return _testing.async_client(mirelo_emulator, service)

    client.__doc__ = (
        f"A client of {service} on the emulator; its waits take no time, they advance the emulator's clock."
    )
    async_client.__doc__ = f"An async client of {service} on the emulator, for one event loop, used with `async with`."
    made = {f"{service}_client": client, f"async_{service}_client": async_client}
    return {name: pytest.fixture(name=name)(function) for name, function in made.items()}


# Each service is a folder there, so the fixtures can be listed without importing anything.
for _found in pkgutil.iter_modules([str(Path(__file__).parent / "emulator" / "services")]):
    if _found.ispkg:
        globals().update(_fixtures(_found.name))
