"""The gateway's client over a virtual clock: what is sent, what is refused, and what a submit's answers mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import (
    APIStatusError,
    AsyncPixazoClient,
    AuthenticationError,
    ConfigurationError,
    InsufficientCreditsError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PixazoClient,
    RateLimitError,
    SubmitOutcomeUnknown,
    Video,
)
from mirelo_ergo._runtime.io.protocol import TransportFailure, run
from mirelo_ergo._runtime.jobs.submission import Submission
from tests.support.answers import page, refused, reply, reset
from tests.support.gateway import REQUEST_ID, job_over, queued
from tests.support.gateway import problem as error
from tests.support.virtual import KEY, VirtualIO, async_pixazo_over, body_of, pixazo_over

if TYPE_CHECKING:
    pass

CLIP = "https://clips.example.com/walk.mp4?signature=abc"
TEXT = "/mirelo-sfx-1-6-text-to-audio/v1/mirelo-sfx-1-6-text-to-audio-request"
VIDEO = "/mirelo-sfx-1-6-video-to-video/v1/mirelo-sfx-1-6-video-to-video-request"
SOUND = "/mirelo-sfx-video-to-audio/v1/mirelo-sfx-video-to-audio-request"
TEXT_DEFAULTS = {
    "text_prompt": "rain",
    "duration": 10,
    "ambience": False,
    "double_output": False,
    "num_samples": 1,
    "upload_audio_format": "wav",
    "seed": -1,
}
VIDEO_DEFAULTS = {"video_url": CLIP, "duration": 10, "num_samples": 1, "seed": -1}
SOUND_DEFAULTS = {"video_url": CLIP, "text_prompt": "", "num_samples": 2, "seed": 2105, "duration": 10}


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize(
    ("method", "first", "options", "path", "body"),
    [
        ("text_to_audio", "rain", {}, TEXT, TEXT_DEFAULTS),
        (
            "text_to_audio",
            "sea",
            {"duration": 0.1, "ambience": True, "double_output": True, "num_samples": 4, "seed": 0},
            TEXT,
            TEXT_DEFAULTS
            | {"text_prompt": "sea ", "duration": 0.1, "ambience": True, "double_output": True}
            | {"num_samples": 4, "seed": 0},
        ),
        ("text_to_audio", "rain", {"upload_audio_format": "aac"}, TEXT, TEXT_DEFAULTS | {"upload_audio_format": "aac"}),
        ("video_to_video", CLIP, {}, VIDEO, VIDEO_DEFAULTS),
        (
            "video_to_video",
            CLIP,
            {"text_prompt": "steps", "duration": 59.9, "num_samples": 2, "seed": 7},
            VIDEO,
            {**VIDEO_DEFAULTS, "text_prompt": "steps", "duration": 59.9, "num_samples": 2, "seed": 7},
        ),
        ("video_to_audio", CLIP, {}, SOUND, SOUND_DEFAULTS),
        (
            "video_to_audio",
            CLIP,
            {"text_prompt": "a", "num_samples": 9, "seed": -1, "duration": 90.5},
            SOUND,
            {"video_url": CLIP, "text_prompt": "a", "num_samples": 9, "seed": -1, "duration": 90.5},
        ),
    ],
)  # fmt: skip
def test_every_field_is_sent_also_the_defaults(
    colour: str, method: str, first: str, options: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    io = VirtualIO([queued()])
    first = f"{first} " if first == "sea" else first  # four characters are the fewest
    if colour == "sync":
        job: Any = getattr(pixazo_over(io), method)(first, **options).submit_job()
    else:
        job = run(getattr(async_pixazo_over(io), method)(first, **options).submit_job())
    assert job.job_id == REQUEST_ID
    (call,) = io.calls
    assert (call.request.method, call.request.path, call.request.headers) == ("POST", path, ())
    assert json.loads(body_of(call.request)) == body
    assert call.request.submit, "its connection must not be idle for long"


def test_making_a_request_sends_nothing() -> None:
    client = pixazo_over(VirtualIO())
    assert repr(client.video_to_video(CLIP)) == "<JobRequest video-to-video v1.6, 10 s>"
    described = {"service": "pixazo", "family": "video-to-video", "model": "v1.6", "video_url": CLIP}
    assert client.video_to_video(CLIP).describe() == {**described, "duration": 10, "num_samples": 1, "seed": -1}
    assert repr(client) == "<PixazoClient https://gateway.pixazo.ai>"


@pytest.mark.parametrize("face", [PixazoClient, AsyncPixazoClient])
def test_the_key_is_in_its_own_header_and_in_no_repr(face: Any) -> None:
    client = face(KEY)
    client._io.http._prepare_api()
    lines = client._io.http._api_lines
    names = [line.partition(b":")[0].lower() for line in lines.reveal().splitlines()]
    assert f"Ocp-Apim-Subscription-Key: {KEY}".encode() in lines.reveal().splitlines()
    assert b"cache-control" in names
    assert b"authorization" not in names
    assert client._io.http._api_route.authority == "gateway.pixazo.ai:443"
    things = [client, client._core, client._core.runtime, client._io.http.settings, client.low_level, lines]
    assert not any(KEY in repr(thing) for thing in [*things, client.text_to_audio("rain")])


def test_key_and_address_come_from_the_gateways_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIXAZO_API_KEY", raising=False)
    monkeypatch.setenv("MIRELO_API_KEY", "sk-of-another-service")
    with pytest.raises(ConfigurationError, match=r"no API key: pass api_key=, or set PIXAZO_API_KEY"):
        PixazoClient()
    monkeypatch.setenv("PIXAZO_API_KEY", KEY)
    monkeypatch.setenv("PIXAZO_BASE_URL", "https://eu.gateway.example/")
    runtime = PixazoClient()._core.runtime
    assert (runtime.secret.reveal(), runtime.base_url) == (KEY, "https://eu.gateway.example")
    for name in ("Ocp-Apim-Subscription-Key", "cache-control"):
        with pytest.raises(ConfigurationError, match="is set by the client itself"):
            PixazoClient(extra_headers={name: "x"})


@pytest.mark.parametrize(
    ("method", "arguments", "options", "field", "message"),
    [
        ("text_to_audio", ["sea"], {}, "text_prompt", "v1.6: text_prompt='sea' has 3 characters, fewer than 4"),
        ("text_to_audio", ["     "], {}, "text_prompt", "v1.6: text_prompt='     ' is blank: say what is to be heard"),
        ("video_to_video", [CLIP], {"text_prompt": ""}, "text_prompt", "v1.6: text_prompt='' is blank"),
        ("video_to_audio", [CLIP], {"text_prompt": "\n"}, "text_prompt", "is blank: say what is to be heard"),
        ("text_to_audio", ["rain"], {"duration": 0.09}, "duration", "is below the minimum of 0.1 (allowed: 0.1 to 60)"),
        ("text_to_audio", ["rain"], {"duration": 60.01}, "duration", "is above the maximum of 60"),
        ("text_to_audio", ["rain"], {"duration": float("nan")}, "duration", "is not a finite number"),
        ("text_to_audio", ["rain"], {"duration": "10"}, "duration", "is str, not a number"),
        ("text_to_audio", ["rain"], {"num_samples": 5}, "num_samples", "is above the maximum of 4"),
        ("text_to_audio", ["rain"], {"upload_audio_format": "ogg"}, "upload_audio_format", "not one of wav, mp3, aac"),
        ("text_to_audio", ["rain"], {"double_output": True}, "double_output", "double_output=True needs ambience=True"),
        ("text_to_audio", ["rain"], {"ambience": 1}, "ambience", "is int, not True or False"),
        ("text_to_audio", ["rain"], {"seed": 1.5}, "seed", "is float, not a whole number"),
        ("video_to_video", [CLIP], {"duration": 0.9}, "duration", "is below the minimum of 1 (allowed: 1 to 60)"),
        ("video_to_video", [CLIP], {"num_samples": 0}, "num_samples", "is below the minimum of 1"),
        ("video_to_video", [CLIP], {"text_prompt": 7}, "text_prompt", "is int, not a string"),
        ("video_to_audio", [CLIP], {"duration": 0}, "duration", "duration=0 is not above 0"),
        ("video_to_audio", [CLIP], {"duration": -1.5}, "duration", "is not above 0"),
        ("video_to_audio", [CLIP], {"text_prompt": None}, "text_prompt", "is NoneType, not a string"),
        ("video_to_audio", [CLIP], {"seed": None}, "seed", "is NoneType, not a whole number"),
    ],
)  # fmt: skip
def test_what_the_spec_does_not_allow_is_refused(
    method: str, arguments: list[str], options: dict[str, Any], field: str, message: str
) -> None:
    client = pixazo_over(VirtualIO())
    with pytest.raises(InvalidRequestError) as caught:
        getattr(client, method)(*arguments, **options)
    assert message in caught.value.message
    assert caught.value.message.endswith("; nothing was sent")
    assert caught.value.field == field


def test_limits_can_be_left_to_the_service() -> None:
    io = VirtualIO([error(400, "Bad Request")])
    with pytest.raises(InvalidRequestError) as caught:
        pixazo_over(io, check_limits=False).text_to_audio("a", duration=900, double_output=True).submit_job()
    assert (caught.value.code, caught.value.http_status) == ("Bad Request", 400)
    assert len(io.calls) == 1


@pytest.mark.parametrize("method", ["video_to_video", "video_to_audio"])
@pytest.mark.parametrize(
    "clip",
    [
        "clip.mp4",
        "/home/me/clip.mp4",
        "file:///home/me/clip.mp4",
        "ftp://clips.example.com/walk.mp4",
        "https://",
        Path("clip.mp4"),
        Video.from_url(CLIP),
        Video.from_bytes(b"\x00\x00\x00\x14ftypisom"),
        b"\x00\x00\x00\x14ftypisom",
        None,
    ],
)
def test_a_clip_that_is_no_public_url_is_refused(method: str, clip: Any) -> None:
    for checked in (True, False):
        with pytest.raises(InvalidRequestError, match="takes no uploads: give a public http") as caught:
            getattr(pixazo_over(VirtualIO(), check_limits=checked), method)(clip)
        assert caught.value.field == "video_url"
        assert "signature" not in caught.value.message


# --- submitting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "cls", "code", "status"),
    [
        (error(400, "Bad Request"), InvalidRequestError, "Bad Request", 400),
        (error(400, "Model not found"), NotFoundError, "Model not found", 400),
        (error(401, "Unauthorized"), AuthenticationError, "Unauthorized", 401),
        (reply(401, {"statusCode": 401, "message": "no key"}), AuthenticationError, "unauthorized", 401),
        (error(402, "Insufficient Balance"), InsufficientCreditsError, "Insufficient Balance", 402),
        (page(402), InsufficientCreditsError, "insufficient_credits", 402),
        (error(403, "Forbidden"), PermissionDeniedError, "Forbidden", 403),
        (reply(404, {"error": {"code": "job_not_found"}}), NotFoundError, "not_found", 404),
        (reply(418, {"error": "Teapot"}), APIStatusError, "Teapot", 418),
    ],
)  # fmt: skip
def test_a_refusal_is_typed_and_definite(answer: Any, cls: type, code: str, status: int) -> None:
    io = VirtualIO([answer])
    with pytest.raises((APIStatusError, InvalidRequestError)) as caught:
        job_over(io)
    assert type(caught.value) is cls
    assert (caught.value.code, caught.value.http_status) == (code, status)
    assert len(io.calls) == 1


@pytest.mark.parametrize(
    "trouble", [refused(), error(429, "Too Many Requests"), page(429), error(503, "Busy", retry_after="1")]
)
def test_a_submit_that_was_not_processed_is_sent_again(trouble: Any) -> None:
    io = VirtualIO([trouble, trouble, queued()])
    assert job_over(io).job_id == REQUEST_ID
    assert len(io.calls) == 3
    assert len({call.request for call in io.calls}) == 1


@pytest.mark.parametrize(
    ("trouble", "accepted"),
    [
        (reset(), None),
        (TransportFailure("timeout", "yes", "ReadTimeout"), None),
        (page(503), None),
        (error(500, "Internal Server Error"), None),
        (error(503, "Busy"), None),
        (page(202, ""), True),
        (queued(None), True),
        (queued("../.."), True),
        (reply(202, {"status": "QUEUED", "job_id": "a"}), True),
    ],
)
def test_a_submit_that_may_have_been_taken_is_sent_once(trouble: Any, accepted: bool | None) -> None:
    io = VirtualIO([trouble])
    with pytest.raises(SubmitOutcomeUnknown, match="may charge twice") as caught:
        job_over(io)
    assert caught.value.accepted is accepted
    assert len(io.calls) == 1


def test_a_429_that_does_not_end_is_an_error_with_the_wait_it_asks_for() -> None:
    with pytest.raises(RateLimitError) as caught:
        job_over(VirtualIO([error(429, "Too Many Requests", retry_after="3600")]))
    assert caught.value.retry_after == 3600


def test_submits_stand_in_line() -> None:
    io = VirtualIO(lambda request: queued())
    client = pixazo_over(io)
    request = client.text_to_audio("rain")
    io.together(*(request._submit(Submission()) for _ in range(40)))
    assert io.most_in_flight == 32
