"""What the commands do and write, in this process, against the emulator."""

from __future__ import annotations

import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
from mirelo_ergo_api.mirelo_v2.limits import LIMITS

from mirelo_ergo import JobProcessing, MediaHeaders, MireloClient, Video, __version__
from mirelo_ergo.cli import clip as clips
from mirelo_ergo.cli.options import model_name
from mirelo_ergo.cli.progress import Bars
from tests.cli.support import CLIP, CLIP_MS, answering, service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo.emulator import Emulator
    from tests.cli.conftest import Cli


def wav_ms(path: Path) -> int:
    with wave.open(str(path)) as sound:
        frames, rate = sound.getnframes(), sound.getframerate()
    return int(frames * 1000 / rate)


def submitted(emu: Emulator) -> int:
    return sum(request.method == "POST" and request.path.endswith("/jobs") for request in emu.requests)


@pytest.fixture
def slow(emu: Emulator) -> Iterator[None]:
    """Let a job run for minutes, until the test moves the clock."""
    before, emu.speed = emu.speed, 0.01
    yield
    emu.speed = before


@pytest.fixture
def token(emu: Emulator) -> str:
    """A job that was submitted by somebody else."""
    with MireloClient(emu.key, base_url=emu.url) as client:
        return client.text_to_sfx("rain", duration_ms=1000, num_samples=2).submit_job().token


# --- text and video ------------------------------------------------------------------------------------------------


def test_text_saves_each_sample_and_writes_their_paths(cli: Cli) -> None:
    ran = cli("text", "rain", "--duration", "1.5s", "-n", "2", "-o", "out/deep/")
    assert ran.code == 0
    assert [wav_ms(path) for path in ran.paths] == [1500, 1500]
    assert {path.parent for path in ran.paths} == {Path("out/deep")}
    assert "cost: 40 credits" in ran.err
    assert "job token: mirelo2:text-to-sfx:v1.5:" in ran.err


def test_text_takes_the_librarys_default_length(cli: Cli) -> None:
    ran = cli("text", "rain")
    assert [wav_ms(path) for path in ran.paths] == [LIMITS["TextToSfxRequest"]["duration_ms"].default]


def test_text_in_json_is_one_object(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    ran = cli("text", "rain", "--duration", "1s", "--json")
    found = ran.object
    its = {"job_token", "job_id", "status", "incomplete", "result_urls", "files", "output"}
    assert set(found) == {*its, "credits", "saved"}
    assert (found["credits"], found["status"], found["incomplete"]) == (10, "succeeded", False)
    assert [file["url"] for file in found["files"]] == found["result_urls"]
    assert emu.charges[-1].job_id == found["job_id"]
    assert found["saved"] == [f"{found['job_id']}-1.wav"]
    assert wav_ms(tmp_path / found["saved"][0]) == 1000


def test_quiet_writes_the_result_and_nothing_else(cli: Cli) -> None:
    ran = cli("text", "rain", "--duration", "1s", "-q")
    assert ran.err == ""
    assert len(ran.paths) == 1


def test_a_clips_own_length_is_taken_and_said(cli: Cli) -> None:
    ran = cli("video", str(CLIP))
    assert "duration: 6 s, the clip's own length\n" in ran.err
    assert [wav_ms(path) for path in ran.paths] == [CLIP_MS]


def test_the_clips_length_is_taken_less_the_start(cli: Cli) -> None:
    ran = cli("video", str(CLIP), "--start", "0:04")
    assert "duration: 2 s, the clip's 6 s from 4 s on\n" in ran.err
    assert [wav_ms(path) for path in ran.paths] == [2000]


def test_a_container_without_a_stream_length_says_the_files(cli: Cli, short_clip: Path) -> None:
    assert [wav_ms(path) for path in cli("video", str(short_clip)).paths] == [1500]


def test_a_long_clip_is_cut_at_the_models_limit() -> None:
    assert clips.rest_of(605_000, 1000, 600_000) == (600_000, "the model's limit; the clip has 605 s")
    assert clips.rest_of(605_000, 6000, 600_000) == (599_000, "the clip's 605 s from 6 s on")
    assert clips.rest_of(605_000, 0, None) == (605_000, "the clip's own length")


@pytest.mark.parametrize("model", [None, "v1.5", "v1.6"])
def test_the_limit_is_the_asked_models(cli: Cli, monkeypatch: pytest.MonkeyPatch, model: str | None) -> None:
    schema = "VideoToSfxV16Request" if model == "v1.6" else "VideoToSfxRequest"
    monkeypatch.setattr(Video, "headers", lambda source: MediaHeaders("mp4", "h264", (10.0**9,)))
    options = () if model is None else ("--model", model)
    planned = cli("video", str(CLIP), "--dry-run", "--json", *options).object
    assert planned["duration_ms"] == LIMITS[schema]["duration_ms"].maximum


def test_video_can_give_the_clip_with_its_sound(cli: Cli) -> None:
    ran = cli("video", str(CLIP), "--duration", "2000ms", "--start", "500ms", "--output", "video", "-n", "2")
    assert [path.suffix for path in ran.paths] == [".mp4", ".mp4"]
    with av.open(str(ran.paths[0])) as film:
        assert len(film.streams.video) == len(film.streams.audio) == 1
    assert "duration:" not in ran.err


def test_a_url_goes_to_the_service_as_it_is(cli: Cli) -> None:
    with answering(lambda method, path: (404, {})) as url:
        ran = cli("video", f"{url}/clip.mp4", "--duration", "2s", "--json")
    assert ran.error["code"] == "video_url_unreachable"
    assert ran.code == 2


@pytest.mark.parametrize("option", ["0", "19"])
def test_more_than_max_credits_is_not_submitted(cli: Cli, emu: Emulator, option: str) -> None:
    before = submitted(emu)
    ran = cli("text", "rain", "--duration", "2s", "--max-credits", option)
    assert ran.code == 4
    assert f"it would cost 20 credits, more than --max-credits {option}; nothing was submitted" in ran.err
    assert submitted(emu) == before


def test_max_credits_that_suffice_submit(cli: Cli) -> None:
    assert cli("text", "rain", "--duration", "2s", "--max-credits", "20").code == 0


def test_out_that_is_a_file_is_refused_before_anything_is_sent(cli: Cli, emu: Emulator, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    before = len(emu.requests)
    ran = cli("text", "rain", "-o", "taken/deeper")
    assert ran.code == 2
    assert "--out taken/deeper: taken cannot be used: it is not a folder" in ran.err
    assert len(emu.requests) == before


def test_an_emulator_runs_for_one_command_and_needs_no_key(bare: Cli) -> None:
    ran = bare("me", "--emulator")
    assert ran.code == 0
    assert "an emulator runs for this command" in ran.err
    assert "credits  10000\n" in ran.out


def test_an_emulator_is_never_given_the_callers_key(bare: Cli, emu: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", emu.key)
    monkeypatch.setenv("MIRELO_BASE_URL", emu.url)
    before = len(emu.requests)
    assert bare("me", "--emulator").code == 0
    assert len(emu.requests) == before


def test_bars_are_shown_on_a_terminal(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    ran = cli("video", str(CLIP), "--duration", "1s", "-n", "2")
    for words in ("upload", "0.1 MB of 0.1 MB", "file 2", "0.2 MB of 0.2 MB", "job token: mirelo2:"):
        assert words in ran.err
    assert len(ran.paths) == 2


def test_bars_end_full() -> None:
    from rich.progress import Progress

    told = Progress(disable=True)
    bars = Bars(told)
    bars.begin("")
    bars.upload(5, 10)
    bars.upload(10, 10)
    bars.job(JobProcessing(90, ""))
    bars.job_done()
    for done, total in ((4, None), (7, None), (3, None), (5, 5)):
        bars.download(done, total)
    bars.download_done()
    assert [(task.description, task.completed, task.total) for task in told.tasks] == [
        ("upload", 10, 10),
        ("job", 100, 100),
        ("file 1", 7, 7),
        ("file 2", 5, 5),
    ]
    assert all(task.percentage == 100 for task in told.tasks)


def test_bars_of_several_clips_have_their_names() -> None:
    from rich.progress import Progress

    told = Progress(disable=True)
    bars = Bars(told)
    for name in ("walk.mp4", "run\x1b.mp4"):
        bars.begin(name)
        bars.upload(1, 1)
        bars.download(1, 1)
    bars.download_done()
    assert [task.description for task in told.tasks] == [
        "walk.mp4 upload",
        "walk.mp4 file 1",
        "run\N{REPLACEMENT CHARACTER}.mp4 upload",
        "run\N{REPLACEMENT CHARACTER}.mp4 file 1",
    ]


def test_bars_count_files_and_know_a_length_only_if_they_are_told() -> None:
    from rich.progress import Progress

    told = Progress(disable=True)
    bars = Bars(told)
    bars.job(JobProcessing(40, ""))
    for done, total in ((5, 10), (2, 10), (10, 10), (4, None)):
        bars.download(done, total)
    assert [(task.description, task.completed, task.total) for task in told.tasks] == [
        ("job", 40, 100),
        ("file 1", 10, 10),
        ("file 2", 4, None),
    ]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("v1.6", "v1.6"),
        ("1.6", "v1.6"),
        ("V1.5", "v1.5"),
        ("v1_6", "v1.6"),
        (" 1.6 ", "v1.6"),
        ("2.0", "sfx-2.0"),
        ("sfx-1.6", "sfx-1.6"),
        ("SFX 2.0", "sfx-2.0"),
        ("sfx2.0", "sfx-2.0"),
        ("mirelo-sfx-1.6", "sfx-1.6"),
        ("latest", "latest"),
    ],
)
def test_a_model_is_understood_as_people_write_it(given: str, name: str) -> None:
    assert model_name(given) == name


# --- dry runs and account ------------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_request_and_its_cost_and_submits_nothing(cli: Cli, emu: Emulator) -> None:
    before = len(emu.requests)
    ran = cli("text", "rain", "--duration", "3s", "-n", "2", "--dry-run")
    assert ran.out.splitlines() == [
        "service           mirelo",
        "family            text-to-sfx",
        "model             v1.5",
        "prompt            rain",
        "duration_ms       3000",
        "num_samples       2",
        "cost              60 credits, ready within 0.14 s (98 % of jobs)",
        "nothing was submitted",
    ]
    assert [request.path for request in emu.requests[before:]] == ["/v2/text-to-sfx/v1.5/preflight"]


def test_a_dry_run_of_a_clip_uploads_nothing(cli: Cli, emu: Emulator) -> None:
    before = len(emu.requests)
    found = cli("video", str(CLIP), "--start", "2s", "--dry-run", "--json").object
    assert found.pop("estimated_ms") > 0
    assert found.pop("credit_recovery") is None
    assert found == {
        "dry_run": True,
        "service": "mirelo",
        "family": "video-to-sfx",
        "model": "v1.5",
        "video": {"file": str(CLIP)},
        "duration_ms": 4000,
        "start_offset_ms": 2000,
        "num_samples": 1,
        "output": "audio",
        "credits": 40,
    }
    assert [request.path for request in emu.requests[before:]] == ["/v2/video-to-sfx/v1.5/preflight"]


def test_a_dry_run_keeps_the_limit_too(cli: Cli) -> None:
    assert cli("text", "rain", "--duration", "3s", "--dry-run", "--max-credits", "29").code == 4


def test_me_shows_the_account(cli: Cli, emu: Emulator) -> None:
    ran = cli("me")
    assert ran.out.startswith("account  usr_")
    assert "overage  no\n" in ran.out
    found = cli("me", "--json").object
    assert {"id", "email", "credits_available", "overage_enabled"} <= set(found)


def test_base_url_goes_before_the_environment(cli: Cli) -> None:
    with answering(service({})) as url:
        assert cli("me", "--base-url", url, "--timeout", "5s").out.endswith("credits  5\noverage  yes\n")


# --- jobs ----------------------------------------------------------------------------------------------------------


def test_a_job_is_looked_at_waited_for_and_saved(cli: Cli, emu: Emulator, slow: None, token: str) -> None:
    early = cli("job", "status", token, "--json").object
    assert (early["job_token"], early["status"]) == (token, "processing")
    emu.clock.advance(7200)
    assert cli("job", "wait", token).out == "succeeded, 2 results\n"
    assert cli("job", "status", token).out == "succeeded, 2 results\n"
    assert len(cli("job", "wait", token, "--json").object["result_urls"]) == 2
    assert [wav_ms(path) for path in cli("job", "download", token, "-o", "out").paths] == [1000, 1000]


def test_a_running_jobs_percent_is_shown(cli: Cli, slow: None, token: str) -> None:
    assert cli("job", "status", token).out.startswith("processing")


def test_download_waits_for_a_job_that_runs(cli: Cli, token: str) -> None:
    assert len(cli("job", "download", token, "--json").object["saved"]) == 2


def test_a_failed_job_has_a_status_and_fails_a_wait(cli: Cli, emu: Emulator) -> None:
    with MireloClient(emu.key, base_url=emu.url) as client:
        job = client.text_to_sfx("[generation_timeout]", duration_ms=1000).submit_job()
    waited = cli("job", "wait", job.token)
    assert waited.code == 6
    assert "it was not charged" in waited.err
    assert "resume with" not in waited.err
    looked = cli("job", "status", job.token)
    assert looked.code == 0
    assert looked.out.startswith("errored: ")


def test_nothing_is_overwritten_unless_asked(cli: Cli, token: str) -> None:
    first = cli("job", "download", token).paths
    assert cli("job", "download", token).paths == first, "they are there, and whole"
    first[0].write_bytes(b"mine")
    again = cli("job", "download", token)
    assert again.code == 2
    assert "--overwrite replaces it" in again.err
    assert f"resume with: {sys.argv[0]} job download {token} --out .\n" in again.err
    assert first[0].read_bytes() == b"mine"
    assert cli("job", "download", token, "--overwrite").paths == first
    assert wav_ms(first[0]) == 1000


# --- the program ---------------------------------------------------------------------------------------------------


def test_the_version_is_said(bare: Cli) -> None:
    assert bare("--version").out == f"mirelo-ergo {__version__}\n"


def test_no_command_shows_the_help(bare: Cli) -> None:
    assert bare().out == bare("--help").out


@pytest.mark.parametrize(
    "command",
    [["text"], ["video"], ["extend"], ["inpaint"], ["pixazo", "text"], ["pixazo", "video"], ["me"], ["job", "wait"]],
)
def test_no_command_takes_the_key_as_an_option(bare: Cli, command: list[str]) -> None:
    ran = bare(*command, "--help")
    assert ran.code == 0
    assert "--base-url" in ran.out
    assert "-key" not in ran.out


def test_a_start_behind_the_end_is_refused_by_name(cli: Cli) -> None:
    ran = cli("video", str(CLIP), "--start", "6s")
    assert ran.code == 2
    assert "--start 6 s is not within the clip, which is 6 s long" in ran.err
