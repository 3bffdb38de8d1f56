"""Extensions and inpainted segments: every sample that was not asked for is the input's, and no seam clicks."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mirelo_ergo.emulator import running
from scripts.make_clip import IMPACTS_MS
from tests.emulator.sounds import (
    EXTEND,
    EXTEND_VIDEO,
    INPAINT,
    INPAINT_VIDEO,
    TEXT,
    VIDEO,
    decoded,
    encoded,
    jumps,
    noise,
    wav_bytes,
)
from tests.emulator.support import Api, answering, fetch, loudest_onsets, read_wav, sending

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SEGMENT = {"start_ms": 1234, "end_ms": 2617}


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running(credits=10**6) as emu, Api(emu) as client:
        yield client


def made(api: Api, route: str, **body: Any) -> bytes:
    return fetch(api.results(route, **body)[0]).content


def wide(samples: NDArray[Any]) -> NDArray[np.int32]:
    """Spread 16-bit samples over 32 bits."""
    return samples.astype(np.int32) * 65_536 + 99


SOUNDS: dict[str, bytes] = {
    "wav": wav_bytes(noise(3200)),
    "wav, 8 bit": wav_bytes((noise(3200) // 256 + 128).astype(np.uint8)),
    "wav, 32 bit": wav_bytes(wide(noise(3200))),
    "wav, 44.1 kHz mono": wav_bytes(noise(3200, rate=44_100, channels=1), rate=44_100),
    "mp3": encoded(noise(3200, rate=44_100), "libmp3lame", "mp3", 44_100),
    "m4a": encoded(noise(3200), "aac", "mp4"),
    "aac": encoded(noise(3200), "aac", "adts"),
    "flac": encoded(noise(3200), "flac", "flac"),
    "ogg": encoded(noise(3200), "libopus", "ogg"),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_an_extension_begins_with_the_input(api: Api, name: str) -> None:
    data = SOUNDS[name]
    sent = decoded(data)
    assert abs(len(sent) - 3200 * 48) < 50 * 48
    sound = read_wav(made(api, EXTEND, audio=api.upload(data), append_duration_ms=1001, prompt="rain"))
    assert len(sound) == len(sent) + 1001 * 48
    assert np.array_equal(sound[: len(sent)], sent)
    new = sound[len(sent) :].astype(int)
    assert np.sqrt((new**2).mean()) > 1000
    assert jumps(sound[len(sent) - 2 :])[:480].max() <= max(jumps(sent).max(), jumps(new).max())
    assert np.abs(new[0] - sent[-1]).max() <= 1
    assert np.abs(new[-1]).max() < 100


@pytest.mark.parametrize("name", SOUNDS)
def test_inpainting_leaves_the_rest_alone(api: Api, name: str) -> None:
    data = SOUNDS[name]
    sent = decoded(data)
    sound = read_wav(made(api, INPAINT, audio=api.upload(data), segment=SEGMENT, prompt="rain"))
    begin, end = 1234 * 48, 2617 * 48
    assert len(sound) == len(sent)
    assert np.array_equal(sound[:begin], sent[:begin])
    assert np.array_equal(sound[end:], sent[end:])
    inside = slice(begin + 960, end - 960)
    assert (sound[inside] != sent[inside]).mean() > 0.98
    assert np.abs(np.corrcoef(sound[inside, 0], sent[inside, 0])[0, 1]) < 0.2
    for seam in (begin, end):  # the jump at the seam itself is the input's own, and none of the 20 ms around sticks out
        assert np.abs(np.subtract(jumps(sound)[seam - 1], jumps(sent)[seam - 1])) <= 1
        around = slice(seam - 960, seam + 960)
        assert jumps(sound)[around].max() <= 1.1 * max(jumps(sent)[around].max(), jumps(sound[inside]).max())


@pytest.mark.parametrize("seam_ms", [1000, 1001, 2000])
def test_outside_a_segment_a_wav_of_our_own_kind_keeps_its_bytes(api: Api, seam_ms: int) -> None:
    data = wav_bytes(noise(3000))
    end_ms = seam_ms + 1000  # 3000 is the very end
    result = made(api, INPAINT, audio=api.upload(data), segment={"start_ms": seam_ms, "end_ms": end_ms})
    assert result[: 44 + seam_ms * 192] == data[: 44 + seam_ms * 192]
    assert result[44 + end_ms * 192 :] == data[44 + end_ms * 192 :]
    assert len(result) == len(data)
    assert result != data
    extended = made(api, EXTEND, audio=api.upload(data), append_duration_ms=1000)
    assert extended[44 : len(data)] == data[44:]


def test_an_input_need_not_end_on_a_millisecond(api: Api) -> None:
    sent = noise(4000)[: 3000 * 48 + 7]
    sound = read_wav(made(api, EXTEND, audio=api.upload(wav_bytes(sent)), append_duration_ms=1000))
    assert len(sound) == len(sent) + 48_000
    assert np.array_equal(sound[: len(sent)], sent)


def test_samples_seeds_and_words_give_other_sounds_and_equal_asks_equal_ones(api: Api) -> None:
    audio = api.upload(SOUNDS["wav"])
    other = api.upload(wav_bytes(noise(3200, seed=2)))

    def new(**more: Any) -> bytes:
        return made(api, EXTEND, **{"audio": audio, "append_duration_ms": 1000, **more})[44 + 3200 * 192 :]

    assert new() == new()
    assert len({new(), new(prompt="rain"), new(prompt="bell"), new(audio=other), new(append_duration_ms=1001)}) == 5
    with running(seed=1) as emu, Api(emu) as elsewhere:
        request = {"audio": elsewhere.upload(SOUNDS["wav"]), "append_duration_ms": 1000}
        assert made(elsewhere, EXTEND, **request) != made(api, EXTEND, audio=audio, append_duration_ms=1000)


def test_ranges_of_a_splice(api: Api) -> None:
    (url,) = api.results(EXTEND, audio=api.upload(SOUNDS["wav"]), append_duration_ms=1000, prompt="rain")
    whole = fetch(url).content
    for first, last in ((0, 43), (44, 44), (40, 192_050), (614_000, 614_999), (614_444, 700_000), (800_001, 806_443)):
        answer = fetch(url, range=f"bytes={first}-{last}")
        assert (answer.status_code, answer.content) == (206, whole[first : last + 1])


# Chains


def test_a_result_is_the_next_calls_input(api: Api) -> None:
    status = api.finish(api.submit(TEXT, prompt="rain", duration_ms=3000, loop=True))
    first = fetch(status["result"]["result_urls"][0]).content
    for url in (status["result"]["result_urls"][0], status["result"]["download_urls"][0]):
        request = {"audio": {"type": "url", "audio_url": url}, "append_duration_ms": 1000}
        extended = api.finish(api.submit(EXTEND, **request))["result"]
        second = fetch(extended["result_urls"][0]).content
        assert second[44 : len(first)] == first[44:]
        audio = {"type": "url", "audio_url": extended["result_urls"][0]}
        third = made(api, INPAINT, audio=audio, segment={"start_ms": 2500, "end_ms": 3500})
        assert third[: 44 + 2500 * 192] == second[: 44 + 2500 * 192]
        assert third[44 + 3500 * 192 :] == second[44 + 3500 * 192 :]
        assert third != second


def test_sources_are_heard_alike_however_they_come(api: Api) -> None:
    with answering(sending(SOUNDS["flac"])) as base:
        by_url = made(api, EXTEND, audio={"type": "url", "audio_url": f"{base}/a"}, append_duration_ms=1000)
    assert by_url == made(api, EXTEND, audio=api.upload(SOUNDS["flac"]), append_duration_ms=1000)


# With a video


def test_a_prompt_flavours_the_sound_of_a_clip(api: Api, example_clip: Path) -> None:
    video = api.upload(example_clip.read_bytes())

    def sound(**more: Any) -> NDArray[np.int16]:
        return read_wav(made(api, VIDEO, video=video, duration_ms=6000, **more))

    def bright(wave: NDArray[np.int16]) -> float:
        power = np.abs(np.fft.rfft(wave[:, 0] / 32_768)) ** 2
        return float(power[np.fft.rfftfreq(len(wave), 1 / 48_000) > 3000].sum() / power.sum())

    plain, rain = sound(), sound(prompt="rain")
    assert bright(rain) > 2 * bright(plain)
    for wave in (plain, rain, sound(prompt="footsteps")):
        assert loudest_onsets(wave, len(IMPACTS_MS)) == pytest.approx(IMPACTS_MS, abs=50)


@pytest.mark.parametrize("offset_ms", [0, 700])
def test_an_extension_hears_what_the_clip_shows_then(api: Api, example_clip: Path, offset_ms: int) -> None:
    sent = noise(3000)
    sound = read_wav(
        made(
            api,
            EXTEND_VIDEO,
            audio=api.upload(wav_bytes(sent)),
            video=api.upload(example_clip.read_bytes()),
            append_duration_ms=2200,
            start_offset_ms=offset_ms,
        )
    )
    assert np.array_equal(sound[: len(sent)], sent)
    shown = [ms - offset_ms - 3000 for ms in IMPACTS_MS if 50 < ms - offset_ms - 3000 < 2150]
    assert len(shown) > 1
    assert loudest_onsets(sound[len(sent) + 960 :], len(shown)) == pytest.approx([ms - 20 for ms in shown], abs=50)


def test_a_segment_hears_what_the_clip_shows_then(api: Api, example_clip: Path) -> None:
    sent = noise(6000)
    audio, video = api.upload(wav_bytes(sent)), api.upload(example_clip.read_bytes())
    sound = read_wav(made(api, INPAINT_VIDEO, audio=audio, video=video, segment={"start_ms": 1000, "end_ms": 5000}))
    assert np.array_equal(sound[: 1000 * 48], sent[: 1000 * 48])
    assert np.array_equal(sound[5000 * 48 :], sent[5000 * 48 :])
    shown = [ms - 1020 for ms in IMPACTS_MS if 1050 < ms < 4950]
    assert loudest_onsets(sound[1020 * 48 : 4980 * 48], len(shown)) == pytest.approx(shown, abs=50)


# Files and memory


@pytest.fixture
def fresh() -> Iterator[Api]:
    """An emulator that has no files yet."""
    with running() as emu, Api(emu) as client:
        yield client


def test_the_decoded_input_lives_as_long_as_the_results(fresh: Api, example_clip: Path) -> None:
    audio, video = fresh.upload(SOUNDS["wav"]), fresh.upload(example_clip.read_bytes())
    urls = fresh.results(EXTEND, audio=audio, append_duration_ms=1000, num_samples=3)
    urls += fresh.results(INPAINT_VIDEO, audio=audio, video=video, segment=SEGMENT, num_samples=2)
    assert [fetch(url).status_code for url in urls] == [200] * 5
    kinds = sorted(path.name.partition("-")[0] for path in fresh.emu._state.disk.folder.iterdir())
    assert kinds == ["samples", "samples", "upload", "upload"]
    fresh.emu.clock.advance(25 * 3600)
    fresh.open_upload()
    assert list(fresh.emu._state.disk.folder.iterdir()) == []


def test_failures_leave_no_files(fresh: Api, example_clip: Path) -> None:
    data = example_clip.read_bytes()
    audio, video, torn = fresh.upload(SOUNDS["wav"]), fresh.upload(data), fresh.upload(data[: len(data) // 2])
    for request in (
        {"audio": audio, "video": torn, "append_duration_ms": 2000},
        {"audio": audio, "video": video, "append_duration_ms": 1000, "prompt": "[generation_failed]"},
    ):
        assert fresh.finish(fresh.submit(EXTEND_VIDEO, **request))["status"] == "errored"
    refused = {"audio": audio, "video": video, "append_duration_ms": 3000}
    assert fresh.post(f"{EXTEND_VIDEO}/jobs", refused).status_code == 400
    assert {path.name.partition("-")[0] for path in fresh.emu._state.disk.folder.iterdir()} == {"upload"}
    assert fresh.emu.charges == []


def test_a_long_input_takes_little_memory(api: Api) -> None:
    audio = api.upload(wav_bytes(noise(100_000, rate=16_000, channels=1), rate=16_000))
    tracemalloc.start()
    try:
        (url,) = api.results(INPAINT, audio=audio, segment={"start_ms": 50_000, "end_ms": 58_000}, prompt="rain")
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        answer = fetch(url, range="bytes=9000000-9900000")
        assert len(answer.content) == 900_001
        assert tracemalloc.get_traced_memory()[1] - before < 24 << 20
    finally:
        tracemalloc.stop()
