"""Uploads: signed, dated, whole or not at all."""

from __future__ import annotations

import hashlib
import socket
import tracemalloc
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from tests.emulator.support import VIDEO, Api, error_of, put, store_error_of
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 24 * 3600


def test_an_upload_is_kept_as_it_was_sent(api: Api) -> None:
    asset_id, url = api.open_upload("video/webm")
    assert url.startswith(api.emu.url)
    data = bytes(range(256)) * 5000
    answer = put(url, data, content_type="video/webm")
    assert answer.status_code == 200
    asset = api.emu.asset(asset_id)
    assert asset is not None
    assert (asset.size, asset.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert asset.content_type == "video/webm"


def test_the_body_of_the_request_is_optional(api: Api) -> None:
    answer = api.http.post("/v2/assets")
    assert answer.status_code == 201
    assert put(answer.json()["upload_url"], b"x", content_type="anything/else").status_code == 200
    assert error_of(api.post("/v2/assets", {"content_type": 5})) == (400, "invalid_request")


def test_a_second_upload_replaces_the_first(api: Api) -> None:
    asset_id, url = api.open_upload()
    for data in (b"first", b"second one"):
        assert put(url, data).status_code == 200
    asset = api.emu.asset(asset_id)
    assert asset is not None
    assert asset.sha256 == hashlib.sha256(b"second one").hexdigest()
    assert asset.path is not None
    assert [path.name for path in asset.path.parent.iterdir()] == [asset.path.name]


def test_what_the_store_refuses(api: Api) -> None:
    asset_id, url = api.open_upload()
    assert store_error_of(put(url, b"x", content_type="video/webm")) == (403, "SignatureDoesNotMatch")
    assert store_error_of(httpx.put(url, content=b"x", verify=False)) == (403, "SignatureDoesNotMatch")
    assert store_error_of(put(url, iter([b"x"]))) == (411, "MissingContentLength")
    assert store_error_of(put(url, b"x", authorization="Bearer sk-1")) == (400, "InvalidArgument")
    base, _, query = url.partition("?")
    assert store_error_of(put(base, b"x")) == (403, "SignatureDoesNotMatch")
    assert store_error_of(put(url[:-1] + ("0" if url[-1] != "0" else "1"), b"x")) == (403, "SignatureDoesNotMatch")
    assert store_error_of(put(f"{base}?{query.replace('signature=', 'signature=é')}", b"x"))[0] == 403
    later = query.replace("expires=", "expires=9")
    assert store_error_of(put(f"{base}?{later}", b"x")) == (403, "SignatureDoesNotMatch")
    _, other = api.open_upload()
    assert store_error_of(put(f"{urlsplit(other)._replace(query=query).geturl()}", b"x"))[0] == 403
    asset = api.emu.asset(asset_id)
    assert asset is not None
    assert asset.path is None


def test_an_upload_url_lives_15_minutes(api: Api) -> None:
    _, url = api.open_upload()
    api.emu.clock.advance(14 * 60)
    assert put(url, b"x").status_code == 200
    api.emu.clock.advance(61)
    assert store_error_of(put(url, b"x")) == (403, "AccessDenied")


def test_an_asset_lives_a_day_and_belongs_to_its_key(api: Api, short_clip: Path) -> None:
    video = api.upload(short_clip.read_bytes())
    request = {"video": video, "duration_ms": 1000}
    with Api(api.emu, "sk-other") as other:
        assert error_of(other.post(f"{VIDEO}/jobs", request)) == (422, "invalid_asset")
    assert api.post(f"{VIDEO}/jobs", request).status_code == 202
    api.emu.clock.advance(DAY + 1)
    assert error_of(api.post(f"{VIDEO}/jobs", request)) == (422, "invalid_asset")
    assert api.emu.asset(video["asset_id"]) is None


def test_an_asset_without_its_bytes_is_no_video(api: Api) -> None:
    asset_id, _ = api.open_upload()
    answer = api.post(f"{VIDEO}/jobs", {"video": {"type": "asset", "asset_id": asset_id}, "duration_ms": 1000})
    assert error_of(answer) == (422, "invalid_asset")
    assert "nothing has been uploaded" in answer.json()["error"]["message"]


def test_half_an_upload_leaves_nothing(api: Api) -> None:
    asset_id, url = api.open_upload()
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as wire:
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Type: video/mp4\r\n"
        wire.sendall(head.encode() + b"Content-Length: 90\r\n\r\nonly this")
        until(lambda: api.emu.requests[-1].body_bytes == 9)
    folder = api.emu._state.disk.folder
    until(lambda: not list(folder.iterdir()))
    asset = api.emu.asset(asset_id)
    assert asset is not None
    assert asset.path is None


def test_an_asset_that_expires_while_it_is_uploaded(api: Api) -> None:
    _, url = api.open_upload()

    def chunks() -> Iterator[bytes]:
        yield b"1"
        until(lambda: api.emu.requests[-1].body_bytes == 1)
        api.emu.clock.advance(DAY + 1)
        yield b"2"

    assert store_error_of(put(url, chunks(), content_length="2")) == (404, "NoSuchKey")
    assert list(api.emu._state.disk.folder.iterdir()) == []


def test_a_large_upload_takes_little_memory(api: Api) -> None:
    asset_id, url = api.open_upload()
    chunk = bytes(1 << 18)
    size = 24 << 20

    def chunks() -> Iterator[bytes]:
        for _ in range(size // len(chunk)):
            yield chunk

    tracemalloc.start()
    try:
        assert put(url, chunks(), content_length=str(size)).status_code == 200
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    asset = api.emu.asset(asset_id)
    assert asset is not None
    assert asset.size == size
    assert peak < 8 << 20


def test_caps_on_size_and_disk(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    _, url = api.open_upload()
    monkeypatch.setattr("mirelo_ergo.emulator.blobs.MAX_UPLOAD", 10)
    assert store_error_of(put(url, bytes(11))) == (413, "EntityTooLarge")
    assert put(url, bytes(10)).status_code == 200
    monkeypatch.setattr("mirelo_ergo.emulator.disk.MAX_DISK", 15)
    assert store_error_of(put(url, bytes(10))) == (500, "server_error")
