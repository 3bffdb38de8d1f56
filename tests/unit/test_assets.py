"""One upload serves many generations: kept by account, address and the very bytes, as long as the service keeps it."""

from __future__ import annotations

import asyncio
import io as files
import os
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from mirelo_ergo import AsyncMireloClient, MireloClient, Video, VideoError
from mirelo_ergo._runtime.transfer.assets import AssetCache
from tests.support import answers
from tests.support.virtual import KEY, Incoming, VirtualIO, body_of, client_over

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mirelo_ergo._runtime.io.protocol import Reply, Request

MP4 = b"\x00\x00\x00\x14ftypisom" + bytes(500)
HOUR = 3600.0


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(MP4)
    return path


class Service:
    """Give out assets, take jobs for those it knows, and count."""

    def __init__(self) -> None:
        self.assets = 0
        self.known: set[str] = set()
        self.used: list[str] = []
        self.io = VirtualIO(self, lambda _: Incoming(200))

    def __call__(self, request: Request) -> Reply:
        if request.path == "/v2/assets":
            self.assets += 1
            self.known.add(f"ast_{self.assets}")
            return answers.asset(f"ast_{self.assets}", f"https://uploads.example.com/{self.assets}")
        asset_id = body_of(request).decode().split('"asset_id":"')[1].split('"')[0]
        if asset_id not in self.known:
            return answers.problem(422, "invalid_asset")
        self.used.append(asset_id)
        return answers.result() if request.path.endswith("/sync") else answers.accepted()


def submit(client: MireloClient, video: Any) -> None:
    client.video_to_sfx(video, duration_ms=2000).submit_job()


SOURCES: list[Callable[[Path], Any]] = [
    lambda clip: Video.from_path(clip),
    lambda clip: Video.from_bytes(MP4),
]


@pytest.mark.parametrize("make", SOURCES)
def test_one_upload_serves_many_submits_of_a_video(make: Callable[[Path], Any], clip: Path) -> None:
    service = Service()
    client = client_over(service.io)
    video = make(clip)
    for _ in range(3):
        submit(client, video)
    assert service.used == ["ast_1"] * 3
    assert len(service.io.sendings) == 1


def test_one_upload_of_an_open_file_serves_many_submits(clip: Path) -> None:
    service = Service()
    client = client_over(service.io)
    with clip.open("rb") as file:
        video = Video.from_file(file)
        for _ in range(3):
            submit(client, video)
    assert service.used == ["ast_1"] * 3


def test_what_is_in_memory_and_can_change_is_uploaded_each_time() -> None:
    service = Service()
    client = client_over(service.io)
    file = files.BytesIO(MP4)
    video = Video.from_file(file)
    submit(client, video)
    file.seek(100)
    file.write(b"other bytes")  # of the same length in all: nothing but the bytes themselves could tell
    submit(client, video)
    file.seek(0, 2)
    file.write(b"and more")
    submit(client, video)
    assert service.used == ["ast_1", "ast_2", "ast_3"]
    assert [sending.body for sending in service.io.sendings][1:] == [file.getvalue()[: len(MP4)], file.getvalue()]


def test_a_file_that_was_rewritten_with_its_time_restored_is_uploaded_again(clip: Path) -> None:
    service = Service()
    client = client_over(service.io)
    before = clip.stat()
    submit(client, clip)
    with clip.open("r+b") as file:
        file.seek(100)
        file.write(b"other bytes")
    os.utime(clip, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert clip.stat().st_mtime_ns == before.st_mtime_ns
    submit(client, clip)
    assert service.used == ["ast_1", "ast_2"]
    assert service.io.sendings[1].body == clip.read_bytes()


def test_a_path_given_again_is_the_same_upload(clip: Path) -> None:
    service = Service()
    client = client_over(service.io)
    submit(client, clip)
    submit(client, str(clip))
    assert service.used == ["ast_1"] * 2


def test_nothing_is_uploaded_before_the_submit_nor_for_a_url(clip: Path) -> None:
    service = Service()
    client = client_over(service.io)
    client.video_to_sfx(clip, duration_ms=2000)
    assert service.io.calls == []
    io = VirtualIO([answers.accepted()])
    submit(client_over(io), "https://media.example.com/a.mp4")
    assert io.requests == ["POST /v2/video-to-sfx/v1.5/jobs"]
    assert b'"video":{"type":"url","video_url":"https://media.example.com/a.mp4"}' in body_of(io.calls[0].request)


def test_what_was_uploaded_beforehand_leaves_nothing_but_the_request_to_the_submit(clip: Path) -> None:
    service = Service()
    client = client_over(service.io)
    request = client.video_to_sfx(clip, duration_ms=2000)
    for _ in range(2):
        request.upload()
    assert len(service.io.sendings) == service.assets == 1
    before = len(service.io.requests)
    request.submit_job()
    assert service.io.requests[before:] == ["POST /v2/video-to-sfx/v1.5/jobs"]
    assert service.used == ["ast_1"]
    client.video_to_sfx("https://media.example.com/a.mp4", duration_ms=2000).upload()
    client.text_to_sfx("rain").upload()
    assert service.assets == 1


def test_a_changed_file_is_uploaded_anew(clip: Path) -> None:
    service = Service()
    client = client_over(service.io)
    video = Video.from_path(clip)
    submit(client, video)
    clip.write_bytes(MP4 + b"more")
    submit(client, video)
    submit(client, video)
    assert service.used == ["ast_1", "ast_2", "ast_2"]
    assert [len(sending.body) for sending in service.io.sendings] == [len(MP4), len(MP4) + 4]


def test_an_asset_is_kept_for_23_hours() -> None:
    service = Service()
    client = client_over(service.io)
    video = Video.from_bytes(MP4)
    submit(client, video)
    service.io.clock += 23 * HOUR - 60
    service.io.wall_jump = 1e9
    submit(client, video)
    service.io.clock += 120
    submit(client, video)
    assert service.used == ["ast_1", "ast_1", "ast_2"]


def test_another_account_address_or_type_is_another_upload(clip: Path) -> None:
    service = Service()
    video = Video.from_bytes(MP4)
    first = client_over(service.io)
    elsewhere = client_over(service.io, base_url="https://eu.example.com")
    another = client_over(service.io)
    another._core.runtime.secret = MireloClient("sk-test-another")._core.runtime.secret
    for client in (first, elsewhere, another, first):
        submit(client, video)
    assert service.used == ["ast_1", "ast_2", "ast_3", "ast_1"]
    typed = Video.from_path(clip, content_type="video/quicktime")
    submit(first, Video.from_path(clip))
    submit(first, typed)
    assert service.used[-2:] == ["ast_4", "ast_5"]


@pytest.mark.parametrize("face", ["job", "sync"])
def test_an_asset_the_service_has_dropped_is_uploaded_once_more(face: str) -> None:
    service = Service()
    client = client_over(service.io)
    video = Video.from_bytes(MP4)
    submit(client, video)
    service.known.clear()
    request = client.video_to_sfx(video, duration_ms=2000)
    if face == "job":
        request.submit_job()
    else:
        request.sync_i_accept_http_timeout_risk()
        keys = [call.request.headers for call in service.io.calls if "/sync" in call.request.path]
        assert len(keys) == 2  # one was refused for certain, and each call has one key
        assert len(set(keys)) == 1
    assert service.used == ["ast_1", "ast_2"]
    submit(client, video)
    assert service.used[-1] == "ast_2"


def test_a_fresh_asset_that_is_not_known_is_an_error() -> None:
    io = VirtualIO(
        [answers.asset(), answers.problem(422, "invalid_asset"), answers.asset("ast_2"), answers.accepted()],
        lambda _: Incoming(200),
    )
    with pytest.raises(VideoError) as caught:
        submit(client_over(io), Video.from_bytes(MP4))
    assert caught.value.code == "invalid_asset"
    assert len(io.sendings) == 1


def test_another_video_error_uploads_nothing_again() -> None:
    service = Service()
    client = client_over(service.io)
    video = Video.from_bytes(MP4)
    submit(client, video)
    service.io._answer = lambda _: answers.problem(422, "invalid_video")
    with pytest.raises(VideoError):
        submit(client, video)
    assert len(service.io.sendings) == 1


def test_concurrent_submits_share_one_upload(clip: Path) -> None:
    for video in (Video.from_path(clip), Video.from_bytes(MP4), clip):
        service = Service()
        client = client_over(service.io)
        requests = [client.video_to_sfx(video, duration_ms=2000) for _ in range(10)]
        service.io.together(*(client._core.submit(each._generation, None) for each in requests))
        assert service.used == ["ast_1"] * 10
        assert len(service.io.sendings) == 1


def test_concurrent_submits_of_a_dropped_asset_share_the_new_one() -> None:
    service = Service()
    client = client_over(service.io)
    video = Video.from_bytes(MP4)
    submit(client, video)
    service.known.clear()
    requests = [client.video_to_sfx(video, duration_ms=2000) for _ in range(10)]
    service.io.together(*(client._core.submit(each._generation, None) for each in requests))
    assert service.used == ["ast_1"] + ["ast_2"] * 10
    assert len(service.io.sendings) == 2


def test_different_videos_are_uploaded_side_by_side() -> None:
    service = Service()
    client = client_over(service.io)
    requests = [client.video_to_sfx(Video.from_bytes(MP4), duration_ms=2000) for _ in range(5)]
    service.io.together(*(client._core.submit(each._generation, None) for each in requests))
    assert len(service.io.sendings) == 5
    assert service.io.clock - 1000 < 1.0


def transport() -> tuple[httpx.MockTransport, list[str]]:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url.path}")
        if request.url.path == "/v2/assets":
            return httpx.Response(201, json={"asset_id": "ast_1", "upload_url": "https://uploads.example.com/1"})
        if request.method == "PUT":
            return httpx.Response(200)
        return httpx.Response(202, json={"job_id": f"job-{len(seen)}", "estimated_ms": 1000})

    return httpx.MockTransport(handle), seen


def test_threads_share_one_upload() -> None:
    carrier, seen = transport()
    client = MireloClient(KEY, transport=carrier)
    video = Video.from_bytes(MP4)
    together = threading.Barrier(8)

    def work() -> None:
        together.wait()
        submit(client, video)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen.count("PUT /1") == 1
    assert seen.count("POST /v2/video-to-sfx/v1.5/jobs") == 8


def test_tasks_share_one_upload() -> None:
    carrier, seen = transport()
    video = Video.from_bytes(MP4)

    async def work() -> None:
        async with AsyncMireloClient(KEY, transport=carrier) as client:
            await asyncio.gather(*(client.video_to_sfx(video, duration_ms=2000).submit_job() for _ in range(8)))

    asyncio.run(work())
    assert seen.count("PUT /1") == 1
    assert seen.count("POST /v2/video-to-sfx/v1.5/jobs") == 8


def test_the_cache_is_bounded_and_the_oldest_makes_room() -> None:
    cache = AssetCache()
    for number in range(AssetCache.LARGEST + 5):
        cache.keep(f"key {number}", f"ast_{number}", 10.0)
    assert cache.get("key 4", 5.0) is None
    assert cache.get("key 5", 5.0) == "ast_5"
    assert cache.get(f"key {AssetCache.LARGEST + 4}", 5.0) == f"ast_{AssetCache.LARGEST + 4}"
    assert cache.get("key 5", 10.0) is None
    cache.forget("key 5", "another")
    assert cache.get("key 5", 5.0) == "ast_5"
    cache.forget("key 5", "ast_5")
    cache.forget("key 5", "ast_5")
    assert cache.get("key 5", 5.0) is None
