"""Every error code of the contract: when it comes, how to get it, and a request that gets it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
import numpy as np

from mirelo_ergo.emulator.faults import RateLimit, Rule
from tests.emulator import sounds
from tests.emulator.sounds import EXTEND, INPAINT
from tests.emulator.support import TEXT, VIDEO, Api, encode_clip

PAGE = Path(__file__).resolve().parents[2] / "docs" / "emulator-errors.md"
DAY = 24 * 3600

Outcome = tuple[int, str]


@attrs.frozen
class Ground:
    """An emulator whose jobs end at once, a server of media beside it, and a short clip."""

    api: Api
    media: str
    folder: Path

    def asked(self, route: str, body: dict[str, Any], key: str | None = None) -> Outcome:
        """Ask for a generation and return the error that it is refused with."""
        with Api(self.api.emu, key) as api:
            return _error(api.post(f"{route}/jobs", body))

    def ended(self, route: str, body: dict[str, Any]) -> Outcome:
        """Return the error that an accepted job ends with; the synchronous request has to answer with the same."""
        error = self.api.finish(self.api.submit(route, **body))["error"]
        assert _error(self.api.post(f"{route}/sync", body)) == (error["http_status"], error["code"])
        return error["http_status"], error["code"]

    def video(self, data: bytes) -> Outcome:
        return self.asked(VIDEO, {"video": self.api.upload(data), "duration_ms": 1000})

    def audio(self, data: bytes) -> Outcome:
        return self.asked(EXTEND, {"audio": self.api.upload(data), "append_duration_ms": 1000})

    def clip(self, codec: str) -> bytes:
        path = self.folder / f"{codec}.mp4"
        encode_clip(path, codec=codec, container="mp4", milliseconds=1500)
        return path.read_bytes()


@attrs.frozen
class Case:
    """One code of the contract; `provoke` asks for it over HTTP."""

    code: str
    status: int
    when: str
    how: str
    provoke: Callable[[Ground], Outcome]


def _error(answer: httpx.Response) -> Outcome:
    return answer.status_code, answer.json()["error"]["code"]


def _silence(milliseconds: int, rate: int = 8000) -> bytes:
    return sounds.wav_bytes(np.zeros((milliseconds * rate // 1000, 1), np.int16), rate=rate)


def _poor(ground: Ground) -> Outcome:
    ground.api.emu.set_credits(9, key="sk-poor")
    return ground.asked(TEXT, {"prompt": "rain"}, key="sk-poor")


def _limited(ground: Ground) -> Outcome:
    """Ask twice where one request in a thousand seconds is taken."""
    ground.api.emu.add_fault(Rule("me", RateLimit(per_s=0.001)))
    try:
        assert ground.api.get("/v2/me").status_code == 200
        return _error(ground.api.get("/v2/me"))
    finally:
        ground.api.emu.clear_faults()


def _fails(code: str) -> Callable[[Ground], Outcome]:
    return lambda ground: ground.ended(TEXT, {"prompt": f"rain [{code}]"})


def _at(kind: str, name: str) -> Callable[[Ground], Outcome]:
    route, more = (VIDEO, {"duration_ms": 1000}) if kind == "video" else (EXTEND, {"append_duration_ms": 1000})
    return lambda ground: ground.asked(route, {kind: {"type": "url", f"{kind}_url": f"{ground.media}/{name}"}, **more})


CASES = (
    Case(
        "invalid_request",
        400,
        "a parameter is missing, of another type or out of range, also of a range that depends on others; the body is"
        " no JSON, of another Content-Type or over 128 KiB",
        '`"num_samples": 5`',
        lambda ground: ground.asked(TEXT, {"prompt": "rain", "num_samples": 5}),
    ),
    Case(
        "unauthorized",
        401,
        "the key is missing or none; the contract has the status, the code is the emulator's own",
        "a key that does not begin with `sk-`",
        lambda ground: ground.asked(TEXT, {"prompt": "rain"}, key="pk-1"),
    ),
    Case(
        "insufficient_credits",
        402,
        "the balance, less what running jobs hold, does not cover the price",
        '`emu.set_credits(0)`; over the wire `POST /_emulator/credits {"credits": 0}`',
        _poor,
    ),
    Case(
        "no_active_subscription",
        402,
        "the account has no running subscription; reading, pricing and uploading still work",
        "a key that begins with `sk-lapsed`",
        lambda ground: ground.asked(TEXT, {"prompt": "rain"}, key="sk-lapsed-1"),
    ),
    Case(
        "job_not_found",
        404,
        "the job is unknown, over 24 hours old, another key's or of another path",
        'any other id; `emu.clock.advance(86_401)`, `POST /_emulator/clock {"advance_s": 86401}`',
        lambda ground: _error(ground.api.get(f"{TEXT}/jobs/none")),
    ),
    Case(
        "video_url_unreachable",
        400,
        "the clip's URL answers with another status than 2xx, not at all, or not within 20 s",
        "`http://127.0.0.1:1/`",
        _at("video", "missing"),
    ),
    Case(
        "video_format_unsupported",
        400,
        "the clip's first bytes are not of an MP4, MOV, M4V, WebM or MKV",
        "a text file",
        lambda ground: ground.video(b"Dear service, please make a sound."),
    ),
    Case(
        "video_too_short",
        400,
        "the clip ends before `start_offset_ms + duration_ms`; the job ends with it where the header tells no length",
        "a longer `duration_ms` than the clip has",
        lambda ground: ground.asked(VIDEO, {"video": ground.api.upload(ground.clip("libx264")), "duration_ms": 2000}),
    ),
    Case(
        "invalid_video",
        422,
        "the picture is not H.264, VP8 or VP9, or there is none; the job ends with it where the damage lies further on",
        "an MPEG-4 part 2 clip",
        lambda ground: ground.video(ground.clip("mpeg4")),
    ),
    Case(
        "invalid_asset",
        422,
        "the asset is unknown, over 24 hours old, another key's, or nothing was uploaded to it",
        "any other id",
        lambda ground: ground.asked(VIDEO, {"video": {"type": "asset", "asset_id": "none"}, "duration_ms": 1000}),
    ),
    Case(
        "audio_url_unreachable",
        400,
        "as of the video",
        "`http://127.0.0.1:1/`",
        _at("audio", "missing"),
    ),
    Case(
        "audio_format_unsupported",
        400,
        "the sound's first bytes are not of a WAV, MP3, M4A, AAC, FLAC or OGG",
        "a text file",
        lambda ground: ground.audio(b"Dear service, please make a sound."),
    ),
    Case(
        "audio_too_short",
        400,
        "the sound has under 3 s before an extension, or ends before the segment does",
        "a later `segment` than the sound has",
        lambda ground: ground.asked(
            INPAINT, {"audio": ground.api.upload(_silence(2000)), "segment": {"start_ms": 1000, "end_ms": 3000}}
        ),
    ),
    Case(
        "audio_too_long",
        400,
        "the sound has over ten minutes",
        "eleven minutes of silence",
        lambda ground: ground.audio(_silence(601_000, rate=4000)),
    ),
    Case(
        "invalid_audio",
        422,
        "the sound cannot be decoded to its end, or there is none in the file",
        "a silent clip sent as a sound",
        lambda ground: ground.audio(ground.clip("libx264")),
    ),
    Case(
        "rate_limited",
        429,
        "requests come faster than they are taken; the contract has the status, the code is the emulator's own",
        'the fault `{"kind": "rate_limit", "per_s": 2}`',
        _limited,
    ),
    Case(
        "server_error",
        500,
        "something failed that should not have; also where one of the emulator's own caps is reached",
        "`[server_error]` in the prompt",
        _fails("server_error"),
    ),
    Case(
        "generation_failed",
        502,
        "the job ends with it",
        "`[generation_failed]` in the prompt",
        _fails("generation_failed"),
    ),
    Case(
        "generation_timeout",
        504,
        "the job ends with it",
        "`[generation_timeout]` in the prompt",
        _fails("generation_timeout"),
    ),
)

HEAD = """\
# The emulator's errors

<!-- Written by scripts/error_table.py from tests/emulator/error_cases.py, where each line is also a test. -->

Every error has the body `{"error": {"code", "message", "http_status"}}`. A refused request costs nothing, nor does a
job that ends with an error; a synchronous request answers with the error that its job would have ended with.

| code | HTTP | when it comes | how to get it |
|---|---|---|---|
"""
TAIL = """\

What is not in the contract: a path that it does not have is answered with 404 `not_found`, a method with 405
`method_not_allowed` and the header `Allow`. Uploads and results are an object store's, and so are their errors, in XML:
`AccessDenied` (403) for a URL that has expired, `SignatureDoesNotMatch` (403) for a changed one or another
Content-Type, `InvalidArgument` (400) for one that comes with a key, `NoSuchKey` (404), `MissingContentLength` (411) and
`EntityTooLarge` (413).
"""


def page() -> str:
    """Write the page that lists them."""
    rows = [f"| `{case.code}` | {case.status} | {case.when} | {case.how} |\n" for case in CASES]
    return HEAD + "".join(rows) + TAIL
