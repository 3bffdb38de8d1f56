"""All six families of model v1.6: price, job, poll, sync, short links, and the bounds that depend on other fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from mirelo_ergo.emulator import Emulator, running
from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.spec import conditions
from tests.emulator.sounds import EXTEND, EXTEND_VIDEO, INPAINT, INPAINT_VIDEO, TEXT, VIDEO, noise, wav_bytes
from tests.emulator.support import TEXT as TEXT_V15
from tests.emulator.support import Api, decode, error_of, fetch, read_wav, store_error_of

if TYPE_CHECKING:
    from pathlib import Path

SEGMENT = {"start_ms": 1000, "end_ms": 2500}
# The family, its fields beside the sources, the preflight's query, the length that is made and the result's length.
FAMILIES: list[tuple[str, dict[str, Any], dict[str, int], int, int]] = [
    (TEXT, {"prompt": "rain", "duration_ms": 1200}, {"duration_ms": 1200}, 1200, 1200),
    (TEXT, {"prompt": "rain", "duration_ms": 3200, "loop": True}, {"duration_ms": 3200}, 3200, 3200),
    (VIDEO, {"prompt": "rain", "duration_ms": 1000}, {"duration_ms": 1000}, 1000, 1000),
    (EXTEND, {"append_duration_ms": 1500}, {"append_duration_ms": 1500}, 1500, 4600),
    (EXTEND, {"append_duration_ms": 2000, "loop": True}, {"append_duration_ms": 2000}, 2000, 5100),
    (EXTEND_VIDEO, {"append_duration_ms": 1100}, {"append_duration_ms": 1100}, 1100, 4200),
    (INPAINT, {"segment": SEGMENT, "prompt": "thunder"}, SEGMENT, 1500, 3100),
    (INPAINT_VIDEO, {"segment": SEGMENT}, SEGMENT, 1500, 3100),
]
Filled = Callable[[Api, str, Mapping[str, Any]], dict[str, Any]]


@pytest.fixture
def filled(example_clip: Path) -> Filled:
    """Add the sources that a family needs to a request: 3.1 s of noise, the example clip."""

    def fill(api: Api, route: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        sources = {}
        if "audio/" in route:
            sources["audio"] = api.upload(wav_bytes(noise(3100)))
        if "video" in route:
            sources["video"] = api.upload(example_clip.read_bytes())
        return {**sources, **fields}

    return fill


@pytest.mark.parametrize(("route", "fields", "query", "made_ms", "result_ms"), FAMILIES)
def test_a_job_from_its_price_to_its_sound(
    api: Api, filled: Filled, route: str, fields: dict[str, Any], query: dict[str, int], made_ms: int, result_ms: int
) -> None:
    quote = api.get(f"{route}/preflight", **query, num_samples=2).json()
    assert quote["credits"] == 10 * math.ceil(made_ms / 1000) * 2
    request = filled(api, route, {**fields, "num_samples": 2})
    accepted = api.submit(route, **request)
    assert accepted["estimated_ms"] == quote["estimated_ms"]
    assert accepted["job_url"] == f"{route}/jobs/{accepted['job_id']}"
    assert api.get(accepted["job_url"]).json()["status"] == "processing"
    status = api.finish(accepted)
    assert (status["status"], status["request"]) == ("succeeded", request)
    assert [charge.credits for charge in api.emu.charges] == [quote["credits"]]
    first, second = (fetch(url) for url in status["result"]["result_urls"])
    assert first.headers["content-type"] == "audio/wav"
    assert len(read_wav(first.content)) == len(read_wav(second.content)) == result_ms * 48
    assert first.content != second.content
    assert first.headers["etag"] != second.headers["etag"]
    again = api.results(route, **request)
    assert [fetch(url).content for url in again] == [first.content, second.content]
    assert [fetch(url).headers["etag"] for url in again] == [first.headers["etag"], second.headers["etag"]]


@pytest.mark.parametrize(("route", "fields"), [(route, fields) for route, fields, *_ in FAMILIES])
def test_sync(filled: Filled, route: str, fields: dict[str, Any]) -> None:
    with running(speed=1000) as emu, Api(emu) as api:
        answer = api.post(f"{route}/sync", filled(api, route, fields))
        assert answer.status_code == 200, answer.text
        assert list(answer.json()) == ["result_urls"]
        (url,) = answer.json()["result_urls"]
        read_wav(fetch(url).content)


def test_a_clip_with_its_flavoured_sound(api: Api, filled: Filled) -> None:
    request = filled(api, VIDEO, {"prompt": "rain", "duration_ms": 2000, "start_offset_ms": 500, "output": "video"})
    answer = fetch(api.results(VIDEO, **request)[0])
    assert answer.headers["content-type"] == "video/mp4"
    pictures, sound = decode(answer.content)
    assert len(pictures) >= 60
    assert len(sound) / 48 == pytest.approx(2000, abs=25)


def test_a_job_belongs_to_its_family(api: Api) -> None:
    accepted = api.submit(TEXT, prompt="rain", duration_ms=1000)
    for route in (TEXT_V15, VIDEO, EXTEND, EXTEND_VIDEO, INPAINT, INPAINT_VIDEO):
        assert error_of(api.get(f"{route}/jobs/{accepted['job_id']}")) == (404, "job_not_found")


def test_preflight_needs_what_it_counts(shared: Api) -> None:
    assert shared.get(f"{TEXT}/preflight").json()["credits"] == 600
    for route, query, words in [
        (EXTEND, {}, ["append_duration_ms", "missing"]),
        (EXTEND_VIDEO, {"append_duration_ms": 0}, ["append_duration_ms", "0", "1"]),
        (INPAINT, {"start_ms": 1000}, ["end_ms", "missing"]),
        (INPAINT, {"end_ms": 1000}, ["start_ms", "missing"]),
        (INPAINT_VIDEO, {"start_ms": 1000, "end_ms": 1000}, ["end_ms", "1000", "start_ms"]),
        (INPAINT_VIDEO, {"start_ms": -1, "end_ms": 1000}, ["start_ms", "-1"]),
        (INPAINT_VIDEO, {"start_ms": 0, "end_ms": 1000, "num_samples": 0}, ["num_samples", "0"]),
    ]:
        answer = shared.get(f"{route}/preflight", **query)
        assert error_of(answer) == (400, "invalid_request")
        assert all(word in answer.json()["error"]["message"] for word in words), answer.text


# Bounds

AUDIO = {"type": "asset", "asset_id": "none"}
BAD: list[tuple[str, dict[str, Any], list[str]]] = [
    (TEXT, {"prompt": ""}, ["prompt", "0 characters", "1"]),
    (TEXT, {"prompt": "x", "duration_ms": 60_001}, ["duration_ms", "60001", "60000"]),
    (TEXT, {"prompt": "x", "duration_ms": 2999, "loop": True}, ["duration_ms", "2999", "3000", "loop true"]),
    (TEXT, {"prompt": "x", "loop": 1}, ["loop", "1", "boolean"]),
    (VIDEO, {"video": AUDIO, "duration_ms": 1000, "prompt": 5}, ["prompt", "5", "string"]),
    (EXTEND, {"append_duration_ms": 1000}, ["audio", "missing"]),
    (EXTEND, {"audio": {"type": "file"}, "append_duration_ms": 1000}, ["audio.type", "'file'", "url, asset"]),
    (EXTEND, {"audio": {"type": "url"}, "append_duration_ms": 1000}, ["audio.audio_url", "missing"]),
    (EXTEND, {"audio": {"type": "url", "audio_url": "ftp://h/x"}, "append_duration_ms": 1000}, ["audio.audio_url"]),
    (EXTEND, {"audio": AUDIO}, ["append_duration_ms", "missing"]),
    (EXTEND, {"audio": AUDIO, "append_duration_ms": 30_001}, ["append_duration_ms", "30001", "30000"]),
    (EXTEND, {"audio": AUDIO, "append_duration_ms": 1999, "loop": True}, ["append_duration_ms", "1999", "2000"]),
    (EXTEND_VIDEO, {"audio": AUDIO, "append_duration_ms": 1000}, ["video", "missing"]),
    (EXTEND_VIDEO, {"audio": AUDIO, "video": AUDIO, "append_duration_ms": 57_001}, ["append_duration_ms", "57000"]),
    (INPAINT, {"audio": AUDIO, "segment": {"start_ms": 1000}}, ["segment.end_ms", "missing"]),
    (INPAINT, {"audio": AUDIO, "segment": {"start_ms": 999, "end_ms": 2000}}, ["segment.start_ms", "999", "1000"]),
    (INPAINT, {"audio": AUDIO, "segment": {"start_ms": 2000, "end_ms": 2999}}, ["segment.end_ms", "999", "1000"]),
    (INPAINT, {"audio": AUDIO, "segment": {"start_ms": 2000, "end_ms": 1000}}, ["segment.end_ms", "-1000", "1000"]),
    (INPAINT, {"audio": AUDIO, "segment": {"start_ms": 2000, "end_ms": 10_001}}, ["segment.start_ms", "8001", "8000"]),
    (
        INPAINT_VIDEO,
        {"audio": AUDIO, "video": AUDIO, "segment": {"start_ms": 1000, "end_ms": 1999}},
        ["segment", "999"],
    ),
]


@pytest.mark.parametrize("action", ["jobs", "sync"])
@pytest.mark.parametrize(("route", "body", "words"), BAD)
def test_bad_bodies_are_named(shared: Api, action: str, route: str, body: dict[str, Any], words: list[str]) -> None:
    answer = shared.post(f"{route}/{action}", body)
    assert error_of(answer) == (400, "invalid_request")
    message = answer.json()["error"]["message"]
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("route", "body"),
    [
        (TEXT, {"prompt": "x", "duration_ms": 2999}),
        (TEXT, {"prompt": "x", "duration_ms": 3000, "loop": True}),
        (TEXT, {"prompt": "x", "loop": True}),
        (TEXT, {"prompt": "x", "duration_ms": 1000, "loop": False}),
        # The spec has no complaint here: the refusal is the asset's.
        (EXTEND, {"audio": AUDIO, "append_duration_ms": 1000}),
        (EXTEND, {"audio": AUDIO, "append_duration_ms": 2000, "loop": True}),
        (INPAINT, {"audio": AUDIO, "segment": {"start_ms": 1000, "end_ms": 2000}}),
        (INPAINT, {"audio": AUDIO, "segment": {"start_ms": 1000, "end_ms": 9000}}),
    ],
)
def test_the_bounds_themselves_are_allowed(api: Api, route: str, body: dict[str, Any]) -> None:
    answer = api.post(f"{route}/jobs", body)
    assert answer.status_code == 202 or error_of(answer) == (422, "invalid_asset"), answer.text


def test_a_condition_holds_when_all_its_fields_do() -> None:
    both = {"when": {"loop": True, "mode": "long"}, "width_of": "span", "from": "a", "to": "b", "maximum": 5}
    wide = {"loop": True, "mode": "long", "span": {"a": 1, "b": 7}}
    with pytest.raises(Refusal, match=r'span\.b - span\.a is 6: it has to be 5 or less with loop true and mode "long"'):
        conditions.check(both, wide)
    for fine in (
        {**wide, "loop": False},
        {**wide, "mode": "x"},
        {"loop": True, "mode": "long"},
        {**wide, "span": {"a": 2, "b": 7}},
    ):
        conditions.check(both, fine)


def test_what_v15_does_not_know_does_nothing_there(api: Api, example_clip: Path) -> None:
    def made(route: str, **body: object) -> bytes:
        return fetch(api.results(route, **body)[0]).content

    assert made(TEXT_V15, prompt="rain", duration_ms=3000, loop=True, audio=5, video=5) == made(
        TEXT_V15, prompt="rain", duration_ms=3000
    )
    video = api.upload(example_clip.read_bytes())
    route = VIDEO.replace("v1.6", "v1.5")
    assert made(route, video=video, duration_ms=2000, prompt="rain") == made(route, video=video, duration_ms=2000)


def test_too_few_credits_come_before_the_sources(api: Api) -> None:
    api.emu.set_credits(19)
    audio = {"type": "url", "audio_url": "http://127.0.0.1:1/never-read.wav"}
    answer = api.post(f"{EXTEND}/jobs", {"audio": audio, "append_duration_ms": 1001})
    assert error_of(answer) == (402, "insufficient_credits")


# Short links


def test_short_links_lead_to_fresh_signed_urls(api: Api) -> None:
    accepted = api.submit(TEXT, prompt="rain", duration_ms=1000, num_samples=2)
    result = api.finish(accepted)["result"]
    contents = [fetch(url).content for url in result["result_urls"]]
    assert len(result["download_urls"]) == 2
    assert all(urlsplit(link).path.startswith("/d/") and len(link) < 64 for link in result["download_urls"])
    api.emu.clock.advance(2 * 3600)
    assert store_error_of(fetch(result["result_urls"][0])) == (403, "AccessDenied")
    for link, content in zip(result["download_urls"], contents, strict=True):
        answer = fetch(link)
        assert answer.status_code == 302
        assert answer.headers["location"] not in result["result_urls"]
        assert fetch(answer.headers["location"]).content == content
    assert api.get(accepted["job_url"]).json()["result"]["download_urls"] == result["download_urls"]
    assert "download_urls" not in api.finish(api.submit(TEXT_V15, prompt="rain"))["result"]
    api.emu.clock.advance(22 * 3600)
    assert error_of(fetch(result["download_urls"][0])) == (404, "not_found")


def test_a_short_link_cannot_be_made_up(emu: Emulator, api: Api) -> None:
    link = api.finish(api.submit(TEXT, prompt="rain", duration_ms=1000))["result"]["download_urls"][0]
    other = link[:-1] + ("A" if link[-1] != "A" else "B")
    for wrong in (other, link[:-4], link + "AAAA", f"{emu.url}/d/x", f"{emu.url}/d/%C3%BC", f"{emu.url}/d/{'=' * 32}"):
        assert error_of(httpx.get(wrong, verify=False)) == (404, "not_found")
    with running() as stranger:
        assert error_of(fetch(link.replace(emu.url, stranger.url))) == (404, "not_found")
