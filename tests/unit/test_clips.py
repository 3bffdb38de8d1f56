"""Sources that the service would refuse after their upload: refused before anything is sent."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo import (
    AsyncMireloClient,
    Audio,
    AudioError,
    InvalidRequestError,
    MireloClient,
    Video,
    VideoError,
)
from mirelo_ergo._runtime.io.protocol import run
from mirelo_ergo._runtime.transfer import sources
from tests.support import answers
from tests.support.media import clip, sound
from tests.support.virtual import KEY, VirtualIO, async_client_over, client_over

if TYPE_CHECKING:
    from collections.abc import Callable

V16 = {"model": "v1.6"}


def refused(make: Callable[[MireloClient], Any], code: str, **options: Any) -> str:
    """Submit with a client whose every request is unexpected, and return what it is refused for."""
    cls = AudioError if code.startswith("audio") else VideoError
    with pytest.raises(cls) as caught:
        make(client_over(VirtualIO(), **options)).submit_job()
    assert caught.value.message.endswith("; nothing was sent")
    assert (caught.value.code, caught.value.http_status) == (code, 422 if code == "invalid_video" else 400)
    return caught.value.message


def video(source: Video, duration_ms: int = 1000, start_offset_ms: int = 0) -> Callable[[MireloClient], Any]:
    return lambda client: client.video_to_sfx(source, duration_ms=duration_ms, start_offset_ms=start_offset_ms)


def goes_out(make: Callable[[MireloClient], Any], **options: Any) -> None:
    """Submit until the first request, which is for an asset: the source passed."""
    with pytest.raises(AssertionError, match="/v2/assets"):
        make(client_over(VirtualIO(), **options)).submit_job()


@pytest.mark.parametrize(
    ("codec", "container", "says"),
    [
        ("libx265", "mp4", "coded as hevc, and the service decodes H.264, VP8 and VP9"),
        ("prores", "mov", "coded as prores"),
        ("mpeg4", "mp4", "coded as mpeg4"),
        ("libx264", "avi", "it is avi, and the service takes MP4, MOV, M4V, WebM and MKV"),
        ("gif", "gif", "it is gif"),
    ],
)
def test_what_the_service_cannot_decode_is_refused_with_what_helps(
    tmp_path: Path, codec: str, container: str, says: str
) -> None:
    path = tmp_path / "my clip.mp4"
    path.write_bytes(clip(codec, container))
    code = "invalid_video" if "coded" in says else "video_format_unsupported"
    message = refused(video(Video.from_path(path, content_type="video/mp4")), code)
    assert says in message
    assert f"convert it first: ffmpeg -i '{path}' -c:v libx264 -pix_fmt yuv420p -c:a aac" in message
    goes_out(video(Video.from_path(path, content_type="video/mp4")), check_limits=False)


@pytest.mark.parametrize(("codec", "container"), [("libx264", "mp4"), ("libvpx", "webm"), ("libx264", "matroska")])
def test_what_it_can_decode_goes_out(codec: str, container: str) -> None:
    goes_out(video(Video.from_bytes(clip(codec, container, 2.0), content_type="video/mp4")))


def test_more_than_the_clip_has_is_refused_with_both_lengths() -> None:
    source = Video.from_bytes(clip(seconds=2.0))
    for duration, start in ((2000, 0), (2100, 0), (1000, 1100)):
        goes_out(video(source, duration, start))
    message = refused(video(source, 1500, 700), "video_too_short")
    assert "video: it is 2000 ms long, less than start_offset_ms 700 + duration_ms 1500" in message
    assert refused(video(source, 2101), "video_too_short")


def test_a_length_that_is_not_known_is_left_to_the_service() -> None:
    goes_out(video(Video.from_bytes(b"\0\0\0\x14ftypisom" + bytes(500)), 60_000))
    goes_out(video(Video.from_bytes(clip("libvpx", "webm", piped=True), content_type="video/webm"), 60_000))
    data = bytearray(clip(seconds=40.0))
    at = data.index(b"mdhd") + 20
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") // 30).to_bytes(4, "big")
    goes_out(video(Video.from_bytes(bytes(data)), 60_000))


def test_a_sound_must_reach_as_far_as_it_is_used() -> None:
    long, short = (Audio.from_bytes(sound("wav", "pcm_s16le", seconds)) for seconds in (4.0, 2.5))
    goes_out(lambda client: client.extend_audio(long, append_duration_ms=1000))
    assert "it is 2500 ms long, and 3000 ms are needed to continue it" in refused(
        lambda client: client.extend_audio(short, append_duration_ms=1000), "audio_too_short"
    )
    goes_out(lambda client: client.inpaint_audio(long, segment=(1000, 4000)))
    assert "it is 2500 ms long, and the segment ends at 3000 ms" in refused(
        lambda client: client.inpaint_audio(short, segment=(1000, 3000)), "audio_too_short"
    )


def test_the_cost_is_not_asked_for_what_cannot_be_used() -> None:
    request = client_over(VirtualIO()).video_to_sfx(Video.from_bytes(clip()), duration_ms=5000, max_credits=10)
    for call in (request.preflight, request.submit_job, request.run, request.sync_i_accept_http_timeout_risk):
        with pytest.raises(VideoError, match="it is 1000 ms long"):
            call()


def test_no_look_at_a_file_is_on_the_event_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that does not answer blocks a thread, not everything."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip())
    looks: list[int] = []

    def looking(really: Callable[..., Any]) -> Callable[..., Any]:
        def look(*arguments: Any, **more: Any) -> Any:
            if str(arguments[0]) == str(path):
                looks.append(threading.get_ident())
            return really(*arguments, **more)

        return look

    for name in ("stat", "open", "is_dir"):
        monkeypatch.setattr(Path, name, looking(getattr(Path, name)))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v2/assets":
            return httpx.Response(201, json={"asset_id": "ast_1", "upload_url": "https://uploads.example.com/1"})
        if request.method == "PUT":
            return httpx.Response(200)
        return httpx.Response(202, json={"job_id": answers.JOB_ID, "estimated_ms": 1000})

    async def work() -> int:
        async with AsyncMireloClient(KEY, transport=httpx.MockTransport(answer)) as client:
            await client.video_to_sfx(str(path), duration_ms=1000).submit_job()
            with pytest.raises(InvalidRequestError, match="does not exist"):
                await client.video_to_sfx(tmp_path / "missing.mp4", duration_ms=1000).preflight()
        return threading.get_ident()

    loop = asyncio.run(work())
    assert looks
    assert loop not in looks
    assert sources.open_path(path, "video")[0].size == len(clip())


def test_a_blocking_client_refuses_a_missing_file_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="does not exist"):
        client_over(VirtualIO()).video_to_sfx(tmp_path / "missing.mp4", duration_ms=1000)
    io = VirtualIO()
    io.blocks = False
    request = async_client_over(io).video_to_sfx(tmp_path / "missing.mp4", duration_ms=1000)
    for call in (request.preflight, request.submit_job):
        with pytest.raises(InvalidRequestError, match="does not exist"):
            run(call())
