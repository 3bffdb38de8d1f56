"""Model v1.6 over real sockets and through both clients: loops, words beside a clip, sounds continued and mended."""

from __future__ import annotations

import asyncio
import io
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mirelo_ergo import (
    AsyncMireloClient,
    Audio,
    AudioError,
    ConfigurationError,
    CostLimitError,
    InvalidRequestError,
    JobProcessing,
    MireloClient,
    VideoError,
)
from mirelo_ergo.emulator import Emulator, running
from scripts.make_clip import IMPACTS_MS
from tests.emulator.sounds import encoded, noise, wav_bytes
from tests.emulator.support import loudest_onsets, read_wav

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

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
    assert job.token.startswith("mirelo2:video-to-sfx:v1.6:")


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


# --- sounds that are continued and mended ----------------------------------------------------------------------------

SENT = noise(3200)
SOUND = wav_bytes(SENT)


def made(emu: Emulator, call: Callable[[Any], Any], run: str = "run") -> NDArray[np.int16]:
    """Make one request with each client, which upload what they need; equal asks sound equal."""
    with MireloClient(emu.key, base_url=emu.url) as client:
        (plain,) = getattr(call(client), run)().bytes()

    async def awaited() -> bytes:
        async with AsyncMireloClient(emu.key, base_url=emu.url) as client:
            (data,) = await (await getattr(call(client), run)()).bytes()
            return bytes(data)

    assert asyncio.run(awaited()) == plain
    return read_wav(plain)


@pytest.mark.parametrize("run", ["run", "sync_i_accept_http_timeout_risk"])
def test_an_extension_begins_with_the_sound(emu: Emulator, run: str) -> None:
    sound = made(
        emu, lambda client: client.extend_audio(Audio.from_bytes(SOUND), append_duration_ms=1500, prompt="rain"), run
    )
    assert len(sound) == (3200 + 1500) * 48
    assert np.array_equal(sound[: len(SENT)], SENT)
    new = sound[len(SENT) :].astype(int)
    assert np.sqrt((new**2).mean()) > 1000
    assert np.abs(new[-1]).max() < 100


def test_an_extension_can_be_a_loop(emu: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "rain.wav"
    path.write_bytes(SOUND)
    sound = made(emu, lambda client: client.extend_audio(path, append_duration_ms=2000, loop=True))
    assert len(sound) == (3200 + 2000) * 48
    assert np.array_equal(sound[: len(SENT)], SENT)
    assert np.abs(sound[-1].astype(int) - sound[0]).max() <= 1


def test_an_extension_fits_a_clip(emu: Emulator) -> None:
    def call(client: Any) -> Any:
        audio = Audio.from_bytes(SOUND)
        return client.extend_audio(audio, append_duration_ms=2200, video=CLIP, start_offset_ms=500)

    sound = made(emu, call)
    assert len(sound) == (3200 + 2200) * 48
    assert np.array_equal(sound[: len(SENT)], SENT)
    shown = [ms - 500 - 3200 for ms in IMPACTS_MS if 50 < ms - 500 - 3200 < 2150]
    assert len(shown) > 1
    onsets = loudest_onsets(sound[len(SENT) + 960 :], len(shown))
    assert onsets == pytest.approx([ms - 20 for ms in shown], abs=50)


@pytest.mark.parametrize("video", [None, CLIP])
def test_inpainting_leaves_the_rest_alone(emu: Emulator, video: Path | None, tmp_path: Path) -> None:
    path = tmp_path / "rain.flac"
    path.write_bytes(encoded(SENT, "flac", "flac"))
    sound = made(emu, lambda client: client.inpaint_audio(path, segment=(1234, 2617), video=video, prompt="thunder"))
    begin, end = 1234 * 48, 2617 * 48
    assert len(sound) == len(SENT)
    assert np.array_equal(sound[:begin], SENT[:begin])
    assert np.array_equal(sound[end:], SENT[end:])
    assert (sound[begin + 960 : end - 960] != SENT[begin + 960 : end - 960]).mean() > 0.9


def test_a_result_is_the_next_calls_sound(emu: Emulator) -> None:
    def mended(first: bytes, second: bytes, third: bytes) -> None:
        one, two, three = map(read_wav, (first, second, third))
        assert [len(each) for each in (one, two, three)] == [3000 * 48, 4000 * 48, 4000 * 48]
        assert np.array_equal(two[: len(one)], one)
        outside = np.r_[: 2500 * 48, 3500 * 48 : 4000 * 48]
        assert np.array_equal(three[outside], two[outside])
        assert not np.array_equal(three, two)

    with MireloClient(emu.key, base_url=emu.url) as client:
        first = client.text_to_sfx("rain", duration_ms=3000).run()
        second = client.extend_audio(first.audio[0], append_duration_ms=1000).run()
        third = client.inpaint_audio(second.audio[0], segment=(2500, 3500)).run()
        mended(*(result.bytes()[0] for result in (first, second, third)))
        assert first.audio[0].url == first.result_urls[0]  # which is never uploaded

    async def awaited() -> list[bytes]:
        async with AsyncMireloClient(emu.key, base_url=emu.url) as client:
            first = await client.text_to_sfx("rain", duration_ms=3000).run()
            second = await client.extend_audio(first.audio[0], append_duration_ms=1000).run()
            third = await client.inpaint_audio(second.audio[0], segment=(2500, 3500)).run()
            return [(await result.bytes())[0] for result in (first, second, third)]

    mended(*asyncio.run(awaited()))


def test_an_extension_costs_what_was_said_and_is_taken_up_by_its_token(emu: Emulator) -> None:
    with MireloClient(emu.key, base_url=emu.url) as client:
        request = client.extend_audio(Audio.from_bytes(SOUND), append_duration_ms=2000, video=CLIP, num_samples=2)
        cost, before = request.preflight().credits, client.me().credits_available
        job = request.submit_job()
        assert job.token.startswith("mirelo2:extend-audio/with_video:v1.6:")
    with MireloClient(emu.key, base_url=emu.url) as other:
        result = other.job(job.token).wait()
        assert [length_ms(data) for data in result.bytes()] == [5200, 5200]
        assert other.me().credits_available == before - cost


UNUSABLE = {
    "audio_too_short": (Audio.from_bytes(wav_bytes(noise(2999))), 400),
    "audio_too_long": (Audio.from_bytes(wav_bytes(np.full((601 * 4000, 1), 128, np.uint8), rate=4000)), 400),
    "audio_format_unsupported": (Audio.from_bytes(b"Dear service, " * 20, content_type="audio/wav"), 400),
    "audio_url_unreachable": (Audio.from_url("http://127.0.0.1:1/rain.wav"), 400),
    "invalid_audio": (Audio.from_bytes(SOUND[:12]), 422),
}


@pytest.mark.parametrize("run", ["submit_job", "sync_i_accept_http_timeout_risk"])
@pytest.mark.parametrize("code", UNUSABLE)
def test_a_sound_that_cannot_be_used_is_an_audio_error(emu: Emulator, code: str, run: str) -> None:
    audio, status = UNUSABLE[code]

    async def awaited() -> None:
        async with AsyncMireloClient(emu.key, base_url=emu.url) as client:
            await getattr(client.extend_audio(audio, append_duration_ms=1000), run)()

    with MireloClient(emu.key, base_url=emu.url) as client:
        before = client.me().credits_available
        calls = [getattr(client.extend_audio(audio, append_duration_ms=1000), run), lambda: asyncio.run(awaited())]
        for call in calls:
            with pytest.raises(AudioError) as caught:
                call()
            assert (caught.value.code, caught.value.http_status, caught.value.retryable) == (code, status, False)
        assert client.me().credits_available == before


def test_whose_fault_it_is_is_told_apart(emu: Emulator) -> None:
    audio = Audio.from_bytes(SOUND)
    with MireloClient(emu.key, base_url=emu.url) as client:
        with pytest.raises(AudioError, match=r"3200 ms.*\(audio_too_short"):
            client.inpaint_audio(audio, segment=(2500, 3501)).submit_job()
        with pytest.raises(VideoError, match="video_too_short"):
            client.extend_audio(audio, append_duration_ms=30_000, video=CLIP).submit_job()
        with pytest.raises(InvalidRequestError, match=r"32700 ms.* 60000 ms") as caught:
            client.extend_audio(
                Audio.from_bytes(wav_bytes(noise(32_700, rate=4000, channels=1), rate=4000)),
                append_duration_ms=30_000,
                loop=True,
            ).submit_job()
        assert (caught.value.code, caught.value.http_status) == ("invalid_request", 400)
