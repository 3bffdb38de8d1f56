"""What a generated builder describes becomes a request that carries all of it, or is refused."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import InvalidRequestError
from mirelo_ergo._runtime.api.multipart import MultipartBody, Part
from mirelo_ergo._runtime.api.requests import fingerprint, request_from
from mirelo_ergo._runtime.io.protocol import Request, SourceFailed
from mirelo_ergo._runtime.transfer.sources import BytesSource, FileSource, open_path
from tests.support.virtual import body_of

if TYPE_CHECKING:
    from pathlib import Path

GET = {"method": "get", "url": "/v1/things"}
POST = {"method": "post", "url": "/v1/things"}


def received(request: Request) -> httpx.Request:
    """Read a request as a server does."""
    headers = {"Content-Type": request.content_type}
    return httpx.Request(request.method, f"https://api.example.com{request.path}", headers=headers)


# --- what is carried -------------------------------------------------------------------------------------------------


def test_json_is_compact_and_says_what_it_is() -> None:
    request = request_from(
        {**POST, "json": {"prompt": "räin", "n": 1}, "headers": {"Content-Type": "application/json"}}
    )
    assert request == Request("POST", "/v1/things", b'{"prompt":"r\\u00e4in","n":1}', "application/json")


@pytest.mark.parametrize("stranger", ["cookies", "auth", "extensions", "timeout", "follow_redirects"])
def test_what_is_not_carried_is_refused(stranger: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"its description has {stranger}, which this version does not send"):
        request_from({**POST, "json": {}, stranger: {"a": "b"}})


@pytest.mark.parametrize("pair", [("json", "content"), ("json", "files"), ("content", "data"), ("json", "data")])
def test_a_request_has_one_body(pair: tuple[str, str]) -> None:
    bodies = {"json": {}, "content": b"x", "files": {"a": b"x"}, "data": {"a": "b"}}
    with pytest.raises(InvalidRequestError, match="a request has one body"):
        request_from({**POST, **{name: bodies[name] for name in pair}})


def test_a_builders_headers_are_carried() -> None:
    request = request_from({**GET, "headers": {"Idempotency-Key": "k-1", "X-Team": ""}}, headers=(("X-Hook", "u"),))
    assert request.headers == (("Idempotency-Key", "k-1"), ("X-Team", ""), ("X-Hook", "u"))
    assert "k-1" not in repr(request)


@pytest.mark.parametrize(
    ("name", "value"), [("X", "a\r\nb"), ("X", "a\nb"), ("X", " a"), ("X", "ä"), ("X", 7), ("X Y", "a"), ("", "a")]
)
def test_a_header_that_none_can_hold_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="holds a character that no header can have"):
        request_from({**GET, "headers": {name: value}})


def test_lists_in_a_query_are_repeated_or_joined() -> None:
    params = {"status": ["a,b", "c d"], "limit": 5, "wait": True, "ratio": 0.5, "empty": []}
    request = request_from({**GET, "params": params})
    assert request.path == "/v1/things?status=a%2Cb&status=c+d&limit=5&wait=true&ratio=0.5"
    joined = request_from({**GET, "params": params}, comma_lists=True)
    assert joined.path == "/v1/things?status=a%2Cb,c+d&limit=5&wait=true&ratio=0.5&empty="


@given(
    st.dictionaries(
        st.text(min_size=1).filter(str.strip), st.text() | st.integers() | st.lists(st.text(), min_size=1), min_size=1
    )
)
def test_a_query_is_read_as_it_was_given(params: dict[str, Any]) -> None:
    query = received(request_from({**GET, "params": params})).url.params
    for name, value in params.items():
        assert query.get_list(name) == [str(each) for each in (value if isinstance(value, list) else [value])]


@pytest.mark.parametrize("value", [{"a": 1}, [["a"]], None, object()])
def test_a_query_without_a_plain_form_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="not text, a number or a bool"):
        request_from({**GET, "params": {"x": value}})


def test_a_form_without_files_is_urlencoded() -> None:
    request = request_from({**POST, "data": {"a": "ä b", "flag": False, "n": [1, 2]}})
    assert (request.body, request.content_type) == (
        b"a=%C3%A4+b&flag=false&n=1&n=2",
        "application/x-www-form-urlencoded",
    )


def test_content_has_its_own_type() -> None:
    assert request_from({**POST, "content": b"\0"}).content_type == "application/octet-stream"
    named = request_from({**POST, "content": "a,b", "headers": {"Content-Type": "text/csv"}})
    assert (named.body, named.content_type) == (b"a,b", "text/csv")


@pytest.mark.parametrize("where", ["json", "data", "files"])
def test_fields_go_with_the_builders_own(where: str) -> None:
    body: dict[str, Any] = {"json": {"a": 1}, "data": {"a": "1"}, "files": {"a": b"1"}}
    request = request_from({**POST, where: body[where]}, fields={"webhookUrl": "https://h.example/1"})
    sent = body_of(request)
    assert b"https://h.example/1" in sent or b"https%3A%2F%2Fh.example%2F1" in sent
    assert b"a" in sent


# --- forms -----------------------------------------------------------------------------------------------------------


def parts_of(request: Request) -> dict[str, tuple[dict[str, str], bytes]]:
    """Take a multipart body apart by its own boundary."""
    mark = request.content_type.partition("boundary=")[2].encode()
    found = {}
    for piece in body_of(request).split(b"--" + mark)[1:-1]:
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        name = headers["Content-Disposition"].split('name="')[1].split('"')[0]
        found[name] = headers, content.removesuffix(b"\r\n")
    return found


def test_a_form_streams_its_files_and_knows_its_size(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(bytes(range(256)) * 5000)
    source = open_path(clip, "video")[0]
    request = request_from(
        {
            **POST,
            "files": [
                ("model", (None, b"m-1", "text/plain")),
                ("video", ('a"b\r\n.mp4', source, "video/mp4", {"X-Part": "1"})),
            ],
            "headers": {"Content-Type": "multipart/form-data; boundary=+++"},
        }
    )
    assert isinstance(request.body, MultipartBody)
    assert request.body.size == len(body_of(request))
    assert "+++" not in request.content_type
    parts = parts_of(request)
    assert parts["model"] == ({"Content-Disposition": 'form-data; name="model"', "Content-Type": "text/plain"}, b"m-1")
    headers, content = parts["video"]
    assert headers["Content-Disposition"] == 'form-data; name="video"; filename="a%22b%0D%0A.mp4"'
    assert (headers["Content-Type"], headers["X-Part"]) == ("video/mp4", "1")
    assert content == clip.read_bytes()


def test_a_form_is_byte_identical_each_time_it_is_read() -> None:
    request = request_from({**POST, "files": {"a": ("a.wav", BytesSource(b"sound"), "audio/wav")}, "data": {"n": 3}})
    assert body_of(request) == body_of(request)
    assert list(parts_of(request)) == ["n", "a"]
    again = request_from({**POST, "files": {"a": ("a.wav", BytesSource(b"sound"), "audio/wav")}, "data": {"n": 3}})
    assert body_of(again) != body_of(request)  # another boundary
    assert fingerprint(again) == fingerprint(request)
    other = request_from({**POST, "files": {"a": ("a.wav", BytesSource(b"noise!"), "audio/wav")}, "data": {"n": 3}})
    assert fingerprint(other) != fingerprint(request)


def test_no_file_is_in_memory() -> None:
    @attrs.frozen
    class Endless(BytesSource):
        @property
        def size(self) -> int:
            return 1 << 40

    form = MultipartBody((Part("a", Endless(b"x" * 100)),))
    reader = form.open()
    assert form.size > 1 << 40
    assert all(len(reader.read(1 << 20)) <= 1 << 20 for _ in range(2))
    with pytest.raises(SourceFailed, match="too early"):
        reader.read(1 << 20)


def test_a_file_that_changes_is_noticed_before_the_form_is_whole(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a" * 100)
    form = MultipartBody((Part("a", open_path(clip, "video")[0]),))
    reader = form.open()
    assert [len(reader.read(1 << 20)) for _ in range(3)][1:] == [100, 2]  # all but the end
    clip.write_bytes(b"b" * 100_000)
    with pytest.raises(SourceFailed, match="changed"):
        reader.read(1 << 20)
    with pytest.raises(SourceFailed, match="changed"):
        form.open()


def test_a_stream_that_cannot_be_rewound_is_refused() -> None:
    pipe = FileSource(io.BytesIO(b"a"), 1, None, used=True)
    with pytest.raises(InvalidRequestError, match="cannot be rewound"):
        request_from({**POST, "files": {"video": ("v.mp4", pipe, "video/mp4")}})


@pytest.mark.parametrize("content", [io.BytesIO(b"x"), 7, None, ["x"]])
def test_a_part_that_is_no_source_is_refused(content: Any) -> None:
    with pytest.raises(InvalidRequestError, match="not bytes, text or a source"):
        request_from({**POST, "files": {"video": ("v.mp4", content, "video/mp4")}})


def test_what_json_cannot_hold_is_refused() -> None:
    for body in ({"a": object()}, {"a": float("nan")}, {"a": {1, 2}}):
        with pytest.raises(InvalidRequestError, match="the request cannot be written"):
            request_from({**POST, "json": body})
    assert json.loads(body_of(request_from({**POST, "json": {"a": None}}))) == {"a": None}
