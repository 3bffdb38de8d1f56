"""What results, jobs and errors show of themselves: to people, as plain values, as a bar, in a notebook, as files."""

from __future__ import annotations

import asyncio
import io
import json
import re
import sys
import types
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo import (
    AsyncMireloClient,
    DownloadError,
    IncompleteResultError,
    InvalidRequestError,
    JobErrored,
    JobFailedError,
    JobProcessing,
    JobResult,
    JobSucceeded,
    MireloClient,
    MireloError,
    ResultFile,
    SubmitOutcomeUnknown,
    check_folder,
)
from mirelo_ergo._runtime.jobs.progress import NotebookBar, PlainBar, RichBar, make_bar
from mirelo_ergo._runtime.jobs.tokens import JobRecord
from mirelo_ergo.emulator import running
from tests.support import answers
from tests.support.virtual import WALL, Incoming, VirtualIO, client_over
from tests.unit.test_download import SOUND, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.virtual import Sending

SIGNED = "https://results.example.com/1.wav?signature=abc"
TOKEN = f"mirelo2:text-to-sfx:v1.5:{answers.JOB_ID}:{int(WALL)}:9000:1"


def sound(_: Sending) -> Incoming:
    return Incoming(200, {"content-type": "audio/wav", "content-length": str(len(SOUND))}, pieces(SOUND))


def done(io: VirtualIO, **options: Any) -> JobResult:
    """Run a job of a second to its end."""
    return client_over(io).text_to_sfx("rain on a roof", duration_ms=1500, **options).run()


def run_of(*urls: str) -> VirtualIO:
    return VirtualIO([answers.accepted(), answers.succeeded(*urls)], sound)


# --- to people -------------------------------------------------------------------------------------------------------


def test_a_job_says_what_it_makes_how_far_it_is_and_how_it_is_found_again() -> None:
    io = VirtualIO([answers.accepted(), answers.processing(40), answers.succeeded()])
    job = client_over(io).text_to_sfx("rain", duration_ms=1500).submit_job()
    assert repr(job) == f"<Job text-to-sfx v1.5, 1.5 s {job.token}>"
    job.status()
    assert repr(job) == f"<Job text-to-sfx v1.5, 1.5 s (processing, 40 %) {job.token}>"
    job.status()
    assert repr(job) == f"<Job text-to-sfx v1.5, 1.5 s (succeeded) {job.token}>"
    resumed = client_over(VirtualIO([answers.errored("video_too_short")])).job(TOKEN)
    resumed.status()
    assert repr(resumed) == f"<Job text-to-sfx v1.5 (errored: video_too_short) {TOKEN}>"


def test_a_result_says_what_came_and_from_where() -> None:
    result = done(run_of(SIGNED, "https://other.example.com/2.mp4"))
    where = "1 audio (wav), 1 video (mp4) at other.example.com, results.example.com"
    assert repr(result) == f"<JobResult of text-to-sfx v1.5, 1.5 s: {where}>"
    bare = JobResult(client_over(VirtualIO())._core, JobErrored("x", 0, "y"), None, None)
    assert repr(bare) == "<JobResult: no files, incomplete>"


def test_a_list_of_signed_urls_says_that_it_is_shortened() -> None:
    (url,) = done(run_of(SIGNED)).result_urls
    assert url == SIGNED
    assert repr([url]) == "[<signed URL https://results.example.com/1.wav?…, shortened: str() gives it whole>]"
    assert f"{url}" == str(url) == SIGNED
    assert repr(done(run_of("https://r.example/1.wav")).result_urls) == "['https://r.example/1.wav']"


def test_an_error_shows_its_code_and_its_job() -> None:
    error = MireloError("it broke", "server_error", 502)
    assert repr(error) == "MireloError('it broke', code='server_error', http_status=502)"
    error.job_token = TOKEN
    assert repr(error).endswith(f", job_token={TOKEN!r})")
    assert repr(InvalidRequestError("no")) == "InvalidRequestError('no', code='invalid_request', http_status=400)"


# --- as plain values -------------------------------------------------------------------------------------------------


def test_a_result_as_plain_values() -> None:
    result = done(run_of(SIGNED))
    assert result.job is not None
    plain = result.to_dict()
    assert plain == json.loads(json.dumps(plain))
    assert plain == {
        "job_id": answers.JOB_ID,
        "job_token": result.job.token,
        "status": "succeeded",
        "incomplete": False,
        "result_urls": [SIGNED],
        "files": [result.files[0].to_dict()],
        "output": {"result_urls": [SIGNED]},
    }
    assert type(plain["result_urls"][0]) is str


def test_values_as_plain_values() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    file = ResultFile(SIGNED, "speech", "wav", 1, main=False, variant="2", expires_at=moment)
    assert file.to_dict() == {
        "url": SIGNED,
        "kind": "speech",
        "format": "wav",
        "index": 1,
        "main": False,
        "output": None,
        "variant": "2",
        "name": None,
        "expires_at": "2026-03-01T12:00:00+00:00",
    }
    running = JobProcessing(40, "", "queued", output={"notes": [1, float("nan")]})
    assert running.to_dict()["output"] == {"notes": [1, None]}
    assert (running.to_dict()["status"], running.to_dict()["raw_status"]) == ("processing", "queued")
    assert JobSucceeded([SIGNED]).to_dict()["result_urls"] == [SIGNED]
    assert JobErrored("a", 500, "b", completed_at=moment).to_dict()["completed_at"] == moment.isoformat()


def test_an_error_as_plain_values() -> None:
    io = VirtualIO([answers.accepted(), answers.succeeded(), answers.succeeded()], sound)
    with pytest.raises(IncompleteResultError) as caught:
        done(io, num_samples=2)
    plain = caught.value.to_dict()
    assert plain == json.loads(json.dumps(plain))
    assert (plain["type"], plain["code"]) == ("IncompleteResultError", "incomplete_result")
    assert (plain["result_urls"], plain["job_token"]) == ([SIGNED], caught.value.job_token)
    assert not plain.keys() & {"job", "result"}
    unknown = SubmitOutcomeUnknown("maybe", accepted=True, sent_at=1.5, body={"deep": [1]}).to_dict()
    assert (unknown["accepted"], unknown["sent_at"], unknown["body"]) == (True, 1.5, {"deep": [1]})


def test_an_account_and_a_price_as_plain_values() -> None:
    client = client_over(VirtualIO([answers.me(), answers.preflight()]))
    assert client.me().to_dict() == {**answers.ME, "spend_capacity": None, "recovery": None}
    assert client.text_to_sfx("rain").preflight().to_dict() == {
        "credits": 20,
        "estimated_ms": 9000,
        "credit_recovery": None,
    }
    assert json.dumps([model.to_dict() for model in client.models()])


# --- as a bar --------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def waited(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch, *states: Any, rich: bool = False) -> list[Any]:
    """Wait with a bar on stderr, and return what the callback was told."""
    monkeypatch.setattr(sys, "stderr", stream)
    if not rich:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    told: list[JobProcessing] = []
    io = VirtualIO([answers.accepted(), *states])
    client_over(io).text_to_sfx("rain").run(progress=True, on_progress=told.append)
    return told


def test_a_wait_shows_a_line_for_each_tenth_where_nothing_can_be_overwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    states = [answers.processing(percent) for percent in (3, 8, 41, 44, 90)]
    told = waited(stream, monkeypatch, *states, answers.succeeded())
    lines = stream.getvalue().splitlines()
    assert [re.search(r"(\d+) %", line)[1] for line in lines] == ["0", "40", "90", "100"]  # type: ignore[index]  # each line has one
    assert lines[0].startswith("text-to-sfx v1.5, 10 s [")
    assert lines[-1].rstrip().endswith("100 % done")
    assert [status.progress_percent for status in told] == [3, 8, 41, 44, 90]


def test_a_bar_in_a_terminal_is_overwritten_and_ends_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    waited(stream, monkeypatch, answers.processing(50, "queued"), answers.succeeded())
    shown = stream.getvalue().split("\r")
    assert "50 % queued" in shown[2]
    assert shown[-1].rstrip().endswith("100 % done")
    assert stream.getvalue().endswith("\n")


def test_a_bar_of_rich_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    stream = Terminal()
    waited(stream, monkeypatch, answers.processing(50), answers.succeeded(), rich=True)
    assert "100 %" in stream.getvalue()
    bar = make_bar("rain", Terminal())
    bar.close()  # or its thread draws on behind the other tests
    assert isinstance(bar, RichBar)


def test_a_failed_wait_leaves_the_bar_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    with pytest.raises(JobFailedError):
        waited(stream, monkeypatch, answers.processing(50), answers.errored())
    assert "100 %" not in stream.getvalue()
    assert "50 %" in stream.getvalue()


@pytest.mark.parametrize("broken", ["closed", "none"])
def test_a_wait_does_not_end_because_nobody_looks(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = None if broken == "none" else Terminal()
    if stream is not None:
        monkeypatch.setattr(Terminal, "write", lambda *_: (_ for _ in ()).throw(BrokenPipeError))
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    io = VirtualIO([answers.accepted(), answers.processing(), answers.succeeded()])
    assert client_over(io).text_to_sfx("rain").run(progress=True).result_urls


def test_a_wait_without_it_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    done(run_of(SIGNED))
    assert capsys.readouterr() == ("", "")


def test_a_bar_in_a_notebook_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, element: str) -> None:
            shown.append(element)

    def display(element: str, display_id: bool) -> Handle:
        assert display_id
        shown.append(element)
        return Handle()

    shell = type("ZMQInteractiveShell", (), {})()
    ipython: Any = types.ModuleType("IPython")
    ipython.get_ipython = lambda: shell
    ipython.display = types.SimpleNamespace(HTML=str, display=display)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert isinstance(make_bar("rain"), NotebookBar)
    io = VirtualIO([answers.accepted(), answers.processing(50), answers.succeeded()], sound)
    result = client_over(io).text_to_sfx("<rain>").run(progress=True)
    assert len(io.sendings) == 1, "what it plays is fetched before it is shown"
    assert Players(result._repr_html_()).found
    assert len(io.sendings) == 1
    assert [re.search(r'value="(\d+)"', element)[1] for element in shown] == ["0", "50", "100"]  # type: ignore[index]  # each has one
    ipython.get_ipython = lambda: None
    assert isinstance(make_bar("rain"), PlainBar)


# --- in a notebook ---------------------------------------------------------------------------------------------------


class Players(HTMLParser):
    """The players of a page: what each is, and where its sound comes from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("audio", "video"):
            self.found.append((tag, dict(attrs)["src"] or ""))


def test_a_notebook_gets_players_with_small_files_in_them() -> None:
    result = done(run_of(SIGNED))
    text = result._repr_html_()
    ((tag, source),) = Players(text).found
    assert tag == "audio"
    assert source.startswith("data:audio/wav;base64,")
    assert "signature" not in text
    assert "text-to-sfx v1.5, 1.5 s" in text


def test_a_large_file_and_one_that_cannot_be_fetched_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo._runtime.jobs.results.LARGEST_SHOWN", 100)
    text = done(run_of(SIGNED))._repr_html_()
    assert Players(text).found == []
    assert "download() saves it (https://results.example.com/1.wav?…)" in text
    gone = VirtualIO([answers.accepted(), answers.succeeded(), answers.succeeded()], lambda _: Incoming(404))
    assert Players(done(gone)._repr_html_()).found == []


def test_what_no_player_plays_is_named() -> None:
    record = JobRecord("mirelo", "text-to-sfx", "v1.5", "a", WALL, None)
    score = ResultFile("https://r.example/1.zip?signature=abc", "stems", "zip")
    text = JobResult(client_over(VirtualIO(foreign=sound))._core, JobSucceeded([score]), None, record)._repr_html_()
    assert Players(text).found == []
    assert "1: stems, zip: download() saves it" in text
    assert "signature" not in text


def test_what_is_read_and_not_played_gets_a_link_that_saves_it() -> None:
    record = JobRecord("mirelo", "text-to-sfx", "v1.5", "a", WALL, None)
    score = ResultFile("https://r.example/1.pdf?signature=abc", "pdf", "pdf", 1)

    def pdf(_: object) -> Incoming:
        return Incoming(200, {"content-type": "application/pdf"}, [b"%PDF-1.7\n%%EOF\n"])

    text = JobResult(client_over(VirtualIO(foreign=pdf))._core, JobSucceeded([score]), None, record)._repr_html_()
    assert '2: pdf, pdf: <a download="pdf-2.pdf" href="data:application/pdf;base64,JVBERi0xLjcKJSVFT0YK">' in text
    assert "signature" not in text
    gone = client_over(VirtualIO(foreign=lambda _: Incoming(404)))._core
    shown = JobResult(gone, JobSucceeded([score]), None, None)._repr_html_()
    assert "2: pdf, pdf: download() saves it (https://r.example/1.pdf?…)" in shown


def test_a_closed_clients_result_is_shown_all_the_same_and_an_async_one_awaits_its_files() -> None:
    with running(speed=100) as emu:

        async def make(**more: Any) -> tuple[str, ...]:
            async with AsyncMireloClient(emu.key, base_url=emu.url, **more) as client:
                result = await client.text_to_sfx("rain", duration_ms=1000).run()
                early = result._repr_html_()
                open_one = await client.text_to_sfx("rain", duration_ms=1000).run()
                await open_one.players()
            shown = await result.players()
            assert shown is result
            return early, result._repr_html_(), open_one._repr_html_()

        async def make_own() -> tuple[str, ...]:
            async with httpx.AsyncHTTPTransport() as transport:
                return await make(transport=transport)

        early, *late = asyncio.run(make())
        _, own, _ = asyncio.run(make_own())
        with MireloClient(emu.key, base_url=emu.url) as client:
            closed = client.text_to_sfx("rain", duration_ms=1000).run()
        for shown in (*late, closed._repr_html_(), closed.players()._repr_html_()):
            ((_, source),) = Players(shown).found
            assert source.startswith("data:audio/wav;base64,")
            assert "signature" not in shown
    assert Players(early).found == []
    assert "1: audio, wav: await result.players() shows it (http://" in early
    assert Players(own).found == []
    assert "download() saves it" in own
    assert "signature" not in early + own


# --- as files --------------------------------------------------------------------------------------------------------


def test_files_are_named_by_a_template(tmp_path: Path) -> None:
    result = done(run_of(SIGNED, "https://r.example/2.wav"), num_samples=2)
    names = [path.name for path in result.download(tmp_path, name="{prompt} {date} {model} {n:02}")]
    assert names == ["rain-on-a-roof_2026-03-01_v1.5_01.wav", "rain-on-a-roof_2026-03-01_v1.5_02.wav"]
    again = [path.name for path in result.download(tmp_path, name="rain")]
    assert again == ["rain-1.wav", "rain-2.wav"]


def test_a_clips_name_names_its_sound(tmp_path: Path) -> None:
    clip = tmp_path / "door slam.mp4"
    clip.write_bytes(b"\x00\x00\x00\x14ftypisom" + bytes(64))
    script = [answers.asset(), answers.accepted(), answers.succeeded()]
    io = VirtualIO(script, lambda sending: Incoming(200) if sending.body else sound(sending))
    result = client_over(io).video_to_sfx(clip, duration_ms=1000).run()
    assert [path.name for path in result.download(tmp_path, name="{stem}-{n}")] == ["door-slam-1.wav"]
    assert [path.name for path in result.download(tmp_path)] == [f"{answers.JOB_ID}-1.wav"]


def test_a_url_names_its_sound(tmp_path: Path) -> None:
    request = client_over(run_of(SIGNED)).extend_audio("https://s.example/a%20b.wav?x=1", append_duration_ms=2000)
    assert [path.name for path in request.run().download(tmp_path, name="{stem}")] == ["a-b.wav"]


def test_a_resumed_job_is_named_by_its_family(tmp_path: Path) -> None:
    result = client_over(VirtualIO([answers.succeeded()], sound)).job(TOKEN).wait()
    assert [path.name for path in result.download(tmp_path, name="{stem}")] == ["text-to-sfx.wav"]


def test_another_jobs_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "rain.wav").write_bytes(b"somebody's")
    assert [path.name for path in done(run_of(SIGNED)).download(tmp_path, name="rain")] == ["rain-2.wav"]
    assert (tmp_path / "rain.wav").read_bytes() == b"somebody's"


@pytest.mark.parametrize("template", ["", "../{n}", "{nobody}", "{n", 7])
def test_a_template_that_is_none_is_refused_before_anything_is_fetched(template: Any, tmp_path: Path) -> None:
    io = run_of(SIGNED)
    with pytest.raises(InvalidRequestError, match="name="):
        done(io).download(tmp_path, name=template)
    assert io.sendings == []


def test_the_only_result_is_saved_under_a_name(tmp_path: Path) -> None:
    path = done(run_of(SIGNED)).save(tmp_path / "deep" / "rain.wav")
    assert (path, path.read_bytes()) == (tmp_path / "deep" / "rain.wav", SOUND)
    assert done(run_of(SIGNED)).save(tmp_path / "thunder").name == "thunder.wav"
    (tmp_path / "mine.wav").write_bytes(b"mine")
    with pytest.raises(DownloadError, match="overwrite"):
        done(run_of(SIGNED)).save(tmp_path / "mine.wav")
    assert done(run_of(SIGNED)).save(tmp_path / "mine.wav", overwrite=True).read_bytes() == SOUND


@pytest.mark.parametrize("path", ["", ".", "..", "takes/", "takes/.."])
def test_a_folder_is_no_name_for_the_only_result(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was saved as `.wav`, and `takes/` as `takes.wav`."""
    monkeypatch.chdir(tmp_path)
    io = run_of(SIGNED)
    with pytest.raises(InvalidRequestError, match=rf"'{path}' is a folder, not a file: .*download\('{path}'\)"):
        done(io).save(path)
    assert io.sendings == []
    assert list(tmp_path.iterdir()) == []


def test_no_folder_is_called_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of that name was made where the program ran, while the home folder was meant."""
    monkeypatch.chdir(tmp_path)
    saves: list[Callable[[VirtualIO], object]] = [
        lambda io: done(io).save("~/rain.wav"),
        lambda io: done(io).download(Path("~/takes")),
    ]
    for save in saves:
        io = run_of(SIGNED)
        with pytest.raises(InvalidRequestError, match=r"begins with ~, which only a shell replaces.*expanduser"):
            save(io)
        assert io.sendings == []
    with pytest.raises(InvalidRequestError, match=r"expanduser\(\); nothing was sent"):
        check_folder("~/takes")
    assert list(tmp_path.iterdir()) == []
    assert done(run_of(SIGNED)).save("~rain.wav") == Path("~rain.wav")


def test_several_results_are_not_saved_under_one_name(tmp_path: Path) -> None:
    io = run_of(SIGNED, "https://r.example/2.wav")
    with pytest.raises(InvalidRequestError, match=r'there are 2 results, not one: download\(.*name="rain-\{n\}"\)'):
        done(io, num_samples=2).save(tmp_path / "rain.wav")
    assert io.sendings == []
