"""Music and notes: both clients go all the way against the emulator, whose notes really come from the sound."""

from __future__ import annotations

import asyncio
import json
import struct
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from mirelo_ergo import (
    INSTRUMENTS,
    AsyncMidiResult,
    AsyncMireloClient,
    AudioError,
    CostLimitError,
    DetectedInstruments,
    Instrument,
    InvalidRequestError,
    JobFailedError,
    JobProcessing,
    MidiJob,
    MidiResult,
    MireloClient,
    RateLimitError,
    SubmitOutcomeUnknown,
)
from mirelo_ergo._runtime.io.protocol import Reply
from mirelo_ergo._runtime.jobs.tokens import JobRecord
from mirelo_ergo.emulator import Emulator, faults
from mirelo_ergo.mirelo.job_values import read_status
from tests.emulator.sounds import decoded, wav_bytes
from tests.support.specs import spec
from tests.support.waiting import until

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def scale(pitches: tuple[int, ...] = SCALE, seconds: float = 0.5) -> bytes:
    """Play notes one after the other, each with a few partials."""
    t = np.arange(int(seconds * 48_000)) / 48_000
    fade = np.minimum(1, np.minimum(t / 0.01, (seconds - t) / 0.05)) * np.exp(-t)
    notes = [
        sum(level * np.sin(2 * np.pi * k * 440 * 2 ** ((pitch - 69) / 12) * t) for k, level in ((1, 1.0), (2, 0.4)))
        for pitch in pitches
    ]
    wave = np.concatenate([np.asarray(note) * fade for note in notes])
    return wav_bytes(np.repeat(np.rint(9000 * wave)[:, None], 2, axis=1).astype("<i2"))


@pytest.fixture
def played(tmp_path: Path) -> Path:
    path = tmp_path / "scale.wav"
    path.write_bytes(scale())
    return path


def midi_notes(data: bytes) -> list[int]:
    """Return the pitches that a MIDI file of one track begins, in their order."""
    assert data[:4] == b"MThd"
    (length,) = struct.unpack(">I", data[18:22])
    assert len(data) == 22 + length
    track, at, pitches = data[22:], 0, []
    while at < len(track):
        while track[at] & 0x80:
            at += 1
        at += 1
        status = track[at]
        if status == 0xFF:
            at += 3 + track[at + 2]
        elif status & 0xF0 == 0xC0:
            at += 2
        else:
            if status & 0xF0 == 0x90 and track[at + 2]:
                pitches.append(track[at + 1])
            at += 3
    return pitches


# Notes


def test_a_scale_comes_back_as_its_notes(
    mirelo_emulator: Emulator, mirelo_client: MireloClient, played: Path, tmp_path: Path
) -> None:
    request = mirelo_client.audio_to_midi(played, score_pdfs=True, page_size="letter")
    cost = request.preflight()
    assert (cost.credits, cost.affordable) == (10, True), "four seconds"
    job = request.submit_job()
    assert isinstance(job, MidiJob)
    result = job.wait()
    assert [note.pitch for note in result.notes] == list(SCALE)
    assert all(abs(note.start - 0.5 * number) < 0.06 for number, note in enumerate(result.notes))
    assert {note.instrument for note in result.notes} == {"acoustic_piano"}
    assert result.midi_url == result.result_urls[0]
    assert [(file.kind, file.main) for file in result.files] == [("midi", True), ("musicxml", False), ("pdf", False)]
    paths = result.download(tmp_path / "out", name="{stem}")
    assert [path.name for path in paths] == ["scale.mid", "scale-musicxml.musicxml", "scale-pdf.pdf"]
    assert midi_notes(paths[0].read_bytes()) == list(SCALE)
    score = ET.fromstring(paths[1].read_bytes())  # our own emulator's
    assert [step.text for step in score.iter("step")] == list("CDEFGABC")
    (pdf,) = result.score_pdfs
    assert (pdf.kind, pdf.size_bytes) == ("full_score", paths[2].stat().st_size)
    assert mirelo_emulator.charges[0].credits == 10
    assert mirelo_client.job(job.token).wait().result_urls[0].split("?")[0] == result.midi_url.split("?")[0]
    assert isinstance(mirelo_client.job(job.token).wait(), MidiResult)


def test_what_is_asked_for_shapes_the_score(
    mirelo_emulator: Emulator, mirelo_client: MireloClient, played: Path
) -> None:
    result = mirelo_client.audio_to_midi(
        played,
        instruments=["violin", "cello"],
        timing="quantized",
        subdivision="straight_sixteenths",
        time_signature=(3, 4),
        tempo_bpm=120,
        optimize_musicxml=True,
        instrument_detection_id="det_1",
    ).run()
    assert {note.instrument for note in result.notes} == {"violin"}
    assert [note.start for note in result.notes] == [0.5 * number for number in range(8)]
    midi, score = result.bytes()
    assert b"\xc0\x28" in midi, "General MIDI's violin"
    root = ET.fromstring(score)
    assert (root.findtext(".//beats"), root.findtext(".//beat-type")) == ("3", "4")
    assert root.findtext(".//part-name") == "Violin"
    (job,) = mirelo_emulator.jobs
    assert job.request["tempo"] == {"mode": "fixed", "bpm": 120}
    assert result.output["musicxml_optimized"] is True


def test_the_notes_come_before_the_files(mirelo_emulator: Emulator, mirelo_client: MireloClient, played: Path) -> None:
    mirelo_emulator.speed = 0.01  # it runs for longer than its notes take to be heard
    job = mirelo_client.audio_to_midi(played).submit_job()
    mirelo_emulator.clock.advance(0.45 * job.estimated_ms / 1000)
    parts: list[Any] = []

    def heard() -> bool:
        status = job.status()
        assert isinstance(status, JobProcessing)
        parts.append(status.output)
        return parts[-1] is not None

    until(heard)
    assert [note["pitch"] for note in parts[-1]["notes"]] == list(SCALE[:4]), "as far as it has come"
    assert len(job.wait().notes) == 8


def test_instruments_are_detected(mirelo_emulator: Emulator, mirelo_client: MireloClient, played: Path) -> None:
    found = mirelo_client.detect_instruments(played)
    assert isinstance(found, DetectedInstruments)
    assert found.recommended_instruments == ("acoustic_piano",)
    assert found.instrument_detection_id
    low = played.with_name("low.wav")
    low.write_bytes(scale((36, 38, 40)))
    assert mirelo_client.detect_instruments(low).recommended_instruments == ("acoustic_bass",)
    low.write_bytes(wav_bytes(np.zeros((48_000, 2), "<i2")))
    assert mirelo_client.detect_instruments(low).recommended_instruments == ()
    for _ in range(7):
        mirelo_client.detect_instruments(played)
    other = MireloClient(mirelo_emulator.key, base_url=mirelo_emulator.url, retries=0)
    with other, pytest.raises(RateLimitError, match="10 times a day"):
        other.detect_instruments(played)
    assert mirelo_emulator.charges == []
    uploads = [seen for seen in mirelo_emulator.requests if seen.method == "PUT"]
    assert len(uploads) == 4, "one for each sound and client"


def test_the_async_client_does_the_same(async_mirelo_client: AsyncMireloClient, played: Path) -> None:
    async def use() -> AsyncMidiResult:
        async with async_mirelo_client as client:
            found = await client.detect_instruments(played)
            request = client.audio_to_midi(played, instruments=found.recommended_instruments)
            assert (await request.preflight()).credits == 10
            result = await request.run()
            assert len(await result.bytes()) == 2
            return result

    assert [note.pitch for note in asyncio.run(use()).notes] == list(SCALE)


def test_it_can_be_made_within_one_request(mirelo_client: MireloClient, played: Path) -> None:
    result = mirelo_client.audio_to_midi(played).sync_i_accept_http_timeout_risk()
    assert (len(result.notes), result.musicxml_url is not None) == (8, True)


def test_a_lost_response_is_unknown_as_it_has_no_key(
    mirelo_emulator: Emulator, mirelo_client: MireloClient, played: Path
) -> None:
    mirelo_emulator.fail_next("audioToMidiJobCreate", faults.Reset(when="after"))
    with pytest.raises(SubmitOutcomeUnknown):
        mirelo_client.audio_to_midi(played).submit_job()
    assert len(mirelo_emulator.jobs) == 1
    with pytest.raises(InvalidRequestError, match="take no idempotency key"):
        mirelo_client.audio_to_midi(played).submit_job(idempotency_key="k")


def test_a_failed_transcription_says_why(mirelo_emulator: Emulator, mirelo_client: MireloClient, played: Path) -> None:
    mirelo_emulator.fail_next("submit", faults.FailedJob("generation_failed", message="too many drums"))
    with pytest.raises(JobFailedError, match=r"too many drums.*it was not charged"):
        mirelo_client.audio_to_midi(played).run()
    broken = played.with_name("broken.wav")
    broken.write_bytes(b"RIFF\0\0\0\0WAVE")
    with pytest.raises(AudioError):
        mirelo_client.audio_to_midi(broken).run()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"instruments": ["kazoo"]}, "instruments.*'kazoo'"),
        ({"instruments": ["violin", "violin"]}, "instruments has 'violin' twice"),
        ({"instruments": []}, "instruments is empty"),
        ({"timing": "sloppy"}, "timing='sloppy'"),
        ({"time_signature": (8, 4)}, "time_signature=8/4 is not 2 to 7"),
        ({"time_signature": 3}, "time_signature=3 is not 2 to 7"),
        ({"tempo_bpm": 301}, "bpm=301 is above the maximum of 300"),
        ({"page_size": "a5"}, "page_size='a5'"),
        ({"duration_ms": 0}, "duration_ms=0 is not a whole number from 1 on"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    mirelo_emulator: Emulator, mirelo_client: MireloClient, played: Path, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        mirelo_client.audio_to_midi(played, **more)
    assert mirelo_emulator.requests == []


def test_the_instruments_are_the_specs() -> None:
    schema = spec()["components"]["schemas"]["AudioToMidiRequest"]
    assert set(schema["properties"]["instruments"]["items"]["enum"]) == INSTRUMENTS == {*get_args(Instrument)}
    assert len(INSTRUMENTS) == 35


# Music


def test_music_is_a_tune_of_its_length(mirelo_emulator: Emulator, mirelo_client: MireloClient, tmp_path: Path) -> None:
    request = mirelo_client.text_to_music("a slow waltz", duration_ms=3000, num_samples=2, format="mp3")
    assert request.preflight().credits == 60
    result = request.run()
    assert [path.suffix for path in result.download(tmp_path)] == [".mp3", ".mp3"]
    sounds = [decoded(data) for data in result.bytes()]
    assert all(abs(len(sound) - 3 * 48_000) < 4800 for sound in sounds)
    assert (sounds[0][:96_000] != sounds[1][:96_000]).any()
    assert mirelo_emulator.charges[0].credits == 60


def test_music_for_a_video(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    clip = Path(__file__).parents[2] / "examples" / "clip.mp4"
    result = mirelo_client.video_to_music(clip, duration_ms=2000).run()
    assert abs(len(decoded(result.bytes()[0])) - 2 * 48_000) < 4800
    (job,) = mirelo_emulator.jobs
    assert (job.family, job.model, job.request["format"]) == ("video-to-music", "v1.0", "mp3")
    assert "audio" not in job.request


def test_what_music_lacks_is_said(mirelo_emulator: Emulator, mirelo_client: MireloClient) -> None:
    clip = Path(__file__).parents[2] / "examples" / "clip.mp4"
    with pytest.raises(InvalidRequestError, match=r"video-to-music v1.0 has no preflight"):
        mirelo_client.video_to_music(clip, duration_ms=2000).preflight()
    with pytest.raises(CostLimitError, match="has no preflight"):
        mirelo_client.video_to_music(clip, duration_ms=2000, max_credits=5).run()
    with pytest.raises(InvalidRequestError, match="has no /sync"):
        mirelo_client.video_to_music(clip, duration_ms=2000).sync_i_accept_http_timeout_risk()
    with pytest.raises(InvalidRequestError, match=r"video: this is a URL.*fetch_urls=True"):
        mirelo_client.video_to_music("https://media.example.com/a.mp4", duration_ms=2000)
    with pytest.raises(InvalidRequestError, match="audio: this is a URL"):
        mirelo_client.detect_instruments("https://media.example.com/a.wav")
    with pytest.raises(InvalidRequestError, match="prompt"):
        mirelo_client.text_to_music(" ", duration_ms=1000)
    assert mirelo_emulator.jobs == []


def test_music_needs_no_model_of_the_client(mirelo_emulator: Emulator) -> None:
    mirelo_emulator.speed = 1000
    with MireloClient(mirelo_emulator.key, base_url=mirelo_emulator.url, model="sfx-2.0") as client:
        assert len(client.text_to_music("a march", duration_ms=1000).run().result_urls) == 1


@pytest.mark.parametrize("where", ["result", "top"])
def test_the_other_words_for_an_end_are_read(where: str) -> None:

    urls = {"result_urls": ["https://r.example.com/1.mp3"]}
    body = {"job_id": "j", "status": "completed", **({"result": urls} if where == "result" else urls)}
    record = JobRecord("mirelo", "text-to-music", "v1.0", "j", 0.0, None)
    read = read_status(record, Reply(200, {}, json.dumps(body).encode()), 0.0).status
    assert read.status == "succeeded"
    assert read.result_urls == urls["result_urls"]
    failed = read_status(record, Reply(200, {}, b'{"status": "failed"}'), 0.0).status
    assert failed.status == "errored"
