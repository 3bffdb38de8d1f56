"""A small stand-in for the service, on the fault server's sockets.

It takes jobs, charges for them, gives their results, and fails as it is told to, before or after it took a job. What it
charged is read from what reached it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

import attrs

from tests.faults import mirelo
from tests.faults.steps import Close, ReadRequest, Reset, Respond, Script, Send, Signal, Stall, Step
from tests.faults.transfer import cut, part, wav, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.faults.server import FaultServer
    from tests.faults.wire import Received

Endpoint = Literal["submit", "poll", "result"]
JOBS = f"{mirelo.TEXT_TO_SFX}/jobs"
URL_LIVES = 3600.0


@attrs.frozen
class Fault:
    """One thing that goes wrong, with the next request of its endpoint. `taken`: the service has the job all the same.

    `answer` makes the script from the good answer.
    """

    name: str
    answer: Callable[[Respond], Script]
    taken: bool = False

    def __repr__(self) -> str:
        return self.name


def _ends(*steps: Step) -> Callable[[Respond], Script]:
    return lambda _: [ReadRequest(), *steps]


def _answers(answer: Respond) -> Callable[[Respond], Script]:
    return lambda _: answer


_LOST: Mapping[str, Callable[[Respond], Script]] = {
    "reset": _ends(Reset()),
    "close": _ends(Close()),
    "silence": _ends(Stall()),
    "502 page": _answers(mirelo.html_error(502)),
    "504 page": _answers(mirelo.html_error(504)),
    "500": _answers(mirelo.api_error(500, "server_error")),
    "408": _answers(mirelo.html_error(408)),
}
_USELESS: Mapping[str, Callable[[Respond], Script]] = {
    "half an answer": lambda good: [ReadRequest(), Send(good.wire[:-9]), Close()],
    "half the JSON": lambda good: attrs.evolve(good, body=good.body[:-9]),
    "a web page": lambda good: attrs.evolve(good, body=b"<html>"),
    "nothing": lambda good: attrs.evolve(good, body=b""),
}
_REFUSED: Mapping[str, Callable[[Respond], Script]] = {
    "429": _answers(mirelo.api_error(429, "rate_limited", Retry_After="1")),
    "busy": _answers(mirelo.api_error(503, "server_error", Retry_After="2")),
    "failed": _answers(mirelo.api_error(502, "generation_failed")),
    "no credits": _answers(mirelo.api_error(402, "insufficient_credits")),
}


def _faults(scripts: Mapping[str, Callable[[Respond], Script]], *, taken: bool = False) -> list[Fault]:
    return [Fault(f"{name}{', taken' if taken else ''}", script, taken) for name, script in scripts.items()]


FAULTS: Mapping[Endpoint, Sequence[Fault]] = {
    "submit": [*_faults(_LOST), *_faults(_LOST, taken=True), *_faults(_USELESS, taken=True), *_faults(_REFUSED)],
    "poll": [*_faults(_LOST), *_faults(_USELESS), *_faults({"429": _REFUSED["429"], "busy": _REFUSED["busy"]})],
    "result": [
        *_faults(_LOST),
        Fault("half a file", lambda good: cut(good, len(good.body) // 2)),
        Fault("half a file, reset", lambda good: cut(good, len(good.body) // 2, Reset())),
        Fault("expired", _answers(Respond(403, b"<Error>"))),
        Fault("a web page", _answers(mirelo.html_error(200))),
        Fault("another file", lambda good: attrs.evolve(good, headers={**good.headers, "ETag": '"v2"'})),
    ],
}


@attrs.define
class _Job:
    connection: int
    at: float
    done_at: float


class StandIn:
    """Route the requests of one server, on the clock of its clients. Attach it with `attach` before it is asked.

    A job takes `lasts` seconds and has one result of `size` bytes.
    """

    def __init__(self, now: Callable[[], float], *, lasts: float = 8.0, size: int = 60_000) -> None:
        self._now, self._lasts, self._size = now, lasts, size
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._faults: dict[Endpoint, list[Fault]] = {"submit": [], "poll": [], "result": []}
        self._server: FaultServer

    def attach(self, server: FaultServer) -> None:
        self._server = server
        server.play(self)

    def fail(self, endpoint: Endpoint, fault: Fault, *, first: bool = False) -> None:
        """Let this happen to the next request of an endpoint, after those faults that wait already unless `first`."""
        with self._lock:
            self._faults[endpoint].insert(0 if first else len(self._faults[endpoint]), fault)

    def heal(self) -> None:
        """Forget the faults that have not happened yet."""
        with self._lock:
            for waiting in self._faults.values():
                waiting.clear()

    def charged(self) -> dict[str, str]:
        """Return the prompt that each charged job came from, by job id: those whose whole body was read."""
        submits = {(request.connection, request.at): request for request in mirelo.submits(self._server.requests)}
        with self._lock:
            found = {job_id: submits[job.connection, job.at] for job_id, job in self._jobs.items()}
        return {job_id: request.json["prompt"] for job_id, request in found.items() if request.complete}

    def file(self, job_id: str) -> bytes:
        """Return the one result of a job."""
        return wav(self._size, seed=int(job_id.partition("-")[2]))

    def __call__(self, request: Received) -> Script:
        path = unquote(urlsplit(request.path).path)
        with self._lock:
            if request.method == "POST":
                return self._submit(request)
            if path.startswith(f"{JOBS}/"):
                return self._poll(path.removeprefix(f"{JOBS}/"))
            return self._result(request, *path.split("/")[2:])

    def _submit(self, request: Received) -> Script:
        fault = self._next("submit")
        job_id = f"job-{len(self._jobs) + 1}"
        if fault is None or fault.taken:
            self._jobs[job_id] = _Job(request.connection, request.at, self._now() + self._lasts)
        good = mirelo.accepted(job_id, estimated_ms=int(self._lasts * 1000))
        return good if fault is None else fault.answer(good)

    def _poll(self, job_id: str) -> Script:
        job = self._jobs.get(job_id)
        if job is None:
            return mirelo.api_error(404, "job_not_found")
        fault = self._next("poll")
        good = mirelo.processing(job_id)
        if self._now() >= job.done_at:
            good = mirelo.succeeded(f"{self._server.url}/results/{job_id}/{self._now()}/1.wav", job_id=job_id)
        return good if fault is None else fault.answer(good)

    def _result(self, request: Received, job_id: str, signed_at: str, _: str) -> Script:
        if self._now() - float(signed_at) > URL_LIVES:
            return Respond(403, b"<Error>")
        fault = self._next("result")
        file, start = self.file(job_id), request.headers.get("range", "")
        good = part(file, int(start[6:-1])) if start else whole(file)
        return good if fault is None else fault.answer(good)

    def _next(self, endpoint: Endpoint) -> Fault | None:
        return self._faults[endpoint].pop(0) if self._faults[endpoint] else None


def held(stop: threading.Event, *, taken: bool) -> Fault:
    """Make a fault that sets an event once the whole request is there, or half of a file is on its way, and no more."""

    def script(good: Respond) -> Script:
        half = [Send(good.head + good.body[: len(good.body) // 2])] if good.status in (200, 206) else []
        return [ReadRequest(), *half, Signal(stop), Stall()]

    return Fault("held, taken" if taken else "held", script, taken)
