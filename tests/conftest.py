"""What holds for every test: the same examples in every run, and nothing of the caller's environment."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts import system_packages
from tests.support import examples  # noqa: F401 # loads hypothesis's profile

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser

    from tests.support.postgres import Postgres

# Whoever starts the tests in the background has Ctrl-C ignored, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class _PatientSys:
    """The module `sys` for `threading`, whose `settrace` waits while another thread installs its trace function.

    CPython 3.11 raises RuntimeError then: the new thread ends before it has called anything, and its owner waits for
    ever. Coverage installs one in each thread.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def settrace(self, function: Any) -> None:
        """Install a trace function in this thread."""
        while True:
            try:
                sys.settrace(function)
            except RuntimeError:
                time.sleep(0)
            else:
                return


threading._sys = _PatientSys()  # type: ignore[attr-defined]

gc.disable()  # until all tests are collected: a third of that time went into looking through what stays

UNMEASURED = {"apidiff", "generation", "property", "tooling", "typing"}
"""Folders whose tests run scripts, or run again what others cover: tracing doubles their time."""


MEASURED_PROCESSES = {"cli"}
"""Folders whose tests start what they test as processes; elsewhere tracing these would cost more than it shows."""
COVERAGE = "COVERAGE_PROCESS_CONFIG"
"""The variable by which a process that is started gets traced."""
TESTS = Path(__file__).parent
coverage_config = ""


def pytest_configure(config: pytest.Config) -> None:
    """Register a marker for each folder: `pytest -m faults`, `pytest -m "not generation"`."""
    for folder in sorted(path.name for path in TESTS.iterdir() if any(path.glob("test_*.py"))):
        config.addinivalue_line("markers", f"{folder}: the tests of tests/{folder}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with its folder; in a run with several workers let the long files come first."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            folder = item.path.relative_to(TESTS).parts[0]
            item.add_marker(folder)
            if folder in UNMEASURED:
                item.add_marker(pytest.mark.no_cover)
    if hasattr(config, "workerinput"):
        from tests.support.workers import turn

        items.sort(key=lambda item: turn(item.path.relative_to(TESTS).as_posix()))


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but not among the tests themselves."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of workers for `-n auto`: three more than there are cores, because many tests wait."""
    return (os.cpu_count() or 1) + 3


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Return what shares out the tests among several workers."""
    from tests.support.workers import by_file

    return by_file(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Return whether the test's processes are traced; report it as not run without a program that it needs.

    In CI a missing program is a failure.
    """
    global coverage_config
    coverage_config = os.environ.pop(COVERAGE, "") or coverage_config
    if coverage_config and any(map(item.get_closest_marker, MEASURED_PROCESSES)):
        os.environ[COVERAGE] = coverage_config
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            need(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give all tests that lack a program one place in the report, which has a line for each place and reason."""
    report = yield
    ways_out = map(system_packages.way_out, system_packages.PROGRAMS)
    match report.longrepr:
        case (_, _, str(reason)) if reason.removeprefix("Skipped: ") in ways_out:
            report.longrepr = (str(TESTS / "conftest.py"), need.__code__.co_firstlineno, reason)
    return report


def need(name: str) -> None:
    """Report the test as not run, or as failed in CI, if the system lacks a program."""
    if system_packages.find(name) is None:
        report = pytest.fail if os.environ.get("CI") else pytest.skip
        report(system_packages.way_out(name))


@pytest.fixture(autouse=True, scope="session")
def no_name_server() -> Iterator[None]:
    """Let no test ask a name server: a name but `localhost` is not found, at once and on every machine."""
    resolve = socket.getaddrinfo

    def getaddrinfo(
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002  # its name
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        if host not in (None, "localhost", b"localhost"):
            flags |= socket.AI_NUMERICHOST
        return resolve(host, port, family, type, proto, flags)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL for all tests of this process, on a free port of the loopback address."""
    need("postgresql")
    from tests.support.postgres import postgres

    with postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """The address of an empty PostgreSQL database, for this test alone."""
    url = postgres_server.fresh_database()
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of a module: while it runs, its thread can run no other event loop."""
    from tests.emulator.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(autouse=True)
def no_inherited_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the variables a client reads, so that a developer's own key never comes near a test."""
    for name in ("MIRELO_API_KEY", "MIRELO_BASE_URL", "PIXAZO_API_KEY", "PIXAZO_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
