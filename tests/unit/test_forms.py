"""Pre-signed forms, over a virtual far side: the fields first, the file last, all of it again after a failure."""

from __future__ import annotations

import io
import tracemalloc
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirelo_ergo import MireloError, SourceChangedError, UploadError
from mirelo_ergo._runtime.io.protocol import PIECE, SourceFailed, TransportFailure
from mirelo_ergo._runtime.transfer.forms import PresignedForm, of_the_file
from mirelo_ergo._runtime.transfer.sources import BytesSource, FileSource, open_path
from mirelo_ergo._runtime.transfer.upload import Slot
from tests.support.answers import reply, reset
from tests.support.madeup import MadeUpClient
from tests.support.virtual import KEY, Incoming, Sending, VirtualIO, put_under

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mirelo_ergo._runtime.io.protocol import Reply, Request, Source

FIELDS = {"key": "uploads/1", "policy": "eyJ9", "Content-Type": "video/mp4", "x-amz-signature": "geheim"}
CLIP = bytes(range(256)) * 12_000  # 3 MB: three pieces
EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy expired.</Message></Error>"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CLIP)
    return path


class Service:
    """Give out pre-signed forms, one after the other."""

    def __init__(self, **more: Any) -> None:
        self.assets, self.more = 0, more

    def __call__(self, request: Request) -> Reply:
        assert request.path == "/assets"
        self.assets += 1
        url = f"https://uploads.example.com/{self.assets}"
        return reply(201, {"id": f"ast_{self.assets}", "url": url, "fields": FIELDS, **self.more})


def upload(io: VirtualIO, path: Path, **options: Any) -> str:
    client = MadeUpClient(KEY)
    put_under(client, io)
    return client.upload(path, **options)


def failed(io: VirtualIO, path: Path, cls: type[MireloError] = UploadError) -> MireloError:
    with pytest.raises(cls) as caught:
        upload(io, path)
    return caught.value


def parts(sending: Sending) -> list[tuple[str, str | None, str | None, bytes]]:
    """Read a form with the standard library: name, file name, content type and content of each part."""
    head = f"Content-Type: {sending.request.headers['Content-Type']}\r\n\r\n".encode()
    message = message_from_bytes(head + sending.body)
    found: Any = message.get_payload()
    return [
        (
            each.get_param("name", header="content-disposition"),
            each.get_filename(),
            each["Content-Type"],
            each.get_payload(decode=True),
        )
        for each in found
    ]


def read(source: Source, size: int = PIECE) -> Iterator[bytes]:
    reader = source.open()
    try:
        while piece := reader.read(size):
            yield piece
    finally:
        reader.close()


def test_the_fields_go_first_and_the_file_last_with_its_type(clip: Path) -> None:
    io = VirtualIO(Service(), [Incoming(204)])
    assert upload(io, clip) == "ast_1"
    (sending,) = io.sendings
    assert (sending.request.method, sending.request.url) == ("POST", "https://uploads.example.com/1")
    assert set(sending.request.headers) == {"Content-Type"}
    assert sending.request.body is not None
    assert sending.request.body.size == len(sending.body)
    *fields, file = parts(sending)
    assert [(name, content.decode()) for name, _, _, content in fields] == list(FIELDS.items())
    assert file == ("file", "file", "video/mp4", CLIP)
    assert KEY.encode() not in sending.body
    assert "geheim" not in repr(sending.request)


TROUBLES: list[Any] = [reset(), Incoming(500), Incoming(503), TransportFailure("network", "partial", "WriteError")]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_attempt_sends_the_whole_form(clip: Path, trouble: Any) -> None:
    io = VirtualIO(Service(), [trouble, trouble, Incoming(204)])
    assert upload(io, clip) == "ast_1"
    assert [parts(sending)[-1][3] == CLIP for sending in io.sendings] == [True] * 3
    assert len(io.requests) == 1


@pytest.mark.parametrize("refusal", [EXPIRED, b""], ids=["policy", "bare"])
def test_a_policy_that_expired_is_replaced_once(clip: Path, refusal: bytes) -> None:
    io = VirtualIO(Service(), [Incoming(403, {}, [refusal]), Incoming(204)])
    assert upload(io, clip) == "ast_2"
    assert [sending.request.url[-1] for sending in io.sendings] == ["1", "2"]
    io = VirtualIO(Service(), lambda _: Incoming(403, {}, [refusal]))
    assert failed(io, clip).http_status == 403
    assert len(io.sendings) == 2


@pytest.mark.parametrize("status", [400, 413])
def test_a_file_that_the_store_refuses_is_not_sent_again(clip: Path, status: int) -> None:
    body = b"<Error><Code>EntityTooLarge</Code><Message>Your upload is too large</Message></Error>"
    io = VirtualIO(Service(), [Incoming(status, {}, [body])])
    error = failed(io, clip)
    assert error.http_status == status
    assert "Your upload is too large" in error.message


@pytest.mark.parametrize("most", [len(CLIP) - 1, 0])
def test_a_file_that_is_larger_than_the_service_takes_is_not_sent(clip: Path, most: int) -> None:
    io = VirtualIO(Service(max_bytes=most), [])
    error = failed(io, clip)
    assert f"{len(CLIP)} bytes, and the service takes at most {most}" in error.message
    assert io.sendings == []
    io = VirtualIO(Service(max_bytes=len(CLIP)), [Incoming(204)])
    assert upload(io, clip) == "ast_1"


def test_a_file_that_changes_is_not_sent_to_its_end(clip: Path) -> None:
    def change(sending: Sending) -> TransportFailure:
        clip.write_bytes(CLIP[::-1])
        return reset()

    io = VirtualIO(Service(), change)
    error = failed(io, clip, SourceChangedError)
    assert "changed" in error.message
    assert len(io.sendings) == 1


def test_a_file_that_shrinks_while_it_is_sent_is_noticed(clip: Path) -> None:
    source = open_path(clip, "video")[0]
    form = PresignedForm(tuple(FIELDS.items())).body(source, "video/mp4")
    pieces = read(form, 100_000)
    sent = [next(pieces) for _ in range(12)]
    clip.write_bytes(CLIP[:1000])
    with pytest.raises(SourceFailed) as caught:
        sent.extend(pieces)
    assert caught.value.changed
    assert sum(map(len, sent)) < form.size


def test_progress_is_the_files(clip: Path) -> None:
    told: list[tuple[int, int]] = []
    io = VirtualIO(Service(), [reset(), Incoming(204)])
    upload(io, clip, on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(CLIP), len(CLIP))
    assert told == sorted(set(told))
    assert len(told) >= 3


@given(st.integers(0, 5_000), st.integers(1, 3_000), st.integers(0, 60))
def test_progress_never_leaves_the_files_bounds(size: int, step: int, length: int) -> None:
    source = BytesSource(b"x" * size)
    body = PresignedForm((("policy", "p" * length),)).body(source, "audio/wav")
    told: list[tuple[int, int]] = []
    report = of_the_file(body, source, lambda done, total: told.append((done, total)))
    for sent in [*range(0, body.size, step), body.size]:
        report(sent, body.size)
    assert [total for _, total in told] == [size] * len(told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (size, size)
    assert all(0 <= done <= size for done, _ in told)


def test_a_form_is_read_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    form = PresignedForm(tuple(FIELDS.items())).body(open_path(path, "video")[0], "video/mp4")
    tracemalloc.start()
    total = sum(len(piece) for piece in read(form))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == form.size > 200 << 20
    assert most < 8 << 20


def test_a_stream_that_cannot_be_rewound_is_no_part_of_a_form() -> None:
    pipe = FileSource(io.BytesIO(b"picture"), 7, None)
    form = Slot("ast_1", "https://uploads.example.com/1", PresignedForm(())).request(pipe, "video/mp4", None)
    assert form.body is not None
    with pytest.raises(SourceFailed, match="cannot be rewound"):
        list(read(form.body))
    assert not pipe.used


def test_a_slots_secrets_are_in_no_repr() -> None:
    slot = Slot("ast_1", "https://uploads.example.com/1?s=geheim", PresignedForm((("x-amz-signature", "geheim"),)))
    assert "geheim" not in repr(slot)
