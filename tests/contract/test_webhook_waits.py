"""Waits that end by a webhook, over real sockets: a submit, its webhook through a web server, and one poll."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo import (
    AsyncPixazoClient,
    InvalidRequestError,
    MireloClient,
    PixazoClient,
    Webhook,
    WebhookInbox,
    parse_webhook,
)
from mirelo_ergo.webhooks import asgi_app
from tests.support.webhooks import KEY, REQUEST_ID, Gateway, gateway, serving, until_listened_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"
PATH = "/hooks/wq8fXk2"
WEBHOOK = Webhook(f"https://sfx.example.com{PATH}")
LONG = 600_000  # no poll comes within a test: what ends the wait is the webhook


@pytest.fixture
def standin() -> Iterator[Gateway]:
    with gateway() as made:
        yield made


def soon(act: Callable[[], object], inbox: WebhookInbox) -> threading.Thread:
    """Act when somebody listens."""

    def later() -> None:
        until_listened_to(inbox)
        act()

    thread = threading.Thread(target=later)
    thread.start()
    return thread


async def listened_to(inbox: WebhookInbox) -> None:
    """Let the other tasks run until one listens."""
    for _ in range(1000):
        if KEY in inbox._subscribers:
            return
        await asyncio.sleep(0)
    raise AssertionError("nobody listens")


def test_a_blocking_wait_wakes_on_the_webhook(standin: Gateway) -> None:
    inbox = WebhookInbox()
    with (
        serving(asgi_app(inbox, admits=lambda path: path == PATH)) as door,
        PixazoClient("sk-test", base_url=standin.url) as client,
    ):

        def call_back() -> None:
            body = standin.payload()
            for _ in range(3):
                assert httpx.post(door + PATH, content=body, trust_env=False).status_code == 204

        job = client.text_to_audio("rain on a tin roof").submit_job(webhook=WEBHOOK)
        thread = soon(call_back, inbox)
        result = job.wait(poll_interval_ms=LONG, webhooks=inbox)
        thread.join()
    assert result.result_urls == [f"{standin.url}/1.wav"]
    assert standin.asked == 1
    assert inbox.recorded(job)
    sent = {name: standin.ordered.get(name) for name in ("x-webhook-url", "x-webhook-mode")}
    assert sent == {"x-webhook-url": WEBHOOK.url, "x-webhook-mode": "terminal"}


def started() -> set[threading.Thread]:
    """Return this process's threads but those with which the stand-in answers a connection each."""
    return {each for each in threading.enumerate() if "process_request" not in each.name}


def test_an_awaiting_wait_wakes_on_the_webhook_and_leaves_nothing(standin: Gateway) -> None:
    inbox = WebhookInbox()

    async def work(door: str) -> list[str]:
        async with AsyncPixazoClient("sk-test", base_url=standin.url) as client:
            job = await client.text_to_audio("rain on a tin roof").submit_job(webhook=Webhook(WEBHOOK.url, "sync"))
            threads = started()
            waiting = asyncio.ensure_future(job.wait(poll_interval_ms=LONG, webhooks=inbox))
            await listened_to(inbox)
            async with httpx.AsyncClient(trust_env=False) as caller:
                assert (await caller.post(door, content=standin.payload())).status_code == 204
            result = await waiting
            assert started() <= threads
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result.result_urls

    with serving(asgi_app(inbox)) as door:
        assert asyncio.run(work(door)) == [f"{standin.url}/1.wav"]
    assert standin.asked == 1
    assert standin.ordered["x-webhook-mode"] == "sync"
    assert inbox._subscribers == {}


CHILD = """
import sys
from mirelo_ergo import WebhookInbox, parse_webhook
assert WebhookInbox(sys.argv[1]).receive(parse_webhook({}, sys.stdin.buffer.read()))
"""


@pytest.mark.parametrize("awaiting", [False, True])
def test_a_webhook_to_another_process_wakes_it(standin: Gateway, tmp_path: Path, awaiting: bool) -> None:
    path = tmp_path / "inbox.db"
    inbox = WebhookInbox(path)

    async def work() -> list[str]:
        async with AsyncPixazoClient("sk-test", base_url=standin.url) as client:
            job = await client.text_to_audio("rain on a tin roof").submit_job(webhook=WEBHOOK)
            return (await job.wait(poll_interval_ms=LONG, webhooks=inbox)).result_urls

    def call_back() -> None:
        subprocess.run([sys.executable, "-c", CHILD, path], input=standin.payload(), check=True, timeout=240)

    thread = soon(call_back, inbox)
    if awaiting:
        urls = asyncio.run(work())
    else:
        with PixazoClient("sk-test", base_url=standin.url) as client:
            job = client.text_to_audio("rain on a tin roof").submit_job(webhook=WEBHOOK)
            urls = job.wait(poll_interval_ms=LONG, webhooks=inbox).result_urls
    thread.join()
    assert urls == [f"{standin.url}/1.wav"]
    assert standin.asked == 1


def test_a_file_is_never_touched_on_the_event_loop(
    standin: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = WebhookInbox(tmp_path / "inbox.db")
    seen, real = set(), inbox._store._connection

    def watched(*args: Any) -> Any:
        seen.add(threading.get_ident())
        return real(*args)

    monkeypatch.setattr(inbox._store, "_connection", watched)
    body, door = standin.payload(), asgi_app(inbox)

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        assert message.get("status") in (None, 204)

    async def work() -> int:
        async with AsyncPixazoClient("sk-test", base_url=standin.url) as client:
            job = await client.text_to_audio("rain on a tin roof").submit_job(webhook=WEBHOOK)
            await door({"type": "http", "method": "POST", "path": PATH, "headers": []}, receive, send)
            assert (await job.wait(poll_interval_ms=LONG, webhooks=inbox)).result_urls
        return threading.get_ident()

    assert asyncio.run(work()) not in seen
    assert seen
    assert inbox.recorded(REQUEST_ID, service="pixazo")


def test_a_believed_webhook_spares_the_question(standin: Gateway) -> None:
    inbox = WebhookInbox(confirm=False)
    with serving(asgi_app(inbox)) as door, PixazoClient("sk-test", base_url=standin.url) as client:
        thread = soon(lambda: httpx.post(door, content=standin.payload(), trust_env=False), inbox)
        result = client.text_to_audio("rain on a tin roof").run(poll_interval_ms=LONG, webhook=WEBHOOK, webhooks=inbox)
        thread.join()
    assert result.result_urls == [f"{standin.url}/1.wav"]
    assert standin.asked == 0


def test_a_webhook_that_never_comes_is_not_missed(standin: Gateway) -> None:
    inbox = WebhookInbox()
    with PixazoClient("sk-test", base_url=standin.url) as client:
        job = client.text_to_audio("rain on a tin roof").submit_job(webhook=WEBHOOK)
        seen: list[str] = []

        def finish(status: Any) -> None:
            seen.append(status.raw_status)
            standin.done = len(seen) == 2

        assert job.wait(poll_interval_ms=20, on_progress=finish, webhooks=inbox).result_urls
    assert seen == ["PROCESSING", "PROCESSING"]
    assert standin.asked == 3


def test_a_cancelled_wait_can_be_taken_up(standin: Gateway) -> None:
    inbox = WebhookInbox()

    async def work() -> list[str]:
        async with AsyncPixazoClient("sk-test", base_url=standin.url) as client:
            job = await client.text_to_audio("rain on a tin roof").submit_job(webhook=WEBHOOK)
            waiting = asyncio.ensure_future(job.wait(poll_interval_ms=LONG, webhooks=inbox))
            await listened_to(inbox)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert inbox._subscribers == {}
            inbox.receive(parse_webhook({}, standin.payload()))
            return (await job.wait(poll_interval_ms=LONG, webhooks=inbox)).result_urls

    assert asyncio.run(work()) == [f"{standin.url}/1.wav"]


def test_a_service_without_webhooks_says_so(standin: Gateway) -> None:
    with MireloClient("sk-test", base_url=standin.url) as client:
        with pytest.raises(InvalidRequestError, match="webhook"):
            client.text_to_sfx("rain", duration_ms=3000).run(webhooks=WebhookInbox())
        with pytest.raises(InvalidRequestError, match="webhook"):
            client.text_to_sfx("rain", duration_ms=3000).submit_job(webhook=WEBHOOK)
    assert standin.ordered == {}


def test_the_door_of_the_standard_library(standin: Gateway) -> None:
    snippets = re.findall(r"^```python\n(.*?)^```", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    (code,) = [snippet for snippet in snippets if "http.server" in snippet]
    names: dict[str, Any] = {}
    exec(code, names)
    server, inbox = names["server"], names["inbox"]
    names["WebhookApp"].log_message = lambda *_: None
    url = f"http://127.0.0.1:{server.server_port}{PATH}"
    try:
        with httpx.Client(trust_env=False) as caller:
            assert caller.post(url, content=standin.payload()).status_code == 204
            assert caller.post(url, content=standin.payload()).status_code == 204
            assert caller.post(url, content=b"[" * 100).status_code == 400
            assert caller.get(url).status_code == 501
        for length in ("-5", "x", ""):
            raw = HTTPConnection("127.0.0.1", server.server_port)
            raw.request("POST", PATH, headers={"Content-Length": length})
            assert raw.getresponse().status == 400
            raw.close()
    finally:
        server.shutdown()
        server.server_close()
    assert inbox.status(REQUEST_ID, service="pixazo") == "succeeded"
