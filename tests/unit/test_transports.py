"""What a transport or client of the user's does not switch off, and what its exceptions mean."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
import pytest

from mirelo_ergo import AsyncMireloClient, ConfigurationError, MireloClient, SubmitOutcomeUnknown
from mirelo_ergo._runtime.http.transports import failure_of
from mirelo_ergo._runtime.io.deadline import Deadline
from mirelo_ergo._runtime.io.protocol import ExternalRefused, ExternalRequest, Request, TransportFailure, run
from mirelo_ergo._runtime.io.sent import SentTracker
from tests.support import answers
from tests.support.virtual import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo._runtime.io.protocol import FailureKind

FACES: list[Callable[..., Any]] = [MireloClient, AsyncMireloClient]
both = pytest.mark.parametrize("face", FACES)


class Seen:
    """A transport that notes the hosts it is asked for."""

    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(request.url.host)
        return httpx.Response(200, content=b"data")


def fetch(client: Any, url: str) -> None:
    async def flow() -> None:
        async with await client._io.stream(ExternalRequest("GET", url), Deadline(client._io.now, 5.0)) as answer:
            assert await answer.read() == b"data"

    asyncio.run(flow()) if isinstance(client, AsyncMireloClient) else run(flow())


@both
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.1", "[fd00::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "[fd00:ec2::254]", "100.64.0.1"],
)
def test_a_transport_does_not_switch_off_the_check_of_literals(face: Callable[..., Any], host: str) -> None:
    seen = Seen()
    with pytest.raises(ExternalRefused, match="is refused"):
        fetch(face(KEY, base_url="https://93.184.216.34", transport=seen.transport), f"https://{host}/1.wav")
    assert seen.hosts == []
    if host not in ("169.254.169.254", "[fd00:ec2::254]"):
        allowed = face(KEY, base_url="https://93.184.216.34", transport=seen.transport, allow_private_hosts=True)
        fetch(allowed, f"https://{host}/1.wav")
        assert seen.hosts == [host.strip("[]")]


@both
@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::1", "169.254.169.254", "::ffff:169.254.169.254"])
def test_nor_of_names(face: Callable[..., Any], address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
        if host == "unknown.example":
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return real({"rebind.example": address, "public.example": "93.184.216.34"}.get(host, host), *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    seen = Seen()
    client = face(KEY, base_url="https://93.184.216.34", transport=seen.transport)
    with pytest.raises(ExternalRefused, match=r"rebind\.example is at"):
        fetch(client, "https://rebind.example/1.wav")
    fetch(face(KEY, transport=seen.transport), "https://public.example/1.wav")
    fetch(face(KEY, transport=seen.transport), "https://unknown.example/1.wav")  # its own resolver may know it
    assert seen.hosts == ["public.example", "unknown.example"]


KINDS: list[tuple[Exception, FailureKind]] = [
    (httpx.PoolTimeout("full"), "pool"),
    (httpx.ConnectTimeout("late"), "connect"),
    (httpcore.ConnectError("refused"), "connect"),
    (httpx.ProxyError("503 Busy"), "proxy"),
    (httpx.ProxyError("407 Proxy Authentication Required"), "proxy_refused"),
    (httpx.ReadTimeout("late"), "timeout"),
    (httpx.RemoteProtocolError("illegal status line"), "garbled"),
    (httpx.RemoteProtocolError("Server disconnected without sending a response."), "network"),
    (httpx.UnsupportedProtocol("ftp"), "local"),
    (httpx.ReadError("reset"), "network"),
    (httpx.StreamClosed(), "network"),
    (ConnectionResetError("reset"), "network"),
    (ssl.SSLError(1, "bad record"), "network"),
    (socket.gaierror(socket.EAI_NONAME, "not known"), "network"),
    (TimeoutError("late"), "timeout"),
]


@pytest.mark.parametrize(("error", "kind"), KINDS)
def test_a_network_exception_is_known_by_its_class(error: Exception, kind: FailureKind) -> None:
    failure = failure_of(error)
    assert failure is not None
    assert failure.kind == kind
    assert str(failure).startswith(type(error).__name__)


class SoftTimeLimit(Exception):
    """What somebody else's signal handler raises."""


OTHERS = [
    SoftTimeLimit("soft"),
    ValueError("mine"),
    OSError(28, "disk"),
    KeyError("mine"),
]


@both
@pytest.mark.parametrize("error", OTHERS)
def test_any_other_exception_passes_unchanged(face: Callable[..., Any], error: Exception) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    client = face(KEY, transport=httpx.MockTransport(fail))
    with pytest.raises(type(error)) as caught:
        asyncio.run(client.me()) if face is AsyncMireloClient else client.me()
    assert caught.value is error
    request = client.text_to_sfx("rain")
    with pytest.raises(type(error)) as paid:
        asyncio.run(request.submit_job()) if face is AsyncMireloClient else request.submit_job()
    assert paid.value is error
    assert isinstance(error.__cause__, SubmitOutcomeUnknown)
    assert KEY not in f"{error.__cause__!r} {error.__notes__}"
    error.__cause__, error.__notes__ = None, []


def test_without_events_of_its_own_a_transport_may_have_sent_everything() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    client = MireloClient(KEY, transport=httpx.MockTransport(fail))
    sent = SentTracker()
    with pytest.raises(TransportFailure) as caught:
        run(client._io.request(Request("GET", "/v2/me"), Deadline(client._io.now, 5.0), sent))
    assert caught.value.sent == sent.sent() == "yes"


@both
def test_a_request_that_never_reached_the_transport_was_not_sent(face: Callable[..., Any]) -> None:
    client = face(KEY, transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answers.ME)))
    sent = SentTracker()
    client._io.http._inject = lambda *_: (_ for _ in ()).throw(ConfigurationError("stopped before"))
    flow = client._io.request(Request("POST", "/v2/x", b"{}", submit=True), Deadline(client._io.now, 5.0), sent)
    with pytest.raises(ConfigurationError):
        asyncio.run(flow) if face is AsyncMireloClient else run(flow)
    assert sent.sent() == "no"
