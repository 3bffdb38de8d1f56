"""Sources by URL where the service takes uploaded files only: fetched here with `fetch_urls=True`, else refused."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from mirelo_ergo import AsyncMireloClient, Audio, InvalidRequestError, MireloClient, UploadError, Video
from mirelo_ergo.emulator import Emulator
from tests.contract.test_music import SCALE, scale
from tests.emulator.support import answering, sending

CLIP = (Path(__file__).parents[2] / "examples" / "clip.mp4").read_bytes()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let temporary files be where no other test has some."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def client(mirelo_emulator: Emulator) -> Iterator[MireloClient]:
    mirelo_emulator.speed = 1000
    with MireloClient(
        mirelo_emulator.key, base_url=mirelo_emulator.url, model="sfx-2.0", fetch_urls=True, retries=0
    ) as client:
        yield client


def test_a_clip_is_fetched_once_and_uploaded(mirelo_emulator: Emulator, client: MireloClient, temporary: Path) -> None:
    asked: list[dict[str, str]] = []

    def respond(handler: BaseHTTPRequestHandler) -> None:
        asked.append({name.lower(): value for name, value in handler.headers.items()})
        sending(CLIP, headers={"Content-Type": "video/mp4"})(handler)

    with answering(respond) as media:
        request = client.video_to_sfx(f"{media}/clip.mp4?signature=abc", duration_ms=1000)
        assert mirelo_emulator.requests == [], "nothing is fetched before it is needed"
        assert request.preflight().credits == 10
        assert len(request.run().result_urls) == 1
        client.video_to_music(f"{media}/clip.mp4?signature=abc", duration_ms=1000).submit_job()
    assert len(asked) == 1, "one fetch serves preflight and create, and v2 and v3"
    assert not {"authorization", "cookie"} & set(asked[0])
    assert sum(seen.path == "/store/forms" for seen in mirelo_emulator.requests) == 1
    assert not list(temporary.glob("mirelo-ergo-*")), "the copy is removed"


def test_a_sound_is_heard_from_its_url(mirelo_emulator: Emulator) -> None:
    mirelo_emulator.speed = 1000

    async def use(media: str) -> list[int]:
        async with AsyncMireloClient(mirelo_emulator.key, base_url=mirelo_emulator.url, fetch_urls=True) as client:
            await client.detect_instruments(f"{media}/scale.wav")
            result = await client.audio_to_midi(Audio.from_url(f"{media}/scale.wav")).run()
            return [note.pitch for note in result.notes]

    with answering(sending(scale(), headers={"Content-Type": "audio/wav"})) as media:
        assert asyncio.run(use(media)) == list(SCALE)


def redirect(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://127.0.0.1:1/inner")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.mark.parametrize(
    "respond",
    [
        sending(b"<html>log in</html>", headers={"Content-Type": "text/html"}),
        sending(b"", 404),
        sending(b'{"error": "no"}', headers={"Content-Type": "video/mp4"}),
        redirect,
    ],
    ids=["a page", "nothing", "JSON", "a redirect"],
)
def test_what_is_no_clip_is_not_uploaded(
    mirelo_emulator: Emulator,
    client: MireloClient,
    respond: Callable[[BaseHTTPRequestHandler], None],
    temporary: Path,
) -> None:
    with answering(respond) as media, pytest.raises(UploadError, match=r"^video: .*nothing was submitted$") as caught:
        client.video_to_sfx(f"{media}/clip.mp4?signature=geheim", duration_ms=1000).submit_job()
    assert "geheim" not in str(caught.value)
    assert mirelo_emulator.requests == []
    assert not list(temporary.glob("mirelo-ergo-*"))


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/meta-data", "https://10.0.0.1/clip.mp4", "https://u:p@example.com/a.mp4"]
)
def test_no_url_leads_inside(url: str) -> None:
    with (
        MireloClient("sk-x", base_url="https://93.184.216.34", model="sfx-2.0", fetch_urls=True, retries=0) as client,
        pytest.raises(UploadError, match="nothing was submitted"),
    ):
        client.video_to_sfx(url, duration_ms=1000).submit_job()


@pytest.mark.parametrize(
    "call",
    [
        lambda c: c.video_to_sfx("https://media.example.com/a.mp4", duration_ms=1000, model="sfx-2.0"),
        lambda c: c.extend_audio("https://media.example.com/a.wav", append_duration_ms=1000, model="sfx-1.6"),
        lambda c: c.inpaint_audio(
            Audio.from_bytes(b"RIFF\x48\0\0\0WAVEfmt " + bytes(64)),
            segment=(1000, 2000),
            video="https://media.example.com/a.mp4",
            model="sfx-1.6",
        ),
        lambda c: c.video_to_music(Video.from_url("https://media.example.com/a.mp4"), duration_ms=1000),
        lambda c: c.audio_to_midi("https://media.example.com/a.wav"),
        lambda c: c.detect_instruments("https://media.example.com/a.wav"),
    ],
)
def test_without_leave_no_url_is_fetched(mirelo_emulator: Emulator, mirelo_client: MireloClient, call: Any) -> None:
    with pytest.raises(InvalidRequestError, match="this is a URL, and the service takes uploaded files only") as caught:
        call(mirelo_client)
    assert "fetch_urls=True" in caught.value.message
    assert caught.value.field in ("video", "audio")
    assert mirelo_emulator.requests == []
