"""`scripts/system_packages.py`: installs what is missing, only then, and says how to get what it cannot install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import system_packages

APT = """#!/bin/sh
echo "$DEBIAN_FRONTEND $@" >> "$APT_LOG"
case " $@ " in *" install "*) {install} ;; esac
"""
FOUND = 'echo > "${0%/*}/chromium"; /bin/chmod +x "${0%/*}/chromium"'
LINE = "chromium is missing, so the tests of the pages cannot run: sudo apt-get install chromium\n"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system of its own: no program on PATH, root's rights, and a list of what apt-get was told."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("APT_LOG", str(tmp_path / "log"))
    monkeypatch.setattr(system_packages, "ROOT", tmp_path / "root")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path / "log"


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_what_is_missing_is_installed_without_a_word(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program(log.parent / "apt-get", APT.format(install=FOUND))
    assert system_packages.main(["chromium"]) == 0
    assert capfd.readouterr() == ("", "")
    update, install = log.read_text().splitlines()
    assert (update.split()[0], update.split()[-1]) == ("noninteractive", "update")
    assert install.split()[-4:] == ["install", "--yes", "--no-install-recommends", "chromium"]


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_what_is_there_is_left_alone(name: str, log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program(log.parent / "apt-get", APT.format(install=FOUND))
    program(log.parent / name, "")
    assert system_packages.main(["chromium"]) == 0
    assert capfd.readouterr() == ("", "")
    assert not log.exists()


def test_without_rights_one_line_says_how_to_get_it(
    log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program(log.parent / "apt-get", APT.format(install=FOUND))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert system_packages.main(["chromium"]) == 0
    assert capfd.readouterr() == ("", LINE)
    assert not log.exists()


def test_without_apt_one_line_says_how_to_get_it(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert system_packages.main(["chromium"]) == 0
    assert capfd.readouterr() == ("", LINE)


def test_an_install_that_fails_is_told_in_apts_words(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    program(log.parent / "apt-get", APT.format(install="echo E: no such package >&2; exit 100"))
    assert system_packages.main(["chromium"]) == 0
    error = capfd.readouterr().err
    assert "chromium: E: no such package\n" in error
    assert error.endswith(LINE)


POSTGRES = "usr/lib/postgresql/{}/bin/postgres"


def test_postgresql_is_found_off_the_path_the_newest_version(log: Path) -> None:
    for version in ("9", "15", "14"):
        path = system_packages.ROOT / POSTGRES.format(version)
        path.parent.mkdir(parents=True)
        program(path, "")
    assert system_packages.find("postgresql") == str(system_packages.ROOT / POSTGRES.format("15"))
    program(log.parent / "postgres", "")
    assert system_packages.find("postgresql") == str(log.parent / "postgres")


@pytest.mark.parametrize("end", ["", "exit 100"])
def test_postgresql_is_installed_without_a_server_that_runs(
    end: str, log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    setting = system_packages.ROOT / system_packages.NO_DEFAULT_CLUSTER
    program(
        log.parent / "apt-get",
        APT.format(install=f'while read line; do echo "$line" >> "$APT_LOG"; done < {setting}; {end}'),
    )
    assert system_packages.main(["postgresql"]) == 0
    assert log.read_text().splitlines()[-1] == "create_main_cluster = false"
    assert not setting.exists()
    assert capfd.readouterr().err.endswith("batches on PostgreSQL cannot run: sudo apt-get install postgresql\n")


HIDDEN = """
import sys, pytest
from scripts import system_packages
system_packages.find = lambda name: None
sys.exit(pytest.main(["-p", "no:cacheprovider", "-p", "no:xdist", *sys.argv[1:]]))
"""
ASKING = ["tests/batch/test_report_page.py", "tests/batch/test_ledger.py", "-k", "postgresql or row or markup"]
"""Tests that say what they need with a mark, and others whose fixtures ask for it."""


@pytest.mark.parametrize("ci", [False, True])
def test_what_lacks_a_program_is_not_run_and_in_ci_a_failure(ci: bool) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    ran = subprocess.run(
        [sys.executable, "-c", HIDDEN, *ASKING],
        cwd=Path(__file__).parents[2],
        env={**environment, **({"CI": "true"} if ci else {})},
        capture_output=True,
        text=True,
    )
    told = [line for line in ran.stdout.splitlines() if "is missing" in line]
    ways_out = [system_packages.way_out(name) for name in ("postgresql", "chromium")]
    assert ran.returncode == ci, ran.stdout
    assert {way_out for line in told for way_out in ways_out if way_out in line} == {*ways_out}
    if not ci:
        assert len(told) == 2, "a line for each program, however many tests need it"
