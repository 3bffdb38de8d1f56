"""Every claim of docs/from-inferencesh.md, shown on both sides over real sockets: `inferencesh` 0.36.0 and ours.

The vendor's side runs in a process of its own, in an environment of its own (`inference_claims.py`).
"""

from __future__ import annotations

import json
import re
import subprocess
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from bench.children import ROOT, VENDOR, environment
from mirelo_ergo import (
    AuthenticationError,
    InferenceClient,
    InvalidRequestError,
    JobFailedError,
    JobTimeoutError,
    SubmitOutcomeUnknown,
)
from mirelo_ergo.emulator import Emulator, running
from mirelo_ergo.emulator.faults import NoAnswer, Reset, Status, StuckJob
from mirelo_ergo.emulator.services.inference_sh.service import InferenceSh
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

APP = "infsh/mmaudio"
CLIP = ROOT / "examples" / "clip.mp4"
MIB = 1 << 20


@attrs.frozen
class Outcome:
    """What the vendor's SDK returned or raised."""

    result: Any = None
    raised: str | None = None
    text: str = ""
    leads_to: list[str] = attrs.field(factory=list)


@attrs.frozen
class Sides:
    """Both sides, on one emulator and in one folder."""

    emu: Emulator
    folder: Path
    client: InferenceClient

    @property
    def service(self) -> InferenceSh:
        return self.emu.service(InferenceSh)

    def vendor(self, scenario: str, **arguments: Any) -> Outcome:
        assert VENDOR.exists(), "the vendor's SDK has no environment yet: run `make .bench/vendor/ready`"
        given = {"url": self.emu.urls["inference_sh"], "key": self.emu.keys["inference_sh"], **arguments}
        done = subprocess.run(
            [VENDOR, "-W", "ignore", Path(__file__).with_name("inference_claims.py"), scenario, json.dumps(given)],
            env=environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return Outcome(**json.loads(done.stdout))

    def run(self, **options: Any) -> Any:
        return self.client.run({"app": APP, "input": {"prompt": "rain", "duration": 1}}, **options)

    def start(self, **values: Any) -> None:
        self.client.run({"app": APP, "input": {"duration": 1, **values}}, wait=False)

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Let the block's job get half done when its stream's first line has come, and end when the next has."""
        before = len(self.emu.requests)
        self.emu.speed = 0.01

        def lines() -> int:
            streams = [each for each in self.emu.requests[before:] if each.path.endswith("/stream")]
            return sum(b"heartbeat" not in line for each in streams for line in each.answer.split(b"\n")[:-1])

        def move_on() -> None:
            until(lambda: lines() >= 1)
            half = (self.emu._state.store.jobs()[-1].finishes_at - self.emu.clock.now()) / 2
            self.emu.clock.advance(half)
            until(lambda: lines() >= 2)
            self.emu.clock.advance(half)

        with ThreadPoolExecutor(1) as pool:
            moved = pool.submit(move_on)
            yield
            moved.result()

    def prompts(self) -> list[str]:
        """Return the prompts that the service got."""
        return [each.json["input"]["prompt"] for each in self.emu.requests if each.path == "/apps/run"]

    def uploads(self) -> int:
        return sum(each.method == "PUT" for each in self.emu.requests)


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sides]:
    monkeypatch.chdir(tmp_path)
    with (
        running(speed=50) as emu,
        InferenceClient(emu.keys["inference_sh"], base_url=emu.urls["inference_sh"]) as client,
    ):
        yield Sides(emu, tmp_path, client)


@pytest.mark.parametrize("prompt", ["thunderstormrain", "d41d8cd98f00b204e9800998ecf8427e"])
def test_a_prompt_is_a_prompt(sides: Sides, prompt: str) -> None:
    assert sides.vendor("start", values={"prompt": prompt}).raised is None
    sides.start(prompt=prompt)
    theirs, ours = sides.prompts()
    assert theirs.startswith("inf://files/"), "it took the place of the prompt"
    assert ours == prompt
    assert sides.uploads() == 1


def test_a_text_that_names_a_file_is_not_uploaded(sides: Sides) -> None:
    (sides.folder / "rain").write_bytes(b"private")
    assert sides.vendor("start", values={"prompt": "rain"}).raised is None
    assert sides.uploads() == 1, "the private file is at the service now"
    sides.start(prompt="rain")
    assert sides.prompts()[1] == "rain"
    assert sides.uploads() == 1


def test_a_folder_is_refused_before_any_request(sides: Sides) -> None:
    assert sides.vendor("start", values={"video_input": "."}).raised == "IsADirectoryError"
    assert sides.vendor("start", values={"prompt": "."}).raised == "IsADirectoryError", "in a prompt, too"
    with pytest.raises(InvalidRequestError, match=r"is a folder.*nothing was sent"):
        sides.start(prompt="x", video_input=Path())
    assert sides.emu.requests == []
    sides.start(prompt=".")
    assert sides.prompts() == ["."]


def test_paths_and_bytes_are_uploaded(sides: Sides) -> None:
    for kind in ("path", "bytes"):
        assert sides.vendor("start_with", path=str(CLIP), kind=kind).raised == "TypeError"
    sides.start(prompt="x", video_input=CLIP.read_bytes())
    sides.start(prompt="x", video_input=CLIP)
    sides.start(prompt="y", video_input=CLIP)
    assert sides.uploads() == 2, "a file goes up once"


def test_data_uris_may_have_parameters(sides: Sides) -> None:
    source = "data:text/plain;charset=utf-8;base64,bGE="
    assert sides.vendor("upload", source=source).raised == "ValueError"
    file = sides.client.files.upload(source)
    assert (file["content_type"], file["size"]) == ("text/plain", 2)


def test_a_file_answers_in_both_ways(sides: Sides) -> None:
    assert sides.vendor("upload", source=str(CLIP)).raised == "AttributeError"
    file = sides.client.files.upload(CLIP)
    assert file.uri == file["uri"]


def test_an_upload_takes_constant_memory(sides: Sides) -> None:
    large = sides.folder / "large.bin"
    with large.open("wb") as file:
        file.truncate(64 * MIB)
    assert sides.vendor("upload_peak", path=str(large)).result >= 64 * MIB
    tracemalloc.start()
    try:
        sides.client.files.upload(large)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_partial_lines_are_merged(sides: Sides) -> None:
    with sides.followed():
        theirs = sides.vendor("stream").result["updates"]
    assert None in [update["id"] for update in theirs]
    with sides.followed(), sides.run(stream=True) as stream:
        assert {update["id"] for update in stream} == {stream.id}


def test_a_last_line_without_output_is_completed(sides: Sides) -> None:
    sides.service.lines = "bare"
    assert sides.vendor("run", values={}).result["output"] is None
    assert sides.run()["output"]["sampling_rate"] == 44_100


def test_progress_is_passed_on(sides: Sides) -> None:
    sides.service.progress, sides.service.lines = "number", "whole"
    with sides.followed():
        theirs = sides.vendor("stream").result["updates"]
    assert {update.get("progress") for update in theirs} == {None}
    with sides.followed(), sides.run(stream=True) as stream:
        assert any(update.get("progress") for update in stream)


def test_a_refused_stream_raises(sides: Sides) -> None:
    sides.emu.fail_next("streamTask", Status(401), times=2)
    sides.emu.fail_next("submit", StuckJob(), times=2)
    theirs = sides.vendor("stream").result
    assert (theirs["updates"][0]["status"], theirs["result"]) == (401, None), "an update, and a quiet end"
    stream = sides.run(stream=True)
    with pytest.raises(AuthenticationError) as caught:
        list(stream)
    assert caught.value.job_token == stream.token


def test_a_failed_task_leads_back_to_it(sides: Sides) -> None:
    theirs = sides.vendor("run", values={"prompt": "[generation_failed]"})
    assert (theirs.raised, theirs.leads_to) == ("RuntimeError", [])
    with pytest.raises(JobFailedError, match="the generation failed upstream") as caught:
        sides.client.run({"app": APP, "input": {"prompt": "[generation_failed]"}})
    assert sides.client.job(caught.value.job_token or "").status().status == "errored"


def test_a_busy_service_is_asked_again(sides: Sides) -> None:
    busy = Status(503, code="app_maintenance", retry_after=0)
    sides.emu.fail_next("submit", busy)
    assert sides.vendor("start", values={}).raised == "APIError"
    sides.emu.fail_next("submit", busy)
    sides.start(prompt="rain")
    assert len(sides.emu.jobs) == 1


def test_a_lost_run_is_found_again(sides: Sides) -> None:
    sides.emu.fail_next("submit", Reset(when="after"))
    theirs = sides.vendor("start", values={})
    assert (theirs.raised, theirs.leads_to) == ("ConnectionError", []), "as if it had never been there"
    sides.emu.fail_next("submit", Reset(when="after"))
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        sides.start(prompt="wind and hail")
    found = caught.value.find(sides.client)
    assert found is not None
    assert found.job_id == sides.emu.jobs[-1].id
    assert len(sides.emu.jobs) == 2, "each was made once"


def test_a_time_out_holds(sides: Sides) -> None:
    """The stream takes the request and is silent."""
    sides.emu.fail_next("submit", StuckJob(), times=2)
    sides.emu.fail_next("streamTask", NoAnswer(), times=9)
    assert sides.vendor("wait").result is False
    task_id = sides.run(wait=False).id
    with pytest.raises(JobTimeoutError):
        sides.client.wait_for_completion(task_id, timeout=0.5)


def test_every_claim_names_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "from-inferencesh.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`test_" in line]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    assert all(len(tests) == 1 for tests in named)
    here = {name for name in globals() if name.startswith("test_")}
    assert here - {tests[0] for tests in named} == {"test_every_claim_names_a_test_that_exists"}
    assert {tests[0] for tests in named} <= here
    assert "inferencesh==0.36.0" in (ROOT / "bench" / "requirements-vendor.txt").read_text().split()
