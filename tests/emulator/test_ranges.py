"""A clip's URL is read as the service reads it: the first 128 KB, then the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from mirelo_ergo.emulator import running
from tests.emulator.sounds import EXTEND
from tests.emulator.support import VIDEO, Api, answering, error_of, fetch, sending

FIRST = 128 << 10


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running(speed=1000) as emulator, Api(emulator) as client:
        yield client


@pytest.fixture(scope="module")
def padded(short_clip: Path) -> bytes:
    """A clip of over 128 KB, most of it a box that says it is free."""
    return short_clip.read_bytes() + (FIRST + 8).to_bytes(4) + b"free" + bytes(FIRST)


class Server:
    """Answer ranges of some bytes, at most `most` at a time, and remember which were asked for."""

    def __init__(self, data: bytes, most: int = 1 << 30, told: str = "bytes {}-{}/{}") -> None:
        self.data, self.most, self.told = data, most, told
        self.asked: list[str | None] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.headers["range"])
        found = re.fullmatch("bytes=([0-9]+)-([0-9]*)", handler.headers["range"] or "")
        assert found is not None
        first = int(found[1])
        last = min(int(found[2] or len(self.data)) + 1, first + self.most, len(self.data))
        headers = {"Content-Range": self.told.format(first, last - 1, len(self.data))} if self.told else {}
        sending(self.data[first:last], 206, headers)(handler)


def ask(api: Api, server: Server) -> tuple[int, str]:
    with answering(server) as base:
        answer = api.post(f"{VIDEO}/jobs", {"video": {"type": "url", "video_url": f"{base}/c"}, "duration_ms": 1000})
    return (202, "") if answer.status_code == 202 else error_of(answer)


def test_the_first_128_kb_come_first(api: Api, padded: bytes) -> None:
    server = Server(padded)
    with answering(server) as base:
        body = {"video": {"type": "url", "video_url": f"{base}/c"}, "duration_ms": 1000}
        (by_url,) = api.results(VIDEO, **body)
        (by_asset,) = api.results(VIDEO, video=api.upload(padded), duration_ms=1000)
    assert server.asked == [f"bytes=0-{FIRST - 1}", f"bytes={FIRST}-"]
    assert fetch(by_url).content == fetch(by_asset).content, "the same clip, so the same sound"


def test_a_short_clip_takes_one_request(api: Api, short_clip: Path) -> None:
    server = Server(short_clip.read_bytes())
    assert ask(api, server) == (202, "")
    assert len(server.asked) == 1


def test_smaller_pieces_than_asked_for_are_put_together(api: Api, short_clip: Path) -> None:
    data = short_clip.read_bytes()
    assert ask(api, Server(data, most=len(data) // 2 + 1)) == (202, "")
    assert ask(api, Server(data, most=100)) == (400, "video_url_unreachable")


@pytest.mark.parametrize("told", ["", "bytes 1-2/3", "bytes {}-{}/*", "items {}-{}/{}"])
def test_a_piece_has_to_say_which_one_it_is(api: Api, short_clip: Path, told: str) -> None:
    assert ask(api, Server(short_clip.read_bytes(), told=told)) == (400, "video_url_unreachable")


def test_a_server_that_changes_its_mind_is_read_from_the_start(api: Api, padded: bytes) -> None:
    server = Server(padded)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        (sending(padded) if server.asked else server)(handler)

    with answering(answer) as base:
        body = {"video": {"type": "url", "video_url": f"{base}/c"}, "duration_ms": 1000}
        (by_url,) = api.results(VIDEO, **body)
        (by_asset,) = api.results(VIDEO, video=api.upload(padded), duration_ms=1000)
    assert fetch(by_url).content == fetch(by_asset).content


def test_of_a_sound_nothing_is_known(api: Api) -> None:
    """The contract tells of ranges for clips only, so a sound is asked for whole."""
    asked: list[str | None] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers["range"])
        sending(b"no sound")(handler)

    with answering(answer) as base:
        audio = {"type": "url", "audio_url": f"{base}/s"}
        refused = api.post(f"{EXTEND}/jobs", {"audio": audio, "append_duration_ms": 1000})
    assert error_of(refused) == (400, "audio_format_unsupported")
    assert asked == [None]
