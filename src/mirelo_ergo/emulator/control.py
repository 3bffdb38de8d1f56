"""The emulator's own endpoints, for tests in any language: its state, faults, clock and credits, as JSON.

    GET    /_emulator/state      jobs, credits, the last requests, faults, clock; ?last=N of each list, 100 by default
    GET    /_emulator/faults     the active rules, and the possible kinds, operations and scenarios
    POST   /_emulator/faults     {"operation", "fault": {"kind", …}, "times"?, "every"? or "probability"?, "seed"?}: 201
    DELETE /_emulator/faults     clears all of them; DELETE /_emulator/faults/{id} one
    POST   /_emulator/scenario   {"name"} or {"definition": {…}}: replaces the active rules, and sets its credits
    POST   /_emulator/clock      {"advance_s"}
    GET    /_emulator/webhooks  how webhooks are called, and the last attempts; ?last=N of them
    POST   /_emulator/webhooks  {"copies"?, "delay_s"?, "loss"?, "signature"?}
    POST   /_emulator/services/{name}  the settings of a service, such as {"timestamps": "iso"}; {} only shows them
    POST   /_emulator/credits    {"credits", "account"? or "key"?}, by default the emulator's own key
    POST   /_emulator/reset      {}: resets the emulator
    GET    /_emulator/schema     the JSON Schema of a scenario

Bodies are JSON objects, sent as application/json. An error has the form of Mirelo's API. No key is needed, and only the
emulator's own key is shown. Requests that another site causes in a browser are refused. These requests are not
recorded.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import attrs
from starlette.responses import Response

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.faults import scenario, schema
from mirelo_ergo.emulator.faults.kinds import KINDS
from mirelo_ergo.emulator.faults.plan import ActiveFault, rule_from_json, rule_to_json
from mirelo_ergo.emulator.page.view import safe, short_key
from mirelo_ergo.emulator.refusals import Refusal, bad_request, short
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.emulator.spec.bounds import Number, Text, nearest
from mirelo_ergo.emulator.state.records import KEY_PREFIX
from mirelo_ergo.emulator.web import webhooks, wire
from mirelo_ergo.emulator.web.origin import check_origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.routing import Route

    from mirelo_ergo.emulator.lifetime import Lifetime
    from mirelo_ergo.emulator.spec.bounds import Bound
    from mirelo_ergo.emulator.state.records import Job
    from mirelo_ergo.emulator.web.traffic import SeenRequest

    Answer = Callable[[Request], Awaitable[object]]

HIDDEN = ("authorization", "cookie", "key", "token", "secret")  # in a header's name
LAST = Number(1, 1000, whole=True)
YEARS = Number(0, 10 * 365 * 86_400)
CREDITS = Number(0, scenario.MAX_CREDITS, whole=True)
KNOBS: Mapping[str, Bound] = {
    "copies": webhooks.COPIES,
    "delay_s": webhooks.DELAY,
    "loss": webhooks.LOSS,
    "signature": webhooks.SIGNATURE,
}
KEY = Text(f"{KEY_PREFIX}[!-~]{{1,197}}", f"a key, which begins with {KEY_PREFIX} and has up to 200 characters")
WORD = Text("[!-~]{1,200}", "a word of up to 200 characters")


class Control:
    """The endpoints that show and change an emulator."""

    def __init__(self, lifetime: Lifetime) -> None:
        self._lifetime = lifetime
        self._state = lifetime.state
        self._plan = lifetime.plan

    def routes(self) -> list[Route]:
        """Return the routes of the endpoints."""
        return [
            _route("GET", "state", self._everything),
            _route("GET", "faults", self._faults),
            _route("POST", "faults", self._add_fault, 201),
            _route("DELETE", "faults", self._clear_faults),
            _route("DELETE", "faults/{id}", self._clear_fault),
            _route("POST", "scenario", self._play),
            _route("POST", "clock", self._advance),
            _route("GET", "webhooks", self._webhooks),
            _route("POST", "webhooks", self._set_webhooks),
            _route("POST", "services/{name}", self._set_service),
            _route("POST", "credits", self._set_credits),
            _route("POST", "reset", self._start_anew),
            _route("GET", "schema", self._schema),
        ]

    async def _everything(self, request: Request) -> object:
        last = _last(request)
        state = self._state
        jobs = state.store.jobs()
        base = wire.base_url(request)
        return {
            "url": base,
            "key": state.key,
            "services": {
                name: {"url": url, "key": self._lifetime.keys[name]} for name, url in self._lifetime.urls.items()
            },
            "clock": self._time(),
            "accounts": [{**attrs.asdict(each), "key": short_key(each.key)} for each in state.store.balances()[-last:]],
            "jobs": [self._job(job, base) for job in jobs[-last:]],
            "job_count": len(jobs),
            "charges": [
                {"job_id": charge.job_id, "credits": charge.credits, "key": short_key(charge.key)}
                for charge in state.store.charges()[-last:]
            ],
            "requests": [_request(seen) for seen in state.requests.last(last)],
            "scenario": self._plan.scenario,
            "faults": self._active(),
        }

    def _time(self) -> dict[str, Any]:
        return {"now": iso(self._state.clock.now()), "speed": self._state.jobs.speed}

    def _job(self, job: Job, base: str) -> dict[str, Any]:
        seen = job.seen(self._state.clock.now())
        return {
            **attrs.asdict(seen),
            "key": short_key(seen.key),
            "request": json.loads(safe(json.dumps(seen.request))),
            "created_at": iso(seen.created_at),
            "completed_at": None if seen.completed_at is None else iso(seen.completed_at),
            "result_urls": self._state.blobs.result_urls(base, job),
        }

    def _active(self) -> list[dict[str, Any]]:
        return [_fault(each) for each in self._plan.active()]

    async def _faults(self, request: Request) -> object:
        return {
            "faults": self._active(),
            "kinds": {kind: sorted(cls.groups) for kind, cls in KINDS.items()},
            "operations": list(registry.names()),
            "scenarios": scenario.names(),
        }

    async def _add_fault(self, request: Request) -> object:
        rule = rule_from_json(await _sent(request), "rule")
        return _fault(ActiveFault(self._plan.add([rule])[0], rule, 0, 0))

    async def _clear_faults(self, request: Request) -> object:
        self._plan.clear()
        return {"faults": []}

    async def _clear_fault(self, request: Request) -> object:
        number = request.path_params["id"]
        if not (number.isdecimal() and len(number) < 10 and self._plan.clear(int(number))):
            raise Refusal("not_found", 404, f"there is no fault {short(number)}")
        return {"faults": self._active()}

    async def _play(self, request: Request) -> object:
        sent = _only(await _sent(request), "name", "definition")
        if len(sent) != 1:
            raise ValueError('the body has to have either a "name" or a "definition"')
        if "name" in sent:
            # A name, not a path: a caller of the port must not be able to read files.
            name = _field(sent, "name", WORD)
            if name not in scenario.names():
                raise ValueError(f"name is {short(name)}, which is none: {nearest(name, scenario.names())}")
            chosen = scenario.load(name)
        else:
            chosen = scenario.scenario_from_json(sent["definition"])
        self._lifetime.play(chosen)
        return {"scenario": self._plan.scenario, "faults": self._active()}

    async def _advance(self, request: Request) -> object:
        sent = _only(await _sent(request), "advance_s")
        self._state.clock.advance(_field(sent, "advance_s", YEARS))
        return self._time()

    async def _webhooks(self, request: Request) -> object:
        held = self._state.webhooks
        sent = [{**attrs.asdict(each), "at": iso(each.at)} for each in held.sent[-_last(request) :]]
        return {**{name: getattr(held, name) for name in KNOBS}, "sent": sent}

    async def _set_webhooks(self, request: Request) -> object:
        sent = _only(await _sent(request), *KNOBS)
        values = {name: _field(sent, name, KNOBS[name]) for name in sent}
        for name, value in values.items():
            setattr(self._state.webhooks, name, value)
        return await self._webhooks(request)

    async def _set_service(self, request: Request) -> object:
        name = request.path_params["name"]
        service = self._lifetime.services.get(name)
        if service is None:
            raise Refusal(
                "not_found", 404, f"there is no service {short(name)}: {nearest(name, self._lifetime.services)}"
            )
        sent = _only(await _sent(request), *service.settings)
        values = {each: _field(sent, each, service.settings[each]) for each in sent}
        for each, value in values.items():
            setattr(service, each, value)
        return {each: getattr(service, each) for each in service.settings}

    async def _set_credits(self, request: Request) -> object:
        sent = _only(await _sent(request), "credits", "account", "key")
        amount = _field(sent, "credits", CREDITS)
        store = self._state.store
        key = _field(sent, "key", KEY) if "key" in sent else self._state.key
        if "account" in sent:
            account = _field(sent, "account", WORD)
            found = [each.key for each in store.balances() if each.id == account]
            if not found or "key" in sent:
                raise ValueError(f'account is {short(account)}: it has to be the id of an account, without a "key"')
            key = found[0]
        store.set_credits(key, amount)
        return {"account": store.account(key).id, "credits": amount}

    async def _start_anew(self, request: Request) -> object:
        _only(await _sent(request))
        await asyncio.to_thread(self._lifetime.reset)  # it waits for what this loop has to end
        return {}

    async def _schema(self, request: Request) -> object:
        return schema.scenario_schema()


def _route(method: str, name: str, answer: Answer, status: int = 200) -> Route:
    async def endpoint(request: Request) -> Response:
        check_origin(request)
        try:
            value = await answer(request)
        except (ValueError, OverflowError) as error:
            raise bad_request(str(error)) from None
        # ASCII, because UTF-8 cannot encode a lone surrogate in a prompt
        return Response(json.dumps(value), status, media_type=wire.JSON, headers={"cache-control": "no-store"})

    return wire.route(f"/_emulator/{name}", method, endpoint)


async def _sent(request: Request) -> dict[str, Any]:
    """Read a body, which must be application/json: a form of another site cannot send that type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != wire.JSON:
        raise bad_request(f"the Content-Type is {short(kind)}: it has to be {wire.JSON}")
    try:
        value = json.loads(await wire.read_body(request))
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the body is not JSON: {short(str(error))}") from None
    if not isinstance(value, dict):
        raise bad_request(f"the body is {short(value)}: it has to be an object")
    return value


def _only(sent: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in sent:
        if name not in names:
            known = nearest(name, names) if names else "the body has none"
            raise ValueError(f"{short(name)} is not a known field: {known}")
    return sent


def _field(sent: Mapping[str, Any], name: str, bound: Bound) -> Any:
    if name not in sent:
        raise ValueError(f"{name} is missing: it has to be {bound.words()}")
    if not bound.allows(sent[name]):
        raise ValueError(f"{name} is {short(sent[name])}: it has to be {bound.words()}")
    return sent[name]


def _last(request: Request) -> int:
    given = request.query_params.get("last", "100")
    if not (given.isdecimal() and len(given) < 10 and LAST.allows(int(given))):
        raise ValueError(f"last is {short(given)}: it has to be {LAST.words()}")
    return int(given)


def _fault(active: ActiveFault) -> dict[str, Any]:
    return {"id": active.id, **rule_to_json(active.rule), "seen": active.seen, "hits": active.hits}


def _request(seen: SeenRequest) -> dict[str, Any]:
    target = registry.find(registry.port_of(seen.service), seen.method, seen.path)
    return {
        "number": seen.number,
        "at": iso(seen.at),
        "service": seen.service,
        "method": seen.method,
        "path": safe(seen.path),
        "query": safe(seen.query),
        "operation": None if target is None else target.id,
        "status": seen.status,
        "faults": list(seen.faults),
        "headers": {
            name: "(hidden)" if any(word in name for word in HIDDEN) else safe(value)
            for name, value in seen.headers.items()
        },
        "body_bytes": seen.body_bytes,
        "body": safe(seen.body.decode("utf-8", "replace")),
        "answer": safe(seen.answer.decode("utf-8", "replace")),
    }
