"""An emulator for all tests of batches, and a batch in an empty folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mirelo_ergo import MireloClient
from mirelo_ergo.batch import Batch
from mirelo_ergo.emulator import Emulator, running


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[Emulator]:
    with running(speed=1000, seed=16) as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: Emulator) -> Emulator:
    """The shared emulator, as new."""
    shared_emulator.reset()
    return shared_emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[MireloClient]:
    with MireloClient(emulator.key, base_url=emulator.url, backoff_ms=1) as client:
        yield client


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[Batch]:
    with Batch.open(tmp_path / "out" / "sfx.db") as batch:
        yield batch
