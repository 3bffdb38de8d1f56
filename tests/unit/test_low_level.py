"""The generated client through our connections: same key, same errors, no other host."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from mirelo_ergo_api.mirelo_v2.api.account import get_me
from mirelo_ergo_api.mirelo_v2.api.sound_effects import text_to_sfx_job_create, text_to_sfx_job_poll
from mirelo_ergo_api.mirelo_v2.models import JobAccepted, JobSucceeded, Me, TextToSfxRequest
from mirelo_ergo_api.sync_so.api.assets import find_uploaded_asset, get_asset
from mirelo_ergo_api.sync_so.api.generations import get_generation_download_url
from mirelo_ergo_api.sync_so.models import UploadedAsset

from mirelo_ergo import (
    AsyncMireloClient,
    AuthenticationError,
    ConfigurationError,
    InvalidRequestError,
    MireloClient,
    MireloError,
    NetworkError,
    RateLimitError,
    ServerError,
    SubmitOutcomeUnknown,
    SyncSoClient,
    UnexpectedResponseError,
)
from tests.support import answers
from tests.support.virtual import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

ME = httpx.Response(200, json=answers.ME)


def client_with(answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> MireloClient:
    return MireloClient(KEY, transport=httpx.MockTransport(answer), **options)


def test_typed_calls_go_out_with_our_key_and_headers() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.method == "POST":
            fields = {"job_id": answers.JOB_ID, "job_url": "/x", "estimated_ms": 9000}
            return httpx.Response(202, json={**fields, "estimated_completion_at": "2026-03-01T12:00:09Z"})
        if "jobs" in request.url.path:
            moments = {"created_at": "2026-03-01T12:00:00Z", "completed_at": "2026-03-01T12:00:07Z"}
            fields = {
                "job_id": answers.JOB_ID,
                "status": "succeeded",
                "result": {"result_urls": ["https://r.example/1"]},
            }
            return httpx.Response(200, json={**fields, **moments, "request": {}})
        return httpx.Response(200, json=answers.ME)

    client = client_with(answer, extra_headers={"X-Team": "foley"})
    low = client.low_level
    assert low is client.low_level
    assert isinstance(get_me.sync(client=low), Me)
    accepted = text_to_sfx_job_create.sync(client=low, body=TextToSfxRequest(prompt="rain"))
    assert isinstance(accepted, JobAccepted)
    done = text_to_sfx_job_poll.sync(accepted.job_id, client=low)
    assert isinstance(done, JobSucceeded)
    assert done.result.result_urls == ["https://r.example/1"]
    for request in seen:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.headers["x-team"] == "foley"
        assert request.headers["accept-encoding"] == "identity"
    assert KEY not in repr(low)


@pytest.mark.parametrize(
    ("answer", "cls"),
    [
        (
            httpx.Response(401, json={"error": {"code": "unauthorized", "message": "no", "http_status": 401}}),
            AuthenticationError,
        ),
        (httpx.Response(429, headers={"retry-after": "7"}), RateLimitError),
        (httpx.Response(502, html="<h1>nginx</h1>"), ServerError),
        (httpx.Response(520), ServerError),
        (httpx.Response(302, headers={"location": "https://evil.example"}), MireloError),
        (httpx.Response(200, html="<h1>nginx</h1>"), UnexpectedResponseError),
        (httpx.Response(200), UnexpectedResponseError),
    ],
)
def test_every_answer_but_a_good_one_is_a_typed_error(answer: httpx.Response, cls: type[MireloError]) -> None:
    seen: list[httpx.Request] = []

    def once(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    with pytest.raises(cls) as caught:
        get_me.sync(client=client_with(once).low_level)
    assert caught.value.http_status == answer.status_code
    assert "nginx" not in str(caught.value)
    assert len(seen) == 1


def test_a_broken_connection_is_a_typed_error() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(f"reset, said {KEY}", request=request)

    with pytest.raises(NetworkError) as caught:
        get_me.sync(client=client_with(fail).low_level)
    assert caught.value.sent == "yes"
    assert KEY not in str(caught.value)


LOST: list[Any] = [
    httpx.Response(500, json={"error": {"code": "server_error", "message": "no", "http_status": 500}}),
    httpx.Response(502, html="<h1>nginx</h1>"),
    httpx.Response(408),
    httpx.Response(200, html="<h1>nginx</h1>"),
    httpx.Response(202, content=b'{"job_id": "job-7", "estim'),
    httpx.ReadError("reset"),
    httpx.ReadTimeout("nothing came"),
]


@pytest.mark.parametrize("trouble", LOST)
def test_a_paid_call_whose_outcome_is_unknown_says_so_and_not_that_it_may_be_tried_again(trouble: Any) -> None:
    seen: list[httpx.Request] = []

    def once(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(trouble, Exception):
            raise trouble
        return trouble  # type: ignore[no-any-return]  # it is a response

    with pytest.raises(SubmitOutcomeUnknown) as caught:
        text_to_sfx_job_create.sync(client=client_with(once).low_level, body=TextToSfxRequest(prompt="rain"))
    assert not caught.value.retryable
    assert caught.value.job_id == ("job-7" if "job-7" in repr(getattr(trouble, "content", "")) else None)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("answer", "cls", "retryable"),
    [
        (httpx.Response(422, json={"error": {"code": "odd", "message": "no"}}), InvalidRequestError, False),
        (httpx.Response(429), RateLimitError, True),
        (httpx.Response(502, json={"error": {"code": "generation_failed", "message": "no"}}), ServerError, True),
    ],
)
def test_a_paid_call_that_was_not_taken_is_definite(
    answer: httpx.Response, cls: type[MireloError], retryable: bool
) -> None:
    with pytest.raises(cls) as caught:
        text_to_sfx_job_create.sync(
            client=client_with(lambda _: answer).low_level, body=TextToSfxRequest(prompt="rain")
        )
    assert caught.value.retryable is retryable


def test_a_key_of_a_low_level_call_goes_out_once_and_into_the_error() -> None:
    seen: list[httpx.Request] = []

    def lose(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise httpx.ReadError("reset")

    low = client_with(lose).low_level.get_httpx_client()
    with pytest.raises(SubmitOutcomeUnknown) as caught:
        low.post("/v2/text-to-sfx/v1.5/sync", json={"prompt": "rain"}, headers={"Idempotency-Key": "k-1"})
    assert caught.value.idempotency_key == "k-1"
    assert seen[0].headers.get_list("idempotency-key") == ["k-1"]


def test_a_free_call_is_no_paid_one() -> None:
    low = client_with(lambda _: httpx.Response(502)).low_level.get_httpx_client()
    with pytest.raises(ServerError):
        low.post("/v2/assets", json={})
    gone = client_with(lambda _: httpx.Response(204)).low_level.get_httpx_client()
    assert gone.delete("/v2/assets/1").status_code == 204


@pytest.mark.parametrize(
    "url", ["https://evil.example/v2/me", "http://api.mirelo.ai/v2/me", "https://api.mirelo.ai:8443/"]
)
def test_the_key_goes_to_no_other_place(url: str) -> None:
    client = client_with(lambda request: pytest.fail(f"a request left: {request}"))
    with pytest.raises(ConfigurationError, match="only speaks to"):
        client.low_level.get_httpx_client().get(url)


def test_a_closed_client_says_so() -> None:
    client = client_with(lambda request: ME)
    low = client.low_level
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        get_me.sync(client=low)


UNKNOWN_TO_THE_PARSER = [{"job_id": "job-7"}, {"job_id": "job-7", "job_url": "/x", "estimated_ms": 1, "extra": []}]


@pytest.mark.parametrize("fields", UNKNOWN_TO_THE_PARSER)
def test_a_job_that_the_generated_code_cannot_read_is_not_lost(fields: dict[str, Any]) -> None:
    low = client_with(lambda _: httpx.Response(202, json=fields)).low_level
    with pytest.raises(SubmitOutcomeUnknown, match="not what the generated client knows") as caught:
        text_to_sfx_job_create.sync(client=low, body=TextToSfxRequest(prompt="rain"))
    assert (caught.value.job_id, caught.value.accepted) == ("job-7", True)

    async def work() -> None:
        async with AsyncMireloClient(
            KEY, transport=httpx.MockTransport(lambda _: httpx.Response(202, json=fields))
        ) as client:
            with pytest.raises(SubmitOutcomeUnknown) as caught:
                await text_to_sfx_job_create.asyncio(client=client.low_level, body=TextToSfxRequest(prompt="rain"))
            assert caught.value.job_id == "job-7"

    asyncio.run(work())


def test_what_is_read_and_not_known_to_the_generated_code_is_an_error_of_ours() -> None:
    low = client_with(lambda _: httpx.Response(200, json={"id": 7})).low_level
    with pytest.raises(UnexpectedResponseError, match="not what the generated client knows"):
        get_me.sync(client=low)
    with pytest.raises(UnexpectedResponseError):
        text_to_sfx_job_poll.sync("j-1", client=low)


def test_each_answer_is_read_as_its_own_operations() -> None:
    """`/v2/assets/uploaded` is no asset with the id `uploaded`."""
    answer = httpx.Response(200, json={"odd": 1})
    with SyncSoClient(KEY, transport=httpx.MockTransport(lambda _: answer)) as client:
        found = find_uploaded_asset.sync(client=client.low_level, content_sha_256="0" * 64, type_="VIDEO")
        assert isinstance(found, UploadedAsset)
        with pytest.raises(UnexpectedResponseError):
            get_asset.sync("a-1", client=client.low_level)


def test_an_answer_that_is_text_is_read_as_text() -> None:
    url = "https://files.example/1.mp4?signature=abc"
    seen = [httpx.Response(200, text=url), httpx.Response(200, html="<h1>log in</h1>")]
    with SyncSoClient(KEY, transport=httpx.MockTransport(lambda _: seen.pop(0))) as client:
        assert get_generation_download_url.sync("g-1", client=client.low_level) == url
        with pytest.raises(UnexpectedResponseError):
            get_generation_download_url.sync("g-1", client=client.low_level)


def test_the_async_face_has_one_too() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/me":
            return httpx.Response(200, json=answers.ME)
        raise httpx.ReadError("reset", request=request)

    async def work() -> None:
        async with AsyncMireloClient(KEY, transport=httpx.MockTransport(answer)) as client:
            low = client.low_level
            assert low is client.low_level
            assert isinstance(await get_me.asyncio(client=low), Me)
            with pytest.raises(NetworkError):
                await text_to_sfx_job_poll.asyncio("j-1", client=low)
            with pytest.raises(ConfigurationError, match="only speaks to"):
                await low.get_async_httpx_client().get("https://evil.example/")

    asyncio.run(work())


def test_a_low_level_client_with_other_headers_or_time_outs_is_still_ours() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return ME

    low = client_with(answer).low_level
    for each in (low.with_headers({"X-Shot": "42"}), low.with_timeout(httpx.Timeout(5))):
        assert isinstance(get_me.sync(client=each), Me)
    assert [request.headers.get_list("authorization") for request in seen] == [[f"Bearer {KEY}"]] * 2
    assert seen[0].headers["x-shot"] == "42"
    with pytest.raises(ServerError):
        get_me.sync(client=client_with(lambda _: httpx.Response(503)).low_level.with_cookies({"shot": "42"}))

    async def work() -> None:
        async with AsyncMireloClient(KEY, transport=httpx.MockTransport(answer)) as client:
            assert isinstance(await get_me.asyncio(client=client.low_level.with_headers({"X-Shot": "43"})), Me)

    asyncio.run(work())
    assert (seen[-1].headers["x-shot"], seen[-1].headers["authorization"]) == ("43", f"Bearer {KEY}")


def test_a_stand_in_for_the_key_leaves_with_no_request() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"odd": 1})

    with SyncSoClient(KEY, transport=httpx.MockTransport(answer)) as client:
        find_uploaded_asset.sync(client=client.low_level, content_sha_256="0" * 64, type_="VIDEO")
    assert "authorization" not in seen[0].headers
    assert seen[0].headers["x-api-key"] == KEY


def test_a_call_of_the_other_colour_is_refused_and_sends_nothing() -> None:
    """It went out through connections of httpx's own with `***` as its key, and came back as a wrong key."""
    with pytest.raises(ConfigurationError, match=r"a sync client's: call sync\(\)"):
        asyncio.run(get_me.asyncio(client=client_with(lambda _: ME).low_level))

    async def work() -> None:
        async with AsyncMireloClient(KEY, transport=httpx.MockTransport(lambda _: ME)) as client:
            with pytest.raises(ConfigurationError, match=r"an async client's: call asyncio\(\)"):
                get_me.sync(client=client.low_level)

    asyncio.run(work())
