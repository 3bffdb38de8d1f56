"""The inbox's web application over real sockets under uvicorn, and bare ASGI for requests that no client sends."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

import mirelo_ergo.webhooks
from mirelo_ergo import WebhookInbox, parse_webhook
from mirelo_ergo._runtime.webhooks.asgi import READ_WITHIN, WebhookApp
from mirelo_ergo._runtime.webhooks.events import LARGEST_BODY
from mirelo_ergo._runtime.webhooks.signatures import SignatureScheme
from mirelo_ergo.services import webhook_format
from mirelo_ergo.webhooks import asgi_app
from tests.support.webhooks import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOOD = json.dumps({"request_id": "req_1", "status": "COMPLETED"}).encode()


@pytest.fixture(scope="module")
def door() -> Iterator[tuple[WebhookInbox, httpx.Client]]:
    inbox = WebhookInbox()
    with serving(asgi_app(inbox)) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield inbox, client


def test_a_webhook_comes_in_at_any_path_and_again(door: tuple[WebhookInbox, httpx.Client]) -> None:
    inbox, client = door
    for path in ("/", "/hooks/wq8fXk2", "/hooks/wq8fXk2?x=1"):
        answer = client.post(path, content=GOOD, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.content) == (204, b"")
    assert inbox.status("req_1", service="pixazo") == "succeeded"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_post_is_taken(door: tuple[WebhookInbox, httpx.Client], method: str) -> None:
    answer = door[1].request(method, "/")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")


@pytest.mark.parametrize(
    "body", [b"", b"<script>", b"\xff", b"[]", b'{"request_id": "<script>", "status": 1}', b"[" * 100_000]
)
def test_a_malformed_body_is_refused_and_not_echoed(
    door: tuple[WebhookInbox, httpx.Client], body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "mirelo_ergo"):
        answer = door[1].post("/", content=body)
    assert (answer.status_code, answer.content) == (400, b"")
    (record,) = [each for each in caplog.records if each.name == "mirelo_ergo"]
    assert record.message.startswith("a webhook was refused (400): not a webhook: ")


def test_a_large_body_is_refused_by_its_length_or_when_it_is_too_much(
    door: tuple[WebhookInbox, httpx.Client],
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY >> 16):
            yield b" " * (1 << 16)
        yield b" "

    client = door[1]
    assert client.post("/", content=b" " * (LARGEST_BODY + 1)).status_code == 413
    assert client.post("/", content=endless()).status_code == 413
    assert client.post("/", content=GOOD + b" " * (LARGEST_BODY - len(GOOD))).status_code == 204


def test_an_inbox_that_cannot_be_written_asks_to_come_again(tmp_path: Path) -> None:
    inbox = WebhookInbox(tmp_path / "inbox.db")
    with serving(asgi_app(inbox)) as url:
        assert httpx.post(url, content=GOOD, trust_env=False).status_code == 204
        (tmp_path / "inbox.db").unlink()
        assert httpx.post(url, content=GOOD, trust_env=False).status_code == 503


# --- bare ASGI -------------------------------------------------------------------------------------------------------


def exchange(app: Any, scope: dict[str, Any], *incoming: dict[str, Any]) -> list[Any]:
    """Run an application over messages and return those that it sent."""
    left, sent = list(incoming), []

    async def receive() -> Any:
        return left.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


POST: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": []}


def test_a_caller_that_leaves_gets_no_answer() -> None:
    inbox = WebhookInbox()
    part = {"type": "http.request", "body": GOOD, "more_body": True}
    assert exchange(asgi_app(inbox), POST, part, {"type": "http.disconnect"}) == []
    assert inbox.status("req_1", service="pixazo") is None


def test_a_body_in_pieces_is_one() -> None:
    inbox = WebhookInbox()
    pieces = [{"type": "http.request", "body": bytes([byte]), "more_body": True} for byte in GOOD]
    sent = exchange(asgi_app(inbox), POST, *pieces, {"type": "http.request"})
    assert [message.get("status") for message in sent] == [204, None]
    assert inbox.status("req_1", service="pixazo") == "succeeded"


def test_no_more_is_read_than_is_taken() -> None:
    piece = {"type": "http.request", "body": b" " * (1 << 16), "more_body": True}
    pieces = [piece] * ((LARGEST_BODY >> 16) + 1)
    assert exchange(asgi_app(WebhookInbox()), POST, *pieces)[0]["status"] == 413


@pytest.mark.parametrize("length", [b"-5", b"x", b"9" * 5000, b"\xb2", str(LARGEST_BODY + 1).encode()])
def test_a_hostile_length_is_no_exception(length: bytes) -> None:
    scope = {**POST, "headers": [(b"content-length", length)]}
    sent = exchange(asgi_app(WebhookInbox()), scope, {"type": "http.request", "body": GOOD})
    assert sent[0]["status"] == (413 if length.isdigit() else 204)


def test_what_fails_under_it_stays_in(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(message: Any = None) -> Any:
        raise OSError("the server's own trouble")

    with caplog.at_level(logging.WARNING, "mirelo_ergo"):
        asyncio.run(asgi_app(WebhookInbox())(POST, broken, broken))
    assert [record.message for record in caplog.records] == ["a webhook could not be answered"]


def test_a_body_that_never_ends_is_given_up() -> None:
    inbox = WebhookInbox()
    app = WebhookApp(inbox, parse_webhook, None, read_within=0.02)
    parts = [{"type": "http.request", "body": GOOD, "more_body": True}]
    sent = []

    async def receive() -> Any:
        return parts.pop() if parts else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(POST, receive, send))
    assert (sent[0]["status"], dict(sent[0]["headers"])[b"connection"]) == (408, b"close")
    assert inbox.status("req_1", service="pixazo") is None
    assert READ_WITHIN == 10.0


def test_an_unsigned_webhook_of_a_service_that_signs_is_refused_and_stored_nowhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scheme = SignatureScheme(("Example-Signature",), "EXAMPLE_WEBHOOK_SECRET")
    form = attrs.evolve(webhook_format("pixazo"), signature=scheme)
    monkeypatch.setattr(mirelo_ergo.webhooks, "webhook_format", lambda service: form)
    inbox, secret, now = WebhookInbox(), "whsec_example", int(time.time())
    app = asgi_app(inbox, service="pixazo", secret=secret)
    mark = hmac.new(secret.encode(), b"%d." % now + GOOD, "sha256").hexdigest()
    good = (b"example-signature", f"t={now},v1={mark}".encode())
    request = {"type": "http.request", "body": GOOD}
    with caplog.at_level(logging.INFO, "mirelo_ergo"):
        for header in ((b"x", b"y"), (good[0], b"t=1,v1=00"), (good[0], f"t={now},v1={'0' * 64}".encode())):
            assert exchange(app, {**POST, "headers": [header]}, request)[0]["status"] == 400
    assert inbox.status("req_1", service="pixazo") is None
    assert [record.message.split(": ")[2].split()[2] for record in caplog.records] == ["is", "is", "is"]
    assert exchange(app, {**POST, "headers": [good]}, request)[0]["status"] == 204
    two = [(good[0], f"t={now},v1={'0' * 64}".encode()), (good[0], f"v1={mark}".encode())]
    assert exchange(app, {**POST, "headers": two}, request)[0]["status"] == 204
    assert inbox.status("req_1", service="pixazo") == "succeeded"


def test_only_admitted_paths_are_doors() -> None:
    inbox = WebhookInbox()
    app = asgi_app(inbox, admits=lambda path: path == "/hooks/wq8fXk2")
    request = {"type": "http.request", "body": GOOD}
    assert exchange(app, POST, request)[0]["status"] == 404
    assert exchange(app, {**POST, "method": "GET"}, request)[0]["status"] == 404
    assert inbox.status("req_1", service="pixazo") is None
    assert exchange(app, {**POST, "path": "/hooks/wq8fXk2"}, request)[0]["status"] == 204
    assert inbox.status("req_1", service="pixazo") == "succeeded"


def test_life_and_web_sockets() -> None:
    app = asgi_app(WebhookInbox())
    life = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = exchange(app, {"type": "lifespan"}, *life)
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    sent = exchange(app, {"type": "websocket"}, {"type": "websocket.connect"})
    assert sent == [{"type": "websocket.close", "code": 1008}]
