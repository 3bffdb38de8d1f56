"""The models of the emulated v3 with their limits, which are the emulator's own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mirelo_ergo.emulator.refusals import Refusal, bad_request, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo.emulator.services.mirelo_v3.fields import Asked

FORMATS = ("wav", "flac", "mp3_128", "mp3_192", "mp3_320", "m4a_128", "m4a_192")
VARIANTS = {"min": 1, "max": 4}
SPEECH = "speech"


def _model(name: str, released: str, operations: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "release_date": released,
        "status": "general_availability",
        "audio": {"sample_rate": 48_000, "channels": 2},
        "stems": [],
        "controls": ["loop", "preserve_speech"],
        "formats": list(FORMATS),
        "credits_per_second": 10,
        "operations": {name: {**ranges, "num_variants": VARIANTS} for name, ranges in operations.items()},
        **more,
    }


_EDIT = {"region_start_ms": {"min": 1000}, "region_width_ms": {"min": 1000, "max": 30_000}, "controls": []}
MODELS: Mapping[str, Mapping[str, Any]] = {
    "sfx-1.6": _model(
        "sfx-1.6",
        "2026-03-01",
        {
            "text-to-sfx": {
                "duration_ms": {"min": 100, "max": 60_000, "min_with_loop": 1000, "max_with_loop": 30_000},
                "controls": ["loop"],
            },
            "video-to-sfx": {
                "duration_ms": {"min": 1000, "max": 60_000, "max_with_preserve_speech": 30_000},
                "controls": ["preserve_speech"],
            },
            "extend": {"append_duration_ms": {"min": 1000, "max": 57_000, "min_with_loop": 2000}, "controls": ["loop"]},
            "inpaint": _EDIT,
        },
        max_prompt_chars=1000,
    ),
    "sfx-2.0": _model(
        "sfx-2.0",
        "2026-08-28",
        {
            "text-to-sfx": {"duration_ms": {"min": 100, "max": 600_000}, "controls": ["loop"]},
            "video-to-sfx": {"duration_ms": {"min": 1000, "max": 600_000}, "controls": ["preserve_speech"]},
        },
        max_prompt_chars=2000,
        stems=[SPEECH],
    ),
}


def check(asked: Asked) -> Mapping[str, Any]:
    """Return the model of a request; refuse an unknown model, and a request that the model does not accept."""
    model = MODELS.get(asked.model)
    if model is None:
        raise Refusal("model_not_found", 404, f"model is {short(asked.model)}: it has to be one of {', '.join(MODELS)}")
    ranges = model["operations"].get(asked.operation)
    if ranges is None:
        having = [name for name, each in MODELS.items() if asked.operation in each["operations"]]
        raise _unsupported(f"{asked.model} has no {asked.operation}: {' and '.join(having)} has")
    if len(asked.prompt) > model["max_prompt_chars"]:
        raise bad_request(
            f"input.prompt has {len(asked.prompt)} characters: {asked.model} takes {model['max_prompt_chars']}"
        )
    if asked.audio_format not in FORMATS:
        raise _unsupported(f"output.format is {short(asked.audio_format)}: it has to be one of {', '.join(FORMATS)}")
    for name, value in asked.lengths.items():
        _within(name, value, ranges.get(name, {}), asked.controls)
    return model


def _within(name: str, value: int, bounds: Mapping[str, int], controls: frozenset[str]) -> None:
    low = max((bounds[key] for key in ("min", *(f"min_with_{each}" for each in controls)) if key in bounds), default=0)
    high = min(
        (bounds[key] for key in ("max", *(f"max_with_{each}" for each in controls)) if key in bounds), default=value
    )
    if not low <= value <= high:
        code = "invalid_region" if name.startswith("region") else "invalid_request"
        limit = f"{low} or more" if value < low else f"{high} or less"
        terms = f" with {' and '.join(sorted(controls))}" if controls else ""
        raise Refusal(code, 400, f"{name} is {value}: it has to be {limit}{terms}")


def _unsupported(message: str) -> Refusal:
    return Refusal("capability_unsupported", 422, message)
