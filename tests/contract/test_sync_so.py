"""sync.so's client over real sockets: what goes out is what the contract says, and what comes back is read."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mirelo_ergo import (
    AsyncSyncSoClient,
    CostLimitError,
    InvalidRequestError,
    MireloError,
    NotFoundError,
    SubmitOutcomeUnknown,
    SyncSoClient,
    Webhook,
)
from mirelo_ergo._runtime.jobs.packing import pack
from mirelo_ergo.sync_so import Audio, ElevenLabs, Generation, GenerationOptions, Tts, Video
from mirelo_ergo.sync_so.values import read
from tests.support.standins.standin import FILM
from tests.support.standins.sync_so import Service

VOICE = Tts(provider=ElevenLabs(voice_id="v", script="Good evening."))


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(service: Service) -> Iterator[SyncSoClient]:
    with SyncSoClient("secret-key", base_url=service.url) as client:
        yield client


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(FILM)
    return path


def test_a_lip_sync_of_a_local_film(service: Service, client: SyncSoClient, film: Path, tmp_path: Path) -> None:
    request = client.lipsync(film, VOICE, sync_mode="loop", max_cost_usd=1)
    assert request.preflight().cost_usd == 0.4
    result = request.run()
    (saved,) = result.download(tmp_path / "out")
    assert saved.read_bytes() == FILM
    assert [file.kind for file in result.files] == ["video"]
    assert len(service.asked("PUT", "/put")) == 1, "uploaded once for the preflight and the submit"
    (created,) = service.asked("POST", "/v2/generate")
    assert json.loads(created.body) == {
        "model": "lipsync-2",
        "input": [
            {"assetId": "ast_1", "type": "video"},
            {
                "provider": {"voiceId": "v", "script": "Good evening.", "name": "elevenlabs"},
                "type": "text",
            },
        ],
        "options": {"sync_mode": "loop"},
    }
    assert len(created.headers["idempotency-key"]) == 36


def test_the_key_goes_to_the_service_alone(service: Service, client: SyncSoClient, film: Path) -> None:
    client.lipsync(film, "https://clips.example/voice.wav").run().bytes()
    assert client.batch.results("b1") == [{"request_id": "1"}, {"request_id": "2"}]
    for each in service.seen:
        outside = each.path.split("?")[0] in ("/put", "/r.mp4", "/lines")
        assert ("x-api-key" in each.headers) is not outside, each.path
        assert ("idempotency-key" in each.headers) is (each.path == "/v2/generate"), each.path


def test_a_cost_limit_holds_before_anything_is_submitted(service: Service, client: SyncSoClient) -> None:
    with pytest.raises(CostLimitError, match=r"would cost 0.4 USD, more than max_cost_usd=0.1"):
        client.lipsync("https://x.example/a.mp4", VOICE, max_cost_usd=0.1).submit_job()
    assert service.asked("POST", "/v2/generate") == []


def test_lists_go_through_all_pages(service: Service, client: SyncSoClient) -> None:
    page = client.assets.list(limit=2, types=["VIDEO", "AUDIO"])
    assert ([asset.id for asset in page.items], page.next_cursor, page.total_count) == (["a1", "a2"], "c2", 3)
    assert [asset.id for asset in page] == ["a1", "a2", "a3"]
    assert page.items[0].extra == {"somethingNew": 1}
    assert service.seen[0].path == "/v2/assets?limit=2&types=VIDEO%2CAUDIO"


def test_a_create_takes_the_vendors_arguments(service: Service, client: SyncSoClient) -> None:
    made = client.generations.create(
        model="lipsync-2",
        input=[Video(url="https://x.example/a.mp4"), {"type": "audio", "asset_id": "a1", "refId": None}],
        options=GenerationOptions(temperature=0.3),
        output_file_name="take_1",
        idempotency_key="my-key",
        request_options={"additional_headers": {"X-Trace": "7"}, "additional_body_parameters": {"beta": True}},
    )
    assert (made.id, made.status, made.extra) == ("gen-1", "PENDING", {"fresh": True})
    (created,) = service.asked("POST", "/v2/generate")
    assert (created.headers["idempotency-key"], created.headers["x-trace"]) == ("my-key", "7")
    assert json.loads(created.body) == {
        "model": "lipsync-2",
        "input": [{"url": "https://x.example/a.mp4", "type": "video"}, {"type": "audio", "assetId": "a1"}],
        "options": {"temperature": 0.3},
        "outputFileName": "take_1",
        "beta": True,
    }


def test_files_go_in_a_form(service: Service, client: SyncSoClient, film: Path) -> None:
    client.generations.create_with_files(
        model="lipsync-2", video=film, audio=("a.wav", b"RIFF....WAVE"), options={"syncMode": "loop"}
    )
    (created,) = service.asked("POST", "/v2/generate")
    assert created.headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (
        b'name="model"\r\n\r\nlipsync-2\r\n',
        b'name="options"\r\n\r\n{"sync_mode": "loop"}\r\n',
        b'name="video"; filename="talk.mp4"\r\nContent-Type: video/mp4\r\n\r\n' + FILM,
        b'name="audio"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF....WAVE\r\n',
    ):
        assert part in created.body


def test_a_dry_run_says_so_in_its_form(service: Service, client: SyncSoClient) -> None:
    assert client.batch.create(input=("lines.jsonl", "{}\n"), dry_run=True).status == "VALIDATED"
    assert client.batch.create(input=b"{}\n").status == "PENDING"
    dry, real = service.asked("POST", "/v2/batch")
    assert b'name="dry_run"\r\n\r\ntrue\r\n' in dry.body
    assert b"dry_run" not in real.body
    assert b'filename="input.jsonl"' in real.body


PAIR = [Video(url="u"), VOICE]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input": [Video(url="u")]}, "input needs at least 1 of audio or text"),
        ({"input": [Audio(url="u")]}, "input needs exactly 1 of video or image"),
        ({"input": [Video(), VOICE]}, r"input\[0\] takes exactly one of url, assetId"),
        ({"input": [*PAIR, VOICE]}, "input takes at most 1 of audio or text, and has 2 without segments"),
        ({"input": PAIR, "options": {"prompt": "happy"}}, r"options.prompt='happy' has to be left out"),
        ({"input": "clip.mp4"}, "input='clip.mp4' is str, not a list of inputs"),
        ({"input": PAIR, "output_file_name": "a.mp4"}, "outputFileName='a.mp4' does not have the form"),
        ({"input": PAIR, "idempotency_key": "a b"}, "idempotency_key='a b' does not look like"),
        ({"input": PAIR, "request_options": {"retries": 1}}, "is not a mapping with"),
        ({"input": PAIR, "request_options": {"additional_headers": {"X-API-Key": "k"}}}, "sets itself"),
    ],
)  # fmt: skip
def test_what_the_service_would_refuse_is_not_sent(
    service: Service, client: SyncSoClient, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        client.generations.create(model="lipsync-2", **arguments)
    assert service.seen == []


def test_an_error_says_what_the_service_said(client: SyncSoClient) -> None:
    with pytest.raises(NotFoundError, match="no; such thing"):
        client.generations.get("another")
    with pytest.raises(InvalidRequestError, match="id='a/b' holds a slash"):
        client.generations.get("a/b")


def test_the_async_client_does_the_same(service: Service, film: Path) -> None:
    async def main() -> None:
        async with AsyncSyncSoClient("secret-key", base_url=service.url) as client:
            result = await client.lipsync(film, VOICE).run()
            assert await result.bytes() == [FILM]
            assert [asset.id async for asset in await client.assets.list(limit=2)] == ["a1", "a2", "a3"]
            assert await client.generations.download_url("gen-1") == f"{service.store}/r.mp4"

    asyncio.run(main())


def test_a_prepared_lip_sync_is_the_same_in_another_process(service: Service, client: SyncSoClient, film: Path) -> None:
    request = client.lipsync(film, "https://media.example/a.wav")
    token = request.prepare()
    assert request.token == token
    assert "sk-" not in token
    first = request.submit_job()
    with SyncSoClient("sk-x", base_url=service.url) as other:
        assert other.resubmit(token).job_id == first.job_id
    one, two = service.asked("POST", "/v2/generate")
    assert (one.body, one.headers["idempotency-key"]) == (two.body, two.headers["idempotency-key"])


def test_what_cannot_be_sent_again_as_the_same_is_refused(service: Service, client: SyncSoClient) -> None:
    with pytest.raises(InvalidRequestError, match=r"token: 'nonsense' is not a request's token \(sync_so-request1:…\)"):
        client.resubmit("nonsense")
    with pytest.raises(InvalidRequestError, match="token: it is damaged"):
        client.resubmit("sync_so-request1:abc")
    for made_at in (math.inf, 10**400):  # a key without an age would never be too old
        with pytest.raises(InvalidRequestError, match="token: this version does not know"):
            client.resubmit(pack("sync_so-request1:", ["lipsync-2", "{}", "key-1", made_at]))
    with pytest.raises(InvalidRequestError, match="this error is of no lip-sync"):
        client.resubmit(SubmitOutcomeUnknown("lost"))
    request = client.lipsync("https://media.example/v.mp4", "https://media.example/a.wav")
    with pytest.raises(InvalidRequestError, match=r"prepare\(\) the request first"):
        _ = request.token
    request.prepare("a-key")
    with pytest.raises(InvalidRequestError, match="a prepared request's bytes are fixed"):
        request.submit_job(Webhook("https://me.example/hook"))
    assert service.asked("POST", "/v2/generate") == []


PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def test_a_picture_of_this_machine_goes_up_as_a_picture(service: Service, client: SyncSoClient, tmp_path: Path) -> None:
    face = tmp_path / "face.png"
    face.write_bytes(PNG)
    client.lipsync(face, VOICE, model="sync-3").submit_job()
    (registered,) = service.asked("POST", "/v2/assets")
    assert json.loads(registered.body)["type"] == "IMAGE"
    (created,) = service.asked("POST", "/v2/generate")
    assert json.loads(created.body)["input"][0] == {"type": "image", "assetId": "ast_1"}
    with pytest.raises(InvalidRequestError, match=r"input takes at most 0 of image.*model='sync-3'"):
        client.lipsync(face, VOICE).submit_job()


def test_a_sound_is_no_video(service: Service, client: SyncSoClient) -> None:
    with pytest.raises(InvalidRequestError, match="video: it is a sound, not a video or a picture; nothing was sent"):
        client.lipsync(b"RIFF\x04\x00\x00\x00WAVE", VOICE).submit_job()
    assert service.seen == []


def test_what_would_be_refused_is_not_uploaded_first(service: Service, client: SyncSoClient, film: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"options.temperature=2 is above the maximum of 1"):
        client.lipsync(film, VOICE, options={"temperature": 2}).submit_job()
    with pytest.raises(InvalidRequestError, match="input takes at most 1 of audio or text"):
        client.lipsync(film, [VOICE, VOICE]).preflight()
    assert service.seen == []


@pytest.mark.parametrize("costs", [[], [{"estimatedFrameCount": 3}], [{"estimatedGenerationCost": 0.1}, {}]])
def test_a_cost_that_is_not_told_is_not_nothing(
    service: Service, client: SyncSoClient, costs: list[dict[str, float]]
) -> None:
    service.costs = costs
    request = client.lipsync("https://x.example/a.mp4", VOICE, max_cost_usd=5)
    assert request.preflight().cost_usd is None
    with pytest.raises(CostLimitError, match="the service tells no cost, so nothing was submitted"):
        request.submit_job()
    assert service.asked("POST", "/v2/generate") == []


def test_request_options_go_along_or_are_refused(service: Service, client: SyncSoClient, film: Path) -> None:
    more: Any = {
        "additional_body_parameters": {"beta": True, "note": "x"},
        "additional_query_parameters": {"q": [1, 2]},
    }
    client.batch.create(input=b"{}\n", dry_run=True, request_options=more)
    client.generations.create_with_files(model="m", video=film, audio=b"RIFF....WAVE", request_options=more)
    for sent in (*service.asked("POST", "/v2/batch"), *service.asked("POST", "/v2/generate")):
        assert b'name="beta"\r\n\r\ntrue\r\n' in sent.body
        assert b'name="note"\r\n\r\nx\r\n' in sent.body
    assert service.asked("POST", "/v2/generate")[0].path == "/v2/generate?q=1%2C2"
    with pytest.raises(InvalidRequestError, match="getAsset: request_options: additional_body_parameters has nowhere"):
        client.assets.get("a", request_options=more)


CALLS: list[tuple[str, str, tuple[Any, ...], dict[str, Any]]] = [
    ("assets", "list", (), {}),
    ("assets", "get", ("a",), {}),
    ("assets", "get_many", (["a"],), {}),
    ("assets", "find_uploaded", (FILM, "VIDEO"), {}),
    ("assets", "create", ("https://x.example/a.mp4", "VIDEO"), {}),
    ("assets", "update", ("a",), {"name": "b"}),
    ("assets", "delete", ("a",), {}),
    ("assets", "download_url", ("a",), {}),
    ("batch", "create", (), {"input": b"{}\n"}),
    ("batch", "get", ("b1",), {}),
    ("batch", "list", (), {}),
    ("batch", "results", ("b1",), {}),
    ("generations", "create", (), {"model": "m", "input": [Video(url="u"), VOICE]}),
    ("generations", "create_with_files", (), {"model": "m", "video": FILM, "audio": FILM}),
    ("generations", "get", ("gen-1",), {}),
    ("generations", "list", (), {}),
    ("generations", "estimate_cost", (), {"model": "m", "input": [Video(url="u"), VOICE]}),
    ("generations", "count", (), {}),
    ("generations", "costs", ("gen-1",), {}),
    ("generations", "download_url", ("gen-1",), {}),
    ("generations", "delete", ("gen-1",), {}),
    ("models", "list", (), {}),
    ("projects", "create", ("Talks",), {}),
    ("projects", "list", (), {}),
    ("projects", "get", ("p",), {}),
    ("projects", "add_asset", ("p", "a"), {}),
    ("projects", "remove_asset", ("p", "a"), {}),
]


@pytest.mark.parametrize(("space", "call", "given", "more"), CALLS, ids=[f"{each[0]}.{each[1]}" for each in CALLS])
def test_every_resource_call_takes_request_options(
    service: Service, client: SyncSoClient, space: str, call: str, given: tuple[Any, ...], more: dict[str, Any]
) -> None:
    options: Any = {"additional_headers": {"X-Trace": "7"}, "additional_query_parameters": {"t": 8}, "max_retries": 0}

    async def twin() -> None:
        async with AsyncSyncSoClient("secret-key", base_url=service.url) as other:
            await getattr(getattr(other, space), call)(*given, **more, request_options=options)

    for act in (
        lambda: getattr(getattr(client, space), call)(*given, **more, request_options=options),
        lambda: asyncio.run(twin()),
    ):
        service.seen.clear()
        with contextlib.suppress(MireloError):  # the stand-in does not know all of them
            act()
        first = service.seen[0]
        assert (first.headers["x-trace"], "t=8" in first.path) == ("7", True)
    public = {name for name in dir(getattr(client, space)) if not name.startswith("_")}
    assert public - {"upload"} == {name for each, name, *_ in CALLS if each == space}


def test_sizes_are_checked_before_anything_leaves(service: Service, client: SyncSoClient, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="input has 5000001 bytes, more than the 5000000"):
        client.batch.create(input=bytes(5_000_001))
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.write(FILM)
        file.truncate((5 << 30) + 1)  # a hole: no block of the disk is taken
    with pytest.raises(InvalidRequestError, match=f"video has {(5 << 30) + 1} bytes, more than the {5 << 30}"):
        client.generations.create_with_files(model="m", video=huge, audio=FILM)
    with pytest.raises(InvalidRequestError, match="size=5368709121 is above the maximum of 5368709120"):
        client.assets.upload(huge)
    with pytest.raises(InvalidRequestError, match="input=None is NoneType: give a path, bytes or an open"):
        client.batch.create(input=None)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequestError, match="create_with_files: a video or an image is missing"):
        client.generations.create_with_files(model="m", audio=FILM)
    with pytest.raises(InvalidRequestError, match="create_with_files: an audio is missing"):
        client.generations.create_with_files(model="m", video=FILM)
    assert service.seen == []


def test_filters_go_out_with_commas(service: Service, client: SyncSoClient) -> None:
    with contextlib.suppress(MireloError):
        client.generations.list(status=["COMPLETED", "FAILED"], ids=("a", "b"), source="api", limit=3)
    assert service.seen[0].path == "/v2/generations?status=COMPLETED%2CFAILED&ids=a%2Cb&source=api&limit=3"


def test_a_job_is_resumed_by_its_bare_id(client: SyncSoClient) -> None:
    assert client.job("gen-1").wait().result_urls
    with pytest.raises(InvalidRequestError, match="is not a job token"):
        client.job("not:a token")


def test_both_spellings_of_an_error_code_are_read() -> None:
    for name in ("errorCode", "error_code"):
        made = read(Generation, {"id": "g", "status": "FAILED", name: "voice_not_found", "newField": 1})
        assert (made.error_code, made.extra) == ("voice_not_found", {"newField": 1})
