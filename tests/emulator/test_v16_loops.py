"""Loops are seamless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mirelo_ergo.emulator import running
from mirelo_ergo.emulator.media.sound import WORDS
from tests.emulator.sounds import EXTEND, TEXT, jumps, noise, wav_bytes
from tests.emulator.support import Api, error_of, fetch, loudest_onsets, read_wav

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with running(credits=10**6) as emu, Api(emu) as client:
        yield client


def sound_of(api: Api, route: str, **body: Any) -> NDArray[np.int16]:
    return read_wav(fetch(api.results(route, **body)[0]).content)


def seam_jump(loop: NDArray[np.int16]) -> int:
    return int(np.abs(loop[0].astype(int) - loop[-1]).max())


def around_seam(loop: NDArray[np.int16], width: int = 480) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cut a loop into windows of 10 ms, the first lying across the seam; return its figures and all the others'.

    The figures: level, level of the first difference and of the second, where a click shows most.
    """
    turned = np.roll(loop.astype(np.float64), width // 2, axis=0)
    figures = []
    for order in range(3):
        wave = np.diff(turned, n=order, axis=0, append=turned[:order])
        windows = wave[: len(wave) // width * width].reshape(-1, width * 2)
        figures.append(np.sqrt((windows**2).mean(axis=1)))
    table = np.array(figures).T
    return table[0], table[1:]


@pytest.mark.parametrize(
    ("prompt", "duration_ms"),
    [
        *((word, 3000) for word in sorted({row: word for word, row in WORDS.items()}.values())),
        ("rain", 3001),
        ("an engine", 7919),
        ("a bell", 60_000),
    ],
)
def test_a_text_loop_has_no_seam(api: Api, prompt: str, duration_ms: int) -> None:
    loop = sound_of(api, TEXT, prompt=prompt, duration_ms=duration_ms, loop=True)
    assert len(loop) == duration_ms * 48
    assert seam_jump(loop) < jumps(loop).max()
    seam, others = around_seam(loop)
    assert (seam <= others.max(axis=0)).all()
    assert (seam >= 0.5 * others.min(axis=0)).all()


@pytest.mark.parametrize("prompt", ["rain", "wind", "engine"])
def test_the_spectrum_at_a_seam_is_the_loops(api: Api, prompt: str) -> None:
    """Half a second across the seam has the same share of its power above 4 kHz as any other half second."""

    def bright(wave: NDArray[np.int16]) -> float:
        power = np.abs(np.fft.rfft(wave[:, 0] * np.hanning(len(wave)))) ** 2
        return float(power[np.fft.rfftfreq(len(wave), 1 / 48_000) > 4000].sum() / power.sum())

    loop = sound_of(api, TEXT, prompt=prompt, duration_ms=5000, loop=True)
    shares = [bright(np.roll(loop, 12_000 - at, axis=0)[:24_000]) for at in range(0, len(loop), 12_000)]
    assert shares[0] <= 1.2 * max(shares[1:])
    assert shares[0] >= min(shares[1:]) / 1.2


def test_the_measures_find_a_seam(api: Api) -> None:
    """A loop that has lost its last half second clicks, and a sound that was made to end is silent at its end."""
    for prompt in ("wind", "engine"):
        cut = sound_of(api, TEXT, prompt=prompt, duration_ms=3000, loop=True)[:-24_000]
        seam, others = around_seam(cut)
        assert (seam > others.max(axis=0)).any()
        assert seam_jump(cut) > jumps(cut).max()
    seam, others = around_seam(sound_of(api, TEXT, prompt="rain", duration_ms=3000), width=96)
    assert seam[0] < 0.5 * others[:, 0].min()


def test_a_rhythm_keeps_its_beat_over_the_seam(api: Api) -> None:
    loop = sound_of(api, TEXT, prompt="footsteps", duration_ms=5300, loop=True)
    onsets = loudest_onsets(np.concatenate([loop, loop, loop]), 3 * 10)
    gaps = np.diff(onsets)
    assert gaps.min() > 400
    assert gaps.max() < 700


def test_what_rings_over_the_end_is_heard_at_the_beginning(api: Api) -> None:
    """The repeated loop is the same as a tone that was never cut: each tone decays evenly, wherever the seam falls."""
    for number in range(40):
        loop = sound_of(api, TEXT, prompt=f"bell {number}", duration_ms=3000, loop=True)
        level = np.abs(np.concatenate([loop, loop]).astype(int)).max(axis=1).reshape(-1, 2400).max(axis=1)
        seam = len(level) // 2
        if level[seam - 1] > 1000:  # a tone sounds there
            assert level[seam] > 0.5 * level[seam - 1]
            return
    pytest.fail("no tone ever crossed the seam")


def test_an_extension_loops_as_a_whole(api: Api) -> None:
    sent = noise(4000)
    audio = api.upload(wav_bytes(sent))
    assert np.abs(sent[0].astype(int) - sent[-1]).max() > 500  # it does not loop by itself
    for prompt in ("rain", "engine", "a bell"):
        loop = sound_of(api, EXTEND, audio=audio, append_duration_ms=2000, loop=True, prompt=prompt)
        assert len(loop) == 6000 * 48
        assert seam_jump(loop) <= jumps(sent).max() / 2
        seam, others = around_seam(loop)
        assert (seam <= others.max(axis=0)).all()
        once = sound_of(api, EXTEND, audio=audio, append_duration_ms=2000, prompt=prompt)
        assert np.abs(once[-48:].astype(int)).max() < np.abs(loop[-48:].astype(int)).max() / 2


def test_a_loop_may_have_a_minute_in_all(api: Api) -> None:
    audio = api.upload(wav_bytes(noise(40_000, rate=8000, channels=1), rate=8000))
    request = {"audio": audio, "append_duration_ms": 20_001}
    answer = api.post(f"{EXTEND}/jobs", {**request, "loop": True})
    assert error_of(answer) == (400, "invalid_request")
    message = answer.json()["error"]["message"]
    assert all(word in message for word in ("append_duration_ms", "20001", "40000", "60000", "loop"))
    assert api.post(f"{EXTEND}/jobs", request).status_code == 202
    assert api.post(f"{EXTEND}/jobs", {**request, "append_duration_ms": 20_000, "loop": True}).status_code == 202
