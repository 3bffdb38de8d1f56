"""The media that services hand out, measured: pictures beside a new sound, formats, speech, tunes and notes."""

from __future__ import annotations

import io
import math
import struct
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from mirelo_ergo.emulator.media import encoding, retiming, scores, transcription, wav
from mirelo_ergo.emulator.media.formats import AudioFormat, read_format
from mirelo_ergo.emulator.media.samples import Arranged, Fitted, Mixed, Samples
from mirelo_ergo.emulator.media.speech import speech
from mirelo_ergo.emulator.media.transcription import Note
from mirelo_ergo.emulator.media.tune import tune
from mirelo_ergo.emulator.refusals import Refusal
from tests.emulator.support import decode, loudness_of, tone

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from mirelo_ergo.emulator.media.wav import Sound

RATE = 48_000
FPS = 20
COUNT = 40  # pictures: two seconds


def no_check() -> None:
    return


def kept(folder: Path, samples: NDArray[np.int16], name: str = "sound") -> Samples:
    path = folder / name
    path.write_bytes(samples.astype("<i2").tobytes())
    return Samples(path, len(samples))


def heard(sound: Sound) -> NDArray[np.int16]:
    return np.concatenate([*sound.seconds(0, -(-sound.frames // RATE)), np.zeros((0, 2), np.int16)])


# A new sound for a clip


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of two seconds whose pictures count by their brightness, with key frames far apart."""
    path = tmp_path_factory.mktemp("clips") / "counting.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=FPS, options={"qp": "1"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 48, "yuv420p", 30
        for number in range(COUNT):
            picture = np.full((48, 64, 3), 20 + 5 * number, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path


def numbers(pictures: list[tuple[float, NDArray[Any]]]) -> list[int]:
    """Read the count from each picture."""
    return [round((float(image.mean()) - 20) / 5) for _, image in pictures]


def expected(mode: str, length_ms: float, sound_ms: float) -> list[tuple[float, int]]:
    """Return which picture has to be shown when, from the mode's own words."""
    gap = 1000 / FPS
    if mode == "remap":
        gap *= sound_ms / 2000
    there_and_back = [*range(COUNT), *reversed(range(COUNT))]
    order = there_and_back if mode == "bounce" else range(COUNT)
    repeats = 5 if mode in ("loop", "bounce") else 1
    shown = [number for _ in range(repeats) for number in order]
    return [(at * gap, number) for at, number in enumerate(shown) if at * gap < length_ms - 0.1]


@pytest.mark.parametrize("sound_ms", [1300, 2000, 4700, 7050])
@pytest.mark.parametrize("mode", retiming.SYNC_MODES)
def test_a_new_sound_and_the_pictures_beside_it(
    counting: Path, tmp_path: Path, mode: retiming.SyncMode, sound_ms: int
) -> None:
    sound = kept(tmp_path, tone(1000, sound_ms))
    pictures = retiming.separate(counting, tmp_path / "separate.mp4", 60_000, no_check)
    assert (len(pictures.starts_ms), pictures.end_ms) == (COUNT, 2000)
    target = tmp_path / "out.mp4"
    length_ms = retiming.sync(pictures, sound, target, mode, no_check)
    assert length_ms == {"cut_off": min(2000, sound_ms), "silence": 2000}.get(mode, sound_ms)

    shown, samples = decode(target.read_bytes())
    want = expected(mode, length_ms, sound_ms)
    assert numbers(shown) == [number for _, number in want]
    assert [ms for ms, _ in shown] == pytest.approx([ms for ms, _ in want], abs=1)
    assert len(samples) / 48 == pytest.approx(length_ms, abs=25)
    sounding = round(min(sound_ms, length_ms) * 48)
    assert loudness_of(1000, samples[2400 : sounding - 2400] * 32_768) == pytest.approx(8000, rel=0.05)
    if length_ms > sound_ms + 100:
        assert np.abs(samples[sounding + 2400 :]).max() < 0.01, "silence after the sound"


def test_a_long_sound_needs_no_more_memory_than_a_short_one(counting: Path, tmp_path: Path) -> None:
    pictures = retiming.separate(counting, tmp_path / "separate.mp4", 60_000, no_check)
    checks = 0

    def check() -> None:
        nonlocal checks
        checks += 1
        if checks == 100:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        retiming.sync(pictures, kept(tmp_path, tone(100, 60_000)), tmp_path / "out.mp4", "bounce", check)


def test_a_clip_is_cut_to_what_is_asked_for(counting: Path, tmp_path: Path) -> None:
    pictures = retiming.separate(counting, tmp_path / "separate.mp4", 500, no_check)
    assert (len(pictures.starts_ms), pictures.end_ms) == (10, 500)


# Sounds of sounds


def test_sounds_are_fitted_mixed_and_arranged(tmp_path: Path) -> None:
    low, high = kept(tmp_path, tone(500, 2500), "low"), kept(tmp_path, tone(3000, 1200), "high")
    for frames in (1, RATE, RATE + 7, 3 * RATE + 5):
        fitted = heard(Fitted(low, frames))
        assert len(fitted) == frames
        length = min(frames, low.frames)
        assert np.array_equal(fitted[:length], heard(low)[:length])
        assert not fitted[length:].any()
    mixed = heard(Mixed(low, high))
    assert len(mixed) == low.frames
    assert np.array_equal(mixed[: high.frames], heard(low)[: high.frames] + heard(high))
    loud = kept(tmp_path, np.full((100, 2), 30_000, np.int16), "loud")
    assert set(heard(Mixed(loud, loud)).flat) == {32_767}

    parts = ((RATE // 2, low, RATE, 2 * RATE), (3 * RATE, high, 0, 99 * RATE))
    arranged = heard(Arranged(5 * RATE, parts))
    assert len(arranged) == 5 * RATE
    assert np.array_equal(arranged[RATE // 2 : 3 * RATE // 2], heard(low)[RATE : 2 * RATE])
    assert np.array_equal(arranged[3 * RATE : 3 * RATE + high.frames], heard(high))
    assert not arranged[: RATE // 2].any()
    assert not arranged[3 * RATE + high.frames :].any()


# Formats


@pytest.mark.parametrize(
    ("token", "rate", "codec", "kbps"),
    [
        ("wav", 44_100, "pcm_s16le", None),
        ("flac", 44_100, "flac", None),
        ("flac", 48_000, "flac", None),
        ("mp3", 48_000, "mp3", None),
        ("mp3_320", 48_000, "mp3", 320),
        ("mp3_128", 44_100, "mp3", 128),
        ("m4a_192", 48_000, "aac", 192),
        ("aac_96", 48_000, "aac", 96),
    ],
)
def test_each_format_has_its_sound(tmp_path: Path, token: str, rate: int, codec: str, kbps: int | None) -> None:
    sound = kept(tmp_path, tone(1000, 3500))
    form, target = read_format(token, rate=rate), tmp_path / "out"
    encoding.encode(sound, target, form, no_check)
    with av.open(str(target)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.codec.canonical_name == codec
        assert stream.codec_context.sample_rate == rate
        frames = [frame.to_ndarray() for frame in container.decode(stream)]
    planar = frames[0].shape[0] == 2
    samples = np.concatenate([each.T if planar else each.reshape(-1, 2) for each in frames])
    scale = 1 if samples.dtype == np.int16 else 32_768
    assert len(samples) / rate == pytest.approx(3.5, abs=0.05)
    middle = samples[rate // 2 : 3 * rate] * scale
    assert loudness_of(1000, middle, rate) == pytest.approx(8000, rel=0.06)
    if kbps is not None:  # which only a sound that is hard to encode needs all of
        noise = np.random.default_rng(1).integers(-9000, 9000, (4 * RATE, 2)).astype(np.int16)
        encoding.encode(kept(tmp_path, noise), target, form, no_check)
        assert target.stat().st_size * 8 / 4 / 1000 == pytest.approx(kbps, rel=0.15)


@pytest.mark.parametrize("token", ["", "ogg", "mp3_", "mp3_9999", "mp3_8", "wav_320", "flac_1", "MP3", "mp3_320 "])
def test_other_formats_are_refused_by_the_fields_name(token: str) -> None:
    with pytest.raises(Refusal, match=r"output\.format is "):
        read_format(token, "output.format")
    assert read_format("m4a_192") == AudioFormat("m4a", 192)


# Speech and tunes


def test_speech_is_as_long_as_its_script() -> None:
    short, long = speech("Hello there.", "anna"), speech("Hello there. " * 10, "anna")
    assert short.frames < long.frames < 11 * short.frames
    assert 0.5 < short.frames / RATE < 2
    assert heard(speech("Hello", "anna")).tolist() == heard(speech("Hello", "anna")).tolist()
    assert not np.array_equal(heard(speech("Hello", "anna")), heard(speech("Hello", "bert")))
    for script in ("", "!?", "Grüß Gott, 你好!", "x" * 5000):
        assert speech(script, "anna").frames > 0
    sound = heard(speech("Hello there", "anna")).astype(float)
    assert np.abs(sound).max() > 3000
    level = np.abs(sound[: len(sound) // 480 * 480, 0]).reshape(-1, 480).max(axis=1)
    syllables = np.count_nonzero((level[1:] > 5000) & (level[:-1] <= 5000))
    assert syllables == 4, "hel-lo the-re"


@pytest.mark.parametrize("duration_ms", [1, 1500, 30_000])
def test_a_tune_is_as_long_as_asked_and_not_the_same_for_all(duration_ms: int) -> None:
    made = tune(duration_ms, 1)
    assert made.frames == duration_ms * 48
    if duration_ms > 1000:
        assert not np.array_equal(heard(made), heard(tune(duration_ms, 2)))
        assert np.array_equal(heard(made)[: made.frames // 2], heard(tune(2 * duration_ms, 1))[: made.frames // 2])
        assert np.abs(heard(made).astype(int)).max() > 8000


# Notes


def played(pitches: list[int], gap: float, partials: int, length: float = 0.4) -> NDArray[np.int16]:
    parts: list[NDArray[Any]] = []
    t = np.arange(int(length * RATE)) / RATE
    for pitch in pitches:
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        wave_form = sum(np.sin(2 * np.pi * hertz * number * t) / number for number in range(1, partials + 1))
        parts += [wave_form * np.exp(-t / 0.3) * np.minimum(1, np.minimum(t, t[-1] - t) / 0.005)]
        parts += [np.zeros(int(gap * RATE))]
    whole = np.concatenate(parts)
    return np.repeat((whole / np.abs(whole).max() * 20_000)[:, None], 2, axis=1).astype(np.int16)


SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


@pytest.mark.parametrize("partials", [1, 5])
@pytest.mark.parametrize("gap", [0.0, 0.1])
@pytest.mark.parametrize(
    "pitches", [SCALE, SCALE[::-1], [60, 60, 60, 62], [31, 40, 43, 47], [84, 91, 96], [*range(36, 97, 7)]]
)
def test_a_scale_comes_back_as_its_notes(tmp_path: Path, pitches: list[int], gap: float, partials: int) -> None:
    found = transcription.notes(kept(tmp_path, played(pitches, gap, partials)), no_check)
    assert [note.pitch for note in found] == pitches
    assert [note.start for note in found] == pytest.approx([at * (0.4 + gap) for at in range(len(pitches))], abs=0.03)
    assert all(0.2 < note.end - note.start < 0.45 for note in found)
    assert max(note.velocity for note in found) == 127


def test_a_scale_that_was_encoded_and_detuned_comes_back(tmp_path: Path) -> None:
    sound = kept(tmp_path, played(SCALE, 0.05, 4))
    encoding.encode(sound, tmp_path / "scale.mp3", AudioFormat("mp3", 128), no_check)
    with av.open(str(tmp_path / "scale.mp3")) as container:
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    samples = np.concatenate([part.to_ndarray().reshape(-1, 2) for part in frames]).astype(np.int16)
    slower = np.stack(
        [np.interp(np.arange(0, len(samples) - 1, 0.985), np.arange(len(samples)), samples[:, n]) for n in (0, 1)],
        axis=1,
    )
    for variant in (samples, slower.astype(np.int16)):
        found = transcription.notes(kept(tmp_path, variant, "variant"), no_check)
        assert [note.pitch for note in found] == SCALE


def test_where_there_are_no_notes_none_are_found(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(-9000, 9000, (2 * RATE, 2)).astype(np.int16)
    for samples in (np.zeros((RATE, 2), np.int16), np.zeros((0, 2), np.int16), np.zeros((100, 2), np.int16), noise):
        assert transcription.notes(kept(tmp_path, samples), no_check) == []


def test_a_tune_has_notes(tmp_path: Path) -> None:
    sound = kept(tmp_path, heard(tune(4000, 3)))
    assert transcription.notes(sound, no_check) != []


# Files of notes

NOTES = [Note(0.0, 0.5, 60, 100), Note(0.5, 1.0, 60, 80), Note(1.25, 3.5, 61, 127), Note(3.5, 3.52, 96, 1)]


def read_midi(data: bytes) -> tuple[float, list[tuple[float, float, int, int]]]:
    """Read a MIDI file of one track: its tempo, and (start, end, pitch, velocity) of its notes."""
    kind, size, form, tracks, ticks = struct.unpack(">4sIHHH", data[:14])
    assert (kind, size, form, tracks) == (b"MThd", 6, 0, 1)
    assert data[14:18] == b"MTrk"
    track = io.BytesIO(data[22:])
    assert struct.unpack(">I", data[18:22])[0] == len(data) - 22
    tempo, now, held, found = 0, 0, {}, []
    while True:
        delta = 0
        while (byte := track.read(1)[0]) & 0x80:
            delta = delta << 7 | byte & 0x7F
        now += delta << 7 | byte
        status = track.read(1)[0]
        if status == 0xFF:
            meta, length = track.read(2)
            content = track.read(length)
            if meta == 0x2F:
                break
            if meta == 0x51:
                tempo = int.from_bytes(content)
        elif status >> 4 == 0xC:
            track.read(1)
        else:
            pitch, velocity = track.read(2)
            if status >> 4 == 9 and velocity:
                assert pitch not in held, "a note begins after its last one has ended"
                held[pitch] = (now, velocity)
            else:
                begin, loud = held.pop(pitch)
                found.append((begin, now, pitch, loud))
    assert not held
    assert track.read() == b""
    second = 1_000_000 / tempo * ticks
    return 60_000_000 / tempo, [
        (begin / second, end / second, pitch, loud) for begin, end, pitch, loud in sorted(found)
    ]


@pytest.mark.parametrize("bpm", [30, 97.5, 120, 300])
def test_midi_says_what_the_notes_are(bpm: float) -> None:
    tempo, found = read_midi(scores.midi(NOTES, bpm))
    assert tempo == pytest.approx(bpm, rel=1e-4)
    assert [each[2:] for each in found] == [(note.pitch, note.velocity) for note in NOTES]
    times = [time for note in NOTES for time in (note.start, note.end)]
    assert [time for each in found for time in each[:2]] == pytest.approx(times, abs=0.003)
    assert read_midi(scores.midi([]))[1] == []


QUICK = [Note(n / 50, n / 50 + 0.01, 60, 9) for n in range(9)]
ORDER = ["pitch", "rest", "duration", "tie", "voice", "type", "dot", "notations"]  # as the DTD has them
SIXTEENTHS = {"16th": 1, "eighth": 2, "quarter": 4, "half": 8, "whole": 16}


@pytest.mark.parametrize("meter", [scores.Meter(), scores.Meter(3, 4), scores.Meter(6, 8), scores.Meter(9, 8)])
@pytest.mark.parametrize(
    "notes", [NOTES, [], [Note(9.0, 30.0, 72, 64)], [Note(n / 50, n / 50 + 0.01, 60, 9) for n in range(9)]]
)
def test_musicxml_has_the_structure_that_readers_demand(meter: scores.Meter, notes: list[Note]) -> None:
    data = scores.musicxml(notes, 120, meter, "Flutes & <oboes>")
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC')
    score = ET.fromstring(data)
    assert (score.tag, score.get("version")) == ("score-partwise", "4.0")
    assert [child.tag for child in score] == ["part-list", "part"]
    assert score.findtext("part-list/score-part/part-name") == "Flutes & <oboes>"
    assert score.find("part-list/score-part").get("id") == score.find("part").get("id")  # type: ignore[union-attr]
    measures = score.findall("part/measure")
    assert [measure.get("number") for measure in measures] == [str(number) for number in range(1, len(measures) + 1)]
    assert [child.tag for child in measures[0]][:2] == ["attributes", "sound"]
    assert [child.tag for child in measures[0][0]] == ["divisions", "key", "time", "clef"]
    played, at, tied = [], 0, None
    for measure in measures:
        filled = 0
        for note in measure.findall("note"):
            tags = [child.tag for child in note]
            assert tags == sorted(tags, key=ORDER.index)
            length = int(note.findtext("duration", ""))
            written = SIXTEENTHS[note.findtext("type", "")]
            assert length == (written * 3 // 2 if note.find("dot") is not None else written)
            pitch = note.find("pitch")
            if pitch is not None:
                assert [child.tag for child in pitch] in (["step", "octave"], ["step", "alter", "octave"])
                number = (
                    12 * (int(pitch.findtext("octave", "")) + 1) + " C D EF G A B".index(pitch.findtext("step", "")) - 1
                )
                number += int(pitch.findtext("alter", "0"))
                ties = [tie.get("type") for tie in note.findall("tie")]
                assert ties == [tie.get("type") for tie in note.findall("notations/tied")]
                assert ("stop" in ties) == (tied == number)
                if "stop" not in ties:
                    played.append((at, number))
                tied = number if "start" in ties else None
            filled += length
            at += length
        assert filled == meter.length, "a measure is full"
    assert tied is None
    assert [pitch for _, pitch in played] == [note.pitch for note in notes]
    if notes is NOTES:
        assert [begin for begin, _ in played] == [round(note.start * 8) for note in NOTES]


def test_what_is_heard_and_written_is_the_same_again(tmp_path: Path) -> None:
    found = transcription.notes(kept(tmp_path, played(SCALE, 0.1, 3)), no_check)
    _, read = read_midi(scores.midi(found))
    assert [pitch for _, _, pitch, _ in read] == SCALE
    assert math.isclose(read[-1][0], 7 * 0.5, abs_tol=0.03)
    assert wav.RATE == RATE
