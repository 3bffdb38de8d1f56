"""One call of every operation, as a user makes it, over any transport and in both colours."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import httpx

from mirelo_ergo import AsyncMireloClient, Audio, MireloClient, Video

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo import GenerationRequest

KEY = "sk-test-7f3a91c0"
CLIP = b"\x00\x00\x00\x14ftypisom" + bytes(64)
SOUND = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64)
JOB_ID = "0d4e9a52-6b0f-4c58-9f5d-2f6f3f0a7c11"
MOMENT = "2026-03-01T12:00:00Z"
ANSWERS: dict[str, tuple[int, dict[str, Any]]] = {
    "assets": (201, {"asset_id": "ast_1", "upload_url": "https://uploads.example.com/1?signature=abc"}),
    "me": (200, {"id": "u", "email": "a@example.com", "credits_available": 1, "overage_enabled": False}),
    "preflight": (200, {"credits": 1, "estimated_ms": 1000}),
    "sync": (200, {"result_urls": [f"https://results.example.com/{number}" for number in range(4)]}),
    "jobs": (
        202,
        {"job_id": JOB_ID, "job_url": "/elsewhere", "estimated_ms": 1000, "estimated_completion_at": MOMENT},
    ),
    JOB_ID: (
        200,
        {
            "job_id": JOB_ID,
            "status": "processing",
            "created_at": MOMENT,
            "estimated_completion_at": MOMENT,
            "estimated_ms": 1000,
            "progress_percent": 10,
            "request": {},
        },
    ),
}


def answer_as_documented(request: httpx.Request) -> httpx.Response:
    """Answer any request of the API, and any upload, well."""
    if request.method == "PUT":
        return httpx.Response(200)
    status, body = ANSWERS[request.url.path.rsplit("/", 1)[1]]
    return httpx.Response(status, json=body)


METHODS = {
    "textToSfx": ("text_to_sfx", "prompt"),
    "videoToSfx": ("video_to_sfx", "video"),
    "extendAudio": ("extend_audio", "audio"),
    "inpaintAudio": ("inpaint_audio", "audio"),
}
"""What a family's operations begin with: its call, and the field that goes in by position."""
_URLS = {kind: {"type": "url", f"{kind}_url": f"https://media.example.com/{kind}"} for kind in ("audio", "video")}
_EXTENSION = {"audio": _URLS["audio"], "append_duration_ms": 2000}
_INPAINTING = {"audio": _URLS["audio"], "segment": {"start_ms": 1000, "end_ms": 2000}}
SIMPLEST: dict[str, dict[str, Any]] = {
    "textToSfx": {"prompt": "rain"},
    "textToSfxV16": {"prompt": "rain"},
    "videoToSfx": {"video": _URLS["video"], "duration_ms": 2000},
    "videoToSfxV16": {"video": _URLS["video"], "duration_ms": 2000},
    "extendAudioV16": _EXTENSION,
    "extendAudioWithVideoV16": {**_EXTENSION, "video": _URLS["video"]},
    "inpaintAudioV16": _INPAINTING,
    "inpaintAudioWithVideoV16": {**_INPAINTING, "video": _URLS["video"]},
}
"""The least that each family can be asked for."""


def token_of(family: str) -> str:
    """Make the token of a family's job."""
    named, model = re.sub(r"([A-Z])", r"-\1", family.removesuffix("V16")).lower(), family.endswith("V16")
    return f"mirelo1:{named.replace('-with-', '/with_')}:v1.{6 if model else 5}:{JOB_ID}:1772366400:1000"


def generation(client: Any, family: str, body: dict[str, Any]) -> Any:
    """Make the request of a family from the fields its body is to have; works on both faces."""
    name = family.removesuffix("V16")
    fields = {**body, "model": "v1.5" if name == family else "v1.6"}
    for kind, source in (("video", Video.from_bytes(CLIP)), ("audio", Audio.from_bytes(SOUND))):
        if kind in fields:
            fields[kind] = source if fields[kind]["type"] == "asset" else fields[kind][f"{kind}_url"]
    if "segment" in fields:
        fields["segment"] = fields["segment"]["start_ms"], fields["segment"]["end_ms"]
    method, first = METHODS[name.removesuffix("WithVideo")]
    return getattr(client, method)(fields.pop(first), **fields)


def both(
    answer: Callable[[httpx.Request], httpx.Response], call: Callable[[Any], Any], **options: Any
) -> tuple[Any, Any]:
    """Make one call with each client and return what each returned, or raised."""

    def settle(error: Exception) -> Exception:
        return error

    plain: Any
    with MireloClient(KEY, transport=httpx.MockTransport(answer), **options) as client:
        try:
            plain = call(client)
        except Exception as error:
            plain = settle(error)

    async def awaited() -> Any:
        async with AsyncMireloClient(KEY, transport=httpx.MockTransport(answer), **options) as client:
            try:
                return await call(client)
            except Exception as error:
                return settle(error)

    return plain, asyncio.run(awaited())


def blocking_request(
    answer: Callable[[httpx.Request], httpx.Response], family: str, body: dict[str, Any]
) -> GenerationRequest:
    """Make a blocking client and a request of a family with it."""
    client = MireloClient(KEY, transport=httpx.MockTransport(answer))
    request: GenerationRequest = generation(client, family, body)
    return request
