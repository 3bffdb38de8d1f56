"""Whether results can be saved in a folder, asked before anything is paid."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mirelo_ergo import InvalidRequestError, check_folder


def refused(folder: Any) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        check_folder(folder)
    assert caught.value.field == "folder"
    assert str(caught.value).endswith("; nothing was sent") or "is not a path" in str(caught.value)
    return str(caught.value)


def test_a_folder_may_exist_or_not(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "a" / "b", str(tmp_path / "c"), os.fsencode(tmp_path).decode()):
        assert check_folder(folder) == Path(folder)
    (tmp_path / "link").symlink_to(tmp_path)
    check_folder(tmp_path / "link" / "below")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link"]


def test_a_relative_folder_is_looked_at_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert check_folder("out") == Path("out")
    Path("out").touch()
    assert "it is not a folder" in refused("out")
    assert "/out is not a folder" in refused("out/below")


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "it is not a folder" in refused(tmp_path / "file")
    assert "file is not a folder" in refused(tmp_path / "file" / "below" / "it")
    assert "a link that leads nowhere" in refused(tmp_path / "dangling")
    assert "dangling is a link that leads nowhere" in refused(tmp_path / "dangling" / "below")
    assert "a link that leads nowhere" in refused(tmp_path / "loop")


def test_names_and_paths_that_no_file_system_takes(tmp_path: Path) -> None:
    assert "256 bytes, more than the 255" in refused(tmp_path / ("x" * 256))
    assert "256 bytes, more than the 255" in refused(tmp_path / ("é" * 128) / "below")
    assert "no room for the names" in refused(tmp_path.joinpath(*["x" * 200] * 20))
    assert "NUL" in refused("a\0b")
    assert "is not a path" in refused(7)
    assert "is not a path" in refused(None)


def test_a_folder_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert "it cannot be written to" in refused(tmp_path)
    assert f"{tmp_path} cannot be written to" in refused(tmp_path / "below")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux has it")
def test_a_folder_that_takes_no_files_whatever_its_rights_say() -> None:
    assert "it cannot be written to" in refused("/proc")
    assert "/proc cannot be written to" in refused("/proc/sounds")


def test_the_look_leaves_nothing(tmp_path: Path) -> None:
    check_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []
