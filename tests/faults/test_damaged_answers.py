"""Answers to paid submits that are damaged before or around the job's id: if it can be read at all, it is not lost."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo import SubmitOutcomeUnknown
from tests.faults.server import FaultServer
from tests.faults.steps import Close, ReadRequest, Respond, Script, Send, Stall, Step, chunked
from tests.faults.test_every_service import ID, JSON, SHOPS, Shop

if TYPE_CHECKING:
    from tests.faults.harness import Face


def _sent(data: bytes, *more: Step) -> Script:
    return [ReadRequest(), Send(data), *(more or (Close(),))]


def _line(line: bytes) -> Callable[[Respond], Script]:
    """Add a line to the head."""
    return lambda whole: _sent(whole.head.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n") + whole.body)


def _status_line(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d OK\r\nTransfer-Encoding: chunked\r\n\r\n%b" % (status, body)


REFUSED_BY_THE_PARSER: dict[str, Callable[[Respond], Script]] = {
    "a NUL in a header": _line(b"X-Trace: a\0b"),
    "a line without a colon": _line(b"no header"),
    "a blank in a name": _line(b"X Trace: 1"),
    "a length that is no number": _line(b"Content-Length: many"),
    "two lengths": _line(b"Content-Length: 7"),
    "an unknown coding": _line(b"Transfer-Encoding: gzip, chunked"),
    "a blank line first": lambda whole: _sent(b"\r\n\r\n" + whole.wire),
    "another version": lambda whole: _sent(whole.wire.replace(b"HTTP/1.1", b"HTTP/2", 1)),
    "line feeds only": lambda whole: _sent(
        whole.wire.replace(b"\r\n", b"\n").replace(b"Content-Type", b"Content Type")
    ),
    "hints before it": lambda whole: _sent(
        b"HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\nHTTP/1.1 202\r\nA B: 1\r\n\r\n" + whole.body
    ),
    "chunks that are none": lambda whole: _sent(_status_line(202, whole.body)),
    "a chunk's size that is none": lambda whole: _sent(_status_line(202, b"size\r\n" + whole.body + b"\r\n0\r\n\r\n")),
    "a second chunk's size that is none": lambda whole: _sent(
        _status_line(202, b"1\r\n" + whole.body[:1] + b"\r\n\xff\r\n" + whole.body[1:] + b"\r\n0\r\n\r\n")
    ),
    "chunks that nothing told of": lambda whole: _sent(
        b"HTTP/1.1 202 OK\r\nTransferEncoding: chunked\r\n\r\n" + chunked(whole.body[:3], whole.body[3:])
    ),
    "a length that is too short": lambda whole: _sent(
        Respond(whole.status, whole.body, {**JSON, "Content-Length": "4"}).wire
    ),
    "no length but 0": lambda whole: _sent(Respond(whole.status, whole.body, {**JSON, "Content-Length": "0"}).wire),
    "a blank line that is none": lambda whole: _sent(whole.wire.replace(b"\r\n\r\n", b"\r\n\0\n")),
    "UTF-16": lambda whole: Respond(whole.status, whole.body.decode().encode("utf-16"), JSON),
    "an id of something else before it": lambda whole: Respond(
        whole.status,
        whole.body.replace(b"{", b'{"user": {"id": "u-1", "job_id": "j-1", "request_id": "r-1"}, ', 1)[:-1],
        JSON,
    ),
    "its body later": lambda whole: [
        ReadRequest(),
        Send(b"HTTP/1.1 202 OK\r\nA B: 1\r\n\r\n"),
        Stall(0.02),
        Send(whole.body),
        Stall(),
    ],
    "wrapped": lambda whole: Respond(whole.status, b'{"status": 1, "data": [%b' % whole.body, JSON),
    "garbage before it": lambda whole: Respond(whole.status, b")]}',\n" + whole.body, JSON),
}


@pytest.mark.parametrize("how", REFUSED_BY_THE_PARSER)
@pytest.mark.parametrize("shop", SHOPS.values(), ids=SHOPS)
def test_the_id_is_in_the_error(face: Face, shop: Shop, how: str) -> None:
    script = REFUSED_BY_THE_PARSER[how](shop.accepted(ID))
    with FaultServer([script]) as server, face.promise(8.0):
        client = shop.open(face, server, timeout_ms=2000, retries=0)
        error = face.failing(shop.call(client).submit_job)
        assert isinstance(error, SubmitOutcomeUnknown)
        assert (error.accepted, error.job_id) == (True, ID), error
        assert ID in (error.job_token or "")
        assert len(server.requests) == 1


def _packed(pack: Callable[[bytes], bytes], encoding: str | None) -> Callable[[Respond], Script]:
    headers = JSON if encoding is None else {**JSON, "Content-Encoding": encoding}
    return lambda whole: Respond(whole.status, pack(whole.body), headers)


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


READ_ALL_THE_SAME: dict[str, Callable[[Respond], Script]] = {
    "gzip that does not say so": _packed(gzip.compress, None),
    "gzip that says br": _packed(gzip.compress, "br"),
    "plain that says gzip": _packed(bytes, "gzip"),
    "plain that says deflate": _packed(bytes, "deflate"),
    "plain behind a byte order mark that says gzip": _packed(lambda body: b"\xef\xbb\xbf\n" + body, "gzip"),
    "gzip among others": _packed(gzip.compress, "identity, GZIP"),
    "gzip in two members": _packed(lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:]), "gzip"),
    "gzip filled up with zeros": _packed(lambda body: gzip.compress(body) + bytes(512), "gzip"),
    "raw deflate": _packed(_raw_deflate, "deflate"),
    "gzip byte by byte": lambda whole: Respond(
        whole.status,
        chunked(*(bytes([byte]) for byte in gzip.compress(whole.body))),
        {**JSON, "Transfer-Encoding": "chunked"},
        False,
    ),
    "plain that says gzip, byte by byte": lambda whole: Respond(
        whole.status,
        chunked(*(bytes([byte]) for byte in whole.body)),
        {**JSON, "Transfer-Encoding": "chunked", "Content-Encoding": "gzip"},
        False,
    ),
    "trailers and extensions": lambda whole: Respond(
        whole.status,
        b"%x;name=value\r\n%b\r\n0;last\r\nX-Trailer: 1\r\n\r\n" % (len(whole.body), whole.body),
        {**JSON, "Transfer-Encoding": "chunked"},
        False,
    ),
    "hints before it": lambda whole: [
        ReadRequest(),
        Send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 20 + whole.wire),
    ],
    "HTTP/1.0": lambda whole: _sent(whole.head.replace(b"HTTP/1.1", b"HTTP/1.0") + whole.body),
    "one length twice": _line(b""),
}


@pytest.mark.parametrize("how", READ_ALL_THE_SAME)
@pytest.mark.parametrize("shop", SHOPS.values(), ids=SHOPS)
def test_the_job_is_there(face: Face, shop: Shop, how: str) -> None:
    script = READ_ALL_THE_SAME[how](shop.accepted(ID))
    if how == "one length twice":
        whole = shop.accepted(ID)
        script = _line(b"content-length: %d" % len(whole.body))(whole)
    with FaultServer([script]) as server, face.promise(1.0):
        assert face.do(shop.call(shop.open(face, server, retries=0)).submit_job()).job_id == ID
        assert len(server.requests) == 1


@pytest.mark.parametrize("shop", SHOPS.values(), ids=SHOPS)
def test_an_answer_behind_one_without_an_id_is_nobodys(face: Face, shop: Shop) -> None:
    """A second answer is not the rest of the first one."""
    behind = Respond(202, b"", JSON).wire + shop.accepted("a-strangers-job").wire
    with FaultServer([_sent(behind)]) as server, face.promise(1.0):
        error = face.failing(shop.call(shop.open(face, server, retries=0)).submit_job)
        assert isinstance(error, SubmitOutcomeUnknown)
        assert (error.accepted, error.job_id) == (True, None)


def test_a_job_of_v2_is_found_by_the_path_of_its_polls(face: Face) -> None:
    whole = SHOPS["v2"].accepted(ID)
    fields = {name: value for name, value in json.loads(whole.body).items() if name != "job_id"}
    with FaultServer([Respond(202, json.dumps(fields).encode(), JSON)]) as server, face.promise(1.0):
        error = face.failing(SHOPS["v2"].call(SHOPS["v2"].open(face, server)).submit_job)
        assert isinstance(error, SubmitOutcomeUnknown)
        assert (error.accepted, error.job_id) == (True, ID)
