"""`job download --all` fetches what the journal's jobs have and nobody saved; `jobs` says how many it leaves out."""

from __future__ import annotations

import errno
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo import DownloadError, MireloClient
from mirelo_ergo.cli import journal, unfetched
from mirelo_ergo.cli.saving import Saving
from mirelo_ergo.emulator import faults
from tests.support.answers import JOB_ID

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli

PIXAZO = "pixazo2:text-to-audio:sfx-1.6:req_1:1700000000:1000:1"
ALL = ("job", "download", "--all", "-o", "got/")


def submitted(emu: Emulator, prompt: str = "rain") -> str:
    """Submit a job and write it down, as a command does that is killed then; return its id."""
    with MireloClient(emu.key, base_url=emu.url) as client:
        job = client.text_to_sfx(prompt, duration_ms=1000).submit_job()
    journal.add(job.token, job.job_id, prompt, base_url=None, emulator=False)
    return job.job_id


def paid(emu: Emulator) -> int:
    return sum(request.method == "POST" for request in emu.requests)


def states() -> dict[str, str]:
    return {entry.job_id: entry.state for entry in journal.entries()}


def test_every_result_is_fetched_once_and_a_failure_stops_none(cli: Cli, emu: Emulator) -> None:
    assert cli("text", "saved before", "--duration", "1s").code == 0
    journal.sending("mirelo-request1:x", "in doubt", base_url=None)
    journal.add(PIXAZO, "req_1", "of another service", base_url=None, emulator=False)
    journal.add(PIXAZO.replace("req_1", "e"), "e", "ended with its command", base_url=None, emulator=True)
    first, failing, last = submitted(emu), submitted(emu, "[generation_timeout]"), submitted(emu, "hail")
    submits = paid(emu)

    ran = cli(*ALL)
    assert ran.code == 7
    assert [path.name for path in ran.paths] == [f"{first}-1.wav", f"{last}-1.wav"]
    assert f"{journal.name_of('mirelo-request1:x')} (in doubt): its outcome is not known: mirelo-ergo job re" in ran.err
    assert f"{first} (rain): saved\n" in ran.err
    assert f"{failing} ([generation_timeout]): the job failed: " in ran.err
    assert "req_1 (of another service): no API key: set PIXAZO_API_KEY" in ran.err
    assert "error: 2 of 4 jobs are saved; the same command goes on with the others\n" in ran.err
    assert {name: states()[name] for name in (first, failing, last, "req_1")} == {
        first: "saved",
        failing: "failed",
        last: "saved",
        "req_1": "submitted",
    }
    again = cli(*ALL, "--json")
    assert (again.code, [each["job_id"] for each in again.error["results"]]) == (7, ["req_1"])
    assert paid(emu) == submits, "nothing was submitted"


def test_what_is_in_the_way_is_kept(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    other, job = submitted(emu), submitted(emu, "hail")
    mine = tmp_path / "got" / f"{other}-1.wav"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    ran = cli(*ALL)
    assert (ran.code, [path.name for path in ran.paths]) == (7, [f"{job}-1.wav"])
    assert mine.read_bytes() == b"mine"
    mine.unlink()
    ran = cli(*ALL, "--json")
    (told,) = ran.object["results"]
    assert (ran.code, told["saved"], told["error"]) == (0, [f"got/{other}-1.wav"], None)
    assert "no job of the journal has results that were not saved" in cli(*ALL).err


def test_a_job_that_is_gone_is_asked_for_until_it_surely_is(
    cli: Cli, emu: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer one may be of another key than the one that is set now."""
    journal.add(f"mirelo2:text-to-sfx:v1.5:{JOB_ID}:1700000000:1000:1", JOB_ID, "old", base_url=None, emulator=False)
    ran = cli(*ALL)
    assert (ran.code, states()[JOB_ID]) == (6, "submitted")
    assert "error: 0 of 1 jobs are saved\n" in ran.err
    monkeypatch.setattr(unfetched, "_SURELY_GONE", timedelta(0))
    assert cli(*ALL).code == 6
    assert states()[JOB_ID] == "gone"
    assert cli(*ALL).code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("x",), "give a job, --last or --all, only one of them"),
        (("--last",), "give a job, --last or --all, only one of them"),
        (("--overwrite",), "--all replaces no file: leave --overwrite away"),
        (("--base-url", "http://127.0.0.1:1"), "--all asks for each job where it was submitted: leave --base-url away"),
        (("-o", "-"), "--all saves into a folder, and --out - is none: give one;"),
        (("-o", "all.wav"), "--all saves into a folder, and --out all.wav is none: give one, such as all.wav/"),
    ],
)
def test_what_does_not_go_with_all_is_refused(cli: Cli, options: tuple[str, ...], message: str) -> None:
    ran = cli("job", "download", "--all", *options)
    assert ran.code == 2
    assert message in ran.err


def test_jobs_says_how_many_it_leaves_out(bare: Cli) -> None:
    for number in range(3):
        journal.add(PIXAZO.replace("req_1", f"r{number}"), f"r{number}", "rain", base_url=None, emulator=False)
    ran = bare("jobs", "-n", "2")
    assert (ran.out.count("\n"), ran.err) == (2, "and 1 more: mirelo-ergo jobs -n 3 lists all\n")
    assert bare("jobs", "-n", "2", "--json").object["more"] == 1
    assert bare("jobs").err == ""


def test_what_came_of_a_job_that_is_incomplete_is_not_given_up_for_a_full_disk(
    cli: Cli, emu: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its job was called failed, and no later command fetched what is paid for."""
    emu.fail_next("generate", faults.LostResults(1))
    with MireloClient(emu.key, base_url=emu.url) as client:
        job = client.text_to_sfx("rain", duration_ms=1000, num_samples=2).submit_job()
    journal.add(job.token, job.job_id, "rain", base_url=None, emulator=False)

    def full(*_: object) -> None:
        raise DownloadError("No space left on device", errno=errno.ENOSPC)

    with monkeypatch.context() as patched:
        patched.setattr(Saving, "save", full)
        ran = cli(*ALL)
    assert (ran.code, "No space left on device" in ran.err) == (7, True)
    assert states()[job.job_id] == "submitted"
    ran = cli(*ALL)
    assert (ran.code, [path.name for path in ran.paths]) == (6, [f"{job.job_id}-1.wav"])
    assert states()[job.job_id] == "failed"
