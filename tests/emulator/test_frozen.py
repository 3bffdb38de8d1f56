"""An application built by PyInstaller finds the emulator's files: what the hook collects is all that is needed."""

from __future__ import annotations

import importlib.metadata
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import mirelo_ergo

PACKAGE = Path(mirelo_ergo.__file__).parent
GENERATED = Path(__file__).resolve().parents[2] / "generated" / "mirelo_ergo_api"
APP = """
import sys, urllib.request
import mirelo_ergo
from mirelo_ergo import MireloClient, PixazoClient
from mirelo_ergo.emulator import faults, running

assert mirelo_ergo.__file__.startswith(sys.argv[1]), mirelo_ergo.__file__
for scenario in ("flaky", "slow"):
    with running(speed=1000, scenario=scenario) as emu:
        emu.clear_faults()
        with MireloClient(emu.key, base_url=emu.url) as client:
            assert client.text_to_sfx("rain", duration_ms=1000).preflight().credits == 10
        with PixazoClient(emu.keys["pixazo"], base_url=emu.urls["pixazo"]) as gateway:
            gateway.text_to_audio("rain", duration=1).submit_job()
        for part in ("", "_emulator/page/style.css", "_emulator/page/page.js", "_emulator/page/icon.svg"):
            assert urllib.request.urlopen(f"{emu.url}/{part}").read()
"""


def test_pyinstaller_finds_the_hook() -> None:
    entries = importlib.metadata.entry_points(group="pyinstaller40", name="hook-dirs")
    (entry,) = (each for each in entries if each.value.startswith("mirelo_ergo."))
    (folder,) = entry.load()()
    assert (Path(folder) / "hook-mirelo_ergo.py").is_file()


def test_what_the_hook_collects_is_enough(tmp_path: Path) -> None:
    hook = runpy.run_path(str(PACKAGE / "__pyinstaller" / "hook-mirelo_ergo.py"))
    for source, folder in hook["datas"]:
        if folder.startswith("mirelo_ergo"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tmp_path / folder)
    for package in (PACKAGE, GENERATED):
        for path in package.rglob("*.py"):
            target = tmp_path / package.name / path.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    code = f"import sys; sys.path.insert(0, sys.argv[1]); exec({APP!r})"
    ran = subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path)], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert ran.returncode == 0, ran.stderr
    for name in ("mirelo_ergo.mirelo.blocking", "mirelo_ergo.pixazo.asynchronous", "mirelo_ergo_api.pixazo.limits"):
        assert name in hook["hiddenimports"], "they are imported by their names only"
    assert not [name for name in hook["hiddenimports"] if "pytest" in name]
