"""Clips are decoded, their motion is detected, and they are returned with their sound."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from mirelo_ergo.emulator import running
from mirelo_ergo.emulator.faults import FailedJob
from mirelo_ergo.emulator.media import fetch as fetching
from tests.emulator.support import (
    VIDEO,
    Api,
    answering,
    decode,
    encode_clip,
    error_of,
    fetch,
    loudest_onsets,
    loudness_of,
    read_wav,
    sending,
    tone,
)

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    import httpx


def refused(api: Api, data: bytes, **more: Any) -> httpx.Response:
    return api.post(f"{VIDEO}/jobs", {"video": api.upload(data), "duration_ms": 1000, **more})


# Errors


def test_a_text_is_no_clip(api: Api) -> None:
    for data in (
        b"",
        b"Dear service, please make a sound." * 20,
        b"#EXTM3U\nfile:///etc/passwd\n",
        b"RIFF1234AVI LIST",
    ):
        assert error_of(refused(api, data)) == (400, "video_format_unsupported")


def test_another_codec_or_none_or_damaged_headers(api: Api, tmp_path: Path, example_clip: Path) -> None:
    encode_clip(tmp_path / "old.mp4", codec="mpeg4", container="mp4", milliseconds=1500)
    answer = refused(api, (tmp_path / "old.mp4").read_bytes())
    assert error_of(answer) == (422, "invalid_video")
    assert "mpeg4" in answer.json()["error"]["message"]
    with av.open(str(tmp_path / "sound.mp4"), "w") as output:
        sound = output.add_stream("aac", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 96_000), np.int16), format="s16", layout="stereo")
        frame.sample_rate = 48_000
        output.mux(sound.encode(frame))
        output.mux(sound.encode(None))
    assert error_of(refused(api, (tmp_path / "sound.mp4").read_bytes())) == (422, "invalid_video")
    for length in (12, 40, 400):
        assert error_of(refused(api, example_clip.read_bytes()[:length])) == (422, "invalid_video")


def test_a_damaged_stream_fails_the_job_and_costs_nothing(api: Api, example_clip: Path) -> None:
    data = example_clip.read_bytes()
    torn = data[:20_000] + os.urandom(30_000) + data[50_000:]
    for broken in (torn, data[: len(data) // 2]):
        video = api.upload(broken)
        status = api.finish(api.submit(VIDEO, video=video, duration_ms=6000))
        assert (status["status"], status["error"]["code"]) == ("errored", "invalid_video")
        assert status["error"]["http_status"] == 422
    assert api.emu.charges == []
    with running(speed=1000) as emu, Api(emu) as fast:
        request = {"video": fast.upload(torn), "duration_ms": 6000}
        assert error_of(fast.post(f"{VIDEO}/sync", request)) == (422, "invalid_video")


def test_too_short_names_both_lengths(api: Api, short_clip: Path) -> None:
    data = short_clip.read_bytes()
    for more in ({"duration_ms": 1501}, {"duration_ms": 1000, "start_offset_ms": 501}):
        answer = refused(api, data, **more)
        assert error_of(answer) == (400, "video_too_short")
        assert "1500 ms" in answer.json()["error"]["message"]
        assert "1501 ms" in answer.json()["error"]["message"]
    assert refused(api, data, duration_ms=1000, start_offset_ms=500).status_code == 202
    assert refused(api, data, duration_ms=1500).status_code == 202


def test_a_clip_that_does_not_tell_its_length_is_measured(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "live.mkv"
    with path.open("wb") as file, av.open(_Unseekable(file), "w", format="matroska") as output:
        stream = output.add_stream("libx264", rate=20)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(40):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        output.mux(stream.encode(None))
    video = api.upload(path.read_bytes())
    assert api.finish(api.submit(VIDEO, video=video, duration_ms=2000))["status"] == "succeeded"
    status = api.finish(api.submit(VIDEO, video=video, duration_ms=5000))
    assert (status["status"], status["error"]["code"]) == ("errored", "video_too_short")
    assert status["error"]["http_status"] == 400


class _Unseekable:
    """A file that cannot go back, as a live stream cannot: the length in its header stays unknown."""

    def __init__(self, file: Any) -> None:
        self.write = file.write


# URLs


def test_a_url_is_really_fetched(api: Api, short_clip: Path) -> None:
    data = short_clip.read_bytes()
    asked: list[tuple[str, str | None]] = []

    def respond(handler: BaseHTTPRequestHandler) -> None:
        asked.append((handler.path, handler.headers["authorization"]))
        sending(data)(handler)

    with answering(respond) as base:
        video = {"type": "url", "video_url": f"{base}/a%20clip%20%C3%BC.mp4?token=1&b=%C3%BC"}
        (url,) = api.results(VIDEO, video=video, duration_ms=1500)
        assert len(read_wav(fetch(url).content)) == 1500 * 48
    assert asked == [("/a%20clip%20%C3%BC.mp4?token=1&b=%C3%BC", None)]


def test_a_redirect_is_followed_but_not_for_ever(api: Api, short_clip: Path) -> None:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/clip":
            sending(short_clip.read_bytes())(handler)
        else:
            sending(b"", 302, {"Location": "/clip" if handler.path == "/once" else "/loop"})(handler)

    with answering(respond) as base:
        video = {"type": "url", "video_url": f"{base}/once"}
        assert len(api.results(VIDEO, video=video, duration_ms=1000)) == 1
        answer = api.post(f"{VIDEO}/jobs", {"video": {"type": "url", "video_url": f"{base}/loop"}, "duration_ms": 1000})
        assert error_of(answer) == (400, "video_url_unreachable")


def test_unreachable_urls(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_CLIP", 1000)

    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "500")
        handler.end_headers()
        handler.wfile.write(b"x")

    def stall(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.rfile.read(1)  # returns when the emulator hangs up

    def no_http(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"hello\r\n\r\n")

    for respond, word in [
        (sending(b"", 404), "404"),
        (sending(b"", 503), "503"),
        (sending(b"", 304), "304"),
        (sending(bytes(1001)), "1000 bytes"),
        (cut, "closed"),
        (stall, "within"),
        (no_http, ""),
    ]:
        monkeypatch.setattr(fetching, "FETCH_SECONDS", 0.3 if respond is stall else 60.0)
        with answering(respond) as base:
            video = {"type": "url", "video_url": f"{base.replace('//', '//secret:secret@')}/clip.mp4?secret=1"}
            answer = api.post(f"{VIDEO}/jobs", {"video": video, "duration_ms": 1000})
            assert error_of(answer) == (400, "video_url_unreachable"), word
            assert word in answer.json()["error"]["message"]
            assert "secret" not in answer.text
    for url in ("http://127.0.0.1:1/clip.mp4", "http://no-such-host.invalid/clip.mp4", "https://127.0.0.1:1/"):
        answer = api.post(f"{VIDEO}/jobs", {"video": {"type": "url", "video_url": url}, "duration_ms": 1000})
        assert error_of(answer) == (400, "video_url_unreachable")
    assert list(api.emu._state.disk.folder.iterdir()) == []


# Sound and picture


@pytest.mark.parametrize(
    ("codec", "container"), [("libx264", "mp4"), ("libx264", "mov"), ("libvpx-vp9", "webm"), ("libvpx", "matroska")]
)
@pytest.mark.parametrize("start_ms", [0, 700])
def test_every_codec_and_container_is_heard_and_muxed(
    api: Api, tmp_path: Path, codec: str, container: str, start_ms: int
) -> None:
    path = tmp_path / "clip"
    encode_clip(path, codec=codec, container=container, milliseconds=3000)
    video = api.upload(path.read_bytes())
    window = {"video": video, "start_offset_ms": start_ms, "duration_ms": 2000}
    flashes = [ms - start_ms for ms in range(500, 3000, 500) if 0 < ms - start_ms < 2000]

    (url,) = api.results(VIDEO, **window)
    sound = read_wav(fetch(url).content)
    assert len(sound) == 2000 * 48
    assert loudest_onsets(sound, len(flashes)) == pytest.approx(flashes, abs=50)

    (url,) = api.results(VIDEO, **window, output="video")
    answer = fetch(url)
    assert answer.headers["content-type"] == "video/mp4"
    pictures, mixed = decode(answer.content)
    assert 2000 <= len(pictures) * 50 <= 2200  # a copied stream may end a few frames late
    assert pictures[0][0] == 0
    assert len(mixed) / 48 == pytest.approx(2000, abs=25)
    assert loudest_onsets(mixed, len(flashes)) == pytest.approx(flashes, abs=50)
    brightest = [ms for ms, image in pictures if image.mean() > 100 and ms < 2000]
    assert all(min(abs(ms - flash) for ms in brightest) < 30 for flash in flashes)


@pytest.mark.parametrize(
    ("codec", "container", "sound_codec"),
    [("libx264", "mp4", "aac"), ("libx264", "mov", "pcm_s16le"), ("libvpx-vp9", "webm", "libopus")],
)
@pytest.mark.parametrize("start_ms", [0, 700])
def test_the_new_sound_is_mixed_into_the_clips_own(
    api: Api, tmp_path: Path, codec: str, container: str, sound_codec: str, start_ms: int
) -> None:
    """The clip's own sound is a tone up to 1500 ms, then nothing, and ends before the picture."""
    path = tmp_path / f"own.{container}"
    own = np.concatenate([tone(3000, 1500), np.zeros((24_000, 2), np.int16)])
    encode_clip(path, codec=codec, container=container, milliseconds=3000, sound=own, sound_codec=sound_codec)
    window = {"video": api.upload(path.read_bytes()), "start_offset_ms": start_ms, "duration_ms": 2000}

    made = read_wav(fetch(api.results(VIDEO, **window)[0]).content)
    assert loudness_of(3000, made) < 100, "audio alone is the new sound"
    pictures, mixed = decode(fetch(api.results(VIDEO, **window, output="video")[0]).content)
    mixed = mixed * 32_768
    tone_ends = (1500 - start_ms) * 48
    assert loudness_of(3000, mixed[2400 : tone_ends - 2400]) == pytest.approx(8000, rel=0.1)
    assert loudness_of(3000, mixed[tone_ends + 2400 :]) < 400
    after = slice(tone_ends + 2400, 2000 * 48 - 2400)
    assert np.corrcoef(mixed[after, 0], made[after, 0])[0, 1] > 0.95, "where the own sound is silent, it is the new one"
    assert len(mixed) / 48 == pytest.approx(2000, abs=25)
    assert pictures[0][0] == 0
    assert sorted(path.name.partition("-")[0] for path in api.emu._state.disk.folder.iterdir()) == ["result", "upload"]


def test_a_clip_with_a_damaged_sound_fails_where_it_is_needed(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "torn.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=1500, sound=tone(500, 1500))
    data = path.read_bytes()
    with av.open(str(path)) as clip:
        (first, *_) = (packet for packet in clip.demux(audio=0) if packet.pos is not None)
        at = first.pos or 0
    video = api.upload(data[:at] + b"\xff" * 400 + data[at + 400 :])
    assert api.finish(api.submit(VIDEO, video=video, duration_ms=1000))["status"] == "succeeded"
    status = api.finish(api.submit(VIDEO, video=video, duration_ms=1000, output="video"))
    assert (status["status"], status["error"]["code"]) == ("errored", "invalid_audio")


def test_the_picture_is_copied_when_the_window_begins_at_0(api: Api, example_clip: Path) -> None:
    data = example_clip.read_bytes()
    first, second = api.results(VIDEO, video=api.upload(data), duration_ms=6000, num_samples=2, output="video")
    made = fetch(first).content
    before, _ = decode(data)
    after, sound = decode(made)
    assert [ms for ms, _ in before] == [ms for ms, _ in after]
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(before, after, strict=True))
    _, other = decode(fetch(second).content)
    assert sound.shape == other.shape
    assert not np.array_equal(sound, other)
    resumed = fetch(first, range="bytes=1000-1999", if_range=fetch(first).headers["etag"])
    assert (resumed.status_code, resumed.content) == (206, made[1000:2000])


def test_the_same_clip_gives_the_same_sound_however_it_comes(api: Api, short_clip: Path) -> None:
    data = short_clip.read_bytes()
    with answering(sending(data)) as base:
        (by_url,) = api.results(VIDEO, video={"type": "url", "video_url": f"{base}/1"}, duration_ms=1500)
    (by_asset,) = api.results(VIDEO, video=api.upload(data), duration_ms=1500)
    assert fetch(by_url).content == fetch(by_asset).content


def test_an_asset_serves_many_jobs_and_no_clip_is_left_behind(api: Api, short_clip: Path) -> None:
    video = api.upload(short_clip.read_bytes())
    urls = [api.results(VIDEO, video=video, duration_ms=1000, start_offset_ms=n, output="video")[0] for n in range(3)]
    assert all(fetch(url).status_code == 200 for url in urls)
    kinds = sorted(path.name.partition("-")[0] for path in api.emu._state.disk.folder.iterdir())
    assert kinds == ["result", "result", "result", "upload"]
    api.emu.clock.advance(25 * 3600)
    api.open_upload()
    assert list(api.emu._state.disk.folder.iterdir()) == []


def test_a_scripted_failure_leaves_no_clip_behind(api: Api, short_clip: Path) -> None:
    video = api.upload(short_clip.read_bytes())
    api.emu.fail_next("generate", FailedJob("generation_failed"))
    status = api.finish(api.submit(VIDEO, video=video, duration_ms=1000))
    assert status["error"]["code"] == "generation_failed"
    assert [path.name.partition("-")[0] for path in api.emu._state.disk.folder.iterdir()] == ["upload"]


def test_a_still_clip_is_nearly_silent(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(12):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 99, np.uint8), format="rgb24")))
        output.mux(stream.encode(None))
    (url,) = api.results(VIDEO, video=api.upload(path.read_bytes()), duration_ms=1000)
    assert np.abs(read_wav(fetch(url).content).astype(int)).max() < 1000


def test_a_result_waits_for_its_rendering(api: Api, example_clip: Path) -> None:
    """The clock may pass a job's end before the machine has looked at the pictures: the poll holds on meanwhile."""
    video = api.upload(example_clip.read_bytes())
    accepted = [api.submit(VIDEO, video=video, duration_ms=6000, output="video") for _ in range(3)]
    api.emu.clock.advance(600)
    assert len(api.emu.charges) == 3
    assert all(api.get(job["job_url"]).json()["status"] == "succeeded" for job in accepted)


def test_a_picture_too_large_to_decode(api: Api, short_clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirelo_ergo.emulator.media.picture.MAX_PIXELS", 64 * 48 - 1)
    answer = refused(api, short_clip.read_bytes())
    assert error_of(answer) == (422, "invalid_video")
    assert "64x48" in answer.json()["error"]["message"]


def test_a_last_picture_may_stay_long(api: Api, tmp_path: Path) -> None:
    """Screen recordings end so: the clip is whole though its last picture begins long before its end."""
    path = tmp_path / "slides.mp4"
    encode_clip(path, codec="libx264", container="mp4", milliseconds=3000, fps=1, gop=1)
    assert len(api.results(VIDEO, video=api.upload(path.read_bytes()), duration_ms=3000)) == 1
