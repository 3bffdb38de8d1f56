"""What headers tell of a source, and whether what came can be decoded to its end."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

from mirelo_ergo import Audio, InvalidRequestError, Video
from mirelo_ergo._runtime.transfer import probe
from mirelo_ergo._runtime.transfer.probe import MediaHeaders, convert, decodes_whole
from tests.support.media import clip, sound

if TYPE_CHECKING:
    from pathlib import Path


def test_a_sources_headers_are_read_wherever_its_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "rtmp:clip.mp4"  # a name that FFmpeg would take for an address
    path.write_bytes(b"in front" + clip())
    expected = MediaHeaders("mov,mp4,m4a,3gp,3g2,mj2", "h264", (1000.0,) * 3)
    assert Video.from_bytes(clip()).headers() == expected
    with path.open("rb") as file:
        file.seek(8)
        video = Video.from_file(file)
        assert video.headers() == expected
        assert b"".join(iter(lambda: file.read(1), b"")) is not None
        source, _ = video.current()
        assert source.open().read(1 << 20) == clip()
    path.write_bytes(clip())
    assert Video.from_path(path).headers() == expected
    assert Audio.from_bytes(sound("wav", "pcm_s16le", 2.0)).headers() == MediaHeaders("wav", None, (2000.0,))


def test_where_nobody_can_read_headers_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Once(io.BytesIO):
        def seekable(self) -> bool:
            return False

    class Broken(io.BytesIO):
        broken = False

        def read(self, size: int | None = -1) -> bytes:
            if self.broken:
                raise RuntimeError("mine")
            return super().read(size)

    assert Video.from_bytes(b"\0\0\0\x14ftypisom" + bytes(500)).headers() is None
    assert Video.from_file(cast("BinaryIO", Once(clip())), size=len(clip()), content_type="video/mp4").headers() is None
    file = Broken(clip())
    video = Video.from_file(file)
    file.broken = True
    assert video.headers() is None
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(probe, "find_spec", lambda name: None)
    assert Video.from_bytes(clip()).headers() is None
    assert not decodes_whole(io.BytesIO(clip()))


def test_headers_that_disagree_tell_no_length() -> None:
    assert MediaHeaders("mov", "h264", (1000.0, 1900.0)).length_ms == 1900.0
    assert MediaHeaders("mov", "h264", (1000.0, 2001.0)).length_ms is None
    assert MediaHeaders("mov", "h264", (1000.0, 2001.0)).disagree
    assert MediaHeaders("webm", "vp8", ()).length_ms is None
    data = bytearray(clip(seconds=40.0))
    at = data.index(b"mdhd") + 20
    data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") // 30).to_bytes(4, "big")
    headers = Video.from_bytes(bytes(data)).headers()
    assert headers is not None
    assert headers.disagree


@pytest.mark.parametrize(
    ("path", "kind", "command"),
    [
        (
            "a b/clip.avi",
            "video",
            "ffmpeg -i 'a b/clip.avi' -c:v libx264 -pix_fmt yuv420p -c:a aac 'a b/clip-h264.mp4'",
        ),
        ("-x.gif", "video", "ffmpeg -i ./-x.gif -c:v libx264 -pix_fmt yuv420p -c:a aac -x-h264.mp4"),
        ("song.wma", "audio", "ffmpeg -i song.wma -vn song.wav"),
    ],
)
def test_the_command_that_helps_can_be_pasted(path: str, kind: str, command: str) -> None:
    assert convert(path, kind) == command


@pytest.mark.parametrize(
    ("head", "what"),
    [(b"GIF89a", "a GIF"), (b"RIFF\x10\0\0\0AVI LIST", "an AVI file"), (b"FLV\x01", "a Flash video")],
)
def test_other_moving_pictures_are_refused_by_name(tmp_path: Path, head: bytes, what: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(head + bytes(100))
    with pytest.raises(InvalidRequestError, match=f"is {what}, which is not taken; convert it first: ffmpeg -i"):
        Video.from_path(path)
    with pytest.raises(InvalidRequestError, match="ffmpeg -i video "):
        Video.from_bytes(head + bytes(100), content_type=None)  # type: ignore[arg-type]  # what a user may try


@pytest.mark.parametrize("container", ["mp4", "mov", "webm", "matroska"])
def test_what_can_be_decoded_to_its_end_is_whole(container: str) -> None:
    data = clip("libvpx" if container == "webm" else "libx264", container)
    assert decodes_whole(io.BytesIO(data))
    assert not any(decodes_whole(io.BytesIO(data[: len(data) * part // 10])) for part in range(10))


def test_a_length_that_is_a_guess_proves_nothing() -> None:
    for data in (sound("mp3", "mp3"), sound("adts", "aac"), sound("wav", "pcm_s16le", piped=True)):
        assert not decodes_whole(io.BytesIO(data))
    assert decodes_whole(io.BytesIO(sound("flac", "flac")))
    assert not decodes_whole(io.BytesIO(clip("libvpx", "webm", piped=True)))


def test_what_nothing_is_known_of_is_not_searched_for_a_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "import_module", lambda name: pytest.fail("FFmpeg was asked"))
    assert Video.from_bytes(bytes(10_000), content_type="video/mp4").headers() is None
