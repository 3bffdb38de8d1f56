"""Transcriptions: the notes of a sound as a MIDI file, a score, and a PDF with a list of notes."""

from __future__ import annotations

import functools
import hashlib
import math
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.media.rendering import Rendering
from mirelo_ergo.emulator.media.wav import RATE
from mirelo_ergo.emulator.refusals import Refusal, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mirelo_ergo.emulator.media.recording import Recording
    from mirelo_ergo.emulator.media.transcription import Note
    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.targets import Target
    from mirelo_ergo.emulator.state.records import Job, Origin

CREDITS_PER_SECOND = 2.5
WORK_PER_MS = 1.5
FIXED_MS = 2_000
DETECTIONS_A_DAY = 10  # what the contract says
DAY = 24 * 3600.0
BPM = 120.0
METERS = {4: (2, 3, 4, 5, 6, 7, 9, 12), 8: (6, 9, 12)}
PIANO = "acoustic_piano"
PROGRAMS = {
    "electric_piano": 4, "chromatic_percussion": 11, "organ": 19, "acoustic_guitar": 24, "clean_electric_guitar": 27,
    "distorted_electric_guitar": 30, "acoustic_bass": 32, "electric_bass": 33, "violin": 40, "viola": 41, "cello": 42,
    "contrabass": 43, "orchestral_harp": 46, "timpani": 47, "string_ensemble": 48, "synth_strings": 50, "voice": 53,
    "orchestra_hit": 55, "trumpet": 56, "trombone": 57, "tuba": 58, "french_horn": 60, "brass_section": 61,
    "soprano_and_alto_sax": 65, "tenor_sax": 66, "baritone_sax": 67, "oboe": 68, "english_horn": 69, "bassoon": 70,
    "clarinet": 71, "flutes": 73, "synth_lead": 80, "synth_pad": 88,
}  # fmt: skip
"""General MIDI's programs, from 0; every other instrument is a piano's."""
STEPS = {"eighth_triplets": 3, "sixteenth_triplets": 6, "swing_eighths": 3}
"""How many parts of a beat a quantized note may begin at; four for the other subdivisions."""


def quote(duration_ms: int, speed: float) -> dict[str, int]:
    """Return the price and the estimate of a transcription; refuse less than 1 ms."""
    if duration_ms < 1:
        raise bad_request(f"duration_ms is {duration_ms}: it has to be 1 or more")
    takes_ms = math.ceil((FIXED_MS + WORK_PER_MS * duration_ms) / speed)
    return {"credits": math.ceil(CREDITS_PER_SECOND * duration_ms / 1000), "estimated_ms": max(1, takes_ms)}


@attrs.define
class Heard:
    """The notes in the sound of one job, which are available when its work is done."""

    values: Mapping[str, Any]
    seconds: float
    notes: tuple[Note, ...] = ()
    scores: tuple[tuple[str, str], ...] = ()
    """The kind and the checksum of each engraved score."""

    @property
    def bpm(self) -> float:
        """The tempo of the score."""
        return float(self.values.get("tempo", {}).get("bpm", BPM))

    @property
    def instrument(self) -> str:
        """The instrument: there is one voice, for the first requested instrument."""
        named: Sequence[str] = self.values.get("instruments", ())
        return next(iter(named), PIANO)

    def written(self, until: float = math.inf) -> list[dict[str, Any]]:
        """Return the notes that begin before a time, as in a result."""
        return [
            {
                "pitch": note.pitch,
                "start": round(note.start, 3),
                "end": round(note.end, 3),
                "instrument": self.instrument,
                "velocity": note.velocity,
            }
            for note in self.notes
            if note.start < until
        ]


class Transcriptions:
    """The transcriptions of one state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.detections_a_day = DETECTIONS_A_DAY
        self._heard: dict[str, Heard] = {}
        self._detections: dict[str, list[float]] = {}

    async def start(
        self, key: str, origin: Origin, sent: dict[str, Any], values: dict[str, Any], target: Target
    ) -> Job:
        """Start a job; refuse an unreadable sound and an invalid time signature."""
        meter = values.get("time_signature")
        if meter is not None and meter["numerator"] not in METERS.get(meter["denominator"], ()):
            raise bad_request(f"time_signature is {meter['numerator']}/{meter['denominator']}, which is none")
        named = values.get("instruments", [])
        if len({*named}) < len(named) or ("instruments" in values and not named):
            raise bad_request("instruments has to have entries, each once")
        state = self._state
        with ExitStack() as undo:
            recording = await state.jobs.recording(key, values["audio"], undo)
            heard = Heard(values, recording.frames / RATE)
            quoted = quote(max(1, round(1000 * heard.seconds)), state.jobs.speed)
            job = state.jobs.start(
                key,
                origin,
                sent,
                target,
                credits=quoted["credits"],
                estimated_ms=quoted["estimated_ms"],
                render=functools.partial(self._render, recording, heard),
                takes_time=True,
                undo=undo,
            )
        self._heard[job.id] = heard
        return job

    async def detect(self, key: str, values: Mapping[str, Any]) -> list[str]:
        """Return the possible instruments of a sound, by its pitches. Free, ten times a day."""
        now = self._state.clock.now()
        made = self._detections[key] = [at for at in self._detections.get(key, ()) if at > now - DAY]
        if len(made) >= self.detections_a_day:
            raise Refusal("rate_limited", 429, f"instruments are detected {self.detections_a_day} times a day")
        with ExitStack() as undo:
            recording = await self._state.jobs.recording(key, values["audio"], undo)
            made.append(now)
            notes = await self._state.jobs.in_worker(functools.partial(self._notes, recording))
        if not notes:
            return []
        middle = sorted(note.pitch for note in notes)[len(notes) // 2]
        return ["acoustic_bass" if middle < 48 else "flutes" if middle > 84 else PIANO]

    def result(self, job: Job, urls: Sequence[str]) -> dict[str, Any]:
        """Return a job's result. `urls` are those of its files, in their order."""
        heard, by_role = self._heard[job.id], {}
        for made, url in zip(job.results, urls, strict=True):
            by_role[made.role] = url, made
        result: dict[str, Any] = {
            "model": "audio-to-midi-emulated",
            "midi_url": by_role["midi"][0],
            "musicxml_url": by_role["musicxml"][0],
            "musicxml_optimized": bool(heard.values.get("optimize_musicxml") or heard.values.get("score_pdfs")),
            "notes": heard.written(),
            "duration_seconds": round(heard.seconds, 3),
            "note_count": len(heard.notes),
            "tempo_bpm": heard.bpm,
            "timing": {"requested": heard.values.get("timing"), "applied": heard.values.get("timing", "performance")},
            "score_pdfs": [],
        }
        for kind, sha256 in heard.scores:
            url, made = by_role[kind]
            name = f"{kind}.pdf"
            result["score_pdfs"].append(
                {"kind": kind, "filename": name, "url": url, "sha256": sha256, "size_bytes": made.size}
            )
        return result

    def so_far(self, job: Job, now: float) -> dict[str, Any] | None:
        """Return the notes of a running job so far, None before there are any."""
        heard = self._heard[job.id]
        share = job.progress_percent(now) / 100
        notes = heard.written(share * heard.seconds)
        return {"notes": notes} if notes else None

    def _notes(self, recording: Recording) -> list[Note]:
        from mirelo_ergo.emulator.media import transcription
        from mirelo_ergo.emulator.media.samples import Samples

        return transcription.notes(Samples(recording.path, recording.frames), self._state.workers.check)

    def _render(self, recording: Recording, heard: Heard) -> tuple[Rendering, ...]:
        from mirelo_ergo.emulator.media import scores

        try:
            notes = self._notes(recording)
        finally:
            recording.path.unlink(missing_ok=True)
        if heard.values.get("timing") == "quantized":
            notes = _on_the_beat(notes, heard.bpm, STEPS.get(heard.values.get("subdivision", ""), 4))
        heard.notes = tuple(notes)
        meter = scores.Meter(**heard.values.get("time_signature", {}))
        program = PROGRAMS.get(heard.instrument, 0)
        part = heard.instrument.replace("_", " ").capitalize()
        made = [
            self._file(scores.midi(notes, heard.bpm, program), "mid", "midi"),
            self._file(scores.musicxml(notes, heard.bpm, meter, part), "musicxml", "musicxml"),
        ]
        if heard.values.get("score_pdfs"):
            pdf = scores.pdf(notes, part, heard.values.get("page_size", "a4"))
            heard.scores = (("full_score", hashlib.sha256(pdf).hexdigest()),)
            made.append(self._file(pdf, "pdf", "full_score"))
        return tuple(made)

    def _file(self, data: bytes, form: str, role: str) -> Rendering:
        path = self._state.disk.new_file("result", len(data))
        path.write_bytes(data)
        return Rendering(None, path, form, role=role)


def _on_the_beat(notes: Sequence[Note], bpm: float, parts: int) -> list[Note]:
    """Return notes moved to the nearest subdivision of a beat, each at least one subdivision long."""
    step = 60 / bpm / parts
    return [
        attrs.evolve(
            note,
            start=round(note.start / step) * step,
            end=max(round(note.end / step), round(note.start / step) + 1) * step,
        )
        for note in notes
    ]
