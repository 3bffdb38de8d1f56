"""inference.sh's client over real sockets: what goes out is what the contract says, and what comes back is read."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from mirelo_ergo import (
    AsyncInferenceClient,
    InferenceClient,
    InvalidRequestError,
    JobFailedError,
    JobTimeoutError,
    RequirementsNotMetError,
    parse_webhook,
)
from mirelo_ergo.inference_sh import File, TaskStatus
from mirelo_ergo.inference_sh.service import files_in
from tests.support.media import picture
from tests.support.standins.inference_sh import FLAC, Service


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(service: Service) -> Iterator[InferenceClient]:
    with InferenceClient("inf_secret", base_url=service.url) as client:
        yield client


def test_mmaudio_is_a_job(service: Service, client: InferenceClient, tmp_path: Path) -> None:
    result = client.mmaudio("rain on a tin roof", duration=4).run()
    assert result.bytes() == [FLAC]
    (run,) = service.asked("POST", "/apps/run")
    assert run.json["app"] == "infsh/mmaudio"
    assert (run.json["input"]["prompt"], run.json["input"]["duration"]) == ("rain on a tin roof", 4)
    assert run.headers["authorization"] == "Bearer inf_secret"
    assert "authorization" not in service.asked("GET", "/a.flac")[0].headers


@pytest.mark.parametrize("way", ["request", "call"])
def test_a_cancellation_that_fails_hides_no_time_out(way: str, service: Service, client: InferenceClient) -> None:
    """The service knows no cancellation here: 404. The error still leads to the task, and says so."""
    service.end = {"status": 7}
    ways: dict[str, Callable[[], object]] = {
        "request": lambda: client.mmaudio("rain").run(timeout_ms=300, cancel_on_timeout=True),
        "call": lambda: client.run({"app": "infsh/mmaudio", "input": {}}, timeout=0.3, cancel_on_timeout=True),
    }
    with pytest.raises(JobTimeoutError) as caught:
        ways[way]()
    assert caught.value.job_token
    assert "could not be cancelled" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("text", "is_file"),
    [
        ("https://cdn.test/rain on a roof.flac?s=1", True),
        ("https://cdn.test/a", True),
        ("HTTPS://cdn.test/é.WAV", True),
        ("https://cdn.test/a.flac is the sound of rain", False),
        ("https://cdn.test is where it lies.wav", False),
        ("see https://cdn.test/a.flac", False),
    ],
)
def test_a_file_is_told_from_a_sentence(text: str, is_file: bool) -> None:
    assert [file.url for file in files_in({"out": text})] == ([text] if is_file else [])


def test_what_the_files_of_an_output_are() -> None:
    """A reference that is no URL is nothing to download: an app gave back what it was sent."""
    url = "https://cdn.test"
    output = {
        "images": [{"uri": f"{url}/1", "content_type": "image/png"}, {"uri": f"{url}/2.jpg"}],
        "captions": {"uri": f"{url}/3.srt", "content_type": "text/plain"},
        "video_output": f"{url}/4",
        "cover_image": f"{url}/5",
        "sound": f"{url}/6",
        "sent": {"uri": "inf://files/f1"},
        "free": {"uri": None, "deep": [1, {"uri": ""}]},
    }
    found = [(file.name, file.kind, file.format) for file in files_in(output)]
    assert found == [
        ("images[0]", "image", None),
        ("images[1]", "image", "jpg"),
        ("captions", "file", None),
        ("video_output", "video", None),
        ("cover_image", "image", None),
        ("sound", "audio", None),
    ]


def test_pictures_go_up_and_come_down(service: Service, client: InferenceClient, tmp_path: Path) -> None:
    service.picture = picture("png", "rgb24")
    service.end = {"status": 10, "output": {"image": {"uri": f"{service.url}/a.png"}}}
    result = client.app("other/app")(image=service.picture).run()
    assert service.asked("POST", "/files")[0].json["files"][0]["content_type"] == "image/png"
    (saved,) = result.download(tmp_path)
    assert (saved.suffix, saved.read_bytes()) == (".png", service.picture)


def test_a_run_gives_the_finished_task_as_a_mapping(client: InferenceClient) -> None:
    task = client.run({"app": "infsh/mmaudio", "input": {"prompt": "thunderstormrain"}})
    assert task["output"] == task.output
    assert (task.id, task.status, task["status"]) == ("t1", "completed", TaskStatus.COMPLETED)
    with pytest.raises(TypeError):
        cast("Any", task)["id"] = "other"


def test_updates_are_merged_line_by_line(service: Service, client: InferenceClient) -> None:
    service.lines = [
        {"id": "t1", "status": 7, "output": None},
        {"type": "heartbeat"},
        {"event": "delta", "data": {"delta": "x", "seq": 1}},
        {"data": {"status": 7, "output": {"progress": 0.5}}, "fields": ["output"]},
        {"id": "another", "status": 10},
        {"data": {"status": 10}, "fields": ["status"]},
    ]
    with client.run({"app": "infsh/mmaudio", "input": {"prompt": "x"}}, stream=True) as stream:
        updates = list(stream)
    assert [update.status for update in updates] == ["running", "running", "completed"]
    assert [update.get("progress") for update in updates] == [None, 50, None]
    assert all(update.id == "t1" for update in updates)
    assert stream.result is not None
    assert stream.result["output"] == service.end["output"], "the last line had none: a read completed it"


def test_a_failed_task_carries_its_token(service: Service, client: InferenceClient) -> None:
    service.end = {"status": 13, "error": "no balance"}
    with pytest.raises(JobFailedError, match=r"no balance \(rejected\); it was not charged") as caught:
        client.run({"app": "infsh/mmaudio", "input": {"prompt": "x"}})
    assert caught.value.job_token is not None
    assert client.job(caught.value.job_token).job_id == "t1"


def test_what_is_not_a_file_is_sent_as_it_is(
    service: Service, client: InferenceClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rain").write_bytes(b"private")
    for prompt in ("rain", "thunderstormrain", "d41d8cd98f00b204e9800998ecf8427e", "QUJDREVGR0hJSktMTU5PUA=="):
        client.run({"app": "infsh/mmaudio", "input": {"prompt": prompt}}, wait=False)
        assert service.asked("POST", "/apps/run")[-1].json["input"] == {"prompt": prompt}
    client.run({"app": "infsh/mmaudio", "input": {}}, wait=False)
    assert service.asked("POST", "/files") == []


def test_files_are_uploaded_wherever_they_stand(service: Service, client: InferenceClient, tmp_path: Path) -> None:
    clip = tmp_path / "clip.flac"
    clip.write_bytes(FLAC)
    given = {"a": clip, "b": [b"RIFF....WAVE", File(clip)], "c": File("https://x.example/d.png"), "d": {"e": clip}}
    client.run({"app": "other/app", "input": given}, wait=False)
    sent = service.asked("POST", "/apps/run")[0].json["input"]
    assert sent["a"] == sent["b"][1] == sent["d"]["e"] == "inf://files/f1"
    assert (sent["b"][0], sent["c"]) == ("inf://files/f2", "https://x.example/d.png")
    first, second = service.asked("POST", "/files")
    assert first.json == {
        "files": [{"uri": "", "filename": "clip.flac", "content_type": "audio/flac", "size": len(FLAC)}]
    }
    assert second.json["files"][0]["size"] == 12
    assert [put.body for put in service.asked("PUT", "/put")] == [FLAC, b"RIFF....WAVE"]
    assert "authorization" not in service.asked("PUT", "/put")[0].headers


def test_the_schema_decides_what_a_string_is(
    service: Service, client: InferenceClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.flac").write_bytes(FLAC)
    given = {"image": "cat.flac", "style": "cat.flac", "clips": ["data:audio/flac;charset=x;base64,ZkxhQw==", None]}
    for _ in range(2):
        client.run({"app": "some/app", "input": given}, wait=False)
    sent = service.asked("POST", "/apps/run")[0].json["input"]
    assert sent == {"image": "inf://files/f1", "style": "cat.flac", "clips": ["inf://files/f2", None]}
    assert len(service.asked("GET", "/apps/some/app")) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"image": "./cat.flac"}, r"input.image='./cat.flac' names a file of this machine.*give pathlib.Path"),
        ({"image": Path("gone.flac")}, "the file gone.flac does not exist"),
        ({"image": Path()}, "is a folder"),
        ({"image": b""}, "input.image is empty"),
    ],
)
def test_a_file_that_cannot_be_meant_fails_before_any_request(
    service: Service,
    client: InferenceClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.flac").write_bytes(FLAC)
    with pytest.raises(InvalidRequestError, match=message):
        client.run({"app": "other/app", "input": given})
    assert [each.path for each in service.seen] in ([], ["/apps/other/app"])


def test_what_an_app_still_needs_is_said(service: Service, client: InferenceClient) -> None:
    missing = {"type": "secret", "key": "HF", "message": "a token is missing", "action": {"instructions": "add it"}}
    service.said = 412, {"satisfied": False, "errors": [missing]}
    with pytest.raises(RequirementsNotMetError, match=r"a token is missing \(add it\)") as caught:
        client.run({"app": "infsh/mmaudio", "input": {}})
    assert caught.value.requirements == [missing]


def test_uploads_can_be_off_and_strict(service: Service, client: InferenceClient, tmp_path: Path) -> None:
    clip = tmp_path / "clip.flac"
    clip.write_bytes(FLAC)
    with pytest.raises(InvalidRequestError, match="uploads are off"):
        client.run({"app": "other/app", "input": {"a": clip}}, upload="off")
    client.run({"app": "infsh/mmaudio", "input": {"video_input": str(clip)}}, upload="strict", wait=False)
    assert service.asked("POST", "/apps/run")[0].json["input"] == {"video_input": str(clip)}


def test_a_file_answers_in_both_ways(client: InferenceClient, tmp_path: Path) -> None:
    clip = tmp_path / "clip.flac"
    clip.write_bytes(FLAC)
    file = client.files.upload(clip)
    assert file.uri == file["uri"] == "inf://files/f1"


@pytest.mark.parametrize(
    ("fields", "status", "ambiguous"),
    [
        ({"status": 10}, "succeeded", True),
        ({"status": 9}, "succeeded", True),
        ({"status": 11}, "errored", True),
        ({"status": 8}, "processing", False),
        ({"status": 13}, "errored", False),
        ({"status": 9, "status_text": "completed"}, "succeeded", False),
        ({"status": "COMPLETED"}, "succeeded", False),
        ({"status": 77}, "processing", False),
    ],
)
def test_webhooks_in_both_numberings(fields: dict[str, Any], status: str, ambiguous: bool) -> None:
    for payload in ({"id": "t1", **fields}, {"event": "x", "timestamp": 1, "data": {"id": "t1", **fields}}):
        event = parse_webhook({}, json.dumps(payload).encode(), "inference_sh")
        assert (event.job_id, event.status, event.ambiguous) == ("t1", status, ambiguous)


def test_the_async_client_does_the_same(service: Service, tmp_path: Path) -> None:
    service.lines = [{"id": "t1", "status": 7}, {"id": "t1", "status": 10}]

    async def main() -> None:
        async with AsyncInferenceClient("inf_secret", base_url=service.url) as client:
            assert (await client.run({"app": "infsh/mmaudio", "input": {"prompt": "x"}})).status == "completed"
            async with await client.run({"app": "infsh/mmaudio", "input": {}}, stream=True) as stream:
                assert [update.status async for update in stream] == ["running", "completed"]
        async with AsyncInferenceClient("inf_secret", base_url=service.url) as client:  # the task has the same id
            assert await (await client.mmaudio("rain").run()).bytes() == [FLAC]

    asyncio.run(main())
