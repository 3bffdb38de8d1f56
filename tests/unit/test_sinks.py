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
    assert (sink.size, sink.is_whole()) == (12, True)
    assert sink.sha256 == hashlib.sha256(RIFF).hexdigest()
    sink.finish()
    sink.discard()
    target = tmp_path / "made" / "for it" / "job-1.wav"
    assert sink.target == target
    assert names(target.parent) == ["job-1.wav"]
    assert target.read_bytes() == RIFF


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
    assert not sink.is_whole()
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
        assert not sink.is_whole()
        sink.write(RIFF[8:])
        assert sink.is_whole()
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
    assert (sink.size, sink.data, sink.is_whole()) == (12, RIFF, True)
