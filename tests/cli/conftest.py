"""One emulator for all, and the command line run in this process against it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from mirelo_ergo.__main__ import main
from mirelo_ergo.emulator import Emulator, running
from tests.cli.support import ACCOUNTS, Ran, Served, serving
from tests.emulator.support import encode_clip
from tests.support.hurry import hurried

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Cli(Protocol):
    """The command line, called in this process."""

    def __call__(self, *arguments: str) -> Ran: ...


@pytest.fixture(autouse=True)
def journal(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a job journal of its own, also in its children."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder / "mirelo-ergo" / "jobs.jsonl"


@pytest.fixture(scope="session")
def one_for_all() -> Iterator[Emulator]:
    with running(speed=50, seed=7) as emulator:
        yield emulator


@pytest.fixture
def emu(one_for_all: Emulator) -> Iterator[Emulator]:
    """The shared emulator; the faults that a test asks for end with it."""
    yield one_for_all
    one_for_all.clear_faults()


@pytest.fixture(autouse=True)
def no_waits(one_for_all: Emulator) -> Iterator[None]:
    """Let a command that runs in this process wait in no time; what runs in another one waits as it does for people."""
    with hurried(one_for_all):
        yield


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An emulator in another process whose jobs run until a test lets time pass."""
    with serving(tmp_path_factory.mktemp("serve"), "--speed", "0.1", "--seed", "3") as service:
        yield service


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command line in an empty folder and without any account."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["mirelo-ergo"])
    for name in [name for name in os.environ if name.startswith(ACCOUNTS)]:
        monkeypatch.delenv(name)

    def cli(*arguments: str) -> Ran:
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return cli


@pytest.fixture
def cli(bare: Cli, emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command line with the shared emulator's key and address; the key must never be shown."""
    monkeypatch.setenv("MIRELO_API_KEY", emu.key)
    monkeypatch.setenv("MIRELO_BASE_URL", emu.url)

    def checked(*arguments: str) -> Ran:
        ran = bare(*arguments)
        assert emu.key not in ran.out + ran.err
        return ran

    return checked


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second and a half of 64x48, in a container whose stream has no length of its own."""
    path = tmp_path_factory.mktemp("clips") / "short.mkv"
    encode_clip(path, codec="libx264", container="matroska", milliseconds=1500)
    return path
