"""Sounds that come with a request are really opened: every refusal of theirs, and of the clip beside them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mirelo_ergo.emulator import running
from tests.emulator.sounds import EXTEND, EXTEND_VIDEO, INPAINT, INPAINT_VIDEO, TEXT, encoded, noise, wav_bytes
from tests.emulator.support import Api, answering, encode_clip, error_of, fetch, read_wav, sending

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

GOOD = wav_bytes(noise(3000))


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """One emulator for all that is refused; a day later nothing is left of it."""
    with running() as emu, Api(emu) as client:
        yield client
        emu.clock.advance(25 * 3600)
        _ = emu.charges  # waits for what still renders
        client.open_upload()
        assert list(emu._state.disk.folder.iterdir()) == []


def extend(api: Api, data: bytes, **more: Any) -> httpx.Response:
    return api.post(f"{EXTEND}/jobs", {"audio": api.upload(data), "append_duration_ms": 1000, **more})


def said(answer: httpx.Response) -> str:
    message: str = answer.json()["error"]["message"]
    return message


# What it is


@pytest.mark.parametrize(
    "data",
    [b"", b"R", b"Dear service" * 20, b"#EXTM3U\nfile:///etc/passwd\n", b"RIFF1234AVI LIST", b"\x1a\x45\xdf\xa3"],
)
def test_no_sound_at_all(api: Api, data: bytes) -> None:
    assert error_of(extend(api, data)) == (400, "audio_format_unsupported")


def test_a_webm_clip_is_no_sound(api: Api, tmp_path: Path) -> None:
    encode_clip(tmp_path / "clip.webm", codec="libvpx", container="webm", milliseconds=1000)
    answer = extend(api, (tmp_path / "clip.webm").read_bytes())
    assert error_of(answer) == (400, "audio_format_unsupported")
    assert "FLAC" in said(answer)


def _damaged() -> dict[str, bytes]:
    flac = encoded(noise(3200), "flac", "flac")
    m4a = encoded(noise(3200), "aac", "mp4")
    slow = bytearray(GOOD)
    slow[24:28] = struct.pack("<I", 1)
    return {
        "a header alone": GOOD[:12],
        "a cut header": flac[:30],
        "a torn stream": m4a[:10_000] + bytes(range(256)) * 40 + m4a[20_240:],
        "no index": m4a[: len(m4a) // 2],
        "one sample a second": bytes(slow),
        "another rate in the middle": encoded(noise(2000), "aac", "adts")
        + encoded(noise(2000, rate=24_000), "aac", "adts", 24_000),
    }


DAMAGED = _damaged()


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_sound(api: Api, name: str) -> None:
    assert error_of(extend(api, DAMAGED[name])) == (422, "invalid_audio")


def test_a_clip_without_sound(api: Api, short_clip: Path) -> None:
    answer = extend(api, short_clip.read_bytes())
    assert error_of(answer) == (422, "invalid_audio")
    assert "no sound stream" in said(answer)


def test_a_tag_before_the_sound_is_skipped(api: Api) -> None:
    tag = b"ID3\x04\x00\x00\x00\x00\x01\x02" + bytes(130)  # its length is written in sevens: 1 * 128 + 2
    mp3 = encoded(noise(3200), "libmp3lame", "mp3")
    bare = mp3[10 + sum(byte << shift for byte, shift in zip(mp3[6:10], (21, 14, 7, 0), strict=True)) :]
    assert bare[0] == 0xFF
    aac = encoded(noise(3200), "aac", "adts")
    for data in (mp3, bare, tag + bare, aac, tag + aac):
        assert extend(api, data).status_code == 202


# How long it is


def test_an_input_of_three_seconds_can_be_extended(api: Api) -> None:
    for frames, heard_ms in ((3000 * 48 - 1, 2999), (0, 0)):
        answer = extend(api, wav_bytes(noise(3000)[:frames]))
        assert error_of(answer) == (400, "audio_too_short")
        assert f"{heard_ms} ms" in said(answer)
        assert "3000 ms" in said(answer)
    assert extend(api, GOOD).status_code == 202


def test_a_segment_has_to_lie_inside_the_input(api: Api) -> None:
    audio = api.upload(GOOD)
    for action in ("jobs", "sync"):
        answer = api.post(f"{INPAINT}/{action}", {"audio": audio, "segment": {"start_ms": 1500, "end_ms": 3001}})
        assert error_of(answer) == (400, "audio_too_short")
        assert "3000 ms" in said(answer)
        assert "segment.end_ms is 3001" in said(answer)


def test_ten_minutes_are_the_most(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo.emulator.media.recording.MAX_SECONDS", 4)
    whole = noise(4001)
    assert extend(api, wav_bytes(whole[: 4 * 48_000])).status_code == 202
    for data in (wav_bytes(whole[: 4 * 48_000 + 1]), encoded(whole, "flac", "flac")):
        answer = extend(api, data)
        assert error_of(answer) == (400, "audio_too_long")
        assert "over 4 s" in said(answer)


def test_ten_minutes_are_ten_minutes(api: Api) -> None:
    answer = extend(api, wav_bytes(np.full((601 * 4000, 1), 128, np.uint8), rate=4000))
    assert error_of(answer) == (400, "audio_too_long")
    assert "600 s" in said(answer)


# Where it is


def test_unreachable_sounds(api: Api) -> None:
    def asked(url: str) -> httpx.Response:
        return api.post(f"{EXTEND}/jobs", {"audio": {"type": "url", "audio_url": url}, "append_duration_ms": 1000})

    with answering(sending(b"", 404)) as base:
        answer = asked(f"{base.replace('//', '//secret:secret@')}/a.wav?secret=1")
        assert error_of(answer) == (400, "audio_url_unreachable")
        assert "404" in said(answer)
        assert "the audio" in said(answer)
        assert "secret" not in answer.text
    for url in ("http://127.0.0.1:1/a.wav", "https://127.0.0.1:1/", f"{api.emu.url}/v2/me", f"{api.emu.url}/d/x"):
        assert error_of(asked(url)) == (400, "audio_url_unreachable")
    with answering(sending(GOOD)) as base:
        assert asked(f"{base}/a.wav").status_code == 202


def test_a_result_url_that_has_expired_is_unreachable_and_its_short_link_is_not() -> None:
    with running() as emu, Api(emu) as api:
        result = api.finish(api.submit(TEXT, prompt="rain", duration_ms=3000))["result"]
        emu.clock.advance(3601)
        request: dict[str, Any] = {"append_duration_ms": 1000}
        audio = {"type": "url", "audio_url": result["result_urls"][0]}
        assert error_of(api.post(f"{EXTEND}/jobs", {"audio": audio, **request})) == (400, "audio_url_unreachable")
        audio = {"type": "url", "audio_url": result["download_urls"][0]}
        assert len(read_wav(fetch(api.results(EXTEND, audio=audio, **request)[0]).content)) == 4000 * 48


def test_assets_of_others_and_without_bytes(api: Api) -> None:
    audio = api.upload(GOOD)
    with Api(api.emu, "sk-other") as other:
        answer = other.post(f"{EXTEND}/jobs", {"audio": audio, "append_duration_ms": 1000})
        assert error_of(answer) == (422, "invalid_asset")
    asset_id, _ = api.open_upload("audio/wav")
    answer = api.post(f"{EXTEND}/jobs", {"audio": {"type": "asset", "asset_id": asset_id}, "append_duration_ms": 1000})
    assert error_of(answer) == (422, "invalid_asset")
    assert "nothing has been uploaded" in said(answer)


# The clip beside it


def test_every_complaint_about_the_clip(api: Api, tmp_path: Path, short_clip: Path) -> None:
    encode_clip(tmp_path / "old.mp4", codec="mpeg4", container="mp4", milliseconds=5000)
    audio = api.upload(GOOD)
    for route, fields in (
        (EXTEND_VIDEO, {"append_duration_ms": 1000}),
        (INPAINT_VIDEO, {"segment": {"start_ms": 1000, "end_ms": 2000}}),
    ):
        for video, expected in [
            ({"type": "url", "video_url": "http://127.0.0.1:1/clip.mp4"}, (400, "video_url_unreachable")),
            (api.upload(GOOD), (400, "video_format_unsupported")),
            (api.upload(short_clip.read_bytes()), (400, "video_too_short")),
            (api.upload((tmp_path / "old.mp4").read_bytes()), (422, "invalid_video")),
            ({"type": "asset", "asset_id": "none"}, (422, "invalid_asset")),
        ]:
            answer = api.post(f"{route}/jobs", {"audio": audio, "video": video, **fields})
            assert error_of(answer) == expected
        answer = api.post(f"{route}/sync", {"audio": api.upload(b"no"), "video": video, **fields})
        assert error_of(answer) == (400, "audio_format_unsupported")


def test_how_much_of_the_clip_is_needed(api: Api, tmp_path: Path) -> None:
    encode_clip(tmp_path / "clip.mp4", codec="libx264", container="mp4", milliseconds=4500)
    request: dict[str, Any] = {"audio": api.upload(GOOD), "video": api.upload((tmp_path / "clip.mp4").read_bytes())}
    longer = {**request, "append_duration_ms": 1000, "start_offset_ms": 501}
    answer = api.post(f"{EXTEND_VIDEO}/jobs", longer)
    assert error_of(answer) == (400, "video_too_short")
    assert "4500 ms" in said(answer)
    assert "4501 ms (start_offset_ms 501 + the audio's 3000 + append_duration_ms 1000)" in said(answer)
    assert api.post(f"{EXTEND_VIDEO}/jobs", {**longer, "start_offset_ms": 500}).status_code == 202
    segment = {"start_ms": 2000, "end_ms": 4501}
    answer = api.post(
        f"{INPAINT_VIDEO}/jobs", {**request, "audio": api.upload(wav_bytes(noise(5000))), "segment": segment}
    )
    assert error_of(answer) == (400, "video_too_short")
    assert "segment.end_ms 4501" in said(answer)


def test_a_clip_that_is_damaged_further_on_fails_the_job(api: Api, example_clip: Path) -> None:
    video = api.upload(example_clip.read_bytes()[: example_clip.stat().st_size // 2])
    status = api.finish(api.submit(EXTEND_VIDEO, audio=api.upload(GOOD), video=video, append_duration_ms=3000))
    assert (status["status"], status["error"]["code"]) == ("errored", "invalid_video")
