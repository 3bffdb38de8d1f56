"""Fixtures for tests of code that talks to Mirelo: an emulator, and clients on it. Installing the package is enough.

    def test_out_of_credits(mirelo_emulator, mirelo_client):
        mirelo_emulator.set_credits(60)
        job = mirelo_client.text_to_sfx("rain", duration_ms=5000).submit_job()
        assert mirelo_emulator.jobs[0].state == "processing"
        mirelo_emulator.clock.advance(600)  # a job of ten minutes would be over too
        assert job.status().status == "succeeded"
        with pytest.raises(mirelo_ergo.InsufficientCreditsError):
            mirelo_client.text_to_sfx("wind", duration_ms=5000).run()
        assert mirelo_emulator.credits == 10

One server for the session, for each worker of pytest-xdist its own; every test finds it as new. Code that makes its own
client, in any language, takes `mirelo_emulator.url` and `.key`, and `mirelo_emulator.speed = 1000` so that its waits
are short. This module imports nothing: what it needs comes with the first use of a fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo import AsyncMireloClient, MireloClient
    from mirelo_ergo.emulator import Emulator


@pytest.fixture(scope="session")
def _mirelo_server() -> Iterator[Emulator]:
    try:
        from mirelo_ergo.emulator import running
    except ImportError as error:
        pytest.fail(f"the fixture mirelo_emulator cannot be had: {error}", pytrace=False)
    with running() as emulator:
        yield emulator


@pytest.fixture
def mirelo_emulator(_mirelo_server: Emulator) -> Iterator[Emulator]:
    """Give a running emulator as new: 10,000 credits, no jobs, requests or faults, real time, free of charge."""
    _mirelo_server.reset()
    yield _mirelo_server
    _mirelo_server.reset()  # what the test left running ends with it


@pytest.fixture
def mirelo_client(mirelo_emulator: Emulator) -> Iterator[MireloClient]:
    """Give a `MireloClient` on the emulator; its waits take no time, they advance the emulator's clock."""
    from mirelo_ergo._testing import Client

    with Client(mirelo_emulator) as client:
        yield client


@pytest.fixture
def async_mirelo_client(mirelo_emulator: Emulator) -> AsyncMireloClient:
    """Give an `AsyncMireloClient` likewise, for one event loop, to be used with `async with`.

    Nothing is open before its first request, and the end of the loop closes what is left: no plugin has to run it.
    """
    from mirelo_ergo._testing import AsyncClient

    return AsyncClient(mirelo_emulator)
