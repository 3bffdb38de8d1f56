"""What the emulator costs those who test against it: to start, for each request, for each test of a suite."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.children import OURS, ROOT, environment
from bench.figures import Figure, Group, median, ms, ratio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

CONNECTIONS = 8
JOBS = 200
TEXT = "/v2/text-to-sfx/v1.6"
VIDEO = "/v2/video-to-sfx/v1.6"
BODY = json.dumps({"prompt": "rain on a tin roof", "duration_ms": 2000}).encode()
SECOND = """
import time
from mirelo_ergo.emulator import running
with running(): pass
for _ in range(20):
    began = time.perf_counter()
    with running(): print(time.perf_counter() - began)
"""
PLUGIN = """
import sys, time
import pytest
for _ in range(20):
    for name in [name for name in sys.modules if name.startswith("mirelo_ergo")]:
        del sys.modules[name]
    began = time.perf_counter()
    import mirelo_ergo.pytest_plugin
    print(time.perf_counter() - began)
"""
PLAIN = "import pytest\n@pytest.mark.parametrize('n', range({count}))\ndef test_it(n): pass\n"
USING = (
    "import pytest\n@pytest.mark.parametrize('n', range({count}))\n"
    "def test_it(mirelo_client, n): assert mirelo_client.me().credits_available == 10_000\n"
)


def measure(quick: bool) -> Group:
    """Measure the emulator as its users run it: by the command line, in their process, by the fixtures."""
    rounds = 3 if quick else 11
    first, peer_first, ends = _starts(rounds)
    second = _printed(SECOND)
    with _served() as (url, key, _), _hello() as port:
        rates = asyncio.run(_rates(url, key, f"http://127.0.0.1:{port}", rounds))
        makespans = asyncio.run(_many(url, key))
    busy = [_end_under_load() for _ in range(rounds)]
    first_test, per_test = _suite(3 if quick else 7)
    end, loaded = median(ends), median(busy)
    return Group(
        "The emulator",
        f"Starts and ends: medians of {rounds} rounds. Requests: {CONNECTIONS} kept loopback connections, a process "
        "each. The suite: pytest with no other plugin, 201 tests that make one request each, against 201 that do "
        "nothing. The peer is bare Starlette on uvicorn with one route and a fixed answer.",
        [
            Figure(
                "`mirelo-ergo serve`: from start to first answer",
                ms(median(first)),
                ms(median(peer_first)),
                ratio(median(first), median(peer_first)),
                "≤ 1.5 s",
                median(first) <= 1.5,
            ),
            Figure("one more in the same process", ms(second), target="≤ 60 ms", met=second <= 0.06),
            Figure("SIGTERM to the end of the process, idle", ms(end), target="≤ 1 s", met=end <= 1),
            Figure(
                "the same with 8 renderings, 20 waiting requests and a stalled upload",
                ms(loaded),
                target="≤ 1 s",
                met=loaded <= 1,
            ),
            Figure(
                "`GET /v2/me`, requests a second",
                f"{rates['me']:,.0f}",
                f"{rates['peer']:,.0f}",
                ratio(rates["me"], rates["peer"]),
            ),
            Figure("preflight, requests a second", f"{rates['preflight']:,.0f}"),
            Figure("a submit and a poll, pairs a second", f"{rates['pair']:,.0f}"),
            *(
                Figure(
                    f"{JOBS} {kind} jobs at once, submit to last result known",
                    f"{seconds:.1f} s",
                    target="all succeed",
                    met=succeeded == JOBS,
                )
                for kind, (seconds, succeeded) in makespans.items()
            ),
            Figure("a pytest session that does not use it: the import of the plugin", ms(_printed(PLUGIN))),
            Figure("a pytest session that does: the first test", ms(first_test)),
            Figure("each further test with an emulator as new and a client on it", ms(per_test)),
        ],
    )


# Processes


@contextlib.contextmanager
def _served() -> Iterator[tuple[str, str, subprocess.Popen[bytes]]]:
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [str(OURS), "-m", "mirelo_ergo", "serve", "--port", "0", "--ready-file", str(ready)]
        with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL) as child:
            try:
                while not ready.exists():
                    assert child.poll() is None, "the emulator ended"
                    time.sleep(0.001)
                told = json.loads(ready.read_text(encoding="utf-8"))
                yield told["url"], told["key"], child
            finally:
                child.terminate()
                child.wait()


@contextlib.contextmanager
def _hello() -> Iterator[int]:
    command = [str(OURS), "-m", "bench.child.hello"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE) as child:
        assert child.stdout is not None, "it is a pipe"
        try:
            yield int(child.stdout.readline())
        finally:
            child.kill()


def _starts(rounds: int) -> tuple[list[float], list[float], list[float]]:
    first, peer, ends = [], [], []
    for number in range(rounds + 1):
        began = time.perf_counter()
        with _served() as (url, key, child):
            asyncio.run(_once(url, _get_me(key)))
            took = time.perf_counter() - began
            ending = time.perf_counter()
            child.send_signal(signal.SIGTERM)
            child.wait()
            ended = time.perf_counter() - ending
        began = time.perf_counter()
        with _hello() as port:
            asyncio.run(_once(f"http://127.0.0.1:{port}", _get_me("sk-x")))
            peer_took = time.perf_counter() - began
        if number:  # the first round writes byte code and fills the disk cache
            first.append(took)
            peer.append(peer_took)
            ends.append(ended)
    return first, peer, ends


def _printed(code: str) -> float:
    """Run a program and return the median of the seconds it prints."""
    done = subprocess.run([OURS, "-c", code], check=True, cwd=ROOT, env=environment(), capture_output=True, text=True)
    return median(map(float, done.stdout.split()))


def _end_under_load() -> float:
    async def load(url: str, key: str, child: subprocess.Popen[bytes]) -> float:
        wire = await _Wire.open(url)
        asset = await wire.upload(key, (ROOT / "examples" / "clip.mp4").read_bytes())
        body = {"video": asset, "duration_ms": 5000, "start_offset_ms": 1000, "num_samples": 4, "output": "video"}
        for _ in range(8):
            await wire.ask(_post(f"{VIDEO}/jobs", key, json.dumps(body).encode()))
        waiting = [await _Wire.open(url) for _ in range(20)]
        for each in waiting:
            each.send(_post(f"{TEXT}/sync", key, BODY))
        stalled = await wire.ask(_post("/v2/assets", key, b"{}"))
        parts = urlsplit(stalled["upload_url"])
        wire.send(
            f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n".encode() + bytes(100)
        )
        await asyncio.sleep(0.2)  # the renderings are under way
        began = time.perf_counter()
        child.send_signal(signal.SIGTERM)
        await asyncio.to_thread(child.wait)
        took = time.perf_counter() - began
        for each in (wire, *waiting):
            await each.close()
        return took

    with _served() as (url, key, child):
        return asyncio.run(load(url, key, child))


# Requests


class _Wire:
    """One kept connection, spoken by hand: a client of more comfort would be what is measured."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, url: str) -> _Wire:
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    def send(self, request: bytes) -> None:
        self._writer.write(request)

    async def ask(self, request: bytes) -> dict[str, str]:
        self.send(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head[9:10] == b"2", head
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        body = await self._reader.readexactly(length)
        answer: dict[str, str] = json.loads(body) if body else {}
        return answer

    async def upload(self, key: str, data: bytes) -> dict[str, str]:
        """Upload a clip and return it as a source."""
        opened = await self.ask(_post("/v2/assets", key, b"{}"))
        parts = urlsplit(opened["upload_url"])
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n"
        await self.ask(head.encode() + data)
        return {"type": "asset", "asset_id": opened["asset_id"]}

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def _get(path: str, key: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def _post(path: str, key: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _get_me(key: str) -> Callable[[_Wire], Awaitable[object]]:
    request = _get("/v2/me", key)
    return lambda wire: wire.ask(request)


async def _once(url: str, act: Callable[[_Wire], Awaitable[object]]) -> None:
    wire = await _Wire.open(url)
    await act(wire)
    await wire.close()


async def _rate(url: str, seconds: float, act: Callable[[_Wire], Awaitable[object]]) -> float:
    """Return how often a second it was done, by all connections together."""

    async def work() -> int:
        wire, count = await _Wire.open(url), 0
        while time.perf_counter() < end:
            await act(wire)
            count += 1
        await wire.close()
        return count

    await _once(url, act)
    began = time.perf_counter()
    end = began + seconds
    counts = await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - began)


async def _rates(url: str, key: str, peer: str, rounds: int) -> dict[str, float]:
    """Measure each for a second, in turn."""
    preflight = _get(f"{TEXT}/preflight?duration_ms=2000", key)
    submit = _post(f"{TEXT}/jobs", key, BODY)

    async def pair(wire: _Wire) -> None:
        job = await wire.ask(submit)
        await wire.ask(_get(job["job_url"], key))

    acts: dict[str, tuple[str, Callable[[_Wire], Awaitable[object]]]] = {
        "me": (url, _get_me(key)),
        "peer": (peer, _get_me(key)),
        "preflight": (url, lambda wire: wire.ask(preflight)),
        "pair": (url, pair),
    }
    rates: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        await _once(url, lambda wire: wire.ask(_post("/_emulator/reset", key, b"{}")))  # it keeps 10,000 jobs
        await _once(url, _rich(key))
        for name, (where, act) in acts.items():
            rates[name].append(await _rate(where, 1.0, act))
    return {name: median(values) for name, values in rates.items()}


def _rich(key: str) -> Callable[[_Wire], Awaitable[object]]:
    return lambda wire: wire.ask(_post("/_emulator/credits", key, json.dumps({"credits": 10**9}).encode()))


async def _many(url: str, key: str) -> dict[str, tuple[float, int]]:
    """Submit 200 jobs at once, let their time pass on the emulator's clock, and poll each to its end."""
    wire = await _Wire.open(url)
    asset = await wire.upload(key, (ROOT / "examples" / "clip.mp4").read_bytes())
    bodies = {
        "text": (TEXT, BODY),
        "video": (VIDEO, json.dumps({"video": asset, "duration_ms": 2000}).encode()),
    }
    await _rich(key)(wire)
    found = {}
    for kind, (route, body) in bodies.items():
        began = time.perf_counter()
        wires = [await _Wire.open(url) for _ in range(JOBS)]
        jobs = await asyncio.gather(*(each.ask(_post(f"{route}/jobs", key, body)) for each in wires))
        await wire.ask(_post("/_emulator/clock", key, b'{"advance_s": 3600}'))
        statuses = await asyncio.gather(*(_final(each, job, key) for each, job in zip(wires, jobs, strict=True)))
        found[kind] = time.perf_counter() - began, statuses.count("succeeded")
        for each in wires:
            await each.close()
    await wire.close()
    return found


async def _final(wire: _Wire, job: dict[str, str], key: str) -> str:
    while True:
        status = (await wire.ask(_get(job["job_url"], key)))["status"]
        if status != "processing":
            return status


# A test suite


def _suite(rounds: int) -> tuple[float, float]:
    """Return the seconds that a session's first use of the fixtures takes, and each further one."""
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, text in (("plain", PLAIN), ("using", USING)):
            for count in (1, 201):
                files[name, count] = path = Path(folder) / f"test_{name}_{count}.py"
                path.write_text(text.format(count=count))
        runs = {
            "one": files["plain", 1],
            "many": files["plain", 201],
            "one using": files["using", 1],
            "many using": files["using", 201],
        }
        times: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(rounds + 1):
            for name, file in runs.items():
                took = _session(file)
                if number:
                    times[name].append(took)
    own = {name: median(values) for name, values in times.items()}
    first = own["one using"] - own["one"]
    return first, (own["many using"] - own["many"] - first) / 200


def _session(file: Path) -> float:
    options = ["-q", "-p", "no:cacheprovider", "-p", "mirelo_ergo.pytest_plugin", "--rootdir", str(file.parent)]
    command = [str(OURS), "-m", "pytest", *options, str(file)]
    alone = {**environment(), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    began = time.perf_counter()
    subprocess.run(command, check=True, cwd=file.parent, env=alone, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
