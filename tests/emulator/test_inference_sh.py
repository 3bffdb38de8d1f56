"""inference.sh as the emulator has it: what tasks give, how they are told of, and in which forms."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import av
import httpx
import pytest

from mirelo_ergo.emulator import Emulator, running
from mirelo_ergo.emulator.faults import FailedJob, LostResults, StuckJob
from mirelo_ergo.emulator.services.inference_sh.answers import NEW, OLD
from mirelo_ergo.emulator.services.inference_sh.service import InferenceSh
from tests.emulator.gateway import Receiver, receiving
from tests.emulator.sounds import decoded
from tests.emulator.support import answering, decode, encode_clip, fetch, loudest_onsets, put, sending, tone

if TYPE_CHECKING:
    from collections.abc import Iterator

MMAUDIO, CHOIR = "infsh/mmaudio", "emulator/choir"
ENDS = ("completed", "failed", "cancelled", "rejected")
IMPACTS = [800, 1700, 2500, 3600, 4500, 5200]


@attrs.frozen
class Marketplace:
    """The service on the wire."""

    emu: Emulator
    http: httpx.Client

    @property
    def service(self) -> InferenceSh:
        return self.emu.service(InferenceSh)

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        return self.http.request(method, path, json=body, params=query)

    def data(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        answer = self.ask(method, path, body, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def run(self, app: str = MMAUDIO, input: Any = None, **more: Any) -> dict[str, Any]:  # noqa: A002 - the field
        task: dict[str, Any] = self.data(
            "POST", "/apps/run", {"app": app, "input": input or {"prompt": "rain"}, **more}
        )
        return task

    def task(self, task_id: str) -> dict[str, Any]:
        task: dict[str, Any] = self.data("GET", f"/tasks/{task_id}")
        return task

    def ended(self, *, app: str = MMAUDIO, input: Any = None, **more: Any) -> dict[str, Any]:  # noqa: A002 - the field
        started = self.run(app, input, **more)
        self.emu.clock.advance(3600)
        task = self.task(started["id"])
        assert NEW[task["status"]] in ENDS, task
        return task

    def upload(self, data: bytes, filename: str | None = None, content_type: str = "video/mp4") -> dict[str, Any]:
        told = {"uri": "", "filename": filename, "content_type": content_type, "path": None, "size": len(data)}
        (file,) = self.data("POST", "/files", {"files": [{**told, "public": None}]})
        assert put(file["upload_url"], data, **{"content-type": content_type}).status_code == 200
        return dict(file)

    def lines(self, task_id: str) -> Iterator[dict[str, Any]]:
        with self.http.stream("GET", f"/tasks/{task_id}/stream") as answer:
            assert answer.headers["content-type"] == "application/x-ndjson"
            yield from map(json.loads, answer.iter_lines())


@pytest.fixture
def market(emu: Emulator) -> Iterator[Marketplace]:
    headers = {"Authorization": f"Bearer {emu.keys['inference_sh']}"}
    with httpx.Client(base_url=emu.urls["inference_sh"], headers=headers, timeout=30) as http:
        yield Marketplace(emu, http)


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("https://api.inference.sh/errors/")


# What is made


def test_a_sound_is_flac_of_the_length_that_was_asked_for(market: Marketplace) -> None:
    output = market.ended(input={"prompt": "rain on a tin/roof", "duration": 2.5})["output"]
    assert (output["duration"], output["sampling_rate"]) == (2.5, 44_100)
    assert "video_output" not in output
    ref = output["audio_output"]
    assert (ref["filename"], ref["content_type"]) == ("rain_on_a_tin_roof.flac", "audio/flac")
    data = fetch(ref["uri"]).content
    assert (data[:4], len(data)) == (b"fLaC", ref["size"])
    with av.open(io.BytesIO(data), "r") as container:
        (stream,) = container.streams.audio
        assert (stream.codec_context.name, stream.rate) == ("flac", 44_100)
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples == pytest.approx(2.5 * 44_100, abs=64), "a resampler keeps a few"
    assert market.emu.charges[0].credits == 30


def test_a_clip_comes_back_with_the_sound_in_sync(market: Marketplace, example_clip: Path) -> None:
    clip = market.upload(example_clip.read_bytes(), "ball.mp4")
    output = market.ended(input={"prompt": "hits", "video_input": clip["uri"], "duration": 30})["output"]
    assert output["duration"] == 6.0, "never longer than the clip"
    sound, video = output["audio_output"], output["video_output"]
    assert (sound["filename"], video["filename"]) == ("ball_audio.flac", "ball_with_audio.mp4")
    alone = decoded(fetch(sound["uri"]).content)
    pictures, mixed = decode(fetch(video["uri"]).content)
    assert loudest_onsets(alone, len(IMPACTS)) == pytest.approx(IMPACTS, abs=50)
    assert loudest_onsets(mixed, len(IMPACTS)) == pytest.approx(IMPACTS, abs=50)
    assert pictures[-1][0] == pytest.approx(6000, abs=50)


def test_the_sound_of_a_clip_is_replaced(market: Marketplace, tmp_path: Path) -> None:
    path = tmp_path / "loud.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=1500, sound=tone(440, 1500, level=30_000))
    given = {"prompt": "hush", "video_input": {"uri": market.upload(path.read_bytes())["uri"]}, "duration": 1.5}
    output = market.ended(input=given)["output"]
    alone = decoded(fetch(output["audio_output"]["uri"]).content)
    _, mixed = decode(fetch(output["video_output"]["uri"]).content)
    assert abs(mixed[:60_000]).max() * 32_768 == pytest.approx(abs(alone[:60_000]).max(), rel=0.5)


def test_a_clip_may_be_at_a_url(market: Marketplace, short_clip: Path) -> None:
    with answering(sending(short_clip.read_bytes())) as media:
        given = {"prompt": "x", "video_input": f"{media}/shots/one.mp4?token=1"}
        output = market.ended(input=given)["output"]
    assert output["video_output"]["filename"] == "one_with_audio.mp4"
    assert output["duration"] == 1.5


def test_an_empty_clip_is_none(market: Marketplace) -> None:
    assert list(market.ended(input={"prompt": "x", "video_input": "", "duration": 1})["output"]) == [
        "audio_output",
        "duration",
        "sampling_rate",
    ]


def test_the_same_seed_gives_the_same_sound(market: Marketplace) -> None:
    def sound(seed: int) -> bytes:
        output = market.ended(input={"prompt": "rain", "duration": 1, "seed": seed})["output"]
        return fetch(output["audio_output"]["uri"]).content

    assert sound(1) == sound(1) != sound(2)


def test_the_made_up_app_takes_and_gives_free_json_with_files_inside(market: Marketplace) -> None:
    score = market.upload(b"la la la", "score.txt", "text/plain")
    given = {"lines": ["la", "li"], "score": {"uri": score["uri"]}, "settings": {"deep": [1, {"x": None}]}}
    output = market.ended(app=CHOIR, input=given)["output"]
    assert output["settings"] == {"deep": [1, {"x": None}]}
    assert output["received"] == [
        {"filename": "score.txt", "size": 8, "sha256": hashlib.sha256(b"la la la").hexdigest()}
    ]
    assert [voice["line"] for voice in output["voices"]] == ["la", "li"]
    heads = [fetch(voice["sound"]["uri"]).content[:4] for voice in output["voices"]]
    assert heads == [b"RIFF", b"RIFF"]


def test_outputs_name_files_as_objects_or_as_urls(market: Marketplace) -> None:
    market.service.outputs = "urls"
    output = market.ended(input={"prompt": "x", "duration": 1})["output"]
    assert fetch(output["audio_output"]).content[:4] == b"fLaC"


# What fails


@pytest.mark.parametrize(
    ("app", "given", "why"),
    [
        (MMAUDIO, {"negative_prompt": "x"}, "input.prompt is missing"),
        (MMAUDIO, {"prompt": 3}, "input.prompt is 3"),
        (MMAUDIO, {"prompt": "x", "duration": 0}, "input.duration is 0: this emulator makes up to 3600 s"),
        (MMAUDIO, {"prompt": "x", "video_input": "inf://files/ast_none"}, "there is no file 'ast_none'"),
        (MMAUDIO, {"prompt": "x", "video_input": "clip.mp4"}, "it has to be an http or https URL"),
        (MMAUDIO, {"prompt": "x", "video_input": {"uri": ""}}, "it has to be a URL or the uri of a file"),
        (MMAUDIO, {"prompt": "a [generation_failed] drum"}, "the generation failed upstream"),
        (CHOIR, {"lines": []}, "input.lines has 0 lines"),
    ],
)
def test_what_an_app_does_not_take_is_a_failed_task(
    market: Marketplace, app: str, given: dict[str, Any], why: str
) -> None:
    task = market.ended(app=app, input=given)
    assert NEW[task["status"]] == "failed"
    assert why in task["error"]
    assert task["output"] is None
    assert market.emu.charges == []


def test_an_upload_that_never_came_fails_the_task(market: Marketplace) -> None:
    (file,) = market.data("POST", "/files", {"files": [{"uri": "", "content_type": "video/mp4", "size": 1}]})
    task = market.ended(input={"prompt": "x", "video_input": file["uri"]})
    assert "nothing has been uploaded to it" in task["error"]


def test_faults_of_the_job(market: Marketplace) -> None:
    market.emu.fail_next("submit", FailedJob(message="the worker died"))
    assert market.ended()["error"] == "the worker died"
    market.emu.fail_next("submit", LostResults())
    assert "audio_output" not in market.ended()["output"]
    market.emu.fail_next("submit", StuckJob())
    task = market.run()
    market.emu.clock.advance(3600)
    assert NEW[market.task(task["id"])["status"]] == "uploading"


@pytest.mark.parametrize("unpaid", ["refused", "rejected"])
def test_what_the_balance_does_not_cover(market: Marketplace, unpaid: Any) -> None:
    market.service.unpaid = unpaid
    market.emu.set_credits(79)
    answer = market.ask("POST", "/apps/run", {"app": MMAUDIO, "input": {"prompt": "rain"}})
    if unpaid == "refused":
        assert problem(answer) == (402, "payment_required")
        return
    task = answer.json()["data"]
    assert (task["status"], task["status_text"]) == (13, "rejected")
    assert "80 credits are needed" in task["error"]
    assert market.emu.credits == 79
    assert market.run(input={"prompt": "rain", "duration": 7})["status_text"] != "rejected"


def test_refusals_are_problems(market: Marketplace) -> None:
    assert problem(market.ask("POST", "/apps/run", {"input": {}})) == (400, "invalid_request")
    assert problem(market.ask("POST", "/apps/run", {"app": "some/app", "input": {}})) == (404, "not_found")
    assert problem(market.ask("GET", "/tasks/none")) == (404, "not_found")
    assert problem(market.ask("DELETE", "/apps/run")) == (405, "method_not_allowed")
    assert market.ask("PUT", "/tasks/x").headers["allow"] == "DELETE, GET"
    late = {"app": MMAUDIO, "input": {"prompt": "x"}, "run_at": "tomorrow"}
    assert problem(market.ask("POST", "/apps/run", late)) == (400, "invalid_request")
    for moment in ("2026-02-30T00:00:00Z", "2026-02-03T00:00:00", "2026-02-03T25:00:00Z"):
        assert market.ask("POST", "/apps/run", {**late, "run_at": moment}).status_code == 400, moment
    for moment in ("2026-02-03T23:59:60.5Z", "2026-02-03t00:00:00+05:30"):
        assert market.data("POST", "/apps/run", {**late, "run_at": moment})["run_at"] == moment
    assert problem(httpx.get(f"{market.emu.urls['inference_sh']}/tasks/x")) == (401, "unauthorized")
    webhook = {"app": MMAUDIO, "input": {"prompt": "x"}, "webhook": "http://127.0.0.1/"}
    assert problem(market.ask("POST", "/apps/run", webhook)) == (400, "invalid_request")


def test_an_asked_for_412_lists_what_is_missing(market: Marketplace) -> None:
    fault = {"operation": "runApp", "fault": {"kind": "status", "status": 412, "message": "a token is missing"}}
    assert httpx.post(f"{market.emu.url}/_emulator/faults", json=fault).status_code == 201
    answer = market.ask("POST", "/apps/run", {"app": MMAUDIO, "input": {"prompt": "x"}})
    (need,) = answer.json()["errors"]
    assert (answer.status_code, answer.json()["satisfied"], need["type"]) == (412, False, "secret")
    assert need["message"] == "a token is missing"


# How a task is told of


def test_a_task_goes_through_its_states(market: Marketplace) -> None:
    task = market.run(input={"prompt": "rain", "duration": 600})
    assert (task["status"], task["status_text"], task["short_id"]) == (1, "received", task["id"][:8])
    seen = []
    for _ in range(400):
        state = NEW[market.data("GET", f"/tasks/{task['id']}/status")["status"]]
        if state not in seen:
            seen.append(state)
        if state in ENDS:
            break
        market.emu.clock.advance(2)
    assert seen == ["received", "queued", "dispatched", "preparing", "setting_up", "running", "uploading", "completed"]
    ended = market.task(task["id"])
    assert [NEW[event["status"]] for event in ended["events"]] == seen
    assert ended["app"]["name"] == "mmaudio"
    logs = market.data("GET", f"/tasks/{task['id']}/logs")
    assert "completed" in logs["logs"][0]["content"]
    timings = market.data("GET", f"/tasks/{task['id']}/timings")
    assert [group["label"] for group in timings["groups"]] == seen
    assert timings["total_duration_ms"] == pytest.approx(sum(each["duration_ms"] for each in timings["groups"]), abs=9)


@pytest.mark.parametrize(("numbering", "status"), [("new", 10), ("old", 9), ("names", "completed")])
def test_both_numberings_and_names(market: Marketplace, numbering: Any, status: int | str) -> None:
    market.service.numbering = numbering
    task_id = market.run(input={"prompt": "x", "duration": 1})["id"]
    market.emu.clock.advance(3600)
    task = market.task(task_id)
    assert task["status"] == status
    assert task.get("status_text") == ("completed" if numbering == "old" else None)
    assert [OLD.index("completed"), NEW.index("completed"), NEW.index("rejected")] == [9, 10, 13]


@pytest.mark.parametrize("lines", ["partial", "whole", "bare"])
def test_lines_of_a_stream(lines: Any) -> None:
    with running(speed=0.01) as emu:
        headers = {"Authorization": f"Bearer {emu.keys['inference_sh']}"}
        with httpx.Client(base_url=emu.urls["inference_sh"], headers=headers, timeout=30) as http:
            market = Marketplace(emu, http)
            market.service.lines = lines
            task_id = market.run(input={"prompt": "rain", "duration": 10})["id"]
            stream = market.lines(task_id)
            first = next(stream)
            emu.clock.advance(3600)
            others = list(stream)
            ended = market.task(task_id)
    assert (first["id"], "data" in first) == (task_id, False)
    news = [each for each in others if each != {"type": "heartbeat"}]
    if lines == "whole":
        assert all(each["id"] == task_id for each in news)
        assert news[-1]["output"]["duration"] == 10.0
        return
    assert all(set(each["fields"]) == set(each["data"]) and "id" not in each["data"] for each in news)
    assert news[-1]["data"]["status"] == 10 == ended["status"]
    assert ("output" in news[-1]["data"]) is (lines == "partial")


def test_heartbeats_come_while_nothing_changes(market: Marketplace) -> None:
    market.emu.speed = 100
    market.emu.fail_next("submit", StuckJob())
    task_id, seen = market.run()["id"], list[dict[str, Any]]()
    for line in market.lines(task_id):
        seen.append(line)
        if line == {"type": "heartbeat"}:
            market.data("POST", f"/tasks/{task_id}/cancel")
    assert seen[-1]["data"]["status"] == 12


@pytest.mark.parametrize("shape", ["none", "number", "steps", "output"])
def test_progress_is_told_in_each_of_its_forms(market: Marketplace, shape: Any) -> None:
    market.service.progress = shape
    task_id = market.run(input={"prompt": "rain", "duration": 100})["id"]
    market.emu.clock.advance(8.4)  # a tenth of its estimate
    task = market.task(task_id)
    told: Any = task["output"]["progress"] if shape == "output" else task.get("progress")
    expected: dict[str, Any] = {"none": None, "number": 10, "steps": {"current": 10, "total": 100}, "output": 0.1}
    assert told == expected[shape]
    market.emu.clock.advance(3600)
    assert "progress" not in market.task(task_id)
    assert "progress" not in market.task(task_id)["output"]


def test_settings_over_the_wire_and_in_python(market: Marketplace) -> None:
    url = f"{market.emu.url}/_emulator/services/inference_sh"
    assert httpx.post(url, json={"lines": "bare"}).json()["lines"] == "bare"
    assert market.service.lines == "bare"
    assert httpx.post(url, json={"lines": "none"}).status_code == 400
    with pytest.raises(ValueError, match="lines is 'none': it has to be one of partial, whole, bare"):
        market.service.lines = "none"  # type: ignore[assignment]  # what is tried
    market.emu.reset()
    assert market.service.lines == "partial"


# Tasks, files and apps


def test_a_task_is_cancelled_and_not_charged(market: Marketplace) -> None:
    task_id = market.run()["id"]
    answer = market.data("POST", f"/tasks/{task_id}/cancel")
    assert answer == {"id": task_id, "status": 12, "cancelled": True}
    market.emu.clock.advance(3600)
    task = market.task(task_id)
    assert (NEW[task["status"]], task["output"], market.emu.charges) == ("cancelled", None, [])
    assert market.data("POST", f"/tasks/{task_id}/cancel", {"force": True})["cancelled"] is False


def test_tasks_and_their_files_are_deleted(market: Marketplace) -> None:
    score = market.upload(b"la", "score.txt", "text/plain")
    running_id = market.run(app=CHOIR, input={"lines": ["la"], "score": score["uri"]})["id"]
    assert problem(market.ask("DELETE", f"/tasks/{running_id}")) == (409, "conflict")
    assert problem(market.ask("DELETE", f"/tasks/{running_id}/files")) == (409, "conflict")
    market.emu.clock.advance(3600)
    files = market.data("GET", f"/tasks/{running_id}/files")
    assert [(each["role"], each["filename"]) for each in files] == [("input", "score.txt"), ("output", "voice-0.wav")]
    assert market.data("GET", f"/tasks/{running_id}/files", role="output") == [files[1]]
    gone = market.data("DELETE", f"/tasks/{running_id}/files", role="output")
    assert gone == {"deleted": [files[1]["id"]], "skipped": []}
    assert fetch(files[1]["uri"]).status_code == 404
    assert market.data("GET", f"/tasks/{running_id}/files") == [files[0]]
    assert market.data("DELETE", f"/tasks/{running_id}/files")["deleted"] == [files[0]["id"]]
    assert problem(market.ask("GET", f"/files/{score['id']}")) == (404, "not_found")
    again = market.upload(b"la", "score.txt", "text/plain")
    other = market.ended(app=CHOIR, input={"lines": ["la"], "score": again["uri"]})["id"]
    assert market.data("DELETE", f"/tasks/{other}", files="true") == {}
    assert problem(market.ask("GET", f"/tasks/{other}")) == (404, "not_found")
    assert problem(market.ask("GET", f"/files/{again['id']}")) == (404, "not_found")


def test_lists_are_filtered_sorted_and_come_in_pages(market: Marketplace) -> None:
    ids = []
    for prompt in ("one", "two", "three"):
        ids.append(market.run(input={"prompt": prompt})["id"])
        market.emu.clock.advance(1)
    market.data("POST", f"/tasks/{ids[1]}/cancel")
    first = market.data("POST", "/tasks/list", {"limit": 2})
    assert [each["id"] for each in first["items"]] == [ids[2], ids[1]]
    assert (first["has_next"], first["has_previous"], first["items_per_page"]) == (True, False, 2)
    second = market.data("POST", "/tasks/list", {"limit": 2, "cursor": first["next_cursor"]})
    assert ([each["id"] for each in second["items"]], second["has_next"]) == ([ids[0]], False)

    def found(**asked: Any) -> list[str]:
        return [each["id"] for each in market.data("POST", "/tasks/list", asked)["items"]]

    assert found(sort=[{"field": "created_at", "dir": "asc"}]) == ids
    assert found(search={"term": "'three'"}) == [ids[2]]
    assert found(filters=[{"field": "status", "operator": "eq", "value": "12"}]) == [ids[1]]
    for name, value, count in (
        ("neq", "12", 2),
        ("in", "12,13", 1),
        ("not_in", "12,13", 2),
        ("is_null", "", 0),
        ("is_not_null", "", 3),
        ("is_not_empty", "", 3),
        ("is_empty", "", 0),
    ):
        assert len(found(filters=[{"field": "status", "operator": name, "value": value}])) == count, name
    for name, value in (("gt", "a"), ("gte", "i"), ("lt", "zz"), ("lte", "j"), ("like", "%/MM%")):
        field = "app_id" if name != "like" else "infra"
        assert (
            len(found(filters=[{"field": field, "operator": name, "value": value}]))
            == ({"gt": 3, "gte": 0, "lt": 3, "lte": 3, "like": 0}[name])
        ), name
    for name, count in (("ilike", 3), ("contains", 0), ("not_contains", 3)):
        assert len(found(filters=[{"field": "infra", "operator": name, "value": "CLOUD"}])) == count, name


def test_files_are_known_by_what_was_told_of_them(market: Marketplace) -> None:
    file = market.upload(b"1234", "a.bin", "application/octet-stream")
    assert file["uri"] == f"inf://files/{file['id']}"
    shown = market.data("GET", f"/files/{file['id']}")
    assert (shown["filename"], shown["size"], shown["content_type"]) == ("a.bin", 4, "application/octet-stream")
    assert "upload_url" not in shown
    assert [each["id"] for each in market.data("POST", "/files/list", {})["items"]] == [file["id"]]
    stranger = {"Authorization": f"Bearer {market.emu.keys['inference_sh']}-other"}
    assert market.http.get(f"/files/{file['id']}", headers=stranger).status_code == 404
    assert market.data("DELETE", f"/files/{file['id']}") == {}
    assert market.data("POST", "/files/list", {})["items"] == []


def test_apps_tell_what_they_take(market: Marketplace) -> None:
    app = market.data("GET", "/apps/infsh/mmaudio")
    assert app["version"]["input_schema"]["required"] == ["prompt"]
    assert market.data("GET", f"/apps/{app['id']}") == app
    assert problem(market.ask("GET", "/apps/some/app")) == (404, "not_found")


def test_estimates(market: Marketplace) -> None:
    def estimate(given: dict[str, Any]) -> Any:
        return market.data("POST", "/store/apps/app_mmaudio/estimate", {"input": given})

    assert estimate({"prompt": "x"}) == {
        "confidence": "exact",
        "microcents": 80_000_000,
        "min": 80_000_000,
        "max": 80_000_000,
        "depends_on": [],
    }
    assert estimate({"prompt": "x", "video_input": "u"})["depends_on"] == ["video_input"]
    assert estimate({})["confidence"] == "unknown"


def test_sessions_go_on_until_they_were_idle_for_too_long(market: Marketplace) -> None:
    opened = market.run(session="new", session_timeout=30)["session_id"]
    assert market.run(session=opened)["session_id"] == opened
    market.emu.clock.advance(3600)
    answer = market.ask("POST", "/apps/run", {"app": MMAUDIO, "input": {"prompt": "x"}, "session": opened})
    assert problem(answer) == (410, "SESSION_EXPIRED")
    answer = market.ask("POST", "/apps/run", {"app": MMAUDIO, "input": {"prompt": "x"}, "session": "ses_none"})
    assert problem(answer) == (404, "SESSION_NOT_FOUND")
    answer = market.ask("POST", "/apps/run", {"app": MMAUDIO, "input": {"prompt": "x"}, "session_timeout": 3})
    assert problem(answer) == (400, "invalid_request")
    assert market.run()["session_id"] is None


# Webhooks


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.mark.parametrize("shape", ["bare", "event"])
@pytest.mark.parametrize(("numbering", "status"), [("new", 10), ("old", 9)])
def test_a_webhook_tells_the_end_unsigned(
    market: Marketplace, receiver: Receiver, shape: Any, numbering: Any, status: int
) -> None:
    market.emu.webhooks.tls = receiver.trust
    market.service.webhooks, market.service.numbering = shape, numbering
    task_id = market.run(input={"prompt": "x", "duration": 1}, webhook=receiver.url)["id"]
    market.emu.clock.advance(3600)
    came = receiver.next()
    assert not [name for name in came.headers if "signature" in name]
    task = came.status["data"] if shape == "event" else came.status
    assert set(came.status) == ({"event", "timestamp", "data"} if shape == "event" else set(task))
    assert (task["id"], task["status"], "status_text" in task) == (task_id, status, False)
    assert fetch(task["output"]["audio_output"]["uri"]).content[:4] == b"fLaC"
