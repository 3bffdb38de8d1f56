"""Where downloads go: whole under the final name, or nowhere."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo._runtime.transfer.sinks import FileSink, MemorySink

if TYPE_CHECKING:
    from pathlib import Path

RIFF = b"RIFF\x04\x00\x00\x00WAVE"


def sink_in(folder: Path, *, overwrite: bool = False) -> FileSink:
    return FileSink(folder, "job-1", overwrite=overwrite)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    sink = sink_in(tmp_path / "made" / "for it")
    sink.begin("audio/wav")
    sink.begin("audio/wav")
    sink.write(RIFF[:5])
    (part,) = names(tmp_path / "made" / "for it")
    assert part.startswith(".job-1.wav.")
    assert part.endswith(".part")
    sink.write(RIFF[5:])
    assert (sink.size, sink.judge() == "whole") == (12, True)
    assert sink.sha256 == hashlib.sha256(RIFF).hexdigest()
    sink.finish()
    sink.discard()
    target = tmp_path / "made" / "for it" / "job-1.wav"
    assert sink.target == target
    assert names(target.parent) == ["job-1.wav"]
    assert target.read_bytes() == RIFF


@pytest.mark.parametrize(("keep", "name"), [(False, f"{'ä' * 125}.wav"), (True, f"{'ä' * 100}.unverified.wav")])
def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path: Path, keep: bool, name: str) -> None:
    sink = FileSink(tmp_path, "ä" * 125, overwrite=False, suffix=".wav")
    sink.begin("audio/wav")
    sink.write(RIFF)
    if keep:
        sink.keep_unproved()
    else:
        sink.finish()
    assert names(tmp_path) == [name]


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    sink = sink_in(tmp_path)
    sink.discard()
    sink.begin("video/mp4")
    sink.write(b"half")
    sink.discard()
    sink.discard()
    assert names(tmp_path) == []


def test_a_restart_begins_from_the_first_byte(tmp_path: Path) -> None:
    sink = sink_in(tmp_path)
    sink.restart()
    assert sink.judge() != "whole"
    sink.begin("audio/wav")
    sink.write(b"the wrong bytes")
    sink.restart()
    sink.write(RIFF)
    assert sink.sha256 == hashlib.sha256(RIFF).hexdigest()
    sink.finish()
    assert (tmp_path / "job-1.wav").read_bytes() == RIFF


def test_what_follows_a_look_at_wholeness_is_written_behind_the_rest(tmp_path: Path) -> None:
    for sink in (sink_in(tmp_path), MemorySink()):
        sink.begin("audio/wav")
        sink.write(RIFF[:8])
        assert sink.judge() != "whole"
        sink.write(RIFF[8:])
        assert sink.judge() == "whole"
        sink.finish()
    assert (tmp_path / "job-1.wav").read_bytes() == RIFF


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_nothing_is_overwritten_unless_asked(tmp_path: Path, when: str) -> None:
    target = tmp_path / "job-1.wav"
    sink = sink_in(tmp_path)
    if when == "before":
        target.write_bytes(b"mine")
        with pytest.raises(FileExistsError, match="overwrite=True"):
            sink.begin("audio/wav")
    else:
        sink.begin("audio/wav")
        sink.write(RIFF)
        target.write_bytes(b"mine")
        with pytest.raises(FileExistsError, match="overwrite=True"):
            sink.finish()
    sink.discard()
    assert target.read_bytes() == b"mine"
    assert names(tmp_path) == ["job-1.wav"]
    again = sink_in(tmp_path, overwrite=True)
    again.begin("audio/wav")
    again.write(RIFF)
    assert target.read_bytes() == b"mine"
    again.finish()
    assert target.read_bytes() == RIFF


def write(sink: FileSink, data: bytes = RIFF) -> FileSink:
    sink.begin("audio/wav")
    sink.write(data)
    return sink


def test_a_target_with_these_very_bytes_counts_as_written(tmp_path: Path) -> None:
    target = tmp_path / "job-1.wav"
    target.write_bytes(RIFF)
    before = target.stat()
    sink = write(sink_in(tmp_path))
    sink.finish()
    assert sink.target == target
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    other = write(sink_in(tmp_path), RIFF[:4] + b"\x05" + RIFF[5:])
    with pytest.raises(FileExistsError, match="overwrite=True"):
        other.finish()
    other.discard()
    assert names(tmp_path) == ["job-1.wav"]


def test_a_name_counts_on_until_it_is_free(tmp_path: Path) -> None:
    (tmp_path / "job-1-2.wav").mkdir()
    (tmp_path / "job-1-3.wav").symlink_to(tmp_path / "elsewhere")
    made = []
    for data in (RIFF, RIFF + b"other", RIFF, RIFF + b"other"):
        sink = write(FileSink(tmp_path, "job-1", overwrite=False, numbered=True), data)
        sink.finish()
        sink.discard()
        made.append(sink.target.name if sink.target else None)
    assert made == ["job-1.wav", "job-1-4.wav", "job-1.wav", "job-1-4.wav"]
    assert names(tmp_path) == ["job-1-2.wav", "job-1-3.wav", "job-1-4.wav", "job-1.wav"]


def test_a_file_of_an_exact_name_keeps_it_whatever_it_is(tmp_path: Path) -> None:
    write(FileSink(tmp_path, "rain", overwrite=False, suffix=".mp3")).finish()
    write(FileSink(tmp_path, "no suffix", overwrite=False, suffix="")).finish()
    assert names(tmp_path) == ["no suffix", "rain.mp3"]


def test_what_nothing_proves_whole_is_kept_under_a_name_that_says_so(tmp_path: Path) -> None:
    for data, name in ((RIFF, "job-1.unverified.wav"), (RIFF, "job-1.unverified.wav"), (RIFF * 2, None)):
        sink = write(sink_in(tmp_path, overwrite=True), data)
        sink.keep_unproved()
        sink.discard()
        target = tmp_path / (name or "job-1.unverified-2.wav")
        assert sink.target == target
        assert target.read_bytes() == data
    assert names(tmp_path) == ["job-1.unverified-2.wav", "job-1.unverified.wav"]


def test_a_target_that_proves_itself_whole_needs_no_fetching(tmp_path: Path) -> None:
    target = tmp_path / "job-1.wav"
    assert sink_in(tmp_path / "missing").whole_already() is None
    for data, found in ((RIFF, target), (RIFF[:-1], None), (b"RIFF\xff\xff\xff\xffWAVE", None), (b"mine", None)):
        target.write_bytes(data)
        sink = sink_in(tmp_path)
        assert sink.whole_already() == found
        assert sink.target == found
    target.write_bytes(RIFF)
    assert sink_in(tmp_path, overwrite=True).whole_already() is None
    target.rename(tmp_path / "elsewhere.wav")
    target.symlink_to(tmp_path / "elsewhere.wav")
    assert sink_in(tmp_path).whole_already() is None


def test_a_folder_that_is_in_the_way_is_no_target_that_exists(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    for folder, problem in (("link", "a link that leads nowhere"), ("file", "is not a folder")):
        with pytest.raises(FileExistsError, match=problem):
            sink_in(tmp_path / folder).begin("audio/wav")


@pytest.mark.parametrize("overwrite", [False, True])
def test_links_and_folders_are_refused(tmp_path: Path, overwrite: bool) -> None:
    target = tmp_path / "job-1.wav"
    elsewhere = tmp_path / "elsewhere"
    target.symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic link"):
        sink_in(tmp_path, overwrite=overwrite).begin("audio/wav")
    assert not elsewhere.exists()
    target.unlink()
    target.mkdir()
    with pytest.raises(IsADirectoryError, match="a folder"):
        sink_in(tmp_path, overwrite=overwrite).begin("audio/wav")


def test_a_link_that_appears_meanwhile_is_not_followed(tmp_path: Path) -> None:
    for overwrite in (False, True):
        target = tmp_path / "job-1.wav"
        sink = sink_in(tmp_path, overwrite=overwrite)
        sink.begin("audio/wav")
        sink.write(RIFF)
        target.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError, match="symbolic link"):
            sink.finish()
        sink.discard()
        assert names(tmp_path) == ["job-1.wav"]
        target.unlink()


def test_a_name_that_was_taken_for_a_moment_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: object) -> None:
        raise FileExistsError(17, "File exists")

    sink = sink_in(tmp_path)
    sink.begin("audio/wav")
    sink.write(RIFF)
    monkeypatch.setattr(os, "link", taken)
    with pytest.raises(FileExistsError):
        sink.finish()
    sink.discard()
    assert names(tmp_path) == []


def test_a_file_system_without_links_does_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", no)
    sink = sink_in(tmp_path)
    sink.begin("audio/flac")
    sink.write(RIFF)
    sink.finish()
    assert names(tmp_path) == ["job-1.flac"]
    second = sink_in(tmp_path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        second.begin("audio/flac")


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = sink_in(tmp_path)
    sink.begin("audio/ogg")
    sink.write(RIFF)
    real = os.open

    def no(path: str | Path, *more: int) -> int:
        if path == tmp_path:
            raise PermissionError(13, "Permission denied")
        return real(path, *more)

    monkeypatch.setattr(os, "open", no)
    sink.finish()
    monkeypatch.undo()
    assert names(tmp_path) == ["job-1.ogg"]


def test_memory_is_a_sink_too() -> None:
    sink = MemorySink()
    sink.begin("audio/wav")
    sink.write(b"wrong")
    sink.restart()
    sink.write(RIFF)
    sink.finish()
    sink.discard()
    assert (sink.size, sink.data, sink.judge() == "whole") == (12, RIFF, True)
