"""Model v1.6 over real sockets: loops from words, and words beside a clip, through both clients."""

from __future__ import annotations

import asyncio
import io
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mirelo_ergo import AsyncMireloClient, ConfigurationError, CostLimitError, JobProcessing, MireloClient
from mirelo_ergo.emulator import Emulator, running

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIP = Path(__file__).parents[2] / "examples" / "clip.mp4"


@pytest.fixture(scope="module")
def emu() -> Iterator[Emulator]:
    with running(speed=50, seed=16) as emulator:
        yield emulator


def length_ms(data: bytes) -> int:
    with wave.open(io.BytesIO(data)) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (48_000, 2)
        return int(sound.getnframes() * 1000 / sound.getframerate())


def test_a_loop_from_words(emu: Emulator, tmp_path: Path) -> None:
    with MireloClient(emu.key, base_url=emu.url, model="v1.6") as client:
        request = client.text_to_sfx("waves", duration_ms=3000, num_samples=2, loop=True)
        cost = request.preflight().credits
        before = client.me().credits_available
        job = request.submit_job()
        assert job.job_url == f"/v2/text-to-sfx/v1.6/jobs/{job.job_id}"
        result = job.wait()
        assert client.me().credits_available == before - cost
        paths = result.download(tmp_path)
    assert [length_ms(path.read_bytes()) for path in paths] == [3000, 3000]
    assert [sound.url for sound in result.audio] == result.result_urls


def test_a_result_is_not_fetched_with_a_closed_client(emu: Emulator, tmp_path: Path) -> None:
    with MireloClient(emu.key, base_url=emu.url) as client:
        result = client.text_to_sfx("rain", duration_ms=1000).run()
    for fetch in (result.bytes, lambda: result.download(tmp_path)):
        with pytest.raises(ConfigurationError, match="this client is closed"):
            fetch()
    assert list(tmp_path.iterdir()) == []


def test_words_beside_a_clip(emu: Emulator) -> None:
    with MireloClient(emu.key, base_url=emu.url) as client:
        request = client.video_to_sfx(CLIP, duration_ms=2000, start_offset_ms=500, prompt="boots", model="v1.6")
        job = request.submit_job()
        (data,) = job.wait().bytes()
    assert length_ms(data) == 2000
    assert job.token.startswith("mirelo1:video-to-sfx:v1.6:")


def test_both_through_the_asynchronous_client(emu: Emulator) -> None:
    async def both() -> list[bytes]:
        async with AsyncMireloClient(emu.key, base_url=emu.url, model="v1.6") as client:
            loop = client.text_to_sfx("waves", duration_ms=3000, loop=True)
            clip = client.video_to_sfx(CLIP, duration_ms=1000, prompt="boots")
            results = await asyncio.gather(loop.run(), clip.sync_i_accept_http_timeout_risk())
            return [data for result in results for data in await result.bytes()]

    assert [length_ms(data) for data in asyncio.run(both())] == [3000, 1000]


def test_a_longer_sound_than_v15_makes_is_a_job_like_any_other(emu: Emulator) -> None:
    with MireloClient(emu.key, base_url=emu.url) as client:
        job = client.text_to_sfx("rain", duration_ms=60_000, model="v1.6").submit_job()
        assert isinstance(job.status(), JobProcessing)
    with MireloClient(emu.key, base_url=emu.url) as other:
        (data,) = other.job(job.token).wait().bytes()
    assert length_ms(data) == 60_000


def test_the_cost_guard_asks_the_models_own_preflight(emu: Emulator) -> None:
    with (
        MireloClient(emu.key, base_url=emu.url, max_credits=299, model="v1.6") as client,
        pytest.raises(CostLimitError, match=r"text-to-sfx v1\.6: it would cost 300 credits"),
    ):
        client.text_to_sfx("rain", duration_ms=30_000).submit_job()
