"""`mirelo-ergo inference-sh …`: runs of any app and of mmaudio, tasks, files; against the emulator."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import InferenceClient
from mirelo_ergo.cli.progress import Bars
from mirelo_ergo.emulator.faults import Reset, StuckJob
from tests.cli.support import CLIP, answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli
    from tests.cli.support import Answer

GROUP = "inference-sh"


@pytest.fixture
def market(bare: Cli, emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """Run a command line with the emulator's key and address of inference.sh alone."""
    emu.reset()
    monkeypatch.setenv("INFERENCE_API_KEY", emu.keys["inference_sh"])
    monkeypatch.setenv("INFERENCE_BASE_URL", emu.urls["inference_sh"])

    def checked(*arguments: str) -> Any:
        ran = bare(GROUP, *arguments)
        assert emu.keys["inference_sh"] not in ran.out + ran.err
        return ran

    yield checked
    emu.reset()


def posted(emu: Emulator) -> dict[str, Any]:
    (run,) = [each for each in emu.requests if each.path == "/apps/run"]
    return dict(run.json)


def test_a_run_as_the_page_has_it(market: Cli, emu: Emulator, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(CLIP.read_bytes())
    ran = market("run", "infsh/mmaudio", "--input", "prompt=rain", "--input", "video_input=@clip.mp4", "-o", "out")
    assert ran.code == 0, ran.err
    assert [path.name for path in ran.paths] == ["out-1.flac", "out-2.mp4"]
    assert "job token: inference_sh2:app:infsh/mmaudio:" in ran.err
    assert "cost: this service does not tell it" in ran.err
    sent = posted(emu)
    assert sent["app"] == "infsh/mmaudio"
    assert (sent["input"]["prompt"], sent["input"]["video_input"][:12]) == ("rain", "inf://files/")
    assert emu.asset(sent["input"]["video_input"][12:]).size == CLIP.stat().st_size  # type: ignore[union-attr]


def test_the_fields_of_a_run(market: Cli, emu: Emulator, tmp_path: Path) -> None:
    """A text stays a text, whatever it looks like; a file stands behind an @, JSON behind a colon."""
    (tmp_path / "note.txt").write_text("la")
    (tmp_path / "rain").write_text("private")
    given = [
        'lines:=["a","b"]',
        "score=@note.txt",
        "settings:={\"deep\": [1, null]}",
        "name=rain",
        "text=@@home",
        "link=@https://example.com/a.mp4",
        "equation=a=b",
    ]  # fmt: skip
    options = [word for each in given for word in ("--input", each)]
    ran = market("run", "emulator/choir", *options, "--upload", "strict", "--json")  # fields that the app does not list
    assert ran.code == 0, ran.err
    sent = posted(emu)["input"]
    assert sent.pop("score").startswith("inf://files/")
    assert sent == {
        "lines": ["a", "b"],
        "settings": {"deep": [1, None]},
        "name": "rain",
        "text": "@home",
        "link": "https://example.com/a.mp4",
        "equation": "a=b",
    }
    assert ran.object["output"]["settings"] == {"deep": [1, None]}
    assert len(ran.object["saved"]) == 2
    assert ran.object["credits"] is None
    assert len([each for each in emu.requests if each.path == "/files"]) == 1
    emu.reset()
    assert market("run", "infsh/mmaudio", "--input", "prompt=rain", "--input", "negative_prompt=@@home").code == 0
    assert posted(emu)["input"] == {"prompt": "rain", "negative_prompt": "@home"}


def test_the_schema_of_an_app_decides_what_a_string_is(market: Cli, emu: Emulator, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("la")
    fields = ("--input", 'lines:=["a"]', "--input", "score=note.txt")
    assert market("run", "emulator/choir", *fields).code == 0
    assert posted(emu)["input"]["score"].startswith("inf://files/")
    emu.reset()
    assert market("run", "emulator/choir", *fields, "--upload", "strict").code == 0
    assert posted(emu)["input"]["score"] == "note.txt"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--input", "prompt"), "'prompt' is not NAME=VALUE"),
        (("--input", "=x"), "'=x' is not NAME=VALUE"),
        (("--input", "a=1", "--input", "a:=2"), "gives a twice"),
        (("--input", "a:=one"), "a:= is not JSON"),
        (("--input", "a=@gone.mp4"), "gone.mp4 does not exist"),
        (("--input", "a=@."), "is a folder"),
        (("--upload", "all"), "'all' is not one of"),
        (("--max-credits", "5"), "--max-credits cannot be checked"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    market: Cli, emu: Emulator, arguments: tuple[str, ...], said: str
) -> None:
    ran = market("run", "some/app", *arguments)
    assert ran.code == 2
    assert said in ran.err
    assert emu.requests == []


def test_an_app_without_a_namespace_is_refused(market: Cli) -> None:
    ran = market("run", "mmaudio", "--input", "prompt=x")
    assert (ran.code, "'mmaudio' is not 'namespace/name'" in ran.err) == (2, True)


def test_a_file_may_come_through_a_pipe(
    market: Cli, emu: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clip").write_bytes(CLIP.read_bytes())
    with (tmp_path / "clip").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        ran = market("mmaudio", "hits", "--video", "-", "-o", "out/")
    assert ran.code == 0, ran.err
    assert [path.suffix for path in ran.paths] == [".flac", ".mp4"]


def test_mmaudio(market: Cli, emu: Emulator) -> None:
    ran = market("mmaudio", "rain", "--duration", "1.5s", "--seed", "7", "--negative-prompt", "wind", "-o", "rain.flac")
    assert (ran.code, ran.out) == (0, "rain.flac\n")
    assert ran.paths[0].read_bytes()[:4] == b"fLaC"
    sent = posted(emu)["input"]
    assert (sent["duration"], sent["seed"], sent["negative_prompt"]) == (1.5, 7, "wind")
    refused = market("mmaudio", "rain", "-o", "rain.wav")
    assert (refused.code, "write rain.flac" in refused.err) == (2, True)


def test_a_dry_run_uploads_and_runs_nothing(market: Cli, emu: Emulator) -> None:
    ran = market("mmaudio", "rain", "--video", str(CLIP), "--dry-run", "--json")
    assert (ran.code, ran.object["dry_run"], ran.object["model"]) == (0, True, "infsh/mmaudio")
    assert ran.object["input"]["prompt"] == "rain"
    assert "clip.mp4" in ran.object["input"]["video_input"]
    assert ran.object["estimate"]["depends_on"] == ["video_input"]
    assert [each.path.rpartition("/")[2] for each in emu.requests] == ["mmaudio", "estimate"]
    told = market("mmaudio", "rain", "--duration", "1s", "--dry-run")
    assert "cost              by estimate 10 cents (exact)\n" in told.out
    emu.reset()
    plain = market("run", "some/app", "--input", f"video=@{CLIP}", "--dry-run")
    assert plain.out.endswith("nothing was submitted\n")
    assert {(each.method, each.path) for each in emu.requests} == {("GET", "/apps/some/app")}, "which fields it has"


def test_it_runs_on_an_emulator_of_its_own(bare: Cli) -> None:
    ran = bare(GROUP, "mmaudio", "rain", "--duration", "1s", "--emulator", "-o", "out/")
    assert ran.code == 0, ran.err
    assert ran.paths[0].suffix == ".flac"


def test_a_missing_key_is_said(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERENCE_KEY", "inf_x")
    ran = bare(GROUP, "mmaudio", "rain", "--json")
    assert (ran.code, ran.error["code"]) == (3, "missing_key")
    assert "set INFERENCE_API_KEY" in ran.error["message"]
    assert "INFERENCE_KEY is set, but the key is read from INFERENCE_API_KEY" in bare(GROUP, "mmaudio", "rain").err


def test_a_task_is_looked_at_waited_for_and_saved(market: Cli, bare: Cli, emu: Emulator) -> None:
    emu.fail_next("submit", StuckJob())
    with InferenceClient(emu.keys["inference_sh"], base_url=emu.urls["inference_sh"]) as client:
        stuck = client.mmaudio("rain").submit_job()
        job = client.mmaudio("rain", duration=1).submit_job()
    assert market("task", "wait", job.job_id).out == "succeeded, 1 result\n"
    assert market("task", "status", job.token).out == "succeeded, 1 result\n"
    (path,) = market("task", "download", job.job_id, "-o", "saved/").paths
    assert path.name == f"{job.job_id}-1.flac"
    assert bare("job", "download", job.token, "-o", "saved/").paths == [path], "the common commands know it too"
    emu.clock.advance(3600)
    assert market("task", "status", stuck.job_id, "--json").object["status"] == "processing"
    assert market("task", "status", stuck.job_id).out == "uploading\n", "no percent is made up"
    late = market("task", "wait", stuck.job_id, "--timeout", "1s", "--json")
    assert (late.code, late.error["job_token"]) == (7, f"inference_sh2:app:unknown:{stuck.job_id}:0::")
    assert market("task", "cancel", stuck.job_id).out == "errored: the task was cancelled (cancelled)\n"
    assert market("task", "cancel", job.job_id).out == "succeeded, 1 result\n", "an end stays"
    assert market("task", "status", "nothing-like-it").code == 6


def test_the_journal_knows_the_last_task(market: Cli, emu: Emulator) -> None:
    assert market("mmaudio", "rain", "--duration", "1s").code == 0
    assert market("task", "status", "--last").out == "succeeded, 1 result\n"
    token = market("task", "status", "--last", "--json").object["job_token"]
    assert token.startswith("inference_sh2:")


def test_a_task_is_of_this_service_alone(
    market: Cli, bare: Cli, emu: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = market("task", "status", "--last")
    assert (none.code, "the job journal has no job of inference_sh (" in none.err) == (2, True)
    assert market("mmaudio", "rain", "--duration", "1s").code == 0
    monkeypatch.setenv("MIRELO_API_KEY", emu.key)
    monkeypatch.setenv("MIRELO_BASE_URL", emu.url)
    other = bare("text", "rain", "--duration", "1s", "--json").object["job_token"]
    token = market("task", "status", "--last", "--json").object["job_token"]
    assert token.startswith("inference_sh2:"), "the last one of this service"
    assert bare("job", "status", "--last", "--json").object["job_token"] == other, "the last one of all"
    refused = market("task", "cancel", other)
    assert refused.code == 2
    assert "this job is of mirelo, not of inference_sh: mirelo-ergo job takes those of every service" in refused.err


def test_a_misspelt_field_is_not_paid(market: Cli, emu: Emulator) -> None:
    """Of mmaudio the fields are known, of another app a dry run asks for them; a run that asks anyway checks them."""
    ran = market("run", "infsh/mmaudio", "--input", "prompt=rain", "--input", "durration:=4")
    assert ran.code == 2
    assert "infsh/mmaudio has no input 'durration': is duration meant? It has prompt, negative_prompt, " in ran.err
    assert emu.requests == []
    lines = ("--input", 'lines:=["a"]')
    planned = market("run", "emulator/choir", *lines, "--dry-run", "--json").object
    assert {"lines", "score"} <= set(planned["input_fields"])
    assert "the app's fields  lines, " in market("run", "emulator/choir", *lines, "--dry-run").out
    for more in (("--dry-run",), ("--input", "score=note.txt")):
        ran = market("run", "emulator/choir", "--input", 'line:=["a"]', *more)
        assert ran.code == 2
        assert "emulator/choir has no input 'line': is lines meant? It has " in ran.err
    assert [each.path for each in emu.requests if each.method == "POST" and "estimate" not in each.path] == []


def test_what_breaks_a_wait_leaves_the_way_back(market: Cli, emu: Emulator) -> None:
    emu.fail_next("submit", StuckJob())
    ran = market("mmaudio", "rain", "--timeout", "1s")
    assert ran.code == 7
    assert "resume with: mirelo-ergo job download inference_sh2:app:infsh/mmaudio:" in ran.err


def test_an_unknown_outcome_is_said(market: Cli, emu: Emulator) -> None:
    emu.fail_next("submit", Reset(when="after"))
    ran = market("mmaudio", "rain", "--json")
    assert (ran.code, ran.error["code"]) == (8, "network_error")
    assert len([each for each in emu.requests if each.path == "/apps/run"]) == 1


def test_files_are_uploaded_listed_and_deleted(market: Cli, emu: Emulator, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("la")
    (tmp_path / "b.txt").write_text("li")
    first, second = market("files", "upload", "a.txt", "b.txt").out.splitlines()
    assert market("files", "upload", "a.txt", "--json").object["files"][0]["uri"].startswith("inf://files/")
    listed = market("files", "list", "-n", "2").out.splitlines()
    assert len(listed) == 2
    assert second in market("files", "list").out
    ids = [each["id"] for each in market("files", "list", "--json").object["files"]]
    assert market("files", "delete", *ids).out.splitlines() == ids
    assert market("files", "list").out == ""
    assert market("files", "delete", ids[0]).code == 2
    assert first
    refused = market("files", "upload", "https://example.com/a.mp4")
    assert (refused.code, "an input takes it as it is" in refused.err) == (2, True)


def test_the_state_is_shown_until_there_is_a_percent(market: Cli, emu: Emulator) -> None:
    from rich.progress import Progress

    from mirelo_ergo import JobProcessing

    progress = Progress()
    bars = Bars(progress)
    bars.job(JobProcessing(0, "", "queued"))
    assert progress.tasks[0].fields["words"] == "queued"
    bars.job(JobProcessing(40, "", "running"))
    assert (progress.tasks[0].fields["words"], progress.tasks[0].completed) == ("40 %", 40)


def test_what_an_app_still_needs_is_said(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    need = {"type": "secret", "key": "HF", "message": "a token is missing", "action": {"instructions": "add it"}}

    def respond(method: str, path: str) -> Answer:
        return 412, {"satisfied": False, "errors": [need]}

    with answering(respond) as url:
        monkeypatch.setenv("INFERENCE_API_KEY", "inf_x")
        monkeypatch.setenv("INFERENCE_BASE_URL", url)
        ran = bare(GROUP, "run", "some/app", "--json")
    assert (ran.code, ran.error["code"]) == (3, "requirements_not_met")
    assert "a token is missing (add it)" in json.dumps(ran.error)
