"""The HTTP operations of Mirelo's API v2: routes from the spec, and a handler for each action."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.refusals import bad_request, short
from mirelo_ergo.emulator.services.mirelo import midi
from mirelo_ergo.emulator.services.service import EmulatedService
from mirelo_ergo.emulator.spec.bounds import Number
from mirelo_ergo.emulator.spec.targets import Target
from mirelo_ergo.emulator.state.idempotency import CONFLICT, IN_FLIGHT
from mirelo_ergo.emulator.state.records import Origin
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.connections import connection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from mirelo_ergo.emulator.refusals import Refusal
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.spec import Operation
    from mirelo_ergo.emulator.state.records import Job

    Handler = Callable[[Request, Operation, str], Awaitable[Response]]

WITH_LINKS = ("v1.6",)  # the models whose results have short links
MIDI = "audio-to-midi"
MAX_MUSIC_MS = 3_600_000  # of music, for which the contract has no bounds
MAX_PIECES = 100
MAX_DIGITS = 18  # of a preflight's number, for which the contract has no bounds
PATH = re.compile(r"/v2/(?P<family>.+)/(?P<model>v[0-9]+\.[0-9]+)/(?P<action>.+)")
LINK = Target("followLink", "GET", "/d/{token}", "link", "mirelo")


class Mirelo(EmulatedService):
    """Mirelo's API, v2."""

    name = "mirelo"
    title = "Mirelo"
    spec = "mirelo-v2.yaml"
    clients = ("MireloClient", "AsyncMireloClient")

    settings: ClassVar = {"detections_a_day": Number(0, 10**6, whole=True)}

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._midi = midi.Transcriptions(state)

    @property
    def detections_a_day(self) -> int:
        """The number of instrument detections per key and day."""
        return self._midi.detections_a_day

    @detections_a_day.setter
    def detections_a_day(self, most: int) -> None:
        bound = self.settings["detections_a_day"]
        if not bound.allows(most):
            raise ValueError(f"detections_a_day is {most!r}: it has to be {bound.words()}")
        self._midi.detections_a_day = most

    @classmethod
    def group(cls, operation: Operation) -> str:
        """Return the group of a path, /v2/<family>/<model>/<action>, where a family may have two parts."""
        path = PATH.fullmatch(operation.path)
        if path is None:
            name = operation.path.removeprefix("/v2/")
            return name if name in ("me", "assets") else "other"
        actions = {
            "preflight": "preflight",
            "sync": "sync",
            "jobs": "submit",
            "jobs/{job_id}": "poll",
            "instruments": "other",
        }
        return actions.get(path["action"], "other")

    @classmethod
    def targets(cls) -> tuple[Target, ...]:
        """Return its operations, and the short links to results."""
        return (*super().targets(), LINK)

    @classmethod
    def refuse(cls, refusal: Refusal) -> Response:
        """Return a refusal in the API's form."""
        detail = refusal.detail()
        if refusal.code in (CONFLICT, IN_FLIGHT):  # the contract has one code for both
            detail["code"] = "conflict"
        return JSONResponse({"error": detail}, status_code=refusal.http_status)

    def routes(self) -> list[Route]:
        """Return a route for every operation, and the one of the short links."""
        return [*map(self._route, self.operations()), self._state.blobs.links()]

    async def make_sound(self, prompt: str, duration_ms: int) -> Job:
        """Make a sound for the emulator's first account, as a client's request would."""
        (operation,) = (each for each in self.operations() if each.id == "textToSfxV16JobCreate")
        body = json.dumps({"prompt": prompt, "duration_ms": duration_ms}).encode()
        return await self._generate(body, operation, self._state.key)

    def _route(self, operation: Operation) -> Route:
        handler = self._handler(operation)

        async def endpoint(request: Request) -> Response:
            return await handler(request, operation, self.key(request))

        return wire.route(operation.path, operation.method, endpoint)

    def _handler(self, operation: Operation) -> Handler:
        if operation.path.endswith("/instruments"):
            return self._instruments
        handlers: dict[str, Handler] = {
            "me": self._me,
            "assets": self._create_asset,
            "preflight": self._preflight,
            "sync": self._sync,
            "submit": self._create_job,
            "poll": self._poll,
        }
        return handlers.get(self.group(operation), self.not_emulated)

    async def _me(self, request: Request, operation: Operation, key: str) -> Response:
        account = self._state.store.account(key)
        return JSONResponse(
            {
                "id": account.id,
                "email": account.email,
                "credits_available": account.balance,
                "overage_enabled": False,
            }
        )

    async def _create_asset(self, request: Request, operation: Operation, key: str) -> Response:
        sent = operation.read_body(await wire.read_body(request))
        asset = self._state.store.new_asset(key, sent.get("content_type"))
        upload_url = self._state.blobs.upload_url(wire.base_url(request), asset)
        return JSONResponse({"asset_id": asset.id, "upload_url": upload_url}, status_code=201)

    async def _preflight(self, request: Request, operation: Operation, key: str) -> Response:
        values = operation.read_query(request.query_params)
        for name, value in values.items():
            if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
                raise bad_request(f"{name} is {short(value)}: it may have {MAX_DIGITS} digits")
        if _family_and_model(operation)[0] == MIDI:
            return JSONResponse(self._midi_preflight(values["duration_ms"], key))
        return JSONResponse(self._state.jobs.preflight(values, self.target(operation)))

    def _midi_preflight(self, duration_ms: int, key: str) -> dict[str, Any]:
        quoted = midi.quote(duration_ms, self._state.jobs.speed)
        return {**quoted, "billing_mode": "metered", **self._state.store.recovery(key, quoted["credits"])}

    async def _instruments(self, request: Request, operation: Operation, key: str) -> Response:
        values = operation.values(operation.read_body(await wire.read_body(request)))
        found = await self._midi.detect(key, values)
        identity = f"det_{self._state.random.getrandbits(64):016x}"
        return JSONResponse({"recommended_instruments": found, "instrument_detection_id": identity})

    async def _sync(self, request: Request, operation: Operation, key: str) -> Response:
        body = await wire.read_body(request)
        job, _ = await self.once(request, key, body, lambda: self._generate(body, operation, key))
        if await connection(request.scope).unless_lost(self._state.jobs.finish(job)) is None:
            raise ClientDisconnect  # the job goes on
        if job.error is not None:
            raise job.error
        return JSONResponse(self._made(request, job))

    async def _create_job(self, request: Request, operation: Operation, key: str) -> Response:
        job = await self._generate(await wire.read_body(request), operation, key)
        return JSONResponse(
            {
                "job_id": job.id,
                "job_url": f"/v2/{job.origin.family}/{job.origin.model}/jobs/{job.id}",
                "estimated_ms": job.estimated_ms,
                "estimated_completion_at": iso(job.created_at + job.estimated_ms / 1000),
            },
            status_code=202,
        )

    async def _generate(self, body: bytes, operation: Operation, key: str) -> Job:
        sent = operation.read_body(body)
        family, model = _family_and_model(operation)
        origin = Origin(self.name, family, model, str(sent.get("prompt", "")))
        values, target = operation.values(sent), self.target(operation)
        if family == MIDI:
            return await self._midi.start(key, origin, sent, values, target)
        if family.endswith("-to-music"):
            if values["duration_ms"] > MAX_MUSIC_MS:
                raise bad_request(f"duration_ms is {values['duration_ms']}: this emulator makes {MAX_MUSIC_MS} at most")
            if values["num_samples"] > MAX_PIECES:
                raise bad_request(f"num_samples is {values['num_samples']}: this emulator makes {MAX_PIECES} at most")
            values = {**values, "music": True, "audio_format": values.get("format", "mp3")}
        return await self._state.jobs.generate(key, origin, sent, values, target)

    async def _poll(self, request: Request, operation: Operation, key: str) -> Response:
        family, model = _family_and_model(operation)
        job_id = request.path_params["job_id"]
        found = self._state.store.job(job_id, key=key, service=self.name, family=family, model=model)
        job = await self._state.jobs.look(found)
        answer: dict[str, Any] = {"job_id": job.id, "created_at": iso(job.created_at), "request": job.request}
        if job.completed_at is None:
            answer |= {
                "status": "processing",
                "estimated_completion_at": iso(job.created_at + job.estimated_ms / 1000),
                "estimated_ms": job.estimated_ms,
                "progress_percent": job.progress_percent(self._state.clock.now()),
            }
        else:
            answer["completed_at"] = iso(job.completed_at)
            if job.error is None:
                answer |= {"status": "succeeded", "result": self._result(request, job)}
            else:
                answer |= {"status": "errored", "error": job.error.detail()}
        if job.origin.family == MIDI and not job.done:
            answer["result"] = self._midi.so_far(job, self._state.clock.now())
        return JSONResponse(answer)

    def _made(self, request: Request, job: Job) -> dict[str, Any]:
        urls = self._state.blobs.result_urls(wire.base_url(request), job)
        return self._midi.result(job, urls) if job.origin.family == MIDI else {"result_urls": urls}

    def _result(self, request: Request, job: Job) -> dict[str, Any]:
        result = self._made(request, job)
        if job.origin.model in WITH_LINKS:
            result["download_urls"] = self._state.blobs.download_urls(wire.base_url(request), job)
        return result


def _family_and_model(operation: Operation) -> tuple[str, str]:
    path = PATH.fullmatch(operation.path)
    assert path is not None  # only such operations make jobs
    return path["family"], path["model"]
