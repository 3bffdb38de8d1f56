"""What can be uploaded: real files, memory, and open files of every kind."""

from __future__ import annotations

import array
import io
import itertools
import mmap
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pytest

from mirelo_ergo import Audio, InvalidRequestError, Video
from mirelo_ergo._runtime.io.protocol import SourceFailed
from mirelo_ergo.inference_sh.files import open_upload
from mirelo_ergo.sync_so.files import open_asset

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo._runtime.transfer.sources import Uploadable
    from mirelo_ergo.inference_sh.files import Upload
    from mirelo_ergo.sync_so.files import AssetFile

MP4 = b"\x00\x00\x00\x14ftypisom" + bytes(500)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(MP4)
    return path


def read_all(source: Uploadable) -> bytes:
    reader = source.open()
    try:
        data = b""
        while piece := reader.read(100):
            data += piece
        return data
    finally:
        reader.close()


def refused(make: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        make(*arguments, **more)
    assert caught.value.code == "invalid_request"
    return str(caught.value)


# --- paths -----------------------------------------------------------------------------------------------------------


def test_a_path_is_read_anew_each_time(clip: Path) -> None:
    source, content_type = Video.from_path(clip).current()
    assert (source.size, source.replayable, content_type) == (len(MP4), True, "video/mp4")
    assert read_all(source) == read_all(source) == MP4
    source.verify()


def test_a_path_may_be_a_string_or_path_like(clip: Path) -> None:
    class Like(os.PathLike[str]):
        def __fspath__(self) -> str:
            return str(clip)

    for value in (str(clip), clip, Like()):
        assert Video.from_path(value).current()[0].size == len(MP4)


def test_paths_that_cannot_be_uploaded_are_refused_at_once(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert "does not exist" in refused(Video.from_path, tmp_path / "missing.mp4")
    assert "only a shell replaces ~, so give Path(…).expanduser()" in refused(Video.from_path, "~/missing.mp4")
    assert "is empty" in refused(Video.from_path, empty)
    assert "is a folder" in refused(Video.from_path, tmp_path)
    assert "is a folder" in refused(Video.from_path, "")
    assert "cannot be read" in refused(Video.from_path, "a\x00b")
    assert "cannot be read" in refused(Video.from_path, empty / "below")
    assert "cannot be read" in refused(Video.from_path, "x" * 5000)
    assert "is not a path" in refused(Video.from_path, 7)
    text = tmp_path / "notes.txt"
    text.write_text("just words")
    assert "pass content_type=" in refused(Video.from_path, text)


def test_what_is_no_regular_file_is_refused_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    listener = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(tmp_path)
    with listener:
        listener.bind("socket.mp4")
        monkeypatch.setattr("pathlib.Path.open", lambda *_: pytest.fail("it was opened"))
        assert "is a pipe, not a regular file: save it to a file first" in refused(Video.from_path, "pipe.mp4")
        assert "is a socket, not a regular file" in refused(Video.from_path, "socket.mp4")
        assert "is a device, not a regular file" in refused(Video.from_path, "/dev/null")
        assert "from_file with its size" in refused(Video.from_path, "/dev/zero", content_type="video/mp4")


def test_a_file_that_became_a_pipe_is_not_opened(clip: Path) -> None:
    source, _ = Video.from_path(clip).current()
    clip.unlink()
    os.mkfifo(clip)
    for step in (source.open, source.verify):
        with pytest.raises(SourceFailed, match="changed") as caught:
            step()
        assert caught.value.changed


def test_an_unreadable_file_is_refused(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")  # root may read everything, so a chmod would prove nothing

    monkeypatch.setattr("pathlib.Path.open", no)
    assert "cannot be read (Permission denied)" in refused(Video.from_path, clip)


def test_the_type_is_told_from_the_bytes_then_the_name_unless_it_is_said(tmp_path: Path) -> None:
    misnamed = tmp_path / "clip.mov"
    misnamed.write_bytes(MP4)
    assert Video.from_path(misnamed).current()[1] == "video/mp4"
    unsigned = tmp_path / "clip.webm"
    unsigned.write_bytes(b"no signature")
    assert Video.from_path(unsigned).current()[1] == "video/webm"
    assert Video.from_path(unsigned, content_type="video/x-own").current()[1] == "video/x-own"


@pytest.mark.parametrize("content_type", ["", "mp4", "video/", "/mp4", "video/mp4\r\nX: y", "vidéo/mp4", "a/b/c", 7])
def test_a_content_type_must_be_one(content_type: Any, clip: Path) -> None:
    for make, source in ((Video.from_path, clip), (Video.from_bytes, MP4), (Video.from_file, io.BytesIO(MP4))):
        assert "is not a media type" in refused(make, source, content_type=content_type)


def test_a_file_that_changed_is_another_one(clip: Path) -> None:
    source, _ = Video.from_path(clip).current()
    clip.write_bytes(MP4 + b"more")
    with pytest.raises(SourceFailed, match="changed while it was uploaded") as caught:
        source.verify()
    assert caught.value.changed
    with pytest.raises(SourceFailed, match="changed since it was chosen") as caught:
        source.open()
    assert caught.value.changed
    clip.unlink()
    for step, message in ((source.verify, "is gone"), (source.open, "cannot be opened")):
        with pytest.raises(SourceFailed, match=message) as caught:
            step()
        assert caught.value.changed


def test_each_look_sees_the_file_as_it_is(clip: Path) -> None:
    video = Video.from_path(clip)
    before, _ = video.current()
    assert video.current()[0].identity == before.identity
    clip.write_bytes(MP4[:-1] + b"x")  # same size, other bytes
    os.utime(clip, ns=(1, 1))
    assert video.current()[0].identity != before.identity
    clip.unlink()
    assert "does not exist" in refused(video.current)


@pytest.mark.parametrize("file_system", ["ext4", "unsteady", "fuse.sshfs", "cifs", "nfs4"])
def test_size_and_whole_seconds_decide_where_more_is_not_steady(
    clip: Path, monkeypatch: pytest.MonkeyPatch, file_system: str
) -> None:
    os.utime(clip, ns=(10**9, 5 * 10**9 + 123_456_789))
    steady = file_system == "ext4"
    if file_system == "unsteady":
        shake(monkeypatch)
    else:
        monkeypatch.setattr("mirelo_ergo._runtime.transfer.sources._file_system", lambda device: file_system)
    source, _ = Video.from_path(clip).current()
    with clip.open("rb") as file:
        opened, _ = Video.from_file(file, content_type="video/mp4").current()
        for each in (source, opened):
            each.verify()
            each.open().close()
        os.utime(clip, ns=(10**9, 5 * 10**9))  # the nanoseconds are gone: a flush to a server that has none
        for each in (source, opened):
            if steady or (each is opened and file_system == "unsteady"):
                with pytest.raises(SourceFailed, match="changed"):
                    each.verify()
            else:
                each.verify()
        os.utime(clip, ns=(10**9, 6 * 10**9))
        for each in (source, opened):
            with pytest.raises(SourceFailed, match="changed"):
                each.verify()


def shake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a file a new number at each look by its name, as some network file systems do."""
    numbers = itertools.count(1)
    really = Path.stat

    def look(path: Path, **given: Any) -> os.stat_result:
        status = really(path, **given)
        first = ("st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size")  # which the tuple has
        more = {name: getattr(status, name) for name in dir(status) if name.startswith("st_") and name not in first}
        return os.stat_result((status[0], next(numbers), *status[2:]), more)

    monkeypatch.setattr(Path, "stat", look)


def test_each_difference_makes_another_upload(clip: Path) -> None:
    video = Video.from_path(clip)
    before = video.current()[0].identity
    clip.chmod(0o600)  # nothing but the change time differs
    assert video.current()[0].identity != before


# --- memory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_memory_is_taken_as_it_is_now(kind: Any) -> None:
    data = kind(MP4)
    source, content_type = Video.from_bytes(data).current()
    if isinstance(data, bytearray):
        data[:] = b"changed"
    assert (source.size, source.replayable, content_type) == (len(MP4), True, "video/mp4")
    assert read_all(source) == read_all(source) == MP4
    source.verify()


def test_whatever_has_bytes_is_memory(clip: Path) -> None:
    with clip.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for data in (array.array("B", MP4), memoryview(MP4), mapped):
            source, content_type = Video.from_bytes(cast("bytes", data)).current()
            assert (read_all(source), content_type) == (MP4, "video/mp4")


def test_a_mapped_file_is_a_file(clip: Path) -> None:
    with clip.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        mapped.seek(4)
        source, _ = Video.from_file(cast("BinaryIO", mapped), content_type="video/mp4").current()
        assert (source.size, source.replayable, source.identity) == (len(MP4) - 4, True, None)
        for _ in range(2):
            assert read_all(source) == MP4[4:]
            source.verify()


def test_no_two_sources_without_a_name_are_taken_for_one(clip: Path) -> None:
    """An address in memory is given again once its bytes are gone; an upload kept under it would be of others."""
    seen: set[str | None] = set()
    for _ in range(100):
        source, _type = Video.from_bytes(bytes(bytearray(MP4))).current()
        seen.add(source.identity)
    assert len(seen) == 100
    video = Video.from_bytes(MP4)
    assert video.current()[0].identity == video.current()[0].identity
    with clip.open("rb") as file:
        whole, rest = Video.from_file(file), None
        file.seek(4)
        rest = Video.from_file(file, content_type="video/mp4")
        assert whole.current()[0].identity != rest.current()[0].identity
        assert whole.current()[0].identity == whole.current()[0].identity


def test_memory_must_be_bytes_and_some() -> None:
    assert "data is empty" in refused(Video.from_bytes, b"")
    assert "data is str, not bytes" in refused(Video.from_bytes, "clip.mp4")
    assert "data is NoneType" in refused(Video.from_bytes, None)


# --- open files ------------------------------------------------------------------------------------------------------


def test_a_file_is_taken_from_where_it_stands_and_left_open(clip: Path) -> None:
    with clip.open("rb") as file:
        video = Video.from_file(file, content_type="video/mp4")
        file.seek(100)
        later = Video.from_file(file, content_type="video/mp4")
        for each, expected in ((video, MP4), (later, MP4[100:])):
            source, _ = each.current()
            assert source.size == len(expected)
            assert read_all(source) == read_all(source) == expected
            source.verify()
        assert not file.closed


def test_a_files_type_is_told_from_its_bytes_or_name(clip: Path, tmp_path: Path) -> None:
    with clip.open("rb") as file:
        assert Video.from_file(file).current()[1] == "video/mp4"
        file.seek(200)
        assert Video.from_file(file).current()[1] == "video/mp4"  # by its name now
    assert Video.from_file(io.BytesIO(MP4)).current()[1] == "video/mp4"
    assert "pass content_type=" in refused(Video.from_file, io.BytesIO(b"no signature"))
    with os.fdopen(os.open(clip, os.O_RDONLY), "rb") as numbered:  # its name is a number
        numbered.seek(200)
        assert "pass content_type=" in refused(Video.from_file, numbered)


def test_files_that_cannot_be_uploaded_are_refused(clip: Path) -> None:
    with clip.open() as text:
        assert "text mode" in refused(Video.from_file, text)
    assert "text mode" in refused(Video.from_file, io.StringIO("words"))
    assert "is empty" in refused(Video.from_file, io.BytesIO())
    closed = io.BytesIO(MP4)
    closed.close()
    assert "cannot be read" in refused(Video.from_file, closed)
    assert "cannot be read" in refused(Video.from_file, str(clip))
    assert "cannot be read" in refused(Video.from_file, None)
    assert f"has {len(MP4)} bytes, not size=7" in refused(Video.from_file, io.BytesIO(MP4), size=7)
    end = io.BytesIO(MP4)
    end.seek(0, os.SEEK_END)
    assert "is empty" in refused(Video.from_file, end)
    assert Video.from_file(io.BytesIO(MP4), size=len(MP4)).current()[0].size == len(MP4)


def test_a_file_that_grew_is_another_one() -> None:
    file = io.BytesIO(MP4)
    source, _ = Video.from_file(file).current()
    file.seek(0, os.SEEK_END)
    file.write(b"more")
    with pytest.raises(SourceFailed, match="changed") as caught:
        source.verify()
    assert caught.value.changed
    file.close()
    with pytest.raises(SourceFailed):
        source.open()


class Stream(io.RawIOBase):
    """A file that cannot be rewound, with a file behind it whose times change, as a pipe's do."""

    def __init__(self, data: bytes, behind: Path) -> None:
        super().__init__()
        self._data, self._behind = io.BytesIO(data), behind.open("rb")

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._behind.fileno()

    def readinto(self, buffer: Any) -> int:
        piece = self._data.read(len(buffer))
        buffer[: len(piece)] = piece
        if piece:
            os.utime(self.fileno(), ns=(1, self._data.tell()))
        return len(piece)

    def close(self) -> None:
        self._behind.close()
        super().close()


@pytest.fixture
def stream(clip: Path) -> Any:
    with Stream(MP4, clip) as stream:
        yield cast("BinaryIO", stream)


def test_a_stream_goes_out_once(stream: BinaryIO) -> None:
    source, _ = Video.from_file(stream, size=len(MP4), content_type="video/mp4").current()
    assert read_all(source) == MP4
    assert not source.replayable
    source.verify()
    with pytest.raises(SourceFailed, match="cannot be rewound"):
        source.open()


def test_a_stream_stays_the_same_while_it_is_read(stream: BinaryIO) -> None:
    video = Video.from_file(stream, size=len(MP4), content_type="video/mp4")
    before = video.current()[0].identity
    read_all(video.current()[0])
    assert video.current()[0].identity == before  # or its asset id would be forgotten


def test_a_stream_needs_its_size_and_type(stream: BinaryIO) -> None:
    assert "give size=" in refused(Video.from_file, stream, content_type="video/mp4")
    assert "pass content_type=" in refused(Video.from_file, stream, size=5)
    for size in (0, -1, "12", 1.5):
        assert "give the number of bytes" in refused(Video.from_file, stream, size=size, content_type="video/mp4")


# --- URLs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["https://media.example.com/a.mp4", "http://a.example", "HTTPS://A.example/ü.mp4"])
def test_a_url_is_the_services_to_fetch(url: str) -> None:
    assert Video.from_url(url).url == url


def test_blanks_behind_the_host_are_escaped_and_nothing_else_is() -> None:
    """A service's own result URL may have some, and `result.audio` is such a source."""
    url = "https://a.example/my rain.wav?name=a b&signature=x%2By|é"
    assert Audio.from_url(url).url == "https://a.example/my%20rain.wav?name=a%20b&signature=x%2By|é"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "clip.mp4",
        "ftp://a.example/x",
        "https://",
        "https:///x",
        "https://a b/",
        "https://[::1",
        "https://a.example/\n",
        "https://a.example/" + "x" * 9000,
        None,
        7,
        b"https://a.example",
    ],
)
def test_what_is_no_url_is_refused(url: Any) -> None:
    message = refused(Video.from_url, url)
    assert "is not a URL that can be fetched" in message
    assert len(message) < 300


def test_a_video_shows_what_it_is_and_no_secret(clip: Path) -> None:
    assert repr(Video.from_url("https://a.example/x.mp4?signature=abc")) == (
        "Video.from_url('https://a.example/x.mp4?…')"
    )
    assert repr(Video.from_path(clip)) == f"Video.from_path({str(clip)!r})"
    assert repr(Video.from_bytes(MP4)) == f"<Video of {len(MP4)} bytes, video/mp4>"
    with pytest.raises(TypeError, match="from_path"):
        Video()
    with pytest.raises(TypeError, match="make Video with"):
        Video(cast("Any", "clip.mp4"))


# --- one file object, several readers --------------------------------------------------------------------------------


def test_several_read_one_file_object_at_once_and_leave_it_where_it_was() -> None:
    """Its position is one for all of them: with it, each would send a mix of its bytes, of the right length."""
    file = io.BytesIO(b"before" + MP4)
    file.seek(6)
    video = Video.from_file(file)
    sources = [video.current()[0] for _ in range(2)]
    first, second = (source.open() for source in sources)
    data = first.read(300), second.read(200), first.read(300), second.read(400)
    sources[0].verify()
    third = Video.from_file(file).current()[0]  # begins where the object stood before the others read it
    assert b"".join(data[::2]) == b"".join(data[1::2]) == read_all(third) == MP4
    first.close()
    second.close()
    assert file.tell() == 6
    dropped = third.open()
    dropped.read(100)
    del dropped  # as by a cancellation
    file.seek(0)
    assert read_all(Audio.from_file(file, content_type="audio/wav").current()[0]) == b"before" + MP4


@pytest.mark.parametrize("opened", [open_asset, open_upload])
def test_an_open_file_of_an_input_is_whole_after_a_try_that_failed(
    clip: Path, opened: Callable[..., AssetFile | Upload]
) -> None:
    """It is looked at whenever it is sent: where the first try stopped, the second would have begun."""
    with clip.open("rb") as file:
        for _ in range(2):
            reader = opened(file, "video", None).source.open()
            reader.read(100)
            reader.close()
        assert read_all(opened(file, "video", None).source) == MP4
