"""What the command line's tests share: one run's outcome, child processes, and a service that can be bent."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import httpx

from tests.support.answers import JOB_ID
from tests.support.waiting import GUARD, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "examples" / "clip.mp4"
CLIP_MS = 6000
ACCOUNTS = ("MIRELO", "PIXAZO", "SYNC_", "INFERENCE")
"""What the variables of accounts begin with."""
Answer = tuple[int, object]
"""A status, and what is sent as JSON; bytes are sent as a WAV file."""


@attrs.frozen
class Ran:
    """One command line's outcome."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """The one JSON object that stdout must be, and nothing beside it."""
        assert self.out.count("\n") == 1, self.out
        assert self.out.endswith("}\n"), self.out
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def error(self) -> dict[str, Any]:
        """The JSON error, with the fields that every one has."""
        (name,) = self.object
        assert name == "error"
        error: dict[str, Any] = self.object["error"]
        assert {"code", "message", "http_status", "job_token", "exit_code"} <= set(error)
        assert error["exit_code"] == self.code
        assert isinstance(error["code"], str)
        assert isinstance(error["http_status"], int)
        return error

    @property
    def paths(self) -> list[Path]:
        """The paths that stdout must consist of; each is there."""
        found = [Path(line) for line in self.out.splitlines()]
        assert all(path.stat().st_size for path in found)
        return found


def environment(**variables: str) -> dict[str, str]:
    """Return a child's environment, with nothing of the caller's account in it."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith((*ACCOUNTS, "COV_"))}
    return {**plain, "PYTHONWARNINGS": "error", **variables}


def start(
    *arguments: str,
    cwd: Path,
    python: tuple[str, ...] = ("-m", "mirelo_ergo"),
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Child:
    """Start the real command line as a child process.

    Coverage does not trace it: most get signals, and a KeyboardInterrupt within a tracer's own callback is lost.
    """
    process = subprocess.Popen(
        [sys.executable, *python, *arguments],
        cwd=cwd,
        env=environment(COVERAGE_PROCESS_CONFIG="", **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Child(process)


@attrs.define
class Child:
    """A child process; its stderr can be followed line by line."""

    process: subprocess.Popen[str]
    seen: str = ""

    def line_with(self, text: str) -> str:
        """Read stderr up to the line that holds a text."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.seen += line
            if text in line:
                return line
        raise AssertionError(f"the child ended without saying {text!r}: {self.seen}")

    def end(self, timeout: float = GUARD) -> Ran:
        """Wait for its end."""
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return Ran(self.process.returncode, out, self.seen + err)


@attrs.frozen
class Seen:
    """A request as it came."""

    method: str
    path: str
    content_type: str
    body: bytes


@contextmanager
def answering(respond: Callable[[str, str], Answer], seen: list[Seen] | None = None) -> Iterator[str]:
    """Serve HTTP on loopback: a function gets method and path and gives an answer; yields the address.

    Every request is put into `seen`.
    """

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            if seen is not None:
                seen.append(Seen(self.command, self.path, self.headers.get("content-type", ""), sent))
            status, value = respond(self.command, self.path)
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            with contextlib.suppress(ConnectionError):  # some callers leave before the answer
                self.send_response(status)
                self.send_header("content-type", "audio/wav" if body is value else "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the base class looks for these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def service(bent: Mapping[str, Answer]) -> Callable[[str, str], Answer]:
    """Return a service whose jobs succeed at once, but for the answers that a test bends, by the path's last part."""
    usual: dict[str, Answer] = {
        "preflight": (200, {"credits": 10, "estimated_ms": 1000}),
        "jobs": (202, {"job_id": JOB_ID, "estimated_ms": 1000}),
        "me": (200, {"id": "usr_1", "email": "a@example.com", "credits_available": 5, "overage_enabled": True}),
        **bent,
    }

    def respond(method: str, path: str) -> Answer:
        last = path.split("?")[0].rsplit("/", 1)[-1]
        return usual.get(last, (404, {"error": {"code": "job_not_found", "message": "gone", "http_status": 404}}))

    return respond


def problem(status: int, code: str) -> Answer:
    """Make the service's own error."""
    return status, {"error": {"code": code, "message": f"made by the test: {code}", "http_status": status}}


@attrs.frozen
class Served:
    """A `mirelo-ergo serve` in a process of its own."""

    url: str
    key: str

    @property
    def variables(self) -> dict[str, str]:
        return {"MIRELO_API_KEY": self.key, "MIRELO_BASE_URL": self.url}

    def pass_time(self) -> None:
        """Let all jobs that run come to their end."""
        httpx.post(f"{self.url}/_emulator/clock", json={"advance_s": 600}, trust_env=False).raise_for_status()


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Served]:
    """Run `serve` until the block's end; it must then end well and take its ready file along."""
    ready = folder / "ready.json"
    child = start("serve", "--port", "0", "--ready-file", str(ready), *arguments, cwd=folder)
    try:
        until(lambda: ready.exists() or child.process.poll() is not None)
        assert child.process.poll() is None, child.end()
        told = json.loads(ready.read_text())
        assert told["pid"] == child.process.pid
        yield Served(told["url"], told["key"])
    finally:
        child.process.send_signal(signal.SIGINT)
        ran = child.end()
    assert ran.code == 0
    first, *others, last = ran.out.splitlines()
    assert (first, last) == (f"emulator at {told['url']}", f"key {told['key']}")
    own = {name: url for name, url in told["services"].items() if url != told["url"]}
    assert [line.split(", key ")[0] for line in others] == [f"{name} at {url}" for name, url in own.items()]
    assert not ready.exists()
