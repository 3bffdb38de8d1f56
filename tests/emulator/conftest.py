"""One emulator per test, a client that holds every answer against the spec, and the clips the tests need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo.emulator import Emulator, running
from tests.emulator.support import Api, encode_clip

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def emu() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def api(emu: Emulator) -> Iterator[Api]:
    with Api(emu) as client:
        yield client


@pytest.fixture(scope="session")
def example_clip() -> Path:
    return EXAMPLES / "clip.mp4"


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of 64x48 H.264."""
    path = tmp_path_factory.mktemp("clips") / "short.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=1500)
    return path


@pytest.fixture(scope="session")
def shared() -> Iterator[Api]:
    """An emulator for requests that are refused and leave nothing behind."""
    with running() as emulator, Api(emulator) as client:
        yield client
