"""The gateway's webhooks: who is called, with what, how often, in which order, and who never."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo.emulator import Emulator, running
from tests.emulator.gateway import TEXT, Gateway, Receiver, check, receiving
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def receiver(receivers: Receiver) -> Receiver:
    receivers.answers.clear()
    assert receivers.nothing_arrived()
    return receivers


@pytest.fixture
def gateway(receiver: Receiver) -> Iterator[Gateway]:
    with running() as emu, Gateway(emu) as gateway:
        emu.webhooks.tls = receiver.trust
        yield gateway


def submit(gateway: Gateway, url: str, mode: str | None = None, prompt: str = "rain on a roof") -> str:
    headers = {"X-Webhook-URL": url} | ({} if mode is None else {"X-Webhook-Mode": mode})
    return gateway.submit(TEXT, headers, text_prompt=prompt, duration=60)  # which takes a minute or so


def attempts(emu: Emulator) -> list[tuple[int, object]]:
    return [(each.attempt, each.outcome) for each in emu.webhooks.sent]


@pytest.mark.parametrize("mode", [None, "terminal"])
def test_one_webhook_at_the_end_that_says_what_a_poll_says(
    gateway: Gateway, receiver: Receiver, mode: str | None
) -> None:
    request_id = submit(gateway, receiver.url, mode)
    gateway.emu.clock.advance(15)
    assert gateway.status(request_id)["status"] == "PROCESSING"
    status = gateway.finish(request_id)
    came = receiver.next()
    check("RequestStatus", came.status)
    assert (came.path, came.headers["content-type"]) == ("/hooks/1", "application/json")
    assert _without_signatures(came.status) == _without_signatures(status)
    until(lambda: attempts(gateway.emu) == [(1, 204)])
    assert receiver.nothing_arrived()


def _without_signatures(status: dict[str, Any]) -> dict[str, Any]:
    urls = [url.partition("?")[0] for url in status["output"]["media_url"]]
    return status | {"output": status["output"] | {"media_url": urls}}


@pytest.mark.parametrize(
    ("word", "status"), [("generation_failed", "FAILED"), ("generation_timeout", "FAILED"), ("server_error", "ERROR")]
)
def test_what_went_wrong_is_called_back_too(gateway: Gateway, receiver: Receiver, word: str, status: str) -> None:
    request_id = submit(gateway, receiver.url, prompt=f"rain [{word}]")
    gateway.emu.clock.advance(120)
    came = receiver.next().status
    assert (came["request_id"], came["status"], came["output"]) == (request_id, status, None)
    assert came["error"]
    assert gateway.emu.charges == []


def test_in_the_mode_sync_every_cycle_is_called_back(gateway: Gateway, receiver: Receiver) -> None:
    submit(gateway, receiver.url, "sync")
    gateway.emu.clock.advance(1)
    assert receiver.next().status["status"] == "QUEUED"
    gateway.emu.clock.advance(14)
    assert receiver.next().status["status"] == "PROCESSING"
    gateway.emu.clock.advance(120)
    assert receiver.next().status["status"] == "COMPLETED"
    until(lambda: len(gateway.emu.webhooks.sent) == 3)
    assert receiver.nothing_arrived()


def test_duplicates(gateway: Gateway, receiver: Receiver) -> None:
    gateway.emu.webhooks.copies = 3
    request_id = submit(gateway, receiver.url)
    gateway.emu.clock.advance(120)
    came = [receiver.next().status for _ in range(3)]
    assert came[0] == came[1] == came[2]
    assert came[0]["request_id"] == request_id
    until(lambda: attempts(gateway.emu) == [(1, 204)] * 3)
    assert receiver.nothing_arrived()


def test_delay(gateway: Gateway, receiver: Receiver) -> None:
    gateway.emu.webhooks.delay_s = 600
    request_id = submit(gateway, receiver.url)
    assert gateway.finish(request_id)["status"] == "COMPLETED"
    assert receiver.nothing_arrived()
    until(lambda: not receiver.nothing_arrived(), meanwhile=lambda: gateway.emu.clock.advance(600))
    assert receiver.next().status["status"] == "COMPLETED"


def test_a_delay_of_one_status_brings_the_order_round(gateway: Gateway, receiver: Receiver) -> None:
    gateway.emu.webhooks.delay_s = {"QUEUED": 3600}
    submit(gateway, receiver.url, "sync")
    gateway.emu.clock.advance(1)
    until(lambda: len(gateway.emu.webhooks._tasks) == 2)  # who looks on, and the webhook that waits
    gateway.emu.clock.advance(120)
    assert receiver.next().status["status"] == "COMPLETED"
    assert receiver.nothing_arrived()
    gateway.emu.clock.advance(3600)
    assert receiver.next().status["status"] == "QUEUED"


def test_loss(gateway: Gateway, receiver: Receiver) -> None:
    gateway.emu.webhooks.loss = 1
    request_id = submit(gateway, receiver.url)
    assert gateway.finish(request_id)["status"] == "COMPLETED"
    until(lambda: attempts(gateway.emu) == [(1, "lost")])
    assert receiver.nothing_arrived()


def test_some_loss(gateway: Gateway, receiver: Receiver) -> None:
    gateway.emu.webhooks.copies, gateway.emu.webhooks.loss = 20, 0.5
    submit(gateway, receiver.url)
    gateway.emu.clock.advance(120)
    until(lambda: len(gateway.emu.webhooks.sent) == 20)
    lost = attempts(gateway.emu).count((1, "lost"))
    assert 0 < lost < 20
    assert receiver.arrived.qsize() == 20 - lost
    receiver.arrived.queue.clear()


@pytest.mark.parametrize(
    ("answers", "tried"),
    [([500, 302, 204], [500, 302, 204]), ([503, 200], [503, 200]), ([410, 410, 410, 410], [410, 410, 410])],
)
def test_what_is_not_taken_is_sent_again_twice(
    gateway: Gateway, receiver: Receiver, answers: list[int], tried: list[int]
) -> None:
    receiver.answers[:] = answers
    submit(gateway, receiver.url)
    until(lambda: len(gateway.emu.webhooks.sent) == len(tried), meanwhile=lambda: gateway.emu.clock.advance(120))
    assert attempts(gateway.emu) == list(enumerate(tried, start=1))
    came = [receiver.next() for _ in tried]
    assert {each.path for each in came} == {"/hooks/1"}  # a redirect leads nowhere


def test_who_is_not_trusted_gets_nothing(gateway: Gateway, receiver: Receiver) -> None:
    gateway.emu.webhooks.tls = None
    submit(gateway, receiver.url)
    until(lambda: len(gateway.emu.webhooks.sent) == 3, meanwhile=lambda: gateway.emu.clock.advance(120))
    assert "certificate" in str(attempts(gateway.emu)[0][1]).lower()
    assert receiver.nothing_arrived()


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://localhost:1/x", "https"),
        ("ftp://localhost/x", "https"),
        ("localhost/x", "URI"),
        ("https:///x", "https"),
        ("https://[/x", "URI"),
        ("https://localhost:99999/x", "Port"),
        ("https://hooks.example.com/x", "this machine"),
        ("https://10.0.0.1/x", "this machine"),
        ("https://127.0.0.1.example.com/x", "this machine"),
        ("https://0.0.0.0/x", "this machine"),
        ("https://2130706433/x", "this machine"),
        ("https://localhost@10.0.0.1/x", "this machine"),
    ],
)
def test_other_webhooks_are_refused(gateway: Gateway, url: str, word: str) -> None:
    answer = gateway.post(TEXT, {"X-Webhook-URL": url}, text_prompt="rain on a roof")
    assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")
    assert word in answer.json()["message"]
    assert gateway.emu.jobs == []


def test_an_unknown_mode_is_refused(gateway: Gateway, receiver: Receiver) -> None:
    headers = {"X-Webhook-URL": receiver.url, "X-Webhook-Mode": "often"}
    answer = gateway.post(TEXT, headers, text_prompt="rain on a roof")
    assert answer.status_code == 400
    assert "terminal, sync" in answer.json()["message"]


def test_a_host_can_be_allowed(gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="collection"):
        gateway.emu.webhooks.hosts = "hooks.example.com"
    gateway.emu.webhooks.hosts = ["hooks.example.com"]
    gateway.emu.webhooks.loss = 1  # so that nothing leaves this machine
    submit(gateway, "https://hooks.example.com/x")
    gateway.emu.clock.advance(120)
    until(lambda: attempts(gateway.emu) == [(1, "lost")])


BAD: list[tuple[str, object]] = [
    ("copies", 0),
    ("copies", 101),
    ("copies", 1.5),
    ("loss", 1.5),
    ("loss", -1),
    ("delay_s", -1),
    ("delay_s", {"QUEUED": "late"}),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_knobs_have_bounds(gateway: Gateway, name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} is "):
        setattr(gateway.emu.webhooks, name, value)
    answer = httpx.post(f"{gateway.emu.url}/_emulator/webhooks", json={"loss": 0.5, name: value}, verify=False)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{name} is ")
    assert gateway.emu.webhooks.loss == 0


def test_knobs_and_attempts_over_the_wire(gateway: Gateway, receiver: Receiver) -> None:
    with httpx.Client(base_url=f"{gateway.emu.url}/_emulator", verify=False) as wire:
        knobs = {"copies": 2, "delay_s": {"COMPLETED": 30}}
        answer = wire.post("/webhooks", json=knobs).json()
        assert answer == {**knobs, "loss": 0, "signature": "valid", "sent": []}
        request_id = submit(gateway, receiver.url)
        until(lambda: not receiver.nothing_arrived(), meanwhile=lambda: gateway.emu.clock.advance(120))
        assert receiver.next().status["request_id"] == receiver.next().status["request_id"] == request_id
        until(lambda: len(gateway.emu.webhooks.sent) == 2)
        (sent,) = wire.get("/webhooks", params={"last": 1}).json()["sent"]
        assert (sent["url"], sent["attempt"], sent["outcome"]) == (receiver.url, 1, 204)
        assert sent["body"]["status"] == "COMPLETED"
        assert wire.post("/webhooks", json={"hosts": ["example.com"]}).status_code == 400


def test_a_receiver_that_never_answers_does_not_hold_up_the_end() -> None:
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as silent, running() as emu, Gateway(emu) as gateway:
        submit(gateway, f"https://127.0.0.1:{silent.getsockname()[1]}/x")
        emu.clock.advance(120)
        connection, _ = silent.accept()
        with connection:
            emu.stop()  # its time-out is an hour of the emulator's
    assert [thread for thread in threading.enumerate() if thread not in before] == []


def test_a_reset_ends_what_is_still_to_be_called_back(gateway: Gateway, receiver: Receiver) -> None:
    gateway.emu.webhooks.delay_s = 5
    submit(gateway, receiver.url)
    submit(gateway, receiver.url, "sync")
    before = gateway.emu.webhooks
    gateway.emu.reset()
    gateway.emu.clock.advance(600)
    assert before._tasks == set()
    assert gateway.emu.webhooks.sent == []
    assert (gateway.emu.webhooks.delay_s, gateway.emu.webhooks.tls) == (0.0, None)
    assert receiver.nothing_arrived()
