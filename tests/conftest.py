"""What holds for every test: the same examples in every run, and nothing of the caller's environment."""

from __future__ import annotations

import os
import signal

import pytest

from scripts import system_packages
from tests.support import examples  # noqa: F401 # loads hypothesis's profile

# Whoever starts the tests in the background has Ctrl-C ignored, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

UNMEASURED = {"apidiff", "generation", "property", "typing"}
"""Folders whose tests run scripts, or run again what others cover: tracing doubles their time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in UNMEASURED:
            item.add_marker(pytest.mark.no_cover)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Report a test as not run if the system lacks a program that it needs; in CI that is a failure."""
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if system_packages.find(name) is None:
                report = pytest.fail if os.environ.get("CI") else pytest.skip
                report(system_packages.way_out(name))


@pytest.fixture(autouse=True)
def no_inherited_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the variables a client reads, so that a developer's own key never comes near a test."""
    for name in ("MIRELO_API_KEY", "MIRELO_BASE_URL", "PIXAZO_API_KEY", "PIXAZO_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
