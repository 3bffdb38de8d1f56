"""The API v3 over real sockets: what goes out is what the contract says, under one key, and what comes back is read."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mirelo_ergo import (
    AsyncMireloClient,
    IncompleteResultError,
    InvalidRequestError,
    JobFailedError,
    MireloClient,
    SubmitOutcomeUnknown,
)
from mirelo_ergo._runtime.api.answers import Unusable
from mirelo_ergo._runtime.io.protocol import Reply
from mirelo_ergo._runtime.jobs.packing import pack
from mirelo_ergo.mirelo.v3_values import read_asset
from tests.support.standins.mirelo_v3 import FLAC, Service
from tests.support.standins.standin import FILM


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def client(service: Service) -> Iterator[MireloClient]:
    with MireloClient("sk-x", base_url=service.url, model="sfx-2.0", backoff_ms=1) as client:
        yield client


def test_a_text_goes_to_v3_under_a_key(service: Service, client: MireloClient) -> None:
    request = client.text_to_sfx("rain", duration_ms=4000, num_samples=2, output_format="mp3_320", extra={"seed": 7})
    assert (request.preflight().credits, request.preflight().affordable) == (80, True)
    result = request.run()
    assert result.bytes() == [FLAC] * 4, "two sounds, each with its speech"
    assert [(file.kind, file.main, file.variant) for file in result.files] == [
        ("audio", True, "0"),
        ("speech", False, "0"),
        ("audio", True, "1"),
        ("speech", False, "1"),
    ]
    (created,) = service.asked("POST", "/v3/text-to-sfx/generations")
    assert created.json == {
        "model": "sfx-2.0",
        "num_variants": 2,
        "duration_ms": 4000,
        "input": {"prompt": "rain"},
        "output": {"format": "mp3_320"},
        "seed": 7,
    }
    assert len(created.headers["idempotency-key"]) == 36


def test_a_film_goes_as_a_form_and_its_fields_first(service: Service, client: MireloClient, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(FILM)
    client.video_to_sfx(clip, duration_ms=1000, num_samples=2, preserve_speech=True, prompt="steps").submit_job()
    (form,) = service.asked("POST", "/form")
    assert form.body.index(b'name="key"') < form.body.index(b'name="policy"') < form.body.index(b'name="file"')
    assert FILM in form.body
    assert "authorization" not in form.headers
    (created,) = service.asked("POST", "/v3/video-to-sfx/generations")
    assert created.json["input"] == {"video": {"type": "asset", "id": "ast_1"}, "prompt": "steps"}
    assert created.json["controls"] == {"preserve_speech": True}


def test_a_lost_response_is_asked_for_again_and_paid_once(service: Service, client: MireloClient) -> None:
    service.losing = 2
    job = client.text_to_sfx("rain").submit_job()
    sent = service.asked("POST", "/v3/text-to-sfx/generations")
    assert len(sent) == 3
    assert len({(each.headers["idempotency-key"], each.body) for each in sent}) == 1
    assert (job.job_id, len(service.jobs)) == ("gen_0", 1)


def test_an_unknown_submit_is_sent_again_as_it_was(service: Service) -> None:
    with MireloClient("sk-x", base_url=service.url, model="sfx-1.6", retries=0) as client:
        request = client.text_to_sfx("rain")
        service.losing = 1
        with pytest.raises(SubmitOutcomeUnknown) as caught:
            request.submit_job()
        assert caught.value.idempotency_key is not None
        assert request.resubmit(caught.value).job_id == client.resubmit(caught.value).job_id == "gen_0"
    sent = service.asked("POST", "/v3/text-to-sfx/generations")
    assert len({(each.headers["idempotency-key"], each.body) for each in sent}) == 1


def test_a_prepared_request_is_the_same_in_another_process(service: Service, client: MireloClient) -> None:
    request = client.text_to_sfx("rain")
    token = request.prepare()
    assert request.token == token
    first = request.submit_job()
    with MireloClient("sk-x", base_url=service.url) as other:
        assert other.resubmit(token).job_id == first.job_id
    one, two = service.asked("POST", "/v3/text-to-sfx/generations")
    assert (one.body, one.headers["idempotency-key"]) == (two.body, two.headers["idempotency-key"])


@pytest.mark.parametrize(
    "token",
    ["", "mirelo-request1:", "mirelo-request1:abc", "mirelo2:x", 5, "mirelo-request1:eJw="]
    + [
        pack("mirelo-request1:", ["text-to-sfx", "sfx-1.6", body, "key-1", made_at, 1])
        for body, made_at in [("{}", math.inf), ("{}", math.nan), ("{}", 10**400), ("{}", True), ("\ud800", 1.7e9)]
    ],
    ids=lambda token: str(token)[:40],
)
def test_what_is_no_request_token_is_refused(service: Service, client: MireloClient, token: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"^token: "):
        client.resubmit(token)
    assert service.seen == []


def test_less_than_was_asked_for_comes_with_the_error(service: Service, client: MireloClient) -> None:
    service.end = {"status": "partially_succeeded", "result": {"outputs": [service.output(1)]}}
    with pytest.raises(IncompleteResultError) as caught:
        client.text_to_sfx("rain", num_samples=2).run()
    assert caught.value.result is not None
    assert caught.value.result.bytes() == [FLAC, FLAC]


def test_an_unreadable_result_was_charged(service: Service, client: MireloClient) -> None:
    service.end = {"status": "failed", "errors": [{"code": "result_unreadable", "message": "x"}]}
    with pytest.raises(JobFailedError, match=r"do not send it again.*\(result_unreadable\); it was charged"):
        client.text_to_sfx("rain").run()


def test_an_unknown_status_with_a_time_of_completion_is_an_end(service: Service, client: MireloClient) -> None:
    service.end = {"status": "archived", "result": {"output": service.output(2)}}
    assert len(client.text_to_sfx("rain", num_samples=2).run().result_urls) == 2


def test_the_account_of_v3(client: MireloClient) -> None:
    me = client.me()
    assert (me.id, me.credits_available, me.spend_capacity, me.overage_enabled) == ("usr", 7, 9, None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda c: c.video_to_sfx("https://x.example/a.mp4", duration_ms=1000),
            "video: this is a URL, and",
        ),
        (lambda c: c.video_to_sfx("https://x.example/a.mp4", duration_ms=1, output="video"), "has no output='video'"),
        (lambda c: c.text_to_sfx("rain", num_samples=5), "num_samples=5 is above the maximum of 4"),
        (lambda c: c.text_to_sfx(" "), "prompt"),
        (
            lambda c: c.text_to_sfx("rain", model="v1.5", output_format="wav"),
            "has no output_format; the models sfx-1.6",
        ),
        (lambda c: c.text_to_sfx("rain", model="v1.5").prepare(), "take no idempotency key; models sfx-… do"),
        (lambda c: c.text_to_sfx("rain").token, "prepare"),
        (lambda c: c.text_to_sfx("rain").sync_i_accept_http_timeout_risk(), "has no /sync"),
    ],
)
def test_what_a_model_lacks_is_said_before_anything_is_sent(
    service: Service, client: MireloClient, call: Any, message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        call(client)
    assert service.seen == []


def test_the_async_client_does_the_same(service: Service) -> None:
    async def main() -> None:
        async with AsyncMireloClient("sk-x", base_url=service.url, model="sfx-2.0", backoff_ms=1) as client:
            request = client.text_to_sfx("rain", num_samples=2)
            token = await request.prepare()
            service.losing = 1
            job = await request.submit_job()
            assert (await client.resubmit(token)).job_id == job.job_id
            assert await (await job.wait()).bytes() == [FLAC] * 4

    asyncio.run(main())
    assert len(service.jobs) == 1


def test_a_form_that_cannot_be_sent_is_an_error_of_the_answer() -> None:
    body = json.dumps({"id": "ast-1", "upload_url": "https://store.example/1", "fields": {"policy": "\ud800"}})
    with pytest.raises(Unusable, match="'fields' is not an object of texts"):
        read_asset(Reply(200, {}, body.encode()))
