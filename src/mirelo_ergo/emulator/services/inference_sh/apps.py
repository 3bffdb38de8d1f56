"""The apps of the emulated marketplace: their inputs, their rendering and their outputs."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from mirelo_ergo.emulator.refusals import Refusal, bad_request, short
from mirelo_ergo.emulator.services.inference_sh.files import Reference, references
from mirelo_ergo.emulator.spec.schemas import Document, Schema
from mirelo_ergo.emulator.spec.spec import check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mirelo_ergo.emulator.state.records import Asset, Job

    Output = Mapping[str, Any] | str

MAX_SECONDS: Final = 3600  # mmaudio has no documented bound, so this one is the emulator's
SAMPLING_RATE: Final = 44_100
VOICE_MS: Final = 1000
MAX_VOICES: Final = 8
FILE: Final = {"title": "File", "anyOf": [{"type": "string"}, {"type": "object"}]}


class Source(Protocol):
    """A function that returns a file of an input for `JobService.generate`, or refuses it."""

    def __call__(self, value: object, place: str, /) -> dict[str, Any]: ...


def _schema(content: Mapping[str, Any]) -> Schema:
    return Schema(Document(content), "#", content)


@attrs.frozen
class App(ABC):
    """An app of the marketplace. Its fields are in its schemas."""

    id: str
    namespace: str
    name: str
    title: str
    description: str
    input_schema: Schema = attrs.field(converter=_schema)
    output_schema: Mapping[str, Any]

    @property
    def full_name(self) -> str:
        """Its name in runs."""
        return f"{self.namespace}/{self.name}"

    def fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return an input with the app's defaults; refuse an input that its schema does not allow."""
        told = {name: value for name, value in given.items() if value is not None}
        check(self.input_schema, told, "input")
        return self.input_schema.defaults | told

    def shown(self) -> dict[str, Any]:
        """Return it in the service's form."""
        version = {
            "id": f"{self.id}_1",
            "short_id": "1a2b3c4d",
            "input_schema": self.input_schema.content,
            "output_schema": self.output_schema,
            "functions": {"run": {"name": "run", "input_schema": self.input_schema.content}},
            "default_function": "run",
        }
        return {
            "id": self.id,
            "namespace": self.namespace,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "category": "audio",
            "version_id": version["id"],
            "version": version,
            "status": "ready",
            "tags": [],
        }

    @abstractmethod
    def values(self, fields: Mapping[str, Any], source: Source) -> dict[str, Any]:
        """Return the values for `JobService.generate`."""

    @abstractmethod
    def output(self, job: Job, files: Sequence[Output], received: Sequence[Asset]) -> dict[str, Any]:
        """Return the output of a successful job: `files` are its results, `received` the uploaded files."""

    @abstractmethod
    def names(self, job: Job, received: Sequence[Asset]) -> Sequence[str]:
        """Return the names of the files of its output."""


class Mmaudio(App):
    """infsh/mmaudio: a sound for a text or a clip. Only prompt, clip, duration and seed have an effect here."""

    def values(self, fields: Mapping[str, Any], source: Source) -> dict[str, Any]:
        seconds = fields["duration"]
        if not 0 < seconds <= MAX_SECONDS:
            raise bad_request(f"input.duration is {short(seconds)}: this emulator makes up to {MAX_SECONDS} s")
        values = {
            "prompt": fields["prompt"],
            "duration_ms": max(1, round(seconds * 1000)),
            "seed": fields["seed"],
            "audio_format": "flac",
            "audio_rate": SAMPLING_RATE,
        }
        if fields.get("video_input"):
            video = source(fields["video_input"], "input.video_input")
            values |= {"video": video, "output": "both", "lenient": True}
        return values

    def output(self, job: Job, files: Sequence[Output], received: Sequence[Asset]) -> dict[str, Any]:
        made = dict(zip(("audio_output", "video_output"), files, strict=False))
        length = job.results[0].duration_ms if job.results else None
        return {**made, "duration": (length or 0) / 1000, "sampling_rate": SAMPLING_RATE}

    def names(self, job: Job, received: Sequence[Asset]) -> Sequence[str]:
        given = job.request["input"]
        clip = Reference.of(given.get("video_input"))
        if clip is None or not clip.uri:
            return [re.sub(r"[\s/\\]", "_", given["prompt"][:50]) + ".flac"]
        uploaded = received[0].name if received else ""
        stem = PurePosixPath(clip.filename or uploaded or re.sub(r"[?#].*", "", clip.uri)).stem
        return [f"{stem}_audio.flac", f"{stem}_with_audio.mp4"]


class Choir(App):
    """An invented app: it sings each line, and returns its input as free JSON with files."""

    def values(self, fields: Mapping[str, Any], source: Source) -> dict[str, Any]:
        lines = fields["lines"]
        if not 0 < len(lines) <= MAX_VOICES:
            raise bad_request(f"input.lines has {len(lines)} lines: this app takes 1 to {MAX_VOICES}")
        for each in references(fields):
            source(each.uri, "a file in input")
        return {"prompt": " / ".join(lines), "num_samples": len(lines), "duration_ms": VOICE_MS}

    def output(self, job: Job, files: Sequence[Output], received: Sequence[Asset]) -> dict[str, Any]:
        given = job.request["input"]
        voices = [{"line": line, "sound": file} for line, file in zip(given["lines"], files, strict=False)]
        known = [{"filename": each.name, "size": each.size, "sha256": each.sha256} for each in received]
        return {"voices": voices, "settings": given.get("settings"), "received": known}

    def names(self, job: Job, received: Sequence[Asset]) -> Sequence[str]:
        return [f"voice-{number}.wav" for number, _ in enumerate(job.request["input"]["lines"])]


MMAUDIO: Final = Mmaudio(
    "app_mmaudio",
    "infsh",
    "mmaudio",
    "MMAudio",
    "Makes sound from words, or for a silent clip.",
    {
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string"},
            "negative_prompt": {"type": "string", "default": ""},
            "video_input": {**FILE, "format": "file"},
            "duration": {"type": "number", "default": 8},
            "cfg_strength": {"type": "number", "default": 4.5},
            "num_steps": {"type": "integer", "default": 25},
            "seed": {"type": "integer", "default": 42},
            "mask_away_clip": {"type": "boolean", "default": False},
        },
    },
    {
        "type": "object",
        "required": ["audio_output", "duration", "sampling_rate"],
        "properties": {
            "audio_output": FILE,
            "video_output": FILE,
            "duration": {"type": "number"},
            "sampling_rate": {"type": "integer"},
        },
    },
)
CHOIR: Final = Choir(
    "app_choir",
    "emulator",
    "choir",
    "Choir",
    "Sings lines of text. A made-up app of the emulator.",
    {
        "type": "object",
        "required": ["lines"],
        "properties": {
            "lines": {"type": "array", "items": {"type": "string"}},
            "score": FILE,
            "pages": {"type": "array", "items": FILE},
            "style": {"type": "string"},
            "settings": {"type": "object"},
        },
    },
    {"type": "object"},
)
APPS: Final = (MMAUDIO, CHOIR)


def find(name: str) -> App:
    """Return an app by its name, with or without version and function, or by its id; refuse others (404)."""
    named = name.partition("@")[0].partition(":")[0]
    for app in APPS:
        if named in (app.full_name, app.id):
            return app
    known = " and ".join(app.full_name for app in APPS)
    raise Refusal("not_found", 404, f"there is no app {short(name)}: this emulator has {known}")
