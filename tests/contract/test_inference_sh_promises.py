"""What inference.sh's client promises, on the emulator: a paid task is never out of reach, nothing else is uploaded."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from mirelo_ergo import (
    AsyncInferenceClient,
    ConfigurationError,
    IncompleteResultError,
    InferenceClient,
    InvalidRequestError,
    JobFailedError,
    JobTimeoutError,
    MireloError,
    Webhook,
    WebhookInbox,
    parse_webhook,
)
from mirelo_ergo.emulator import Emulator, running
from mirelo_ergo.emulator.faults import LostResults, Status, StuckJob
from mirelo_ergo.emulator.services.inference_sh.service import InferenceSh
from mirelo_ergo.inference_sh import File, async_inference, inference
from tests.emulator.gateway import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLIP = Path(__file__).parents[2] / "examples" / "clip.mp4"
APP = "infsh/mmaudio"
RAIN: dict[str, Any] = {"app": APP, "input": {"prompt": "rain", "duration": 1}}


@pytest.fixture
def emu() -> Iterator[Emulator]:
    with running(speed=100) as emulator:
        yield emulator


@pytest.fixture
def client(emu: Emulator) -> Iterator[InferenceClient]:
    with InferenceClient(emu.keys["inference_sh"], base_url=emu.urls["inference_sh"]) as made:
        yield made


def paths(emu: Emulator) -> list[str]:
    return [each.path for each in emu.requests]


def runs(emu: Emulator) -> int:
    return paths(emu).count("/apps/run")


def sent(emu: Emulator) -> dict[str, Any]:
    return dict([each for each in emu.requests if each.path == "/apps/run"][-1].json["input"])


# A paid task is never out of reach


def test_a_new_task_needs_no_second_request(emu: Emulator, client: InferenceClient) -> None:
    emu.fail_next("poll", Status(500, body="empty"), times=99)
    task = client.run(RAIN, wait=False)
    assert (task["id"], task.status) == (emu.jobs[0].id, task["status_text"])
    assert paths(emu) == ["/apps/run"]
    emu.clear_faults()
    assert client.wait_for_completion(task.id)["output"]["duration"] == 1.0


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.run(RAIN, timeout="5"),
        lambda client: client.run(RAIN, timeout=-1),
        lambda client: client.run(RAIN, timeout=float("nan"), stream=True),
        lambda client: client.run(RAIN, timeout=True),
        lambda client: client.wait_for_completion("tsk_1", timeout=0),
        lambda client: client.stream_task("tsk_1", timeout=""),
        lambda client: client.mmaudio("rain").run(timeout_ms="5"),
        lambda client: client.mmaudio("rain").run(poll_interval_ms=-5),
        lambda client: client.run(RAIN, upload="all"),
        lambda client: client.run({"app": APP}),
        lambda client: client.run({"input": {}}),
        lambda client: client.run("infsh/mmaudio"),
        lambda client: client.app("mmaudio"),
        lambda client: client.mmaudio(" "),
        lambda client: client.mmaudio("rain", video=""),
        lambda client: client.mmaudio("rain", video=3),
        lambda client: client.mmaudio("rain", video=["clip.mp4"]),
        lambda client: client.mmaudio("rain", video=b"").submit_job(),
        lambda client: client.run({**RAIN, "input": {"x": {1}}}),
        lambda client: client.run({**RAIN, "session_timeout": 0}),
        lambda client: client.get_task("../apps/run"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_paid(
    emu: Emulator, client: InferenceClient, call: Callable[[InferenceClient], object]
) -> None:
    with pytest.raises((InvalidRequestError, ConfigurationError)):
        call(client)
    assert emu.requests == []


def test_a_client_with_another_word_for_uploads_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="upload='all' is not 'auto', 'strict' or 'off'"):
        InferenceClient("inf_x", upload=cast("Any", "all"))


@pytest.mark.parametrize("way", ["run", "stream", "wait", "job"])
def test_every_error_after_the_run_has_its_job(emu: Emulator, client: InferenceClient, way: str) -> None:
    broken: dict[str, Any] = {"app": APP, "input": {"prompt": "a [generation_failed] drum"}}
    ways: dict[str, Callable[[], object]] = {
        "run": lambda: client.run(broken),
        "stream": lambda: list(client.run(broken, stream=True)),
        "wait": lambda: client.wait_for_completion(client.run(broken, wait=False).id),
        "job": lambda: client.mmaudio("a [generation_failed] drum").run(),
    }
    with pytest.raises(JobFailedError, match=r"the generation failed upstream.*\(failed\)") as caught:
        ways[way]()
    error = caught.value
    assert error.job is not None
    assert error.job.job_id == emu.jobs[0].id
    assert client.job(error.job_token or "").status().status == "errored"


def test_an_interrupt_says_how_to_come_back(
    emu: Emulator, client: InferenceClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(client._core), "finish", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        client.run(RAIN)
    (note,) = caught.value.__notes__
    assert f"client.job('inference_sh2:app:{APP}:{emu.jobs[0].id}:" in note


def test_the_async_client_keeps_the_same_promises(emu: Emulator) -> None:
    async def main() -> None:
        async with AsyncInferenceClient(emu.keys["inference_sh"], base_url=emu.urls["inference_sh"]) as client:
            task = await client.run(RAIN, wait=False)
            assert paths(emu) == ["/apps/run"]
            assert (await client.wait_for_completion(task.id)).status == "completed"
            broken = {"app": APP, "input": {"prompt": "[generation_failed]"}}
            with pytest.raises(JobFailedError) as caught:
                await client.run(broken)
            assert caught.value.job is not None
            with pytest.raises(JobFailedError) as caught:
                async for _ in await client.run(broken, stream=True):
                    pass
            assert caught.value.job is not None
            emu.fail_next("submit", StuckJob(), times=2)
            with pytest.raises(JobTimeoutError):
                await client.run(RAIN, timeout=0.3, cancel_on_timeout=True)
            with pytest.raises(JobTimeoutError):
                await client.mmaudio("rain").run(timeout_ms=300, cancel_on_timeout=True)
            assert [job.error for job in emu.jobs[-2:]] == ["cancelled", "cancelled"]
            assert (await client.estimate(RAIN))["confidence"] == "exact"
            file = await client.files.upload(CLIP)
            await client.files.delete(file.id)
            with pytest.raises(MireloError):
                await client.files.get(file.id)

    asyncio.run(main())


def test_nothing_is_cancelled_unless_it_was_asked_for(emu: Emulator, client: InferenceClient) -> None:
    emu.fail_next("submit", StuckJob(), times=4)
    with pytest.raises(JobTimeoutError) as caught:
        client.run(RAIN, timeout=0.3)
    with pytest.raises(JobTimeoutError):
        client.mmaudio("rain").run(timeout_ms=300)
    assert not [path for path in paths(emu) if path.endswith("/cancel")]
    assert [job.state for job in emu.jobs] == ["processing", "processing"]
    assert client.job(caught.value.job_token or "").cancel().status == "errored"
    with pytest.raises(JobTimeoutError):
        client.run(RAIN, timeout=0.3, cancel_on_timeout=True)
    with pytest.raises(JobTimeoutError):
        client.mmaudio("rain").run(timeout_ms=300, cancel_on_timeout=True)
    assert [job.error for job in emu.jobs] == ["cancelled", None, "cancelled", "cancelled"]


def test_what_was_rejected_was_not_charged(emu: Emulator, client: InferenceClient) -> None:
    emu.service(InferenceSh).unpaid = "rejected"
    emu.set_credits(0)
    with pytest.raises(JobFailedError, match=r"\(rejected\); it was not charged"):
        client.run(RAIN)
    assert emu.charges == []


def test_mmaudio_without_its_sound_is_incomplete(emu: Emulator, client: InferenceClient) -> None:
    emu.fail_next("submit", LostResults())
    with pytest.raises(IncompleteResultError, match="0 of 1 results") as caught:
        client.mmaudio("rain", duration=1).run()
    assert caught.value.job is not None
    assert client.app("emulator/choir")(lines=["la"]).run().files[0].name == "voices[0].sound"


def test_a_result_is_read_only_and_answers_in_both_ways(client: InferenceClient) -> None:
    task = client.run(RAIN)
    assert (task.output, task.id) == (task["output"], task["id"])
    assert task == task.to_dict() == dict(task)
    with pytest.raises(TypeError):
        cast("Any", task)["id"] = "other"
    with pytest.raises(AttributeError):
        cast("Any", task).id = "other"
    with pytest.raises(AttributeError, match="has no 'nothing'; it has "):
        _ = task.nothing


# Uploads


def test_a_missing_file_is_told_before_any_request(emu: Emulator, client: InferenceClient, tmp_path: Path) -> None:
    """Also where another string would need the app's schema."""
    for wrong in (tmp_path / "gone.mp4", tmp_path, File(tmp_path / "gone.mp4"), b"", io.BytesIO()):
        with pytest.raises(InvalidRequestError, match=r"input\.a"):
            client.run({"app": "emulator/choir", "input": {"a": wrong, "b": str(CLIP)}})
        with pytest.raises(InvalidRequestError):
            client.files.upload(wrong)
    for video in ("gone.mp4", str(tmp_path)):
        with pytest.raises(InvalidRequestError, match=r"input\.video_input.*nothing was sent"):
            client.run({"app": APP, "input": {"prompt": "x", "video_input": video}})
    assert emu.requests == []


def test_a_missing_file_in_a_field_of_files_is_told_before_the_run(emu: Emulator, client: InferenceClient) -> None:
    with pytest.raises(InvalidRequestError, match=r"input\.score: the file gone\.txt does not exist"):
        client.run({"app": "emulator/choir", "input": {"lines": ["la"], "score": "gone.txt"}})
    assert paths(emu) == ["/apps/emulator/choir"]


def test_the_schema_is_asked_for_once_and_kept(emu: Emulator, client: InferenceClient, tmp_path: Path) -> None:
    page = tmp_path / "page one.txt"
    page.write_text("la")
    given = {"lines": ["la"], "score": str(page), "pages": [str(page), page], "style": "page one.txt"}
    for _ in range(2):
        client.run({"app": "emulator/choir@1a2b3c4d", "input": given}, wait=False)
    assert sent(emu)["style"] == "page one.txt"
    assert {sent(emu)["score"], *sent(emu)["pages"]} == {sent(emu)["score"]}, "one file, uploaded once"
    assert paths(emu).count("/apps/emulator/choir") == 1
    assert paths(emu).count("/files") == 1
    client.run({"app": "emulator/choir", "input": {"lines": ["thunderstormrain"]}}, wait=False)
    assert paths(emu).count("/apps/emulator/choir") == 1, "nothing in it could be a file"


@pytest.mark.parametrize("status", [403, 404])
def test_an_app_that_cannot_be_read_has_no_schema(
    emu: Emulator, client: InferenceClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.png").write_bytes(b"x")
    emu.fail_next("getAppByName", Status(status), times=9)
    with pytest.raises(InvalidRequestError, match=r"input\.image='\./cat\.png' names a file of this machine.*Path\("):
        client.run({"app": "emulator/choir", "input": {"image": "./cat.png", "lines": ["la"]}})
    assert runs(emu) == 0
    client.run({"app": "emulator/choir", "input": {"image": "cat.png", "lines": ["la"]}}, wait=False)
    assert sent(emu)["image"] == "cat.png"


def test_what_was_deleted_is_uploaded_again(emu: Emulator, client: InferenceClient) -> None:
    asked = {"app": APP, "input": {"prompt": "x", "video_input": CLIP, "duration": 1}}
    task = client.run(asked)
    client.tasks.delete_files(task.id, role="input")
    task = client.run(asked)
    client.tasks.delete(task.id, files=True)
    client.run(asked)
    client.files.delete(sent(emu)["video_input"].removeprefix("inf://files/"))
    assert client.run(asked).status == "completed"
    assert paths(emu).count("/files") == 4


def test_an_estimate_uploads_nothing_and_tells_no_path(emu: Emulator, client: InferenceClient) -> None:
    for video in (CLIP, str(CLIP), CLIP.read_bytes()):
        asked = {"app": APP, "input": {"prompt": "x", "video_input": video}}
        assert client.estimate(asked)["depends_on"] == ["video_input"]
        told = emu.requests[-1].json["input"]["video_input"]
        assert told["size"] == CLIP.stat().st_size
        assert str(CLIP.parent) not in str(told)
    assert client.estimate(RAIN)["microcents"] == 10_000_000
    assert client.app(APP)(**RAIN["input"]).estimate().to_dict() == client.estimate(RAIN).to_dict()
    assert "/files" not in paths(emu)


def test_a_file_tells_its_progress_and_is_logged_by_name(
    emu: Emulator, client: InferenceClient, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[int, int]] = []
    given = File(CLIP, filename="mine.mp4", on_progress=lambda done, total: seen.append((done, total)))
    with caplog.at_level(logging.INFO, "mirelo_ergo"):
        client.run({"app": APP, "input": {"prompt": "x", "video_input": given}}, wait=False)
    assert seen[-1] == (CLIP.stat().st_size, CLIP.stat().st_size)
    assert "uploaded mine.mp4" in caplog.text
    assert "input.video_input" in caplog.text
    assert client.files.upload(File(b"la", filename="a.txt"))["filename"] == "a.txt"
    for url in ("https://x.example/a.mp4", "INF://files/f1"):
        with pytest.raises(InvalidRequestError, match="is a URL, which an input takes as it is"):
            client.files.upload(url)
    with pytest.raises(InvalidRequestError, match="is blank"):
        client.files.upload("")


@pytest.mark.parametrize("policy", ["auto", "strict", "off"])
@pytest.mark.parametrize("per_run", [True, False])
def test_what_may_be_uploaded_is_said_by_client_and_run(emu: Emulator, policy: Any, per_run: bool) -> None:
    other: Any = "off" if policy == "strict" else "strict"
    with InferenceClient(
        emu.keys["inference_sh"], base_url=emu.urls["inference_sh"], upload=other if per_run else policy
    ) as client:
        more: Any = {"upload": policy} if per_run else {}
        client.run({"app": APP, "input": {"prompt": "x", "video_input": str(CLIP)}}, wait=False, **more)
        assert sent(emu)["video_input"].startswith("inf://files/" if policy == "auto" else str(CLIP))
        asked = {"app": APP, "input": {"prompt": "x", "video_input": CLIP}}
        if policy == "off":
            with pytest.raises(InvalidRequestError, match="uploads are off"):
                client.run(asked, wait=False, **more)
            return
        client.run(asked, wait=False, **more)
        assert sent(emu)["video_input"].startswith("inf://files/")


def test_the_page_has_free_json(emu: Emulator, client: InferenceClient) -> None:
    """`input: {}` goes out as it is: what is needed is the app's business."""
    with pytest.raises(JobFailedError, match=r"input\.prompt is missing"):
        client.run({"app": APP, "input": {}})
    assert sent(emu) == {}


# Every call, with both clients


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_every_call_of_the_resources(emu: Emulator, colour: str) -> None:
    async def settled(value: Any) -> Any:
        return await value if inspect.isawaitable(value) else value

    async def collected(values: Any) -> list[Any]:
        values = await settled(values)
        return [each async for each in values] if hasattr(values, "__aiter__") else list(values)

    async def main() -> None:
        make = inference if colour == "sync" else async_inference
        client: Any = make(emu.keys["inference_sh"], emu.urls["inference_sh"])
        task = await settled(client.run({"app": APP, "input": {"prompt": "x", "video_input": CLIP, "duration": 1}}))
        for read in (client.get_task, client.tasks.get):
            assert (await settled(read(task.id)))["output"]["duration"] == 1.0
        assert (await settled(client.tasks.wait_for_completion(task.id, timeout=30))).status == "completed"
        stream = client.tasks.stream(task.id)
        (update,) = await collected(stream)
        assert (update.status, stream.id, stream.job.token, task.id in repr(stream)) == (
            "completed",
            task.id,
            stream.token,
            True,
        )
        assert await collected(stream) == [], "it has ended"
        async with contextlib.AsyncExitStack() as stack:
            enter = stack.enter_context if colour == "sync" else stack.enter_async_context
            following: Any = enter(client.stream_task(task.id))
            following = await settled(following)
        assert await collected(following) == [], "it was closed"
        assert [file["role"] for file in await settled(client.tasks.files(task.id))] == ["input", "output", "output"]
        assert (await settled(client.tasks.logs(task.id)))["task_id"] == task.id
        assert (await settled(client.tasks.timings(task.id)))["task_id"] == task.id
        assert [each.id for each in await collected(client.tasks.list(limit=1, sort=[{"field": "id"}]))] == [task.id]
        assert await settled(client.cancel(task.id)) is None
        assert await settled(client.tasks.cancel(task.id)) is None
        (file,) = await collected(client.files.list(search={"term": "clip.mp4"}))
        assert (await settled(client.files.get(file.id)))["filename"] == "clip.mp4"
        assert (await settled(client.apps.get(APP)))["namespace"] == "infsh"
        assert (await settled(client.apps.get("app_mmaudio")))["name"] == "mmaudio"
        assert (await settled(client.estimate(RAIN))).to_dict()["confidence"] == "exact"
        assert (await settled(client.tasks.delete_files(task.id)))["skipped"] == []
        assert await settled(client.tasks.delete(task.id)) is None
        with pytest.raises(MireloError):
            await settled(client.get_task(task.id))
        assert client.low_level is client.low_level
        await settled(client.close() if colour == "sync" else client.aclose())

    asyncio.run(main())


def test_a_file_object_says_what_it_is() -> None:
    stored = File({"uri": "inf://files/f1", "content_type": "video/mp4", "size": 3, "filename": "a.mp4"})
    assert stored.to_dict() == {
        "uri": "inf://files/f1",
        "content_type": "video/mp4",
        "size": 3,
        "filename": "a.mp4",
    }
    assert (File.from_path("a.mp4").path, File("https://x.example/a").uri) == ("a.mp4", "https://x.example/a")
    assert [repr(each) for each in (stored, File("a.mp4"), File(b"la"))] == [
        "<File inf://files/f1>",
        "<File a.mp4>",
        "<File in memory>",
    ]
    for wrong in ({}, {"uri": "x", "source": b"y"}):
        with pytest.raises(InvalidRequestError, match="give one of a path, a uri, bytes or an open file"):
            File(**cast("Any", wrong))


# Webhooks


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.mark.parametrize("confirm", [True, False])
@pytest.mark.parametrize("shape", ["bare", "event"])
@pytest.mark.parametrize(("numbering", "number"), [("new", 10), ("old", 9), ("names", "completed")])
def test_a_webhook_ends_a_wait_in_both_numberings(
    emu: Emulator,
    client: InferenceClient,
    receiver: Receiver,
    confirm: bool,
    shape: Any,
    numbering: Any,
    number: int | str,
) -> None:
    """A bare 9, 10 or 11 is asked for again, whatever the inbox believes; only a name can be believed."""
    emu.webhooks.tls = receiver.trust
    service, inbox = emu.service(InferenceSh), WebhookInbox(confirm=confirm)
    service.webhooks, service.numbering = shape, numbering
    job = client.mmaudio("rain", duration=1).submit_job(webhook=Webhook(receiver.url))
    assert emu.requests[-1].json["webhook"] == receiver.url
    came = receiver.next()
    event = parse_webhook(came.headers, came.raw, "inference_sh")
    assert (event.status, event.ambiguous, event.raw_status) == ("succeeded", number in (9, 10), str(number))
    inbox.receive(event)
    before = len(emu.requests)
    result = job.wait(poll_interval_ms=600_000, timeout_ms=600_000, webhooks=inbox)
    assert result.bytes()[0][:4] == b"fLaC"
    polls = [path for path in paths(emu)[before:] if path == f"/tasks/{job.job_id}"]
    assert len(polls) == (1 if confirm or number != "completed" else 0)


def test_a_webhook_that_comes_too_early_ends_nothing(emu: Emulator, client: InferenceClient) -> None:
    """One number says that the task is uploading now, and said that it was completed before."""
    emu.fail_next("submit", StuckJob())
    job, inbox = client.mmaudio("rain").submit_job(), WebhookInbox(confirm=False)
    inbox.receive(parse_webhook({}, json.dumps({"id": job.job_id, "status": 9}).encode(), "inference_sh"))
    with pytest.raises(JobTimeoutError):
        job.wait(timeout_ms=300, webhooks=inbox)
