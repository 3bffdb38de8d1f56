"""Row 93: signed webhooks of the made-up service, to a web server that fills the inbox of a wait."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import mirelo_ergo.webhooks
import tests.support.madeup as madeup
from mirelo_ergo import WebhookInbox
from mirelo_ergo._runtime.webhooks.events import LARGEST_BODY
from mirelo_ergo.webhooks import asgi_app
from tests.faults.harness import Face
from tests.faults.server import FaultServer
from tests.faults.steps import json_response
from tests.support.waiting import until
from tests.support.webhooks import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.faults.steps import Script
    from tests.faults.wire import Received

SECRET = "whsec_gehe1m"
DONE = {"id": madeup.JOB, "state": "done", "prompt": "früh", "files": ["https://results.test/1.wav"]}
BODY = json.dumps(DONE, separators=(",", ":"), ensure_ascii=False).encode()


def mark(body: bytes, moment: int, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()


def signed(body: bytes = BODY, *, age: int = 0, marks: Callable[[str], str] = lambda good: f"v1={good}") -> Any:
    """Make a webhook's headers and body; `marks` makes the signatures of the good one."""
    moment = int(time.time()) - age
    return {"Madeup-Signature": f"t={moment},{marks(mark(body, moment))}"}, body


def large(size: int) -> bytes:
    return BODY[:-1] + b',"x":"' + b"x" * (size - len(BODY) - 7) + b'"}'


Case = "tuple[Mapping[str, str], bytes]"
REFUSED: Mapping[str, Callable[[], Any]] = {
    "missing": lambda: ({}, BODY),
    "wrong": lambda: signed(marks=lambda good: f"v1={'0' * 64}"),
    "another body": lambda: (signed()[0], BODY.replace(b"done", b"failed")),
    "another secret": lambda: signed(marks=lambda good: f"v1={mark(BODY, int(time.time()), 'whsec_other')}"),
    "stale": lambda: signed(age=301),
    "from tomorrow": lambda: signed(age=-86_400),
    "two values, both wrong": lambda: signed(marks=lambda good: f"v1={'0' * 64},v1={good[::-1]}"),
    "another scheme": lambda: signed(marks=lambda good: f"v0={good}"),
    "unreadable": lambda: ({"Madeup-Signature": "v1"}, BODY),
    "signed, but no JSON": lambda: signed(b"state=done"),
    "signed, but of no job": lambda: signed(b'{"state":"done"}'),
    "signed, a field twice": lambda: signed(BODY[:-1] + b',"id":"job-2"}'),
}
ACCEPTED: Mapping[str, Callable[[], Any]] = {
    "right": signed,
    "two values": lambda: signed(marks=lambda good: f"v1={'0' * 64},v1={good}"),
    "a while old": lambda: signed(age=200),
    "formatted differently": lambda: (signed()[0], json.dumps(DONE, indent=2).encode()),
    "1 MB": lambda: signed(large(1_000_000)),
    "1 MiB": lambda: signed(large(LARGEST_BODY)),
}


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the made-up service be one that the public functions know."""
    monkeypatch.setattr(mirelo_ergo.webhooks, "webhook_format", lambda service: madeup.WEBHOOKS)


def polls(request: Received) -> Script:
    return json_response(200, DONE)


@pytest.mark.parametrize("case", REFUSED)
def test_fault_93(face: Face, case: str, caplog: pytest.LogCaptureFixture) -> None:
    """A webhook whose signature is missing, wrong or stale is answered with 400, and wakes nobody."""
    inbox = WebhookInbox()
    with (
        FaultServer(polls) as server,
        serving(asgi_app(inbox, service="madeup", secret=SECRET)) as door,
        face.promise(deadline=5.0),
        caplog.at_level(logging.INFO, "mirelo_ergo"),
    ):
        headers, body = REFUSED[case]()
        answer = httpx.post(door, headers=headers, content=body, trust_env=False)
        assert (answer.status_code, answer.content) == (400, b"")
        assert inbox.status(madeup.JOB, service="madeup") is None
        assert woken(face, server, inbox, door) == 1  # by the good one, which comes after it
        assert not any(SECRET in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("case", ACCEPTED)
def test_fault_93_accepted(face: Face, case: str) -> None:
    """A webhook that is signed wakes the wait: with two values, formatted differently, and of 1 MB too."""
    inbox = WebhookInbox()
    with (
        FaultServer(polls) as server,
        serving(asgi_app(inbox, service="madeup", secret=SECRET)) as door,
        face.promise(deadline=5.0),
    ):
        assert woken(face, server, inbox, door, case) == 1


def woken(face: Face, server: FaultServer, inbox: WebhookInbox, door: str, case: str = "right") -> int:
    """Wait for the job, which a webhook ends once the wait listens; return how often the service was asked."""
    client = face.open(server.url, of=madeup, service="MadeUp", way="poll")
    job = client.job(madeup.TOKEN.format(int(client._io.wall()), 1000))

    def call() -> None:
        until(lambda: job.job_id in {job_id for _, job_id in tuple(inbox._subscribers)})
        headers, body = ACCEPTED[case]()
        assert httpx.post(door, headers=headers, content=body, trust_env=False, timeout=30).status_code == 204

    thread = threading.Thread(target=call)
    thread.start()
    try:
        options: Any = {"poll_interval_ms": 30_000, "timeout_ms": 60_000, "webhooks": inbox}
        assert face.do(job.wait(**options)).result_urls == DONE["files"]
    finally:
        thread.join()
    assert inbox.status(job) == "succeeded"
    return len(server.requests)


def test_fault_93_large(face: Face) -> None:
    """A webhook over 1 MiB is refused before its signature is looked at."""
    inbox = WebhookInbox()
    with (
        serving(asgi_app(inbox, service="madeup", secret=SECRET)) as door,
        face.promise(deadline=5.0),
    ):
        headers, body = signed(large(LARGEST_BODY + 1))
        assert httpx.post(door, headers=headers, content=body, trust_env=False).status_code == 413
        assert inbox.status(madeup.JOB, service="madeup") is None
