"""Run schemathesis against an emulator: every check in every phase, and the refusals that a valid request may meet."""

from __future__ import annotations

import json
import re
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import schemathesis
import yaml
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.hooks import HookContext
from schemathesis.openapi.checks import RejectedPositiveData

from mirelo_ergo.emulator import Emulator

OPENAPI = Path(__file__).resolve().parents[2] / "openapi"
PHASES = ("examples", "coverage", "fuzzing", "stateful")
FEW = 3  # random requests for each operation in a short run
STEPS = 10  # of a stateful scenario: what one answer holds goes into the next requests
LOOPBACK = ("127.0.0.1", "localhost")


@attrs.frozen
class Excuse:
    """A refusal that a request may meet although it fits the schema; `query` or `body` is one that does."""

    status: int
    code: str
    message: str
    reason: str
    path: str
    query: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])

    def covers(self, status: int, text: str) -> bool:
        """Return whether an answer is this refusal."""
        code, message = _refusal(text)
        return (status, code) == (self.status, self.code) and re.search(self.message, message) is not None


@attrs.frozen
class Service:
    """A spec, the service of the emulator that it is of, the header that carries the key, and what is excused."""

    spec: str
    name: str
    header: str
    value: str
    excuses: tuple[Excuse, ...]
    refuses: tuple[str, ...] = ("400", "401", "404", "405")
    """The statuses that what breaks the schema may meet."""

    def url(self, emulator: Emulator) -> str:
        """Return where the emulator serves it."""
        return emulator.urls[self.name]


def _refusal(text: str) -> tuple[str, str]:
    """Read the code and the message of an error, of any service."""
    try:
        body = json.loads(text)
        if "type" in body:
            return body["type"].rpartition("/")[2], body["detail"]
        error = body["error"]
        return (error, body["message"]) if isinstance(error, str) else (error["code"], error["message"])
    except (ValueError, KeyError, TypeError):
        return "", ""


@attrs.frozen
class Report:
    """What a run came to: one text per failure, and how often each check ran in each phase and each status was met."""

    failures: list[str] = attrs.field(factory=list)
    checks: Counter[tuple[str, str]] = attrs.field(factory=Counter)
    statuses: Counter[tuple[str, int]] = attrs.field(factory=Counter)


def run(service: Service, spec: dict[str, Any], url: str, auth: Path, examples: int | None) -> Report:
    """Play all phases with so many random examples for each operation; the same each time.

    `auth` is a file with two keys: requests carry the first, the second tries what belongs to the first. Without a
    number of examples the run is a short one.
    """
    schema = schemathesis.openapi.from_dict(spec, config=_config(service, url, auth, examples))

    @schema.hook
    def filter_failure(context: HookContext, failure: Failure, case: object, response: Response) -> bool:
        if not isinstance(failure, RejectedPositiveData):
            return True
        return not any(excuse.covers(response.status_code, response.text) for excuse in service.excuses)

    report = Report()
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                _read(event, report)
            case events.NonFatalError():
                report.failures.append(f"{event.phase}: {event.label}: {event.value!r}")
            case events.FatalError():
                raise event.exception
            case events.EngineFinished():
                report.failures.extend(map(str, event.failures))
            case _:
                pass
    return report


def _config(service: Service, url: str, auth: Path, examples: int | None) -> SchemathesisConfig:
    generation = {"deterministic": True, "max-examples": examples or FEW, "no-shrink": True, "database": "none"}
    # What a synchronous request is refused for is what its job is refused for, by the same code.
    twins = [{"include-path-regex": "/sync$", "phases": {"coverage": {"enabled": False}}}]
    # Everybody sees the same apps.
    public = [{"include-path-regex": r"^/apps/\{", "checks": {"object_level_authorization": {"enabled": False}}}]
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "base-url": url,
            "request-timeout": 60,  # a poll waits up to 20 s for what is still rendered
            "auth": {"wfc": {"path": str(auth), "user": "owner", "peers": ["owner", "stranger"]}},
            "continue-on-failure": True,
            "cache": {"enabled": False},  # nothing is carried from one run to the next
            "suppress-health-check": ["all"],  # they are about speed, which a busy machine decides
            "analysis": {"constants": {"enabled": False}},  # it would read this project's source for values
            "generation": generation,
            "operations": public if examples else [*public, *twins],
            "phases": {"stateful": {"max-steps": STEPS}},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", "404"]},  # 404: a job of a made-up id
                "negative_data_rejection": {"expected-statuses": list(service.refuses)},
            },
        }
    )


def _read(event: events.ScenarioFinished, report: Report) -> None:
    recorder, phase = event.recorder, event.phase.value
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None and case_id in recorder.cases:
            case = recorder.cases[case_id].value
            report.statuses[case.operation.label, interaction.response.status_code] += 1
    for case_id, nodes in recorder.checks.items():
        for node in nodes:
            report.checks[phase, node.name] += 1
            if node.failure_info is not None:
                answer = recorder.interactions[case_id].response
                shown = f"{answer.status_code} {answer.text[:300]}" if answer else "no answer"
                request = recorder.cases[case_id].value.as_curl_command()
                report.failures.append(f"{phase}: {node.name}: {node.failure_info.failure}\n{request}\n{shown}")


def write_auth(path: Path, service: Service, keys: tuple[str, str]) -> Path:
    """Write the file with the two keys."""
    users = [
        {"name": name, "fixedHeaders": [{"name": service.header, "value": service.value.format(key)}]}
        for name, key in zip(("owner", "stranger"), keys, strict=True)
    ]
    path.write_text(yaml.safe_dump({"auth": users}))
    return path


@contextmanager
def loopback_only() -> Iterator[None]:
    """Let this process reach nothing but itself, so that no made-up URL is ever asked for outside."""
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        if sock.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            raise OSError(f"{address[0]} is not this machine")
        connect(sock, address)

    def guarded_resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in LOOPBACK:
            raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is not this machine")
        return resolve(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        patch.setenv("NO_PROXY", ",".join(LOOPBACK))  # or a proxy of this machine would be asked for its own addresses
        yield
