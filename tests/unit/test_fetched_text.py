"""Text files from somebody else's URL: whole or not at all, capped, and fetched again where that can help."""

from __future__ import annotations

import pytest

from mirelo_ergo import DownloadError
from mirelo_ergo._runtime.io.protocol import ExternalRefused, TransportFailure, run
from mirelo_ergo._runtime.transfer.text import fetch_text
from tests.support.virtual import Incoming, VirtualIO, runtime_over

URL = "https://store.example.com/out.jsonl?signature=abc"
TEXT = b'{"a": 1}\n{"a": 2}\n'


def whole(data: bytes = TEXT, **headers: str) -> Incoming:
    return Incoming(200, {"content-length": str(len(data)), **headers}, [data[:5], data[5:]])


def fetched(*far: Incoming | BaseException, cap: int = 100) -> tuple[bytes, VirtualIO]:
    io = VirtualIO(foreign=far)
    data = run(fetch_text(runtime_over(io), URL, cap))
    return data, io


def failed(*far: Incoming | BaseException, cap: int = 100) -> str:
    with pytest.raises(DownloadError) as caught:
        fetched(*far, cap=cap)
    assert "signature" not in str(caught.value)
    return str(caught.value)


def test_it_is_fetched_without_a_credential() -> None:
    data, io = fetched(whole())
    assert data == TEXT
    (sending,) = io.sendings
    assert (sending.request.method, sending.request.url) == ("GET", URL)
    assert not {name.lower() for name in sending.request.headers} & {"authorization", "x-api-key", "cookie"}


def test_a_chunked_answer_is_whole_by_its_last_chunk() -> None:
    assert fetched(Incoming(200, {"transfer-encoding": "chunked"}, [TEXT]))[0] == TEXT


@pytest.mark.parametrize(
    "first",
    [
        Incoming(503, {"retry-after": "1"}, [b"busy"]),
        Incoming(200, {"content-length": "99"}, [TEXT]),
        Incoming(200, {}, [TEXT]),  # nothing says where it ends
        Incoming(200, {"content-length": "99"}, [TEXT, TransportFailure("network", "yes", "reset")]),
        TransportFailure("connect", "no", "refused"),
    ],
    ids=["busy", "short", "endless", "reset", "refused"],
)
def test_what_may_pass_is_fetched_again(first: Incoming | BaseException) -> None:
    data, io = fetched(first, whole())
    assert (data, len(io.sendings)) == (TEXT, 2)


def test_a_refusal_is_told_in_the_stores_words_and_not_asked_again() -> None:
    denied = Incoming(403, {}, [b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"])
    assert "Request has expired" in failed(denied)


def test_more_than_the_cap_is_refused() -> None:
    assert "gives more than 10 bytes" in failed(whole(), cap=10)


def test_what_never_comes_whole_fails_in_the_end() -> None:
    assert "was cut off" in failed(*[Incoming(200, {"content-length": "99"}, [TEXT]) for _ in range(20)])
    assert "refused" in failed(*[TransportFailure("connect", "no", "refused") for _ in range(20)])


def test_an_address_that_is_not_gone_to_is_told() -> None:
    assert "not gone to" in failed(ExternalRefused("it is not gone to"))
