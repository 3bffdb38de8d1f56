"""The end of a command after its submit: it reports its token and files on the stream that still works."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo.__main__ import main
from mirelo_ergo.cli.printing import printable
from mirelo_ergo.cli.resume import shell_word
from mirelo_ergo.cli.saving import Saving
from tests.cli.support import environment
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo.emulator import Emulator
    from tests.cli.support import Served

QUICK = ("text", "rain", "--duration", "1s")
FULL = "/dev/full"
pytestmark = pytest.mark.skipif(not Path(FULL).exists(), reason="needs /dev/full")


def run(line: str, cwd: Path, variables: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Run a line in bash; $RUN is the command line's program."""
    program = f"{sys.executable} -m mirelo_ergo"
    ran = subprocess.run(
        ["bash", "-c", line],
        cwd=cwd,
        env=environment(RUN=program, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=240,
    )
    assert b"Traceback" not in ran.stderr
    return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture
def variables(emu: Emulator) -> dict[str, str]:
    return {"MIRELO_API_KEY": emu.key, "MIRELO_BASE_URL": emu.url}


def journaled(journal: Path, count: int = 1) -> list[dict[str, Any]]:
    """Wait for so many submits in the journal; give them."""

    def found() -> list[dict[str, Any]]:
        lines = journal.read_text().splitlines() if journal.exists() else []
        return [entry for line in lines if (entry := json.loads(line))["event"] == "submitted"]

    until(lambda: len(found()) >= count)
    return found()


# --- a stdout that takes nothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", ["", "-q"])
def test_a_full_disk_ends_with_the_token_and_the_saved_path(
    tmp_path: Path, variables: dict[str, str], journal: Path, extra: str
) -> None:
    code, _, err = run(f"$RUN text rain --duration 1s -o 'my rain.wav' {extra} >{FULL}", tmp_path, variables)
    (entry,) = journaled(journal)
    assert code == 7
    assert b"error: stdout cannot be written: No space left on device\nsaved: 'my rain.wav'\n" in err
    assert f"job token: {entry['token']}\nresume with: ".encode() in err
    assert (tmp_path / "my rain.wav").stat().st_size > 1000


def test_a_full_disk_in_json_ends_with_the_object_on_stderr(
    tmp_path: Path, variables: dict[str, str], journal: Path
) -> None:
    code, _, err = run(f"$RUN text rain --duration 1s -o rain.wav --json -q >{FULL}", tmp_path, variables)
    (entry,) = journaled(journal)
    error = json.loads(err)["error"]
    assert code == error["exit_code"] == 7
    assert (error["code"], error["job_token"], error["saved"]) == ("output_failed", entry["token"], ["rain.wav"])


def test_a_reader_that_leaves_costs_no_job(tmp_path: Path, variables: dict[str, str], journal: Path) -> None:
    code, _, err = run("$RUN text rain --duration 1s -q -o rain.wav | true; exit ${PIPESTATUS[0]}", tmp_path, variables)
    (entry,) = journaled(journal)
    assert code == 7
    assert b"saved: rain.wav\n" in err
    assert entry["token"].encode() in err


def test_two_full_disks_leave_the_journal(tmp_path: Path, variables: dict[str, str], journal: Path) -> None:
    code, _, _ = run(f"$RUN text rain --duration 1s -o rain.wav >{FULL} 2>{FULL}", tmp_path, variables)
    assert code == 7
    (entry,) = journaled(journal)
    listed = run("$RUN jobs", tmp_path, variables)[1].decode()
    assert entry["token"] in listed
    assert "  saved  " in listed


def test_a_stderr_that_takes_nothing_ends_no_job(tmp_path: Path, variables: dict[str, str]) -> None:
    code, out, _ = run(f"$RUN text rain --duration 1s -o rain.wav 2>{FULL}", tmp_path, variables)
    assert (code, out) == (0, b"rain.wav\n")


@pytest.mark.parametrize("command", ["me", "models"])
def test_a_full_disk_is_no_bug_of_ours(tmp_path: Path, variables: dict[str, str], command: str) -> None:
    code, _, err = run(f"$RUN {command} >{FULL}", tmp_path, variables)
    assert (code, err) == (1, b"error: stdout cannot be written: No space left on device\n")


# --- signals -------------------------------------------------------------------------------------------------------


def stopped(
    served: Served, journal: Path, cwd: Path, *options: str, number: int, **streams: Any
) -> tuple[int, str, str, str]:
    """Stop a command whose job runs; return its exit code, its output and the job's token."""
    ignored = signal.getsignal(number) is signal.SIG_IGN  # as where nohup runs the tests: the child would inherit it
    if ignored:
        signal.signal(number, signal.SIG_DFL)
    child = subprocess.Popen(
        [sys.executable, "-m", "mirelo_ergo", "text", "rain", "-o", "out/", *options],
        cwd=cwd,
        env=environment(**served.variables),
        stdin=subprocess.DEVNULL,
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )
    if ignored:
        signal.signal(number, signal.SIG_IGN)
    (entry,) = journaled(journal)
    child.send_signal(number)
    out, err = child.communicate(timeout=240)
    assert "Traceback" not in (err or "")
    return child.returncode, out, err or "", entry["token"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_quiet_command_with_its_token(
    served: Served, journal: Path, tmp_path: Path, number: signal.Signals
) -> None:
    code, out, err, token = stopped(served, journal, tmp_path, "-q", number=number)
    assert (code, out) == (128 + number, "")
    assert err.startswith(f"error: ended by {number.name}; the job goes on\njob token: {token}\nresume with: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_before_a_coroutines_first_step_adds_no_warning(number: signal.Signals) -> None:
    ran = subprocess.run([sys.executable, "-c", STRUCK, str(int(number))], capture_output=True, text=True, timeout=240)
    assert (ran.returncode, ran.stderr) == (0, "ended\n")


STRUCK = """
import os, sys, signal
from mirelo_ergo.cli.signals import raising

async def step(): ...

def struck(coroutine):
    os.kill(os.getpid(), int(sys.argv[1]))
    return coroutine

try:
    with raising():
        struck(step())
except KeyboardInterrupt:
    print("ended", file=sys.stderr)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_json_command_with_one_object(
    served: Served, journal: Path, tmp_path: Path, number: signal.Signals
) -> None:
    code, out, _, token = stopped(served, journal, tmp_path, "--json", number=number)
    error = json.loads(out)["error"]
    assert code == error["exit_code"] == 128 + number
    assert (error["code"], error["job_token"]) == ("interrupted", token)
    assert f"job download {token} --out out/" in error["resume"]


def test_a_signal_where_stderr_takes_nothing_tells_stdout(served: Served, journal: Path, tmp_path: Path) -> None:
    with Path(FULL).open("w") as full:
        code, out, _, token = stopped(served, journal, tmp_path, number=signal.SIGTERM, stderr=full)
    assert code == 143
    assert f"job token: {token}\n" in out


def test_nohup_keeps_a_hangup_from_ending_a_command(served: Served, journal: Path, tmp_path: Path) -> None:
    child = subprocess.Popen(
        ["nohup", sys.executable, "-m", "mirelo_ergo", *QUICK, "-q"],
        cwd=tmp_path,
        env=environment(**served.variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    journaled(journal)
    child.send_signal(signal.SIGHUP)
    served.pass_time()
    out, err = child.communicate(timeout=240)
    assert child.returncode == 0, err
    assert (tmp_path / os.fsdecode(out).strip()).stat().st_size > 1000


# --- names that terminals and encodings trip over ------------------------------------------------------------------

ODD = [
    "ideographic\u3000space",
    "no\u00a0break",
    "narrow\u202fspace",
    "family \U0001f469\u200d\U0001f467",
    "not utf-8 \udcff\udc80",
    "C1 \udc9b31m",
    "right \u202eto left",
    "bell \x07",
    "new\nline",
    "it's a $HOME",
    "\u00e4",
]


def full(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, "made by the test")


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_a_path_is_exact_on_stdout_and_in_the_line_to_paste(
    tmp_path: Path,
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    name: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["mirelo-ergo"])
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.setattr(Saving, "save", full)
    assert main([*QUICK, "-q", "-o", f"{folder}/"]) == 7
    lines = capsysbinary.readouterr().err.splitlines()
    (command,) = [line.removeprefix(b"resume with: ") for line in lines if line.startswith(b"resume with: ")]
    assert printable(os.fsdecode(command)) == os.fsdecode(command), "nothing in it drives a terminal"

    command = command.replace(b"mirelo-ergo", b"$RUN", 1)
    code, out, err = run(os.fsdecode(command), tmp_path, {**variables, "PYTHONIOENCODING": "ascii"})
    assert code == 0, err
    (saved,) = folder.iterdir()
    assert out == os.fsencode(saved) + b"\n"


def test_only_what_drives_a_terminal_is_replaced_in_messages() -> None:
    kept = "a\u3000b\u00a0c\u202fd \U0001f469\u200d\U0001f467\u00e4\tx\ny"
    assert printable(kept) == kept
    for character in "\x00\x07\x1b\x7f\x85\x9b\u061c\u200e\u200f\u202a\u202e\u2066\u2069\udc9b\r":
        assert printable(f"a{character}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_a_word_for_a_shell_is_quoted_only_where_it_must_be() -> None:
    assert shell_word("rain.wav") == "rain.wav"
    assert shell_word("my rain") == "'my rain'"
    assert shell_word("it's\x1b") == r"$'it\047s\033'"
