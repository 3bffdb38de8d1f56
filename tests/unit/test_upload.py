"""Uploads over a virtual far side: replayed from the first byte, a fresh URL once, never half of two files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from mirelo_ergo import MireloError, NetworkError, SourceChangedError, UploadError, Video
from mirelo_ergo._runtime.io.protocol import ExternalRefused, TransportFailure
from tests.support import answers
from tests.support.virtual import KEY, Incoming, Sending, Streamed, VirtualIO, body_of, client_over

if TYPE_CHECKING:
    from pathlib import Path

    from mirelo_ergo._runtime.io.deadline import TimeLimit
    from mirelo_ergo._runtime.io.protocol import ExternalRequest, Reply, Request

MP4 = b"\x00\x00\x00\x14ftypisom" + bytes(range(256)) * 8000  # 2 MB: three pieces


class Service:
    """Give out assets with upload URLs, and take jobs."""

    def __init__(self) -> None:
        self.assets = 0

    def __call__(self, request: Request) -> Reply:
        if request.path == "/v2/assets":
            self.assets += 1
            return answers.asset(f"ast_{self.assets}", f"https://uploads.example.com/{self.assets}?signature=abc")
        return answers.accepted()


def taken() -> Incoming:
    return Incoming(200, {}, [b"ok"])


def submit(io: VirtualIO, video: Video | None = None, **options: Any) -> None:
    client_over(io, **options).video_to_sfx(video or Video.from_bytes(MP4), duration_ms=2000).submit_job()


def failed(io: VirtualIO, cls: type[MireloError] = UploadError, video: Video | None = None) -> MireloError:
    with pytest.raises(cls) as caught:
        submit(io, video)
    assert not any(request.startswith("POST /v2/video-to-sfx") for request in io.requests)
    assert "nothing was submitted" in caught.value.message
    assert "signature" not in f"{caught.value} {caught.value!r}"
    return caught.value


def test_the_bytes_go_to_the_signed_url_with_their_type_and_nothing_else() -> None:
    io = VirtualIO(Service(), [taken()])
    submit(io)
    (sending,) = io.sendings
    assert (sending.request.method, sending.request.url) == ("PUT", "https://uploads.example.com/1?signature=abc")
    assert sending.request.headers == {"Content-Type": "video/mp4"}
    assert sending.body == MP4
    assert KEY not in repr(sending.request)
    assert io.requests == ["POST /v2/assets", "POST /v2/video-to-sfx/v1.5/jobs"]
    assert io.calls[0].request.body == b'{"content_type":"video/mp4"}'


TROUBLES: list[Any] = [answers.reset(), answers.refused(), Incoming(500), Incoming(503), Incoming(429), Incoming(408)]
TROUBLES += [TransportFailure("network", "partial", "WriteError"), TransportFailure("timeout", "partial", "timeout")]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_attempt_sends_all_of_it_from_the_start(trouble: Any) -> None:
    io = VirtualIO(Service(), [trouble, trouble, trouble, taken()])
    submit(io)
    assert [sending.body == MP4 for sending in io.sendings] == [True] * 4
    assert len(io.sleeps) == 3
    assert io.requests.count("POST /v2/assets") == 1


def test_four_attempts_are_all() -> None:
    io = VirtualIO(Service(), lambda _: answers.reset())
    error = failed(io)
    assert len(io.sendings) == 4
    assert isinstance(error.__cause__, NetworkError)
    assert error.retryable
    assert error.http_status == 0
    io = VirtualIO(Service(), lambda _: Incoming(503))
    assert failed(io).http_status == 503


@pytest.mark.parametrize("status", [400, 401, 404, 409, 413, 301])
def test_a_refusal_is_final(status: int) -> None:
    io = VirtualIO(Service(), [Incoming(status)])
    error = failed(io)
    assert (error.code, error.http_status) == ("upload_failed", status)
    assert f"HTTP {status}" in error.message


@pytest.mark.parametrize("status", [403, 410])
def test_an_expired_url_is_replaced_once(status: int) -> None:
    io = VirtualIO(Service(), [Incoming(status), taken()])
    submit(io)
    assert [sending.request.url[:29] for sending in io.sendings] == [
        "https://uploads.example.com/1",
        "https://uploads.example.com/2",
    ]
    assert b'"ast_2"' in body_of(io.calls[-1].request)
    error = failed(VirtualIO(Service(), [Incoming(status), Incoming(status)]))
    assert "expired" in error.message


def test_retry_after_is_a_minimum_up_to_a_minute() -> None:
    io = VirtualIO(Service(), [Incoming(429, {"retry-after": "9"}), taken()])
    submit(io)
    assert io.sleeps[0] >= 9.0
    error = failed(VirtualIO(Service(), [Incoming(429, {"retry-after": "3600"})]))
    assert error.http_status == 429


def test_an_outage_of_the_upload_host_spends_the_clients_budget() -> None:
    io = VirtualIO(Service(), lambda _: Incoming(500), latency=0.0, chance=lambda: 0.0)
    client = client_over(io)
    for _ in range(40):
        with pytest.raises(UploadError):
            client.video_to_sfx(Video.from_bytes(MP4[:100]), duration_ms=2000).submit_job()
    assert len(io.sendings) <= 40 + (500 + 40) // 14  # each asset was a success, and gave 1 back
    assert client._core.runtime.budget.tokens >= 0


@pytest.mark.parametrize("failure", ["tls", "local", "proxy_refused"])
def test_what_no_attempt_mends_is_final(failure: Any) -> None:
    io = VirtualIO(Service(), [TransportFailure(failure, "no", "what it was")])
    assert "what it was" in failed(io).message


def test_a_refused_address_is_final() -> None:
    io = VirtualIO(Service(), [ExternalRefused("files.example.com is at 10.0.0.1, a private address")])
    assert "private address" in failed(io).message


def test_a_file_that_changes_between_attempts_is_not_mixed(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(MP4)

    def change(_: Sending) -> BaseException:
        clip.write_bytes(MP4 + b"more")
        return answers.reset()

    error = failed(VirtualIO(Service(), change), SourceChangedError, Video.from_path(clip))
    assert error.code == "source_changed"


def test_a_file_that_changes_under_the_last_attempt_is_noticed(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(MP4)

    def change(_: Sending) -> Incoming:
        clip.write_bytes(MP4[:-1] + b"x")
        return taken()

    failed(VirtualIO(Service(), change), SourceChangedError, Video.from_path(clip))


class Pipe(io.BytesIO):
    """A stream that cannot be rewound."""

    def seekable(self) -> bool:
        return False


def test_a_stream_that_cannot_be_rewound_goes_out_once() -> None:
    video = Video.from_file(Pipe(MP4), size=len(MP4), content_type="video/mp4")
    io = VirtualIO(Service(), [taken()])
    client = client_over(io)
    for _ in range(3):
        client.video_to_sfx(video, duration_ms=2000).submit_job()
    assert [sending.body == MP4 for sending in io.sendings] == [True]
    video = Video.from_file(Pipe(MP4), size=len(MP4), content_type="video/mp4")
    error = failed(VirtualIO(Service(), [Incoming(503)]), UploadError, video)
    assert "cannot be rewound" in error.message
    assert str(error) == error.message


def test_a_stream_that_is_shorter_than_announced_is_refused() -> None:
    video = Video.from_file(Pipe(MP4), size=len(MP4) + 1, content_type="video/mp4")
    error = failed(VirtualIO(Service()), SourceChangedError, video)
    assert "ended 1 bytes before" in error.message


@pytest.mark.parametrize("broken", [OSError(5, "Input/output error"), ValueError("closed"), RuntimeError("mine")])
def test_a_source_that_cannot_be_read_is_an_upload_error(broken: Exception) -> None:
    class Broken(Pipe):
        def read(self, size: int | None = -1, /) -> bytes:
            if not size:
                return b""
            raise broken

    video = Video.from_file(Broken(MP4), size=len(MP4), content_type="video/mp4")
    error = failed(VirtualIO(Service()), UploadError, video)
    assert str(broken.args[-1]) in error.message


def test_progress_is_told_in_bytes_and_only_forwards() -> None:
    told: list[tuple[int, int]] = []
    io = VirtualIO(Service(), [answers.reset(), taken()])
    submit(io, Video.from_bytes(MP4, on_progress=lambda sent, total: told.append((sent, total))))
    assert {total for _, total in told} == {len(MP4)}
    counts = [sent for sent, _ in told]
    assert counts == sorted(set(counts))
    assert counts[-1] == len(MP4)
    assert len(counts) >= 2


@pytest.mark.parametrize("mistake", [ValueError("mine"), OSError("mine"), KeyError("mine"), KeyboardInterrupt()])
def test_what_a_callback_raises_passes_unchanged(mistake: BaseException) -> None:
    def callback(sent: int, total: int) -> None:
        raise mistake

    io = VirtualIO(Service(), [taken()])
    with pytest.raises(type(mistake)) as caught:
        submit(io, Video.from_bytes(MP4, on_progress=callback))
    assert caught.value is mistake
    assert io.requests == ["POST /v2/assets"]


def test_bytes_are_due_from_the_first_moment() -> None:
    class Watched(VirtualIO):
        async def stream(self, request: ExternalRequest | Request, limit: TimeLimit) -> Incoming | Streamed:
            self.left = limit.clip(None)
            return await super().stream(request, limit)

    io = Watched(Service(), [taken()])
    submit(io)
    assert io.left == 30.0  # the minimum rate is due over 30 s, where silence alone may last 60


def test_a_path_is_sent_again_too(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(MP4)
    io = VirtualIO(Service(), [answers.reset(), taken()])
    submit(io, Video.from_path(clip))
    assert [sending.body == MP4 for sending in io.sendings] == [True, True]


def test_a_failed_asset_is_the_apis_own_error() -> None:
    io = VirtualIO([answers.problem(401, "unauthorized")])
    with pytest.raises(MireloError) as caught:
        submit(io)
    assert caught.value.code == "unauthorized"
    assert io.sendings == []


def test_an_answer_without_end_is_left_alone() -> None:
    endless = Incoming(200, {}, [b"x" * 4096] * 1000)
    submit(VirtualIO(Service(), [endless]))
    assert endless.closed
    assert len(endless.pieces) > 900


def test_a_success_makes_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error holds a traceback and the words for it: nothing to build for the way that everything goes well."""
    monkeypatch.setattr(
        "mirelo_ergo._runtime.transfer.upload.UploadError", lambda *_, **__: pytest.fail("an error was made")
    )
    submit(VirtualIO(Service(), [Incoming(503), taken()]))


def test_no_more_of_a_refusal_is_read_than_it_takes() -> None:
    said = b"<Error><Code>EntityTooLarge</Code><Message>Your upload is too large.</Message></Error>"
    refusal = Incoming(413, {}, [said, *[b" " * (64 << 10)] * 1000])
    assert "EntityTooLarge: Your upload is too large." in failed(VirtualIO(Service(), [refusal])).message
    assert len(refusal.pieces) == 999
    cut = Incoming(413, {}, [said, answers.reset()])
    assert "EntityTooLarge" in failed(VirtualIO(Service(), [cut])).message


def test_a_store_that_names_its_reason_does_not_see_the_file_twice() -> None:
    body = b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"
    io = VirtualIO(Service(), [Incoming(403, {}, [body])])
    error = failed(io)
    assert "RequestTimeTooSkewed: The difference is too large." in error.message
    assert io.requests == ["POST /v2/assets"]
