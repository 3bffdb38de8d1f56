"""Transcriptions: their fields, and how their results are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, get_args

import attrs

from .._runtime.api.answers import Unusable, read_object, text_field, tolerant_integer, tolerant_number
from .._runtime.api.retry import parse_retry_after
from .._runtime.io.protocol import Reply
from .._runtime.jobs.files import ResultFile
from .._runtime.jobs.tokens import JobRecord
from .._runtime.jobs.values import JobErrored, JobProcessing, JobStatus, JobSucceeded, PollResult, refuse_other_job
from .._runtime.plain import Plain
from .._runtime.redact import short_repr, shorten
from ..errors import InvalidRequestError
from .job_values import moment_of
from .values import PreflightResult, preflight_of, read_recovery

Instrument = Literal[
    "acoustic_piano",
    "electric_piano",
    "chromatic_percussion",
    "organ",
    "acoustic_guitar",
    "clean_electric_guitar",
    "distorted_electric_guitar",
    "acoustic_bass",
    "electric_bass",
    "violin",
    "viola",
    "cello",
    "contrabass",
    "orchestral_harp",
    "timpani",
    "string_ensemble",
    "synth_strings",
    "voice",
    "orchestra_hit",
    "trumpet",
    "trombone",
    "tuba",
    "french_horn",
    "brass_section",
    "soprano_and_alto_sax",
    "tenor_sax",
    "baritone_sax",
    "oboe",
    "english_horn",
    "bassoon",
    "clarinet",
    "flutes",
    "synth_lead",
    "synth_pad",
    "drums",
]
"""An instrument that a transcription can detect."""
# a Literal is callable, so tools that ask each public callable for its annotations ask this one, too: it has none
setattr(Instrument, "__annotations__", {})  # noqa: B010
INSTRUMENTS: Final[frozenset[Instrument]] = frozenset(get_args(Instrument))
"""All instruments that a transcription can detect."""
Timing = Literal["performance", "quantized"]
"""The times of notes: as played, or on the beat."""
Subdivision = Literal["automatic", "straight_sixteenths", "eighth_triplets", "sixteenth_triplets", "swing_eighths"]
"""The subdivisions of a beat."""
PageSize = Literal["a4", "letter"]
"""The paper size of an engraved score."""
_METERS: Final = {4: (2, 3, 4, 5, 6, 7, 9, 12), 8: (6, 9, 12)}


@attrs.frozen
class MidiNote(Plain):
    """A note: its MIDI pitch (60 is middle C), and its start and end in seconds."""

    pitch: int
    start: float
    end: float
    instrument: str | None = None
    """Its instrument, None if not given."""
    velocity: float | None = None
    """Its loudness, None if not given."""


@attrs.frozen
class ScorePdf(Plain):
    """An engraved score. `url` may be signed and short-lived; `download()` of the result saves it."""

    url: str
    kind: str | None = None
    """The kind of score, such as full_score."""
    filename: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None


@attrs.frozen
class DetectedInstruments(Plain):
    """The instruments detected in a sound, without those that this version does not know."""

    recommended_instruments: tuple[Instrument, ...]
    """The values for the `instruments` of a transcription."""
    instrument_detection_id: str | None
    """The `instrument_detection_id` of a transcription of the same sound."""


def instruments_field(given: Iterable[Instrument]) -> list[Instrument]:
    """Return the field for instruments; raises `InvalidRequestError` for a duplicate and for an empty list."""
    named = list(given)
    twice = next((name for number, name in enumerate(named) if name in named[:number]), None)
    if twice is not None or not named:
        problem = "is empty: leave it out, and the service decides" if not named else f"has {short_repr(twice)} twice"
        raise InvalidRequestError(f"audio-to-midi v1.0: instruments {problem}; nothing was sent", field="instruments")
    return named


def time_signature_field(given: tuple[int, int]) -> tuple[int, int]:
    """Return a checked time signature; raises `InvalidRequestError`."""
    pair = tuple(given) if isinstance(given, tuple | list) else ()
    shown = "/".join(map(short_repr, pair)) if len(pair) == 2 else short_repr(given)
    if len(pair) != 2 or pair[0] not in _METERS.get(pair[1], ()):
        raise InvalidRequestError(
            f"audio-to-midi v1.0: time_signature={shown} is not 2 to 7, 9 or 12 over 4, or 6, 9 or 12 over 8; "
            "nothing was sent",
            field="time_signature",
        )
    return pair[0], pair[1]


def length_field(given: int) -> int:
    """Return a checked length in ms; raises `InvalidRequestError`."""
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise InvalidRequestError(
            f"audio-to-midi v1.0: duration_ms={short_repr(given)} is not a whole number from 1 on; nothing was sent",
            field="duration_ms",
        )
    return given


def read_detected(reply: Reply) -> DetectedInstruments:
    """Read the answer to an instrument detection."""
    fields = read_object(reply)
    names = fields.get("recommended_instruments")
    if not isinstance(names, list):
        raise Unusable("the answer's field 'recommended_instruments' is not a list")
    identity = fields.get("instrument_detection_id")
    return DetectedInstruments(
        tuple(dict.fromkeys(name for name in names if name in INSTRUMENTS)),
        identity if isinstance(identity, str) else None,
    )


def read_preflight(reply: Reply) -> PreflightResult:
    """Read a preflight: the price, and the missing credits."""
    fields = read_object(reply)
    return preflight_of(fields, read_recovery(fields) if "credit_shortfall" in fields else None)


def read_result(reply: Reply) -> JobSucceeded:
    """Read a /sync answer: the MIDI file and the scores."""
    fields = read_object(reply)
    files = tuple(_files(fields))
    if not any(file.main for file in files):
        raise Unusable("the answer's field 'midi_url' holds no URL")
    return JobSucceeded(files, output=fields)


def read_status(record: JobRecord, reply: Reply, wall: float) -> PollResult:
    """Read a poll. An unknown status means that the job runs."""
    fields = read_object(reply)
    refuse_other_job(record.job_id, fields.get("job_id"))
    after = parse_retry_after(reply.headers.get("retry-after"), reply.headers.get("date"), wall)
    return PollResult(_status(fields), retry_after=after, asked=1)


def _status(fields: Mapping[str, Any]) -> JobStatus:
    raw, output = text_field(fields, "status"), fields.get("result")
    created, completed = moment_of(fields.get("created_at")), moment_of(fields.get("completed_at"))
    if raw == "succeeded":
        files = tuple(_files(output if isinstance(output, dict) else {}))
        return JobSucceeded(files, output=output, created_at=created, completed_at=completed)
    if raw in ("failed", "errored", "expired"):
        error = fields.get("error")
        error = error if isinstance(error, dict) else {}
        code, message = error.get("code"), error.get("message")
        return JobErrored(
            code if isinstance(code, str) and code else raw,
            tolerant_integer(error.get("http_status")) or 0,
            shorten(message, 2000) if isinstance(message, str) else f"the job is {raw}, and the service gave no reason",
            charged=None if raw == "expired" else False,
            created_at=created,
            completed_at=completed,
        )
    progress = min(max(tolerant_integer(fields.get("progress_percent")) or 0, 0), 100)
    return JobProcessing(progress, "", raw, output=output, created_at=created)


def _files(result: Mapping[str, Any]) -> Iterator[ResultFile]:
    """Yield the MIDI file, which is the result, and the additional scores."""
    midi = result.get("midi_url")
    if not isinstance(midi, str) and isinstance(result.get("midi"), dict):
        midi = result["midi"].get("url")
    if isinstance(midi, str):
        yield ResultFile(midi, "midi", "mid")
    if isinstance(result.get("musicxml_url"), str):
        yield ResultFile(result["musicxml_url"], "musicxml", "musicxml", main=False)
    for score in scores_of(result):
        yield ResultFile(score.url, "pdf", "pdf", main=False, name=score.filename or score.kind)


def scores_of(result: object) -> tuple[ScorePdf, ...]:
    """Return the engraved scores of a result."""
    return tuple(
        ScorePdf(
            score["url"],
            _text(score, "kind"),
            _text(score, "filename"),
            _text(score, "sha256"),
            tolerant_integer(score.get("size_bytes")),
        )
        for score in _objects(result, "score_pdfs")
        if isinstance(score.get("url"), str)
    )


def notes_of(result: object) -> tuple[MidiNote, ...]:
    """Return the notes of a result, without those that lack a pitch or a time."""
    found = []
    for note in _objects(result, "notes"):
        pitch, start, end = tolerant_integer(note.get("pitch")), _number(note, "start"), _number(note, "end")
        if pitch is not None and start is not None and end is not None:
            found.append(MidiNote(pitch, start, end, _text(note, "instrument"), _number(note, "velocity")))
    return tuple(found)


def _objects(result: object, name: str) -> Iterator[Mapping[str, Any]]:
    held = result.get(name) if isinstance(result, dict) else None
    return (each for each in (held if isinstance(held, list) else ()) if isinstance(each, dict))


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    return value if isinstance(value, str) else None


def _number(fields: Mapping[str, Any], name: str) -> float | None:
    value = tolerant_number(fields.get(name))
    return None if value is None else float(value)
