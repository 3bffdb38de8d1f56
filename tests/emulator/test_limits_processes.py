"""The end of a process: by a signal in the middle of everything, or by one that lets it clean up nothing."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from mirelo_ergo.emulator import read_ready_file, running, serve
from mirelo_ergo.emulator.disk import LOCK, PREFIX, Folder
from tests.emulator.support import TEXT, VIDEO, put
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

GUARD = 30.0  # seconds after which something hangs; how fast it really is, `make bench` tells

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run the command line's emulator in a process group of its own whose temporary folder is this one."""
    ready = folder.parent / f"{folder.name}.json"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "mirelo_ergo", "serve", "--port", "0", "--ready-file", str(ready)],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as child:
        try:
            until(lambda: read_ready_file(ready) is not None or child.poll() is not None)
            yield child, json.loads(ready.read_text(encoding="utf-8"))
        finally:
            child.kill()


def folders(place: Path) -> list[Path]:
    return list(place.glob(f"{PREFIX}*"))


def test_sigterm_under_load_leaves_nothing(tmp_path: Path, example_clip: Path) -> None:
    with served(tmp_path / "tmp") as (child, told):
        parts = urlsplit(told["url"])
        http = httpx.Client(
            base_url=told["url"], headers={"authorization": f"Bearer {told['key']}"}, timeout=GUARD, verify=False
        )
        with http, socket.create_connection((parts.hostname or "", parts.port or 0)) as stalled:
            opened = http.post("/v2/assets", json={"content_type": "video/mp4"}).json()
            assert put(opened["upload_url"], example_clip.read_bytes()).status_code == 200
            video = {"type": "asset", "asset_id": opened["asset_id"]}
            body = {"video": video, "duration_ms": 5000, "start_offset_ms": 1000, "num_samples": 4, "output": "video"}
            for _ in range(8):
                assert http.post(f"{VIDEO}/jobs", json=body).status_code == 202

            def wait_in_line() -> None:
                with suppress(httpx.TransportError):
                    http.post(f"{TEXT}/sync", json={"prompt": "rain"})

            waiting = [threading.Thread(target=wait_in_line) for _ in range(5)]
            for thread in waiting:
                thread.start()
            upload = urlsplit(http.post("/v2/assets", json={}).json()["upload_url"])
            head = f"PUT {upload.path}?{upload.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
            stalled.sendall(head.encode() + bytes(100_000))
            (folder,) = folders(tmp_path / "tmp")
            until(lambda: {"window", "upload"} <= {path.name.partition("-")[0] for path in folder.glob("*/*")})
            child.send_signal(signal.SIGTERM)
            out, err = child.communicate(timeout=GUARD)
            for thread in waiting:
                thread.join(GUARD)
    assert (child.returncode, err) == (0, "")
    assert told["url"] in out
    with pytest.raises(ProcessLookupError):
        os.killpg(child.pid, 0)  # nobody is left of its process group
    assert folders(tmp_path / "tmp") == []
    assert not (tmp_path / "tmp.json").exists()


def test_the_next_start_removes_what_a_kill_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path / "tmp") as (child, _):
        (living,) = folders(tmp_path / "tmp")
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
        with running() as emu:
            assert len(folders(tmp_path / "tmp")) == 2
            assert living.exists(), "another one's is left alone while its process lives"
            child.kill()
            child.communicate(timeout=GUARD)
            own = emu._folder.path
            with running():
                assert len(folders(tmp_path / "tmp")) == 2
            assert folders(tmp_path / "tmp") == [own], "of the killed one nothing is left"


def test_only_what_is_surely_abandoned_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    begun = tmp_path / f"{PREFIX}begun"  # one that is being made has no lock under that name yet
    begun.mkdir()
    (begun / "new").touch()
    other = tmp_path / "other"
    other.mkdir()
    (other / LOCK).touch()
    link = tmp_path / f"{PREFIX}link"
    link.symlink_to(other)
    trap = tmp_path / f"{PREFIX}trap"
    trap.mkdir()
    (trap / LOCK).symlink_to(other / LOCK)
    dead = tmp_path / f"{PREFIX}dead"
    dead.mkdir()
    (dead / LOCK).touch()
    (dead / "upload-0").touch()
    folder = Folder()
    folder.remove()
    folder.remove()
    assert not dead.exists()
    assert sorted(tmp_path.iterdir()) == sorted([begun, other, link, trap])
    assert (other / LOCK).exists()


def test_without_locks_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("fcntl.flock", refuse)
    one, two = Folder(), Folder()
    assert {one.path, two.path} == set(folders(tmp_path))
    one.remove()
    two.remove()
    assert folders(tmp_path) == []


def test_serving_everybody_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ready = tmp_path / "ready.json"

    def end_it() -> None:
        until(ready.exists)
        signal.raise_signal(signal.SIGTERM)

    thread = threading.Thread(target=end_it)
    thread.start()
    serve("0.0.0.0", ready_file=ready)
    thread.join()
    told = capsys.readouterr()
    assert told.err.startswith("note: on 0.0.0.0, everybody who reaches this machine can use the emulator")
    assert "emulator at http://127.0.0.1:" in told.out


# The ready file


def test_the_ready_file_of_a_killed_emulator_says_nothing(tmp_path: Path) -> None:
    with served(tmp_path / "tmp") as (child, told):
        ready = tmp_path / "tmp.json"
        assert read_ready_file(ready) == told
        with pytest.raises(ValueError, match=f"the emulator with the pid {child.pid} has it"):
            serve(ready_file=ready)
        child.kill()
        child.wait()
        assert ready.exists()
        assert read_ready_file(ready) is None
        ready.write_text(json.dumps({**told, "pid": os.getpid()}))
        assert read_ready_file(ready) is None, "a process that has the number now, and no port"
    (tmp_path / "again.json").write_text(ready.read_text())
    with served(tmp_path / "again") as (after, told):
        until(lambda: (read_ready_file(tmp_path / "again.json") or {}).get("pid") == after.pid)
        after.terminate()
        assert after.wait(GUARD) == 0
        assert not (tmp_path / "again.json").exists()


@pytest.mark.parametrize("content", ["my notes", "[]", '{"url": "x"}'])
def test_a_file_of_another_kind_is_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="a file of another kind is there"):
        serve(ready_file=path)
    assert path.read_text() == content
    assert read_ready_file(path) is None
    assert read_ready_file(tmp_path / "none.json") is None
