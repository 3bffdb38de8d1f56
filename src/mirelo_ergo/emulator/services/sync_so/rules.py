"""Rules for generations beyond their schema and the conditions in the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator.refusals import bad_request, short

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS: tuple[Mapping[str, Any], ...] = (
    {"id": "sync-3", "name": "sync-3", "type": "lipsync", "version": "3", "description": "Videos and pictures."},
    {"id": "lipsync-2", "name": "lipsync-2", "type": "lipsync", "version": "2", "description": None},
    {"id": "lipsync-2-pro", "name": "lipsync-2-pro", "type": "lipsync", "version": "2", "description": None},
    {
        "id": "lipsync-1.9.0-beta",
        "name": "lipsync-1.9.0-beta",
        "type": "lipsync",
        "version": "1.9.0",
        "description": None,
        "deprecatedAt": "2025-06-01T00:00:00.000Z",
    },
    {"id": "react-1", "name": "react-1", "type": "react", "version": "1", "description": "Emotions and head movement."},
)


def check(body: Mapping[str, Any]) -> None:
    """Refuse an unknown model, and segments that do not match each other or the inputs, with 400."""
    if body["model"] not in (model["id"] for model in MODELS):
        known = ", ".join(model["id"] for model in MODELS)
        raise bad_request(f"model is {short(body['model'])}: it has to be one of {known}")
    if "segments" in body:
        _check_segments(body)


def _check_segments(body: Mapping[str, Any]) -> None:
    names = [each.get("refId") for each in body["input"] if each["type"] in ("audio", "text")]
    if None in names or len(set(names)) < len(names):
        raise bad_request("with segments, every audio and text of input needs a refId of its own")
    if not body["segments"]:
        raise bad_request("segments is empty: leave it out, or give at least one")
    for number, segment in enumerate(body["segments"]):
        _check_span(f"segments.{number}", segment)
        audio = segment["audioInput"]
        if audio["refId"] not in names:
            raise bad_request(f"segments.{number}.audioInput.refId is {short(audio['refId'])}, which no input has")
        if ("startTime" in audio) != ("endTime" in audio):
            raise bad_request(f"segments.{number}.audioInput has one of startTime and endTime: it needs both or none")
        if "startTime" in audio:
            _check_span(f"segments.{number}.audioInput", audio)


def _check_span(name: str, span: Mapping[str, Any]) -> None:
    if not 0 <= span["startTime"] < span["endTime"]:
        raise bad_request(
            f"{name} goes from {short(span['startTime'])} to {short(span['endTime'])}: "
            "it has to begin at 0 or later and end after that"
        )
