"""What `models(live=True)` learns, and what requests are checked against from then on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from mirelo_ergo import AsyncMireloClient, Audio, InvalidRequestError, MireloClient, Video, list_models
from mirelo_ergo._runtime.io.protocol import Reply
from mirelo_ergo.emulator import Emulator
from mirelo_ergo.mirelo.catalogue import CatalogueModel, read_catalogue

CLIP = Video.from_bytes(b"\0\0\0\x14ftypisom" + bytes(64))
SOUND = Audio.from_bytes(b"RIFF\x48\0\0\0WAVEfmt " + bytes(64))


def test_what_is_built_in_needs_no_service(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    listed = {(info.family, info.model): info for info in mirelo_client.models()}
    assert listed["text-to-sfx", "sfx-2.0"].limits["num_variants"]["maximum"] == 4
    assert "maximum" not in listed["text-to-sfx", "sfx-2.0"].limits["duration_ms"], "the service decides"
    assert listed["text-to-music", "v1.0"].is_default
    assert mirelo_emulator.requests == []
    assert {("extend-audio", "sfx-1.6"), ("audio-to-midi", "v1.0")} <= {
        (each.family, each.model) for each in list_models()
    }


def test_the_service_tells_more(mirelo_client: MireloClient) -> None:
    listed = {(info.family, info.model): info for info in mirelo_client.models(live=True)}
    text = listed["text-to-sfx", "sfx-1.6"]
    assert text.limits["duration_ms"] == {"type": "integer", "required": True, "minimum": 100, "maximum": 60_000}
    assert text.conditions == ("duration_ms is at least 1000 and at most 30000 when loop=True",)
    assert text.limits["input.prompt"]["max_length"] == 1000
    assert "mp3_320" in text.limits["output.format"]["enum"]
    inpaint = listed["inpaint-audio", "sfx-1.6"]
    assert inpaint.limits["region.start_ms"]["minimum"] == 1000
    assert inpaint.conditions == ("region.end_ms - region.start_ms is at least 1000 and at most 30000",)
    assert ("extend-audio", "sfx-2.0") not in listed
    assert ("text-to-sfx", "v1.5") in listed


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda c: c.text_to_sfx("rain", duration_ms=60_001, model="sfx-1.6"),
            "duration_ms=60001 is above",
        ),
        (
            lambda c: c.text_to_sfx("rain", duration_ms=30_001, loop=True, model="sfx-1.6"),
            "above the maximum of 30000 with loop",
        ),
        (
            lambda c: c.video_to_sfx(CLIP, duration_ms=30_001, preserve_speech=True, model="sfx-1.6"),
            "maximum of 30000 with preserve_speech",
        ),
        (lambda c: c.text_to_sfx("rain", duration_ms=99), "below the minimum of 100, says the service"),
        (lambda c: c.text_to_sfx("x" * 2001), "prompt has 2001 characters, and it takes 2000"),
        (lambda c: c.text_to_sfx("rain", output_format="ogg"), "output_format='ogg' is not one of wav, flac"),
        (
            lambda c: c.extend_audio(SOUND, append_duration_ms=2000),
            "extend-audio sfx-2.0: it has no extend-audio: sfx-1.6 has",
        ),
        (lambda c: c.text_to_sfx("rain", model="sfx-9"), "there is no such model; the models are sfx-1.6 and sfx-2.0"),
        (
            lambda c: c.inpaint_audio(SOUND, segment=(10, 5000), model="sfx-1.6"),
            r"segment\[0\]=10 is below the minimum of 1000",
        ),
        (
            lambda c: c.inpaint_audio(SOUND, segment=(1000, 1500), model="sfx-1.6"),
            r"segment\[1\] - segment\[0\]=500 is below the minimum",
        ),
    ],
)
def test_requests_are_checked_from_then_on(
    mirelo_emulator: Emulator, mirelo_v3_client: MireloClient, call: Any, message: str
) -> None:
    call(mirelo_v3_client)  # nothing is known of it yet, and the service would decide
    mirelo_v3_client.models(live=True)
    with pytest.raises(InvalidRequestError, match=message):
        call(mirelo_v3_client)
    assert [seen.path for seen in mirelo_emulator.requests] == ["/v3/models"]


def test_limits_can_be_left_to_the_service(mirelo_emulator: Emulator) -> None:
    with MireloClient(mirelo_emulator.key, base_url=mirelo_emulator.url, model="sfx-2.0", check_limits=False) as client:
        client.models(live=True)
        with pytest.raises(InvalidRequestError, match="duration_ms is 99") as caught:
            client.text_to_sfx("rain", duration_ms=99).submit_job()
    assert caught.value.http_status == 400, "the service said so"


def test_the_async_client_too(async_mirelo_v3_client: AsyncMireloClient) -> None:
    async def use() -> None:
        async with async_mirelo_v3_client as client:
            assert len(await client.models(live=True)) > len(PLAIN)
            with pytest.raises(InvalidRequestError, match="says the service"):
                client.text_to_sfx("rain", duration_ms=99)

    asyncio.run(use())


PLAIN = [info for info in list_models() if info.model.startswith("v")]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"operations": None, "formats": "wav", "controls": 5, "max_prompt_chars": "many"},
        {"operations": {"text-to-sfx": {"duration_ms": "short", "controls": None}}},
        {"operations": {"text-to-sfx": {"duration_ms": {"min": None, "max": "x"}, "num_variants": 7}}},
    ],
)
def test_what_is_missing_checks_nothing(mirelo_v3_client: MireloClient, fields: Mapping[str, Any]) -> None:
    body = json.dumps({"data": [{"id": "sfx-2.0", **fields}, {"id": 5}, None]}).encode()
    read = read_catalogue(Reply(200, {}, body))
    assert list(read) == ["sfx-2.0"]
    assert isinstance(read["sfx-2.0"], CatalogueModel)
    mirelo_v3_client._core.catalogue = read
    mirelo_v3_client.text_to_sfx("rain", duration_ms=10**9, loop=True, output_format="ogg", num_samples=4)
