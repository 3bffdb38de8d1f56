"""What the emulated sync.so makes: MP4 files in which each sync mode, segment and voice can be measured."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from mirelo_ergo.emulator.media.picture import read_picture
from mirelo_ergo.emulator.refusals import Refusal
from tests.emulator.sounds import wav_bytes
from tests.emulator.support import decode, encode_clip, loudness_of, tone
from tests.emulator.sync_so import SyncApi, spoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mirelo_ergo.emulator import Emulator

LOW, HIGH = 440, 1760
CLIP_MS, FPS = 1000, 10


@pytest.fixture
def api(emu: Emulator) -> Iterator[SyncApi]:
    with SyncApi(emu) as client:
        yield client


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of ten pictures, each of its own grey, from dark to light."""
    path = tmp_path_factory.mktemp("ramp") / "ramp.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(CLIP_MS * FPS // 1000):
            picture = np.full((48, 64, 3), 20 + 20 * number, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path.read_bytes()


def inputs(api: SyncApi, clip: bytes, sound: NDArray[Any], **more: Any) -> list[dict[str, Any]]:
    film, voice = api.upload(clip), api.upload(wav_bytes(sound), "AUDIO", "voice.wav")
    return [{"type": "video", "assetId": film["id"]}, {"type": "audio", "assetId": voice["id"], **more}]


def steps(data: bytes, ramp: bytes, each_ms: float) -> list[int]:
    """Return which picture of the ramp is shown in the middle of each span of a result."""
    greys = [float(grey.mean()) for _, grey in decode(ramp)[0]]
    pictures, _ = decode(data)
    spans = round(length_of(data)[0] * 1000 / each_ms)
    shown = [[float(grey.mean()) for ms, grey in pictures if ms <= (at + 0.5) * each_ms][-1] for at in range(spans)]
    return [int(np.argmin(np.abs(np.array(greys) - each))) for each in shown]


def length_of(data: bytes) -> tuple[float, float]:
    """Return the lengths of the picture and the sound in a result, in seconds."""
    with av.open(io.BytesIO(data)) as container:
        streams = (container.streams.video[0], container.streams.audio[0])
        picture, sound = (float((each.duration or 0) * (each.time_base or 0)) for each in streams)
        return picture, sound


UP = list(range(10))


@pytest.mark.parametrize(
    ("mode", "sound_ms", "seconds", "shown"),
    [
        ("loop", 2500, 2.5, UP + UP + UP[:5]),
        ("bounce", 2500, 2.5, UP + UP[::-1] + UP[:5]),
        ("cut_off", 2500, 1.0, UP),
        ("silence", 2500, 1.0, UP),
        ("cut_off", 500, 0.5, UP[:5]),
        ("loop", 500, 0.5, UP[:5]),
        ("silence", 500, 1.0, UP),
        (None, 500, 0.5, UP[:5]),
    ],
)
def test_a_sync_mode_is_in_the_file(
    api: SyncApi, ramp: bytes, mode: str | None, sound_ms: int, seconds: float, shown: list[int]
) -> None:
    given = inputs(api, ramp, tone(LOW, sound_ms))
    more: dict[str, Any] = {} if mode is None else {"options": {"sync_mode": mode}}
    created = api.create(*given, **more)
    data = api.result(created)
    assert length_of(data) == pytest.approx((seconds, seconds), abs=0.03)
    assert api.finish(created)["outputDuration"] == pytest.approx(seconds)
    assert steps(data, ramp, 100) == shown
    _, sound = decode(data)
    heard = min(sound_ms, round(seconds * 1000)) * 48 - 2400
    assert loudness_of(LOW, sound[2400:heard]) > 0.2, "the new sound, from the beginning"
    rest = sound[sound_ms * 48 + 2400 :]
    assert not len(rest) or loudness_of(LOW, rest) < 0.01, "and silence after it"


@pytest.mark.parametrize(("sound_ms", "each_ms"), [(2000, 200), (500, 50)])
def test_remap_lets_the_pictures_go_slower_or_faster(api: SyncApi, ramp: bytes, sound_ms: int, each_ms: int) -> None:
    data = api.result(api.create(*inputs(api, ramp, tone(LOW, sound_ms)), options={"sync_mode": "remap"}))
    assert length_of(data) == pytest.approx((sound_ms / 1000, sound_ms / 1000), abs=0.03)
    assert steps(data, ramp, each_ms) == UP


def test_each_segment_has_its_voice(api: SyncApi, ramp: bytes) -> None:
    film, low = inputs(api, ramp, np.concatenate([tone(HIGH, 300), tone(LOW, 700)]), refId="low")
    high = {"type": "audio", "assetId": api.upload(wav_bytes(tone(HIGH, 1000)), "AUDIO")["id"], "refId": "high"}
    unused = spoken(refId="unused")
    segments = [
        {"startTime": 0.1, "endTime": 0.4, "audioInput": {"refId": "low", "startTime": 0.3, "endTime": 1}},
        {"startTime": 0.6, "endTime": 0.9, "audioInput": {"refId": "high"}},
    ]
    data = api.result(api.create(film, low, high, unused, segments=segments))
    assert length_of(data) == pytest.approx((1.0, 1.0), abs=0.03)
    _, sound = decode(data)

    def heard(start_ms: int, end_ms: int) -> tuple[bool, bool]:
        part = sound[start_ms * 48 : end_ms * 48]
        return loudness_of(LOW, part) > 0.1, loudness_of(HIGH, part) > 0.1

    assert [heard(*span) for span in ((130, 380), (430, 580), (630, 880), (930, 1000))] == [
        (True, False),
        (False, False),
        (False, True),
        (False, False),
    ]
    assert list(api.emu._folder.path.rglob("samples-*")) != [], "what the result reads from is kept"


def test_a_script_is_heard_as_a_placeholder(api: SyncApi, ramp: bytes) -> None:
    film = {"type": "video", "assetId": api.upload(ramp)["id"]}
    short, long = (
        api.result(api.create(film, spoken(text), options={"sync_mode": "loop"}))
        for text in ("Good evening.", "Good evening, and welcome to the show.")
    )
    assert 0.5 < length_of(short)[1] < length_of(long)[1]
    _, sound = decode(short)
    assert np.abs(sound).max() > 0.05


def test_a_dubbing_needs_no_audio(api: SyncApi, ramp: bytes) -> None:
    film = {"type": "video", "assetId": api.upload(ramp)["id"]}
    data = api.result(api.create(film, dubParams={"targetLang": "de"}))
    assert length_of(data) == pytest.approx((1.0, 1.0), abs=0.03)
    assert np.abs(decode(data)[1]).max() > 0.05


@pytest.mark.parametrize(("codec", "name"), [("png", "face.png"), ("mjpeg", "face.jpg"), ("gif", "face.gif")])
def test_a_picture_speaks(api: SyncApi, tmp_path: Path, codec: str, name: str) -> None:
    path = tmp_path / name
    pixels = {"png": "rgb24", "mjpeg": "yuvj420p", "gif": "rgb8"}[codec]
    with av.open(str(path), "w", format="gif" if codec == "gif" else "image2") as output:
        stream = output.add_stream(codec, rate=1)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 62, 40, pixels
        frame = av.VideoFrame.from_ndarray(np.full((40, 62, 3), 200, np.uint8), format="rgb24")
        output.mux(stream.encode(frame.reformat(format=pixels)))
        output.mux(stream.encode(None))
    asset = api.upload(path.read_bytes(), "IMAGE", name)
    assert (asset["width"], asset["height"], asset["durationSeconds"]) == (62, 40, None)
    voice = api.upload(wav_bytes(tone(LOW, 1500)), "AUDIO")
    assert voice["durationSeconds"] == 1.5
    given = ({"type": "image", "assetId": asset["id"]}, {"type": "audio", "assetId": voice["id"]})
    created = api.create(*given, model="sync-3", options={"sync_mode": "cut_off"})
    data = api.result(created)
    assert length_of(data) == pytest.approx((1.5, 1.5), abs=0.03), "a sync mode is ignored for a picture"
    pictures, _ = decode(data)
    assert {grey.shape for _, grey in pictures} == {(40, 62)}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"text", "it has to be PNG, JPEG, WebP or GIF"), (b"RIFF\0\0\0\0WAVE", "it has to be PNG"),
     (b"\x89PNG\r\n\x1a\n" + bytes(100), "it is 0x0")],
)  # fmt: skip
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "face"
    path.write_bytes(content)
    with pytest.raises(Refusal, match=words):
        read_picture(path)


def test_a_clip_of_an_odd_size(api: SyncApi, tmp_path: Path) -> None:
    path = tmp_path / "clip.webm"
    encode_clip(path, codec="libvpx", container="webm", milliseconds=600)
    data = api.result(api.create(*inputs(api, path.read_bytes(), tone(LOW, 900)), options={"sync_mode": "loop"}))
    assert length_of(data) == pytest.approx((0.9, 0.9), abs=0.06)


def test_nothing_is_left_on_the_disk_after_a_refusal(emu: Emulator, api: SyncApi, ramp: bytes) -> None:
    given = inputs(api, ramp, tone(LOW, 500))
    before = sorted(path.name for path in emu._folder.path.rglob("*-*") if path.is_file())
    emu.set_credits(0)
    assert api.create(*given).status_code == 402
    assert api.http.post("/v2/analyze/cost", json={"model": "lipsync-2", "input": given}).status_code == 200
    assert sorted(path.name for path in emu._folder.path.rglob("*-*") if path.is_file()) == before
    emu.set_credits(1000)
    url = api.finish(api.create(*given))["outputUrl"]
    assert url
    left = {path.name.partition("-")[0] for path in emu._folder.path.rglob("*-*") if path.is_file()}
    assert left == {"upload", "result", "samples"}
