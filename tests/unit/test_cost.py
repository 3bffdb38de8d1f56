"""The cost guard: nothing is submitted if it would cost more than allowed, or if its cost is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import (
    AuthenticationError,
    ConfigurationError,
    CostLimitError,
    GenerationRequest,
    PreflightResult,
    Video,
)
from mirelo_ergo._runtime.io.protocol import run
from tests.support import answers
from tests.support.virtual import VirtualIO, async_client_over, client_over

if TYPE_CHECKING:
    from mirelo_ergo import MireloClient

PREFLIGHT = "GET /v2/text-to-sfx/v1.5/preflight?duration_ms=5000&num_samples=2"


def rain(client: MireloClient, max_credits: int | None = None) -> GenerationRequest:
    return client.text_to_sfx("rain", duration_ms=5000, num_samples=2, max_credits=max_credits)


def test_the_price_is_asked_as_the_request_is() -> None:
    io = VirtualIO([answers.preflight(100, 9000)] * 2)
    client = client_over(io)
    assert rain(client).preflight() == PreflightResult(100, 9000)
    client.video_to_sfx("https://m.example/a.mp4", duration_ms=7000, start_offset_ms=500, num_samples=3).preflight()
    assert io.requests == [PREFLIGHT, "GET /v2/video-to-sfx/v1.5/preflight?duration_ms=7000&num_samples=3"]


def test_without_a_limit_nothing_is_asked() -> None:
    io = VirtualIO([answers.accepted()])
    rain(client_over(io)).submit_job()
    assert io.requests == ["POST /v2/text-to-sfx/v1.5/jobs"]


SENDERS = ["submit_job", "run", "sync_i_accept_http_timeout_risk"]


@pytest.mark.parametrize("send", SENDERS)
def test_more_than_allowed_is_not_submitted(send: str) -> None:
    io = VirtualIO([answers.preflight(101)])
    with pytest.raises(CostLimitError) as caught:
        getattr(rain(client_over(io, max_credits=100)), send)()
    error = caught.value
    assert (error.credits, error.max_credits, error.code) == (101, 100, "cost_limit")
    assert "101 credits, more than max_credits=100; nothing was submitted" in error.message
    assert io.requests == [PREFLIGHT]


@pytest.mark.parametrize("send", ["submit_job", "sync_i_accept_http_timeout_risk"])
def test_exactly_what_is_allowed_is_submitted(send: str) -> None:
    answer = (
        answers.accepted() if send == "submit_job" else answers.result("https://r.example/1", "https://r.example/2")
    )
    io = VirtualIO([answers.preflight(100), answer])
    getattr(rain(client_over(io, max_credits=100)), send)()
    assert len(io.calls) == 2


def test_a_request_overrides_its_client() -> None:
    io = VirtualIO([answers.preflight(50)])
    with pytest.raises(CostLimitError):
        rain(client_over(io, max_credits=100), max_credits=49).submit_job()
    io = VirtualIO([answers.preflight(150), answers.accepted()])
    rain(client_over(io, max_credits=100), max_credits=150).submit_job()
    io = VirtualIO([answers.preflight(1)])
    with pytest.raises(CostLimitError):
        rain(client_over(io), max_credits=0).submit_job()


def test_an_upload_comes_after_the_guard() -> None:
    io = VirtualIO([answers.preflight(101)])
    video = Video.from_bytes(b"....ftypisom")
    with pytest.raises(CostLimitError):
        client_over(io, max_credits=100).video_to_sfx(video, duration_ms=2000).submit_job()
    assert io.sendings == []


UNKNOWN: list[list[Any]] = [
    [answers.reset()] * 5,
    [answers.page(502)] * 5,
    [answers.problem(401, "unauthorized")],
    [answers.page(200)] * 2,
    [answers.reply(200, {"estimated_ms": 1})] * 2,
    [answers.reply(200, {"credits": None, "estimated_ms": 1})] * 2,
    [answers.reply(200, {"credits": "free", "estimated_ms": 1})] * 2,
    [answers.reply(200, {"credits": -5, "estimated_ms": 1})] * 2,
    [answers.reply(200, {"credits": 12.5, "estimated_ms": 1})] * 2,
]


@pytest.mark.parametrize("send", ["submit_job", "sync_i_accept_http_timeout_risk"])
@pytest.mark.parametrize("trouble", UNKNOWN)
def test_a_price_that_nobody_can_tell_is_not_paid(send: str, trouble: list[Any]) -> None:
    io = VirtualIO(trouble)
    with pytest.raises(CostLimitError) as caught:
        getattr(rain(client_over(io, max_credits=10**9)), send)()
    error = caught.value
    assert (error.credits, error.max_credits) == (None, 10**9)
    assert "the cost could not be asked, so nothing was submitted" in error.message
    assert error.__cause__ is not None
    assert set(io.requests) == {PREFLIGHT}


def test_the_reason_is_kept_as_the_cause() -> None:
    io = VirtualIO([answers.problem(401, "unauthorized")])
    with pytest.raises(CostLimitError) as caught:
        rain(client_over(io, max_credits=1)).submit_job()
    assert isinstance(caught.value.__cause__, AuthenticationError)
    assert not caught.value.retryable


@pytest.mark.parametrize("limit", [-1, True, 1.5, "10"])
def test_a_limit_is_a_whole_number(limit: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_credits="):
        rain(client_over(VirtualIO()), max_credits=limit)


def test_the_async_face_guards_too() -> None:
    io = VirtualIO([answers.preflight(101)])
    request = async_client_over(io, max_credits=100).text_to_sfx("rain", duration_ms=5000, num_samples=2)
    with pytest.raises(CostLimitError):
        run(request.submit_job())
