"""Run each test with both clients, and let none leave anything behind."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo._runtime.http import connections
from tests.faults.harness import Face
from tests.faults.leaks import LeakCheck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def nothing_left(tmp_path: Path) -> Iterator[None]:
    """Fail every test of this folder that leaves a socket, a descriptor, a thread or a temporary file."""
    with LeakCheck(tmp_path):
        yield


@pytest.fixture(autouse=True)
def no_preconnection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no busy machine make connecting seem slow: a connection that is opened ahead would take a script."""
    monkeypatch.setattr(connections, "WORTH", math.inf)


@pytest.fixture(params=["sync", "async"])
def face(request: pytest.FixtureRequest, nothing_left: None) -> Iterator[Face]:
    """Run the test with the sync client and with the async one."""
    face = Face(*request.param.split("-"))
    try:
        yield face
    finally:
        face.close()
