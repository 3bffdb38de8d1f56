"""The HTTP routes of the page and its forms."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from mirelo_ergo.emulator.faults import scenario
from mirelo_ergo.emulator.faults.plan import Rule
from mirelo_ergo.emulator.page import view
from mirelo_ergo.emulator.page.presets import PRESETS, SETS
from mirelo_ergo.emulator.refusals import Refusal, short
from mirelo_ergo.emulator.services import registry
from mirelo_ergo.emulator.services.mirelo.service import Mirelo
from mirelo_ergo.emulator.spec.targets import ANY, GROUPS
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.origin import check_origin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from jinja2 import Template
    from starlette.requests import Request
    from starlette.routing import Route

    from mirelo_ergo.emulator.lifetime import Lifetime
    from mirelo_ergo.emulator.page.presets import Preset

    Act = Callable[[Mapping[str, str]], Awaitable[None]]
    Endpoint = Callable[[Request], Awaitable[Response]]

HERE = Path(__file__).parent
PARTS = {"style.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
STEPS = {10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 86_400: "1 day"}
NEWS = {
    "clock": "The clock was advanced.",
    "credits": "The credits were set.",
    "faults": "The faults in force are listed.",
    "scenario": "The scenario is in force.",
    "reset": "The emulator is as after its start.",
    "sound": "A job was submitted.",
}
MAX_TIMES = 1000
MAX_SOUND = 60  # seconds
FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 20
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",  # with no-referrer a form's Origin would be null
    "x-content-type-options": "nosniff",
}


class Page:
    """The page, which shows the emulator's state and controls its clock, credits and faults.

    It is for browsers on this machine. Requests from other sites, and those to host names that others could point here,
    are refused.
    """

    def __init__(self, lifetime: Lifetime) -> None:
        self._lifetime = lifetime
        self._state = lifetime.state
        self._plan = lifetime.plan

    def routes(self) -> list[Route]:
        """Return the routes of the page, its files and its forms."""
        return [
            wire.route("/", "GET", _guarded(self._show)),
            *(wire.route(path, "GET", _guarded(self._lead)) for path in ("/_emulator", "/_emulator/")),
            wire.route("/_emulator/page/results/{job_id}/{name}", "GET", _guarded(self._result)),
            *(wire.route(f"/_emulator/page/{name}", "GET", _guarded(self._part)) for name in PARTS),
            *(
                wire.route(f"/_emulator/page/{name}", "POST", _guarded(self._form(name, act)))
                for name, act in self._acts().items()
            ),
        ]

    async def _show(self, request: Request) -> Response:
        return await self._answer(request, NEWS.get(request.query_params.get("done", ""), ""))

    async def _lead(self, _: Request) -> Response:
        return RedirectResponse("/")

    async def _part(self, request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return Response((HERE / name).read_bytes(), media_type=PARTS[name])

    async def _result(self, request: Request) -> Response:
        return self._state.blobs.result(request)

    def _acts(self) -> dict[str, Act]:
        return {
            "sound": self._make_sound,
            "clock": self._advance,
            "credits": self._set_credits,
            "faults": self._set_faults,
            "scenario": self._play,
            "reset": self._start_again,
        }

    def _form(self, name: str, act: Act) -> Endpoint:
        """Return the endpoint of a form: it acts and redirects to the page, which shows errors."""

        async def endpoint(request: Request) -> Response:
            raw = (await wire.read_body(request, FORM)).decode("utf-8", "replace")
            try:
                fields = dict(parse_qsl(raw, keep_blank_values=True, max_num_fields=MAX_FIELDS))
                await act(fields)
            except (ValueError, OverflowError, Refusal) as error:
                return await self._answer(request, f"Not done: {error}.", 400)
            return RedirectResponse(f"/?done={name}#{name}", status_code=303)

        return endpoint

    async def _make_sound(self, fields: Mapping[str, str]) -> None:
        seconds = _whole(fields, "seconds", 1, MAX_SOUND)
        await self._lifetime.service(Mirelo).make_sound(fields.get("prompt", ""), 1000 * seconds)

    async def _advance(self, fields: Mapping[str, str]) -> None:
        seconds = _whole(fields, "seconds", 1, max(STEPS))
        self._state.clock.advance(seconds)

    async def _set_credits(self, fields: Mapping[str, str]) -> None:
        amount = _whole(fields, "amount", 0, scenario.MAX_CREDITS)
        for each in self._state.store.balances():
            if each.id == fields.get("account"):
                self._state.store.set_credits(each.key, amount)
                return
        raise ValueError(f"there is no account {short(fields.get('account', ''))}")

    async def _set_faults(self, fields: Mapping[str, str]) -> None:
        if "clear" in fields:
            self._plan.clear(None if fields["clear"] == "all" else _whole(fields, "clear", 1, 10**9))
            return
        preset = PRESETS.get(fields.get("fault", ""))
        if preset is None:
            raise ValueError(f"there is no fault {short(fields.get('fault', ''))}")
        operation = preset.operation or fields.get("operation", ANY)
        self._plan.add([Rule(operation, preset.fault, times=_whole(fields, "times", 1, MAX_TIMES))])

    async def _play(self, fields: Mapping[str, str]) -> None:
        if fields.get("name") not in scenario.names():
            raise ValueError(f"there is no scenario {short(fields.get('name', ''))}")
        self._lifetime.play(scenario.load(fields["name"]))

    async def _start_again(self, fields: Mapping[str, str]) -> None:
        await asyncio.to_thread(self._lifetime.reset)  # it waits for what this loop has to end

    async def _answer(self, request: Request, news: str, status: int = 200) -> Response:
        template = await asyncio.to_thread(_template)  # the first time it takes a while
        now = self._state.clock.now()
        jobs = self._state.store.jobs()
        requests = self._state.requests.last(view.MAX_SEEN)
        text = template.render(
            jobs=view.jobs(jobs, now),
            more_jobs=max(0, len(jobs) - view.MAX_JOBS),
            counts=view.counts(jobs, now),
            requests=view.requests(requests),
            request_count=requests[-1].number if requests else 0,
            accounts=view.accounts(self._state.store.balances()),
            now=view.moment(now),
            ahead=view.ahead(now),
            steps=STEPS.items(),
            faults=view.faults(self._plan.active()),
            presets={legend: shown for legend, each in SETS.items() if (shown := _possible(each))},
            max_times=MAX_TIMES,
            operations={ANY: "anything", "generate": "a generation", **_groups()},
            access=view.access(self._lifetime.urls, self._lifetime.keys, wire.base_url(request)),
            max_sound=MAX_SOUND,
            scenarios={name: scenario.load(name).description for name in scenario.names()},
            scenario=self._plan.scenario,
            news=news,
        )
        # A lone surrogate, which JSON may hold, has no bytes in UTF-8.
        return Response(text.encode("utf-8", "replace"), status, media_type="text/html")


def _possible(presets: Mapping[str, Preset]) -> dict[str, Preset]:
    """Return the buttons whose fault applies to some operation."""
    return {name: each for name, each in presets.items() if each.fault.groups & registry.present()}


def _groups() -> dict[str, str]:
    """Return the groups with operations, and their descriptions."""
    return {name: about for name, about in GROUPS.items() if name in registry.present()}


def _guarded(answer: Endpoint) -> Endpoint:
    """Refuse requests of other sites, in plain text, and set the page's headers on every answer."""

    async def endpoint(request: Request) -> Response:
        try:
            check_origin(request)
            response = await answer(request)
        except Refusal as refusal:
            response = Response(refusal.message + "\n", refusal.http_status, media_type="text/plain")
        response.headers.update(HEADERS)
        return response

    return endpoint


def _whole(fields: Mapping[str, str], name: str, least: int, most: int) -> int:
    given = fields.get(name, "")
    if not (given.isdecimal() and len(given) <= 12 and least <= int(given) <= most):
        raise ValueError(f"{name} is {short(given)}: it has to be a whole number from {least:,} to {most:,}")
    return int(given)


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # only a page that is looked at costs its import

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("page.html")
