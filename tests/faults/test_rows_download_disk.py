"""Rows 66 to 68 of the fault matrix (docs/reliability.md): failing disks, processes that die or compete."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo import MireloError
from tests.faults import mirelo
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import ReadRequest, Script, Send, Signal, Stall
from tests.faults.transfer import (
    MIB,
    NAME,
    check_error,
    check_nothing_saved,
    check_wire,
    finished,
    results,
    sha256,
    signed,
    wav,
    whole,
    wire,
)
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.harness import Face

TOKEN = f"mirelo2:text-to-sfx:v1.5:{mirelo.JOB_ID}:1767268800:1000:"


@contextmanager
def tmpfs(folder: Path, options: str) -> Iterator[bool]:
    """Mount a small file system; give False where this process may not."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    able = os.geteuid() == 0 and shutil.which("mount") is not None
    mounted = able and subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def full_disk(folder: Path) -> Iterator[int]:
    """Leave room for 1 MiB, really: by a tmpfs of that size, else by this process's RLIMIT_FSIZE. Give the errno."""
    with tmpfs(folder, "size=1m") as mounted:
        if mounted:
            yield errno.ENOSPC
            return
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, hard))  # Python ignores SIGXFSZ
        try:
            yield errno.EFBIG
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """Return a folder that this process cannot write: a read-only tmpfs, else by its mode, else (as root) sysfs."""
    with tmpfs(folder, "ro") as mounted:
        folder.chmod(0o555) if not mounted else None
        yield folder if mounted or os.geteuid() else Path("/sys/kernel")
        folder.chmod(0o755) if not mounted else None


def check_os_error(error: MireloError, number: int, path: Path) -> None:
    check_error(error, "DownloadError")
    assert (vars(error)["errno"], vars(error)["path"]) == (number, str(path))
    assert os.strerror(number) in str(error) or "target" in str(error)
    assert isinstance(error.__cause__, OSError)


@pytest.mark.parametrize("before", [None, b"an older result"])
def test_fault_66_full(face: Face, tmp_path: Path, before: bytes | None) -> None:
    """The disk is full: a typed error with errno, no `.part`, and what the target held before is untouched."""
    folder = tmp_path / "disk"
    with full_disk(folder) as number, results([whole(wav(3 * MIB))]) as (api, host):
        if before is not None:
            (folder / NAME).write_bytes(before)
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, folder, overwrite=True)
        check_os_error(error, number, folder / NAME)
        assert wire(host) == ["GET /1.wav"]
        check_nothing_saved(folder, *([NAME] if before else []))
        assert before is None or (folder / NAME).read_bytes() == before


def test_fault_66_read_only(face: Face, tmp_path: Path) -> None:
    """The folder is read-only, or cannot be made: a typed error with errno."""
    with read_only(tmp_path / "disk") as folder, results([whole(wav(100_000))]) as (api, host):
        with face.promise(1.0):
            result = finished(face, api)
            error = face.failing(result.download, folder)
            other = face.failing(result.download, folder / "new")
        assert vars(error)["errno"] in (errno.EROFS, errno.EACCES, errno.EPERM)
        check_os_error(error, vars(error)["errno"], folder / NAME)
        assert vars(other)["errno"] in (errno.EROFS, errno.EACCES, errno.EPERM)
        check_os_error(other, vars(other)["errno"], folder / "new")
        assert wire(host) == ["GET /1.wav"] * 2
        assert not (folder / NAME).exists()


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("there", ["folder", "symlink", "dangling", "file"])
def test_fault_66_taken(face: Face, tmp_path: Path, there: str, overwrite: bool) -> None:
    """The target is a folder, a link or, without `overwrite`, a file: refused, and it stays what it was."""
    folder = tmp_path / "folder"
    folder.mkdir()
    target, elsewhere = folder / NAME, tmp_path / "elsewhere"
    if there == "folder":
        target.mkdir()
    elif there == "file":
        target.write_bytes(b"an older result")
    else:
        target.symlink_to(elsewhere)
    if there == "symlink":
        elsewhere.write_bytes(b"not ours")
    number = {"folder": errno.EISDIR, "file": errno.EEXIST}.get(there, errno.ELOOP)
    body = wav(100_000)
    with results([whole(body)]) as (api, _), face.promise(1.0):
        result = finished(face, api)
        if there == "file" and overwrite:
            assert face.do(result.download(folder, overwrite=True)) == [target]
        else:
            check_os_error(face.failing(result.download, folder, overwrite=overwrite), number, target)
    check_nothing_saved(folder, NAME)
    assert target.is_symlink() == (there in ("symlink", "dangling"))
    assert target.is_dir() == (there == "folder")
    assert elsewhere.exists() == (there == "symlink")
    if there == "file":
        assert sha256(target) == sha256(body if overwrite else b"an older result")
    if there == "symlink":
        assert elsewhere.read_bytes() == b"not ours"


@pytest.mark.parametrize("appears", ["file", "symlink"])
def test_fault_66_taken_meanwhile(face: Face, tmp_path: Path, appears: str) -> None:
    """Somebody takes the name while the bytes still come: theirs stays, ours is an error."""
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"

    def take(done: int, total: int | None) -> None:
        target = folder / NAME
        if appears == "file" and not target.exists():
            target.write_bytes(b"theirs")
        elif not target.is_symlink():
            target.symlink_to(elsewhere)

    with results([whole(wav(100_000))]) as (api, _):
        with face.promise(1.0):
            result = finished(face, api)
            error = face.failing(result.download, folder, overwrite=appears == "symlink", on_progress=take)
        check_os_error(error, errno.EEXIST if appears == "file" else errno.ELOOP, folder / NAME)
    check_nothing_saved(folder, NAME)
    assert not elsewhere.exists()
    assert appears == "symlink" or (folder / NAME).read_bytes() == b"theirs"


@pytest.mark.parametrize("moments", [1, 3, 1000])
def test_fault_66_taken_for_a_moment(face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moments: int) -> None:
    """Another process downloads the same result, and moves it before ours sees that it is the same."""
    folder, link, asked = tmp_path / "folder", os.link, 0

    def taken_at_first(source: Path, target: Path) -> None:
        nonlocal asked
        asked += 1
        if asked <= moments:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        link(source, target)

    monkeypatch.setattr(os, "link", taken_at_first)
    with results([whole(body := wav(100_000))]) as (api, _), face.promise(1.0):
        result = finished(face, api)
        if moments == 1000:
            check_os_error(face.failing(result.download, folder), errno.EEXIST, folder / NAME)
        else:
            assert face.do(result.download(folder)) == [folder / NAME]
            assert sha256(folder / NAME) == sha256(body)
    check_nothing_saved(folder, *([] if moments == 1000 else [NAME]))


def test_fault_66_folder_is_a_file(face: Face, tmp_path: Path) -> None:
    """The folder is a file: a typed error that names it."""
    folder = tmp_path / "folder"
    folder.write_bytes(b"a file")
    with results([whole(wav(100_000))]) as (api, _):
        with face.promise(1.0):
            error = face.failing(finished(face, api).download, folder)
        check_os_error(error, errno.EEXIST, folder)
    assert folder.read_bytes() == b"a file"


@contextmanager
def downloader(face: Face, api: FaultServer, folder: Path, overwrite: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Start a process that downloads the job's results, with a client of this face; end it with the block."""
    arguments = [face.colour, api.url, TOKEN, str(folder), str(int(overwrite))]
    command = [sys.executable, "-m", "tests.faults.downloader", *arguments]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def parts(folder: Path) -> list[Path]:
    return [path for path in folder.glob(".*") if path.name.startswith(f".{NAME}.") and path.suffix == ".part"]


def test_fault_67(face: Face, tmp_path: Path) -> None:
    """Killed mid-download: only a `.part` stays, nothing under the final name, and a new download goes well."""
    body = wav(3 * MIB)
    sent = Event()
    halfway: Script = [ReadRequest(), Send(whole(body).head + body[: 2 * MIB]), Signal(sent), Stall()]
    with results([halfway, whole(body)]) as (api, _):
        with downloader(face, api, tmp_path) as child:
            until(sent.is_set)
            until(lambda: any(path.stat().st_size >= MIB for path in parts(tmp_path)))
            child.send_signal(signal.SIGKILL)
            assert child.wait() == -signal.SIGKILL
        [left] = parts(tmp_path)
        check_nothing_saved(tmp_path, left.name)
        with face.promise(1.0):
            [path] = face.do(finished(face, api).download(tmp_path))
        assert sha256(path) == sha256(body)
        check_nothing_saved(tmp_path, NAME, left.name)
        left.unlink()


@pytest.mark.parametrize("overwrite", [False, True])
def test_fault_68(face: Face, tmp_path: Path, overwrite: bool) -> None:
    """Two processes, one target: a whole file of one of them; without `overwrite` the other one says so."""
    bodies = {number: wav(3 * MIB, seed=number) for number in (1, 2)}
    both = Event()

    def serve(number: int) -> Script:
        answer = whole(bodies[number])
        return [
            ReadRequest(),
            Send(answer.head + answer.body[: 2 * MIB]),
            Stall(until=both),
            Send(answer.body[2 * MIB :]),
        ]

    with FaultServer(Routes({f"GET /{number}.wav": [serve(number)] for number in bodies})) as host:
        polls = [[mirelo.succeeded(signed(host, f"/{number}.wav"))] for number in bodies]
        with (
            FaultServer(Routes({"GET *": polls[0]})) as first,
            FaultServer(Routes({"GET *": polls[1]})) as second,
            downloader(face, first, tmp_path, overwrite) as one,
            downloader(face, second, tmp_path, overwrite) as two,
        ):
            until(lambda: len(parts(tmp_path)) == 2)
            both.set()
            said = {number: json.loads(child.communicate(timeout=240)[0]) for number, child in ((1, one), (2, two))}
            check_wire(first, host)
    target = tmp_path / NAME
    saved = [number for number, answer in said.items() if answer == {"saved": [str(target)]}]
    refused = [number for number, answer in said.items() if answer == {"errno": errno.EEXIST, "path": str(target)}]
    assert (len(saved), len(refused)) == ((2, 0) if overwrite else (1, 1)), said
    assert sha256(target) in [sha256(bodies[number]) for number in saved]
    check_nothing_saved(tmp_path, NAME)
