"""The calls that a row is shown on. The row's server is the faulty one; whatever else the call needs is in order.

    with FaultServer([fault, good("upload")]) as server, Act(face, "upload", server, tmp_path) as act:
        act.run()
        assert len(act.requests) == 2

`read` is GET me (class R), `submit` POST jobs (P), `sync` POST sync (K: it has an idempotency key), `asset` POST assets
and `upload` the PUT of a video before its submit (C), `download` the GET of a job's result (D), `keyed` a submit under
an idempotency key (K) as no service here has it, on the retry core itself. Every `Act` counts the charges at its end.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import wave
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal, Self

import attrs

from mirelo_ergo import DownloadError, MireloError, NetworkError, SubmitOutcomeUnknown, UploadError, Video
from mirelo_ergo._runtime.api.execute import Operation, execute
from mirelo_ergo._runtime.api.idempotency import KeyRules
from mirelo_ergo._runtime.api.requests import fingerprint
from mirelo_ergo._runtime.api.retry import Kind as Class
from mirelo_ergo._runtime.io.deadline import Timing
from mirelo_ergo._runtime.io.protocol import Request, run
from mirelo_ergo.mirelo.job_values import read_accepted
from tests.faults import mirelo
from tests.faults.harness import SIGNATURE, Face
from tests.faults.server import FaultServer, Routes
from tests.faults.steps import Respond

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from types import TracebackType

    from tests.faults.tls import Certificate
    from tests.faults.virtual import VirtualServer
    from tests.faults.wire import Received

Kind = Literal["read", "submit", "sync", "asset", "upload", "download", "keyed"]
ALL: tuple[Kind, ...] = ("read", "submit", "upload", "download")
METHODS: dict[Kind, str] = {"read": "GET", "upload": "PUT", "download": "GET"}
ATTEMPTS: dict[Kind, int] = {"read": 5, "submit": 5, "asset": 4, "upload": 4, "download": 5, "keyed": 6, "sync": 6}
"""Attempts in all; see docs/reliability.md."""
KEYED = Request("POST", "/v1/keyed", b'{"prompt":"rain"}', submit=True)
CLIP = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 16
TOKEN = f"mirelo2:text-to-sfx:v1.5:{mirelo.JOB_ID}:1767268800:1000:"


def _silence() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(4000))
    return file.getvalue()


WAV = _silence()


def good(kind: Kind) -> Respond:
    """Return the answer that this call hopes for."""
    match kind:
        case "read":
            return mirelo.me()
        case "submit" | "keyed":
            return mirelo.accepted()
        case "sync":
            return mirelo.result(f"https://storage.test/1.wav?{SIGNATURE}")
        case "asset":
            return mirelo.asset(f"https://storage.test/put?{SIGNATURE}")
        case "upload":
            return Respond(200)
        case "download":
            return Respond(200, WAV, {"Content-Type": "audio/wav"})


def another(kind: Kind) -> Respond:
    """Return the answer that a second call hopes for, while the first one's job is still in use."""
    return mirelo.accepted("job-2") if kind == "submit" else good(kind)


class Act:
    """One kind of call against the row's server. `timing` and the options are the client's.

    `url` replaces the server's own address, `api_tls` is for the working API beside a faulty storage, `video` for the
    upload. At the exit at most one charge per run is left, beside the `refused`: submits turned away for certain.
    """

    def __init__(
        self,
        face: Face,
        kind: Kind,
        server: FaultServer | VirtualServer,
        folder: Path,
        *,
        url: str | None = None,
        api_tls: Certificate | None = None,
        video: Callable[[], Video] | None = None,
        **options: Any,
    ) -> None:
        self.kind: Kind = kind
        self.refused = 0
        self.runs = 0
        self.pauses: list[float] = []
        """Every sleep of the retry core, in seconds, downloads and uploads included."""
        self.on_pause: Callable[[], None] = lambda: None
        """What happens between two attempts."""
        self.instant = False
        """Skip the sleeps: they are only noted."""
        self._face = face
        self._server = server
        self._folder = folder
        self._url = url
        self._api = None
        if kind in ("upload", "download"):
            self._api = FaultServer(tls=api_tls) if api_tls else face.server()
        self._video = video or self._next_video
        self._options = options
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        url = self._url or self._server.url
        base = url
        if self._api is not None:
            self._stack.enter_context(self._api)
            routes = {
                "POST /v2/assets": [mirelo.asset(f"{url}/put?{SIGNATURE}")],
                "POST *": [mirelo.accepted(), *(mirelo.accepted(f"job-{number}") for number in range(2, 40))],
                "GET *": [mirelo.succeeded(f"{url}/1.wav?{SIGNATURE}")],
            }
            self._api.play(Routes(routes))
            base = self._api.url
        self.client = self._face.open(base, **self._options)
        if self.kind == "download":
            self._result = self._face.do(self.client.job(TOKEN).wait())
        self._listen_to_the_pauses()
        return self

    def _listen_to_the_pauses(self) -> None:
        sleep = self.client._io.sleep

        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)
            self.on_pause()
            if not self.instant:
                await sleep(seconds)

        self.client._io.sleep = pause

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        if error is None:
            taken = [request for request in self.submits if request.complete]
            keys = {request.headers.get("idempotency-key", str(number)) for number, request in enumerate(taken)}
            assert len(keys) - self.refused <= self.runs, f"{len(keys)} charges for {self.runs} calls: {taken}"

    # Making the call.

    def call(self) -> Any:
        """Begin the call once more: in async a coroutine, in sync its result."""
        self.runs += 1
        client = self.client
        match self.kind:
            case "read":
                return client.me()
            case "submit":
                return client.text_to_sfx("rain").submit_job()
            case "sync":
                return client.text_to_sfx("rain").sync_i_accept_http_timeout_risk()
            case "asset":
                return self._drive(client._core._new_slot("video/mp4"))
            case "upload":
                return client.video_to_sfx(self._video(), duration_ms=2000).submit_job()
            case "download":
                return self._result.download(self._folder / str(self.runs))
            case "keyed":
                runtime = client._core.runtime
                key = KeyRules().key(None, client._io.wall())
                operation = Operation("keyed", Class.KEYED, KEYED, read_accepted, runtime.timeout, key=key)
                return self._drive(execute(runtime, operation))

    def _next_video(self) -> Video:
        return Video.from_bytes(CLIP + self.runs.to_bytes())  # bytes of its own: the same ones are uploaded once

    def _drive(self, flow: Coroutine[Any, Any, Any]) -> Any:
        return run(flow) if self._face.colour == "sync" else flow

    def run(self) -> Any:
        """Make the call; it must succeed, and a download must be the whole file."""
        result = self._face.do(self.call())
        if self.kind == "download":
            assert [path.read_bytes() for path in result] == [WAV]
        return result

    def failing(self) -> MireloError:
        """Make the call, which must fail, and return the typed error of its last attempt.

        For an upload or a download that is the cause of its own error, and nothing was submitted or saved.
        """
        submits = len(self.submits)
        error = self._face.failing(self.call)
        own: dict[Kind, type[MireloError]] = {"upload": UploadError, "download": DownloadError}
        if self.kind not in own:
            return error
        assert type(error) is own[self.kind]
        assert isinstance(error.__cause__, MireloError)
        self._face.errors.append(error.__cause__)
        assert error.http_status in (error.__cause__.http_status, 0)
        assert error.retryable == error.__cause__.retryable
        assert len(self.submits) == submits
        assert not list((self._folder / str(self.runs)).glob("*"))
        return error.__cause__

    def unsent(self, attempts: int) -> NetworkError:
        """Make the call, which must fail before anything was sent, after so many attempts."""
        error = self.failing()
        assert isinstance(error, NetworkError)
        assert (error.code, error.http_status) == ("network_error", 0)
        assert error.sent == "no"
        assert error.attempts == attempts
        assert not self.requests
        return error

    def unknown(
        self, code: str = "network_error", http_status: int = 0, *, accepted: bool | None = None
    ) -> SubmitOutcomeUnknown:
        """Make the call, which must end as a paid request whose outcome is unknown.

        It was on the wire once, or under a key always as the same bytes.
        """
        before, keyed = len(self.requests), self.kind in ("sync", "keyed")
        began = self._face.wall()
        error = self._face.failing(self.call)
        assert type(error) is SubmitOutcomeUnknown
        assert (error.code, error.http_status) == (code, http_status)
        assert error.accepted is accepted
        assert error.sent == "yes"
        assert began <= error.sent_at <= self._face.wall()
        assert error.evidence
        assert error.evidence in error.message
        assert "may charge twice" in error.message
        assert (error.idempotency_key is not None) is keyed
        assert not error.retryable
        new = self.requests[before:]
        assert len(new) <= (ATTEMPTS[self.kind] if keyed else 1)  # none when the server looked at nothing
        for request in new:
            assert request.headers.get("idempotency-key") == error.idempotency_key
            same = Request(request.method, request.path, request.body)
            assert error.request_fingerprint == fingerprint(same)
            assert (
                error.request_fingerprint == hashlib.sha256(b"POST %b\n%b" % (_path(request), request.body)).hexdigest()
            )
        assert keyed or not self.pauses
        return error

    def lost(
        self, code: str = "network_error", http_status: int = 0, *, accepted: bool | None = None
    ) -> SubmitOutcomeUnknown | None:
        """Make the call, the first response to which is unusable.

        On P that ends as unknown; on K the same bytes go out once more under the same key, and the call succeeds.
        """
        if self.kind == "submit":
            return self.unknown(code, http_status, accepted=accepted)
        before = len(self.requests)
        self.run()
        first, second = self.requests[before:]
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert (first.path, first.body) == (second.path, second.body)
        return None

    def start(self) -> Callable[[], Any]:
        """Begin the call in the background: a thread, or a task. Gives what waits for its result."""
        if self._face.colour == "sync":
            threads = ThreadPoolExecutor(1)
            self._stack.callback(threads.shutdown, wait=False)  # a test that fails before the result waits for nothing
            future = threads.submit(self.call)
            return lambda: future.result(60)
        task = self._face.loop.create_task(self.call())
        self._stack.callback(self._face.do, _cancelled(task))
        return lambda: self._face.do(_result(task))

    def meanwhile(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a blocking function of the test while what was started goes on."""
        return self._face.do(function(*args) if self._face.colour == "sync" else asyncio.to_thread(function, *args))

    def limit(self, seconds: float) -> None:
        """Limit how long later calls may take: an operation by its deadline, a transfer its time without progress."""
        runtime, http = self.client._core.runtime, self.client._io.http
        runtime.timeout = seconds
        runtime.timing = Timing(no_progress=seconds)
        http.settings = attrs.evolve(http.settings, timing=runtime.timing)

    # What came.

    @property
    def requests(self) -> list[Received]:
        """Return what the row's server received; all of it must be this call's own kind of request."""
        found = [request for request in self._server.requests if request.method != "CONNECT"]
        assert {request.method for request in found} <= {METHODS.get(self.kind, "POST")}
        return found

    @property
    def submits(self) -> list[Received]:
        """Return every submit that any server received."""
        api = self._api.requests if self._api is not None else ()
        return mirelo.submits([*self._server.requests, *api])


def _path(request: Received) -> bytes:
    return request.path.encode()


async def _cancelled(task: asyncio.Task[Any]) -> None:
    if task.cancel():
        await asyncio.wait([task])


async def _result(task: asyncio.Task[Any]) -> Any:
    async with asyncio.timeout(60):
        return await task
