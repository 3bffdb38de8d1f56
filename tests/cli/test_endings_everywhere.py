"""The commands of every service end as `text` does: with the token on a working stream, and never as a bug."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo.emulator import faults
from tests.cli.support import CLIP, environment
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import tone
from tests.support.waiting import until

if TYPE_CHECKING:
    from mirelo_ergo.emulator import Emulator

COMMANDS = {
    "pixazo": ["pixazo", "text", "rain", "--duration", "1s"],
    "sync-so": ["sync-so", "lipsync", str(CLIP), "voice.wav", "--sync-mode", "cut_off"],
    "inference-sh": ["inference-sh", "mmaudio", "rain"],
}
pytestmark = [
    pytest.mark.parametrize("command", COMMANDS),
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full"),
]


@pytest.fixture
def variables(emu: Emulator, tmp_path: Path) -> dict[str, str]:
    """The settings of every service, on the emulator; a voice lies in the folder."""
    emu.reset()
    (tmp_path / "voice.wav").write_bytes(wav_bytes(tone(440, 1500)))
    names = {"PIXAZO": "pixazo", "SYNC": "sync_so", "INFERENCE": "inference_sh"}
    return {f"{name}_API_KEY": emu.keys[service] for name, service in names.items()} | {
        f"{name}_BASE_URL": emu.urls[service] for name, service in names.items()
    }


def submitted(journal: Path) -> list[dict[str, Any]]:
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [entry for line in lines if (entry := json.loads(line))["event"] == "submitted"]


@pytest.mark.parametrize("options", [["-q"], ["--json"]], ids=" ".join)
def test_a_full_disk_behind_stdout_leads_back_to_the_job(
    command: str, options: list[str], variables: dict[str, str], journal: Path, tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "mirelo_ergo", *COMMANDS[command], *options, "-o", "out/"],
            cwd=tmp_path,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=240,
            check=False,
        )
    (entry,) = submitted(journal)
    assert ran.returncode == 7, ran.stderr
    assert entry["token"] in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_stdout_that_cannot_write_a_path_writes_it_all_the_same(
    command: str, variables: dict[str, str], tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mirelo_ergo", *COMMANDS[command], "-q", "-o", "é ü/"],
        cwd=tmp_path,
        env=environment(PYTHONIOENCODING="ascii", **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / ran.stdout.decode().strip()).stat().st_size > 0


@pytest.mark.parametrize(
    ("options", "number"), [("-q", signal.SIGTERM), ("--json", signal.SIGHUP)], ids=["quiet", "json"]
)
def test_a_signal_ends_it_with_its_token(
    command: str,
    options: str,
    number: signal.Signals,
    emu: Emulator,
    variables: dict[str, str],
    journal: Path,
    tmp_path: Path,
) -> None:
    emu.add_fault(faults.Rule("any", faults.StuckJob()))
    before = signal.getsignal(number)
    signal.signal(number, signal.SIG_DFL)  # where nohup runs the tests, the child would inherit that it is ignored
    child = subprocess.Popen(
        [sys.executable, "-m", "mirelo_ergo", *COMMANDS[command], options, "-o", "out/"],
        cwd=tmp_path,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(number, before)
    until(lambda: submitted(journal) or child.poll() is not None)
    assert child.poll() is None, child.communicate()
    child.send_signal(number)
    out, err = child.communicate(timeout=240)
    assert child.returncode == 128 + number, err
    assert submitted(journal)[0]["token"] in out + err
    assert "Traceback" not in err
