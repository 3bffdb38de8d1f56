"""The job journal: written before the wait, safe with several processes, and never in a job's way."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo.cli import journal as module
from tests.cli.support import answering, environment, service
from tests.support.answers import JOB_ID

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli

QUICK = ("text", "rain on a roof", "--duration", "1s")
TOKEN = f"mirelo2:text-to-sfx:v1.5:{JOB_ID}:1700000000:1000:1"


def add(number: int = 0, **more: object) -> str:
    """Write a made-up job down; return its token."""
    job_id = f"{number:08x}{JOB_ID[8:]}"
    token = TOKEN.replace(JOB_ID, job_id)
    module.add(token, job_id, "rain", **{"base_url": None, "emulator": False, **more})  # type: ignore[arg-type]
    return token


# --- what is written -----------------------------------------------------------------------------------------------


def test_a_job_is_written_down_before_the_wait_begins(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, journal: Path
) -> None:
    seen: list[str] = []

    def respond(method: str, path: str) -> tuple[int, object]:
        if path.endswith(JOB_ID):
            seen.append(journal.read_text())
        return service({JOB_ID: (200, {"status": "errored", "error": {"code": "x", "message": "no"}})})(method, path)

    monkeypatch.setenv("MIRELO_API_KEY", "sk-secret-31aa")
    with answering(respond) as url:
        assert bare(*QUICK, "--base-url", url).code == 6
    (line,) = seen[0].splitlines()
    entry = json.loads(line)
    assert entry.pop("at").endswith("+00:00")
    token = entry.pop("token")
    assert token.startswith(f"mirelo2:text-to-sfx:v1.5:{JOB_ID}:")
    assert entry == {"event": "submitted", "job_id": JOB_ID, "label": "rain on a roof", "base_url": url}
    assert "sk-secret" not in journal.read_text()
    assert json.loads(journal.read_text().splitlines()[1])["event"] == "failed"


def test_only_its_owner_can_read_it(cli: Cli, journal: Path) -> None:
    assert cli(*QUICK).code == 0
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700


def test_a_url_is_told_by_its_host(bare: Cli, monkeypatch: pytest.MonkeyPatch, journal: Path) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
    with answering(service({})) as url:
        bare("video", "https://clips.example.com/a.mp4?signature=secret", "--duration", "1s", "--base-url", url)
    assert json.loads(journal.read_text().splitlines()[0])["label"] == "clips.example.com"
    assert "secret" not in journal.read_text()


def test_no_journal_writes_nothing(cli: Cli, journal: Path) -> None:
    assert cli(*QUICK, "--no-journal").code == 0
    assert not journal.parent.exists()


# --- broken ones ---------------------------------------------------------------------------------------------------


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def a_fifo(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)


def below_a_file(path: Path) -> None:
    path.parent.write_text("mine")


def a_lock_that_is_a_fifo(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path.with_suffix(".lock"))


@pytest.mark.parametrize("broken", [a_folder, a_fifo, below_a_file, a_lock_that_is_a_fifo])
def test_a_broken_journal_stops_no_job(cli: Cli, journal: Path, broken: object) -> None:
    broken(journal)  # type: ignore[operator]
    ran = cli(*QUICK)
    assert ran.code == 0
    assert len(ran.paths) == 1
    assert "the job journal cannot be written, so keep the token: " in ran.err


def test_without_a_home_folder_there_is_no_journal_and_no_trouble(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(cls: type) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr("pathlib.Path.home", classmethod(homeless))
    assert cli(*QUICK).code == 0
    ran = cli("jobs")
    assert ran.code == 2
    assert "the job journal cannot be read" in ran.err


def test_a_relative_state_folder_counts_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert module.location() == tmp_path / ".local" / "state" / "mirelo-ergo" / "jobs.jsonl"


def test_lines_that_make_no_sense_are_left_out(journal: Path) -> None:
    token = add()
    with journal.open("ab") as file:
        file.write(b'[1]\n{"event": 5}\n{"event": "saved", "token": "of no job"}\n\xff\n' + b"[" * 9999 + b"\n{cut")
    other = add(1)
    assert [entry.token for entry in module.entries()] == [token, other]


def test_it_stays_small_and_keeps_the_newest(monkeypatch: pytest.MonkeyPatch, journal: Path) -> None:
    monkeypatch.setattr(module, "LARGEST", 10_000)
    tokens = [add(number) for number in range(100)]
    assert journal.stat().st_size <= 10_000
    kept = [entry.token for entry in module.entries()]
    assert 15 < len(kept) < 60
    assert kept == tokens[-len(kept) :]
    assert {path.name for path in journal.parent.iterdir()} == {"jobs.jsonl", "jobs.lock"}


def test_several_processes_write_at_once(journal: Path) -> None:
    code = (
        "import sys; from mirelo_ergo.cli import journal; journal.LARGEST = 40_000\n"
        "for n in range(50): journal.add(f'mirelo2:a:b:{sys.argv[1]}-{n}:1:1:1', f'{sys.argv[1]}-{n}', 'x' * 60,"
        " base_url=None, emulator=False)"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, str(child)], env=environment()) for child in range(4)]
    assert [child.wait(timeout=240) for child in children] == [0, 0, 0, 0]
    for line in journal.read_text().splitlines():
        assert json.loads(line)["label"] == "x" * 60, "no line is cut or mixed"
    last = {entry.job_id for entry in module.entries()}
    assert sum(f"{child}-49" in last for child in range(4)) == 4
    assert journal.stat().st_size <= 40_000


# --- what it is good for -------------------------------------------------------------------------------------------


def test_jobs_lists_them_newest_first(cli: Cli) -> None:
    assert cli("jobs").out == ""
    ran = cli(*QUICK)
    cli(*QUICK, "--emulator")
    add()
    lines = cli("jobs").out.splitlines()
    assert ["submitted" in lines[0], "emulated" in lines[1], "saved" in lines[2]] == [True] * 3
    assert lines[2].endswith("  rain on a roof")
    listed = cli("jobs", "--json").object["jobs"]
    assert [entry["state"] for entry in listed] == ["submitted", "saved", "saved"]
    assert listed[2]["job_id"] in ran.out
    assert len(cli("jobs", "-n", "1").out.splitlines()) == 1


def test_the_last_job_is_taken_up(cli: Cli, emu: Emulator) -> None:
    ran = cli(*QUICK, "-q", "-o", "first/")
    cli(*QUICK, "-q", "--emulator")  # an embedded emulator's job is gone, and so not the last one
    again = cli("job", "download", "--last", "-o", "again/")
    assert again.paths[0].name == ran.paths[0].name
    assert cli("job", "wait", "--last").out == "succeeded, 1 result\n"


def test_a_job_is_taken_up_by_its_id_or_its_beginning(cli: Cli) -> None:
    job_id = cli(*QUICK, "--json").object["job_id"]
    for name in (job_id, job_id[:8]):
        found = cli("job", "status", name, "--json").object
        assert (found["job_id"], found["status"]) == (job_id, "succeeded")


def test_a_job_is_looked_for_at_the_address_of_its_command(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-x")
    with answering(service({JOB_ID: (200, {"status": "errored", "error": {"code": "x", "message": "no"}})})) as url:
        bare(*QUICK, "--base-url", url)
        assert bare("job", "status", "--last").out == "errored: no (x); it was not charged\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("job", "wait"), "which job? Give its token, its id in the job journal, or --last"),
        (("job", "wait", TOKEN, "--last"), "give a job or --last, not both"),
        (("job", "wait", "--last"), "--last: the job journal has no job"),
        (("job", "wait", "abcdef"), "the job journal has no job abcdef"),
    ],
)
def test_what_leads_to_no_job_is_refused(cli: Cli, arguments: tuple[str, ...], says: str) -> None:
    ran = cli(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert "nothing was sent" not in ran.err or "not both" in ran.err, "a look into the journal sends nothing anyway"


def test_a_beginning_of_two_ids_is_refused(cli: Cli) -> None:
    add(0x12345601)
    add(0x12345602)
    assert "several jobs of the job journal begin with 123456" in cli("job", "wait", "123456").err


@pytest.mark.parametrize("wrapped", ["'{}'", " {}\n", "job token: {}"])
def test_a_token_may_be_pasted_with_what_was_around_it(cli: Cli, wrapped: str) -> None:
    token = cli(*QUICK, "--json").object["job_token"]
    assert cli("job", "status", wrapped.format(token)).out == "succeeded, 1 result\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no FIFOs")
def test_a_journal_that_is_no_file_is_left_alone(journal: Path) -> None:
    journal.parent.mkdir(parents=True)
    os.mkfifo(journal)
    with pytest.raises(OSError, match="not a regular file"):  # which the command says in a note
        add()
    assert stat.S_ISFIFO(journal.stat().st_mode)


def test_where_another_holds_the_lock_it_is_written_and_not_shortened(
    monkeypatch: pytest.MonkeyPatch, journal: Path
) -> None:
    monkeypatch.setattr(module, "LARGEST", 100)
    monkeypatch.setattr(module, "_LOCK_PAUSE", 0)
    journal.parent.mkdir(parents=True)
    with journal.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for number in range(3):
            add(number)
    assert len(journal.read_text().splitlines()) == 3


def test_where_there_are_no_locks_it_is_written_all_the_same(monkeypatch: pytest.MonkeyPatch, journal: Path) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    add(1)
    assert len(journal.read_text().splitlines()) == 1


def test_a_line_that_was_cut_off_spoils_the_next_one_not(journal: Path) -> None:
    journal.parent.mkdir(parents=True)
    journal.write_text('{"at": "2026')
    add(1)
    assert json.loads(journal.read_text().splitlines()[1])["event"] == "submitted"
