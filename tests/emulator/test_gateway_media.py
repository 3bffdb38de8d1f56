"""What the gateway's generations sound and look like: lengths, formats, loops, seeds, and clips with their sound."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mirelo_ergo.emulator import running
from tests.emulator.gateway import SOUND, TEXT, VIDEO, Gateway
from tests.emulator.sounds import decoded, jumps
from tests.emulator.support import answering, decode, encode_clip, loudest_onsets, read_wav, sending

RATE = 48_000
PROMPT = "rain on a roof"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running(credits=1_000_000) as emu, Gateway(emu) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An address with clips of 1.5 s in several containers, one of which does not tell its length."""
    folder = tmp_path_factory.mktemp("gateway")
    for name, codec in (("clip.mp4", "libx264"), ("clip.webm", "libvpx")):
        encode_clip(folder / name, codec=codec, container=name.partition(".")[2], milliseconds=1500)
    _write_gif(folder / "clip.gif")
    _stream(folder / "clip.webm", folder / "stream.webm")
    (folder / "broken.mp4").write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(100))

    with answering(lambda handler: sending((folder / handler.path[1:]).read_bytes())(handler)) as base:
        yield base


def _write_gif(path: Path) -> None:
    with av.open(str(path), "w", format="gif") as output:
        stream = output.add_stream("gif", rate=20)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8"
        for number in range(30):
            picture = np.full((48, 64, 3), 250 if 10 <= number < 13 else 40, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="rgb8")))
        output.mux(stream.encode(None))


def _stream(source: Path, target: Path) -> None:
    """Write a clip as what is sent live: without the length in its headers."""
    with av.open(str(source)) as clip, av.open(str(target), "w", format="webm", options={"live": "1"}) as output:
        copied = output.add_stream_from_template(clip.streams.video[0])
        for packet in clip.demux(clip.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copied
                output.mux(packet)


# Sound from a text


@pytest.mark.parametrize("seconds", [0.1, 1, 2.345, 60])
def test_durations_are_seconds(gateway: Gateway, seconds: float) -> None:
    (content,) = gateway.results(TEXT, text_prompt=PROMPT, duration=seconds)
    assert len(read_wav(content)) == round(seconds * RATE)


def test_the_default_is_one_wav_of_ten_seconds(gateway: Gateway) -> None:
    (content,) = gateway.results(TEXT, text_prompt=PROMPT)
    sound = read_wav(content)
    assert len(sound) == 10 * RATE
    assert np.abs(sound).max() > 1000


@pytest.mark.parametrize(
    ("name", "codec", "media_type", "slack"),
    [
        ("wav", "pcm_s16le", "audio/wav", 0),
        ("flac", "flac", "audio/flac", 0),
        ("mp3", "mp3float", "audio/mpeg", 0),
        ("aac", "aac", "audio/aac", 2048),
    ],
)
def test_formats_are_what_they_say(gateway: Gateway, name: str, codec: str, media_type: str, slack: int) -> None:
    ask = {"text_prompt": "engine", "duration": 2.5, "seed": 5, "num_samples": 2}
    status = gateway.finish(gateway.submit(TEXT, **ask, upload_audio_format=name))
    assert status["output"]["media_type"] == media_type
    assert [f"/{index}.{name}?" in url for index, url in enumerate(status["output"]["media_url"])] == [True, True]
    wavs = gateway.results(TEXT, **ask)
    for content, wav in zip(gateway.results(TEXT, **ask, upload_audio_format=name), wavs, strict=True):
        with av.open(io.BytesIO(content)) as container:
            assert container.streams.audio[0].codec_context.name == codec
        sound, original = decoded(content), read_wav(wav)
        assert 0 <= len(sound) - len(original) <= slack
        if name in ("wav", "flac"):
            assert np.array_equal(sound, original)
        else:
            assert _likeness(sound, original) > 0.98


def _likeness(one: Any, other: Any) -> float:
    """Correlate two sounds, at the shift up to 2048 frames that fits best."""
    first, second = (np.asarray(sound, np.float64)[:, 0] for sound in (one, other))
    second = np.pad(second, (0, len(first) - len(second)))
    size = 2 * len(first)
    products = np.fft.irfft(np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size)))
    near = np.concatenate([products[:2049], products[-2048:]])
    return float(near.max() / np.sqrt(np.sum(first**2) * np.sum(second**2)))


def test_samples_and_seeds(gateway: Gateway) -> None:
    def of(**more: object) -> list[bytes]:
        return gateway.results(TEXT, text_prompt=PROMPT, duration=0.5, num_samples=2, **more)

    first = of(seed=7)
    assert len(set(first)) == 2
    assert of(seed=7) == first
    others = [of(seed=8), of(seed=-1), of(seed=-1), of(), of()]
    assert len({content for sounds in (first, *others) for content in sounds}) == 12


@pytest.mark.parametrize("prompt", [PROMPT, "engine", "footsteps", "wind", "bells"])
@pytest.mark.parametrize("seconds", [0.1, 4])
def test_ambience_is_a_loop_without_a_seam(gateway: Gateway, prompt: str, seconds: float) -> None:
    ask = {"text_prompt": prompt, "duration": seconds, "ambience": True, "seed": 3}
    (tile,) = map(read_wav, gateway.results(TEXT, **ask))
    (twice,) = map(read_wav, gateway.results(TEXT, **ask, double_output=True))
    assert len(tile) == round(seconds * RATE)
    assert np.array_equal(twice, np.concatenate([tile, tile]))
    assert jumps(twice)[len(tile) - 1] <= jumps(tile).max()


def test_double_output_alone_changes_nothing(gateway: Gateway) -> None:
    ask = {"text_prompt": PROMPT, "duration": 1, "seed": 3}
    assert gateway.results(TEXT, **ask, double_output=True) == gateway.results(TEXT, **ask)


def test_double_output_in_a_coders_format_and_its_price(gateway: Gateway) -> None:
    ask = {"text_prompt": PROMPT, "duration": 2.5, "ambience": True, "double_output": True}
    (content,) = gateway.results(TEXT, **ask, upload_audio_format="flac")
    assert len(decoded(content)) == 5 * RATE
    assert gateway.emu.charges[-1].credits == 30  # of what is generated, which is the tile


# Clips


@pytest.mark.parametrize("name", ["clip.mp4", "clip.webm", "stream.webm", "clip.gif"])
def test_a_video_comes_back_with_its_sound(gateway: Gateway, clips: str, name: str) -> None:
    (content,) = gateway.results(VIDEO, video_url=f"{clips}/{name}", duration=1)
    with av.open(io.BytesIO(content)) as container:
        assert "mp4" in container.format.name
    pictures, sound = decode(content)
    assert 20 <= len(pictures) <= 22
    assert abs(len(sound) - RATE) <= 2048
    assert np.abs(sound).max() > 0.01
    assert abs(loudest_onsets((sound * 32_767).astype(np.int16), 1)[0] - 500) <= 60  # the flash


@pytest.mark.parametrize(
    ("name", "frames"),
    [("clip.mp4", 30), ("stream.webm", 29), ("clip.gif", 30)],  # nothing tells how long a live clip's last one is shown
)
def test_a_clip_that_is_shorter_ends_the_sound(gateway: Gateway, clips: str, name: str, frames: int) -> None:
    pictures, sound = decode(gateway.results(VIDEO, video_url=f"{clips}/{name}")[0])
    assert len(pictures) == frames
    assert abs(len(sound) - frames * RATE / 20) <= 2048
    assert gateway.emu.charges[-1].credits == 100  # of the ten seconds that were asked for, which are the default
    (content, _) = gateway.results(SOUND, video_url=f"{clips}/{name}", duration=30)
    assert len(read_wav(content)) == frames * RATE // 20


def test_video_to_audio_gives_two_sounds_by_default_and_the_same_each_time(gateway: Gateway, clips: str) -> None:
    status = gateway.finish(gateway.submit(SOUND, video_url=f"{clips}/clip.mp4", duration=1.25))
    assert status["model_id"] == "mirelo-sfx-video-to-audio"
    assert status["output"]["media_type"] == "audio/wav"
    first = gateway.results(SOUND, video_url=f"{clips}/clip.mp4", duration=1.25)
    assert len(set(first)) == 2
    assert gateway.results(SOUND, video_url=f"{clips}/clip.mp4", duration=1.25) == first
    assert len(read_wav(first[0])) == 1.25 * RATE
    assert gateway.results(SOUND, video_url=f"{clips}/clip.mp4", duration=1.25, seed=1) != first


def test_a_video_for_each_sample(gateway: Gateway, clips: str) -> None:
    contents = gateway.results(VIDEO, video_url=f"{clips}/clip.mp4", duration=1, num_samples=3, text_prompt="steps")
    assert len(set(contents)) == 3


@pytest.mark.parametrize("name", ["broken.mp4"])
def test_what_cannot_be_opened_is_refused(gateway: Gateway, clips: str, name: str) -> None:
    answer = gateway.post(VIDEO, video_url=f"{clips}/{name}")
    assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")
    assert "clip" in answer.json()["message"]
