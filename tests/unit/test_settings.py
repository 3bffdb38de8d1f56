"""A client's arguments: where each comes from, and that what is wrong is said before any request, without the key."""

from __future__ import annotations

import ssl
import traceback
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo import AsyncMireloClient, ConfigurationError, MireloClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = "sk-unguessable-9c2f"
FACES: list[Callable[..., Any]] = [MireloClient, AsyncMireloClient]
both = pytest.mark.parametrize("face", FACES)


class Handler(httpx.MockTransport):
    """A transport that no request may reach."""

    def __init__(self) -> None:
        super().__init__(lambda request: pytest.fail(f"a request left: {request}"))


def base_url(**options: Any) -> str:
    return MireloClient(KEY, **options)._core.runtime.base_url


# --- the key ---------------------------------------------------------------------------------------------------------


@both
def test_the_key_comes_from_the_argument_or_the_environment(
    face: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", "sk-from-the-environment")
    assert face()._core.runtime.secret.reveal() == "sk-from-the-environment"
    assert face(KEY)._core.runtime.secret.reveal() == KEY
    assert face(api_key=KEY)._core.runtime.secret.reveal() == KEY


@both
@pytest.mark.parametrize("given", [{}, {"api_key": None}, {"api_key": ""}])
def test_a_missing_key_is_a_clear_error(face: Callable[..., Any], given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="pass api_key=, or set MIRELO_API_KEY"):
        face(**given)


def test_an_empty_key_does_not_fall_back_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_API_KEY", KEY)
    with pytest.raises(ConfigurationError, match="no API key"):
        MireloClient("")


@both
@pytest.mark.parametrize("key", [f"{KEY} ", f"{KEY}\n", f"Bearer {KEY}", f"{KEY}ü", f"{KEY}\x00", f"\t{KEY}"])
def test_a_key_that_cannot_be_one_is_refused_unseen(face: Callable[..., Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match="no key has") as caught:
        face(key)
    assert KEY not in str(caught.value)


@both
@pytest.mark.parametrize("key", [7, KEY.encode(), [KEY], True])
def test_a_key_is_a_string(face: Callable[..., Any], key: object) -> None:
    with pytest.raises(ConfigurationError, match=f"api_key is {type(key).__name__}, not a string") as caught:
        face(key)
    assert KEY not in str(caught.value)


# --- the address -----------------------------------------------------------------------------------------------------


def test_the_address_comes_from_base_url_then_host_then_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert base_url() == "https://api.mirelo.ai"
    monkeypatch.setenv("MIRELO_BASE_URL", "https://env.example/api/")
    assert base_url() == "https://env.example/api"
    assert base_url(host="host.example") == "https://host.example"
    assert base_url(host="host.example:8443") == "https://host.example:8443"
    assert base_url(host="host.example", base_url="https://url.example/") == "https://url.example"
    assert base_url(base_url="http://127.0.0.1:8080") == "http://127.0.0.1:8080"
    assert base_url(base_url="http://localhost:8080") == "http://localhost:8080"
    assert base_url(base_url="http://[::1]:8080") == "http://[::1]:8080"
    assert base_url(base_url="http://10.0.0.5", allow_private_hosts=True) == "http://10.0.0.5"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": ""}, "base_url= is not an address like https://api.mirelo.ai: it has no https://"),
        ({"base_url": "api.mirelo.ai"}, "it has no https://"),
        ({"base_url": "ftp://api.mirelo.ai"}, "its scheme is ftp"),
        ({"base_url": "https://"}, "names no host"),
        ({"base_url": "https://user:hidden@a.example"}, "user info"),
        ({"base_url": "https://a.example/?x=1"}, "a query or a fragment"),
        ({"base_url": "https://a.example/#x"}, "a query or a fragment"),
        ({"base_url": "https://a.example:99999"}, "Port out of range"),
        ({"base_url": "https://a example"}, "must be escaped"),
        ({"base_url": 7}, "base_url=7 is not an address"),
        ({"base_url": b"https://a.example"}, "is not an address"),
        ({"base_url": "http://a.example"}, "would send the key unencrypted: use https, or allow_private_hosts=True"),
        ({"base_url": "http://10.0.0.5"}, "would send the key unencrypted"),
        ({"host": "https://a.example"}, "pass an address as base_url="),
        ({"host": "a.example/v2"}, "pass an address as base_url="),
        ({"host": "user:hidden@a.example"}, "host=a.example is not a host name: pass an address as base_url="),
        ({"base_url": "https://a.example/?"}, "a query or a fragment"),
        ({"host": ""}, "names no host"),
        ({"host": "a b"}, "must be escaped"),
        ({"host": 7}, "host=7 is not a host name"),
    ],
)
@both
def test_what_is_no_address_is_refused(face: Callable[..., Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        face(KEY, **options)
    assert message in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_the_environments_address_is_named_when_it_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRELO_BASE_URL", "nowhere")
    with pytest.raises(ConfigurationError, match="MIRELO_BASE_URL=nowhere is not an address"):
        MireloClient(KEY)


# --- the rest --------------------------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"timeout_ms": 0}, "timeout_ms=0 is not a whole number from 1 to 86400000"),
    ({"timeout_ms": -1}, "timeout_ms=-1"),
    ({"timeout_ms": 86_400_001}, "timeout_ms=86400001"),
    ({"timeout_ms": 1.5}, "timeout_ms=1.5 is float, not a whole number (int) from 1 to 86400000"),
    ({"timeout_ms": "60000"}, "timeout_ms='60000' is str, not a whole number (int) from 1 to 86400000"),
    ({"timeout_ms": True}, "timeout_ms=True"),
    ({"timeout_ms": None}, "timeout_ms=None"),
    ({"retries": -1}, "retries=-1 is not a whole number from 0 to 100 or None"),
    ({"retries": 101}, "retries=101"),
    ({"retries": "3"}, "retries='3' is str, not a whole number (int) from 0 to 100 or None"),
    ({"backoff_ms": -1}, "backoff_ms=-1 is not a number from 0 to 60000"),
    ({"backoff_ms": float("nan")}, "backoff_ms=nan"),
    ({"backoff_ms": "500"}, "backoff_ms='500' is str, not a number from 0 to 60000"),
    ({"backoff_ms": False}, "backoff_ms=False"),
    ({"max_credits": -1}, "max_credits=-1"),
    ({"max_credits": 1.5}, "max_credits=1.5"),
    ({"max_credits": True}, "max_credits=True"),
    ({"extra_headers": {"Authorization": "x"}}, "Authorization is set by the client itself"),
    ({"extra_headers": {"hOST": "x"}}, "hOST is set by the client itself"),
    ({"extra_headers": {"transfer-encoding": "chunked"}}, "is set by the client itself"),
    ({"extra_headers": {"X A": "x"}}, "X A is not a header name"),
    ({"extra_headers": {"": "x"}}, "is not a header name"),
    ({"extra_headers": {7: "x"}}, "7 is not a header name"),
    ({"extra_headers": {"X-A": "a\r\nb"}}, "the value of X-A is not plain printable ASCII text"),
    ({"extra_headers": {"X-A": "ü"}}, "the value of X-A"),
    ({"extra_headers": {"X-A": 7}}, "the value of X-A"),
    ({"extra_headers": [("X-A", "b")]}, "extra_headers is list, not a mapping"),
    ({"proxy": 7}, "proxy is int, not an address"),
    ({"proxy": "nonsense"}, "proxy="),
    ({"verify": "/no/such/file.pem"}, "verify=/no/such/file.pem does not exist"),
    ({"verify": 1}, "verify=1 is not True, False, a path as a string, or an ssl.SSLContext"),
    ({"verify": None}, "verify=None"),
    ({"transport": object()}, "it is that of the other client"),
    ({"http_client": object()}, "is not an httpx."),
    ({"transport": Handler(), "http_client": object()}, "exclude each other"),
    ({"transport": Handler(), "proxy": "http://proxy.example:3128"}, "proxy= has no effect beside transport="),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
@both
def test_a_wrong_argument_is_named_with_what_it_may_be(
    face: Callable[..., Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        face(KEY, **options)
    assert message in str(caught.value)
    assert caught.value.code == "configuration_error"


def test_a_transport_of_the_other_colour_is_refused() -> None:
    with httpx.Client() as blocking, pytest.raises(ConfigurationError, match=r"not an httpx\.AsyncClient"):
        AsyncMireloClient(KEY, http_client=blocking)  # type: ignore[arg-type]  # the mistake that is refused
    with pytest.raises(ConfigurationError, match=r"not an httpx\.Client"):
        MireloClient(KEY, http_client=httpx.AsyncClient())  # type: ignore[arg-type]  # the mistake that is refused
    with httpx.HTTPTransport() as transport, pytest.raises(ConfigurationError, match="that of the other client"):
        AsyncMireloClient(KEY, transport=transport)  # type: ignore[arg-type]  # the mistake that is refused


def test_what_is_right_is_taken(tmp_path: Path) -> None:
    class Mine(httpx.Client):
        pass

    with Mine() as mine:
        MireloClient(KEY, http_client=mine)
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    for verify in (True, False, str(certificates), ssl.create_default_context()):
        MireloClient(KEY, verify=verify)
    client = MireloClient(
        KEY,
        timeout_ms=2500,
        retries=0,
        backoff_ms=250,
        extra_headers={"X-Team": "foley", "X-Empty": ""},
        max_credits=0,
        check_limits=False,
        proxy="http://proxy.example:3128",
    )
    runtime = client._core.runtime
    assert (runtime.timeout, runtime.policy.retries, runtime.policy.base) == (2.5, 0, 0.25)
    assert (client._core.max_credits, client._core.check_limits) == (0, False)
    headers = dict(client._io.http.settings.headers)
    assert headers["X-Team"] == "foley"
    assert headers["Accept-Encoding"] == "identity"
    assert headers["User-Agent"].startswith("mirelo-ergo/")


# --- the key stays inside --------------------------------------------------------------------------------------------


def frames_of(error: BaseException | None) -> str:
    """Return the local variables of our frames, also of what caused the error: some tools print them all."""
    shown = []
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            if "mirelo_ergo" in frame.f_code.co_filename:
                shown.append(f"{frame.f_code.co_qualname}: {frame.f_locals!r}")
        error = error.__cause__ or error.__context__
    assert shown
    return "\n".join(shown)


@pytest.mark.parametrize("options", [options for options, _ in WRONG])
@both
def test_no_local_variable_holds_the_key_when_a_client_is_refused(
    face: Callable[..., Any], options: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        face(KEY, **options)
    assert KEY not in frames_of(caught.value)
    assert KEY not in repr(caught.value)


@both
@pytest.mark.parametrize("key", [f"{KEY} ", [KEY]])
def test_no_local_variable_holds_a_key_that_is_refused(face: Callable[..., Any], key: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        face(key)
    assert KEY not in frames_of(caught.value)


def test_no_local_variable_holds_the_key_when_a_request_fails() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(f"the key {KEY} in a message", request=request)

    client = MireloClient(KEY, transport=httpx.MockTransport(fail), retries=0)
    with pytest.raises(Exception, match="no answer") as caught:
        client.me()
    assert KEY not in frames_of(caught.value)
    assert KEY not in f"{caught.value!r} {vars(caught.value)}"


@both
def test_no_repr_holds_the_key(face: Callable[..., Any]) -> None:
    client = face(KEY, base_url="https://a.example")
    things = [client, client._core, client._core.runtime, client._io.http.settings, client.low_level]
    things += [client.text_to_sfx("rain"), client._core.runtime.secret]
    assert not any(KEY in repr(thing) for thing in things)
    assert repr(client) == f"<{face.__name__} https://a.example>"


@both
def test_threads_that_need_the_flows_at_once_get_the_same(face: Any) -> None:
    client = face(KEY)
    make, first = client._new_flows, []

    def make_later() -> object:
        client._new_flows = make
        first.append(client._core)  # as another thread, which began later and was faster
        return make()

    client._new_flows = make_later
    assert client._core is first[0]
    assert client._core is first[0]
