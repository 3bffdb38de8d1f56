"""Reading the bodies of v3's requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo.emulator.refusals import Refusal, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen
class Asked:
    """The request in the body of one of the four operations. `sources` has asset ids for `audio` and `video`."""

    operation: str
    model: str
    prompt: str
    num_variants: int
    audio_format: str
    controls: frozenset[str]
    sources: Mapping[str, str]
    fields: Mapping[str, Any]

    @property
    def lengths(self) -> dict[str, int]:
        """The values that a model has ranges for."""
        known = {name: self.fields[name] for name in ("duration_ms", "append_duration_ms") if name in self.fields}
        region = self.fields.get("region")
        if region is not None:
            known |= {"region_start_ms": region["start_ms"], "region_width_ms": region["end_ms"] - region["start_ms"]}
        return known

    def values(self, *, speech: bool) -> dict[str, Any]:
        """Return the values for `JobService.generate`. `speech` requests the speech as a separate file."""
        names = ("duration_ms", "append_duration_ms", "start_offset_ms", "region")
        return {
            "prompt": self.prompt,
            "num_samples": self.num_variants,
            "audio_format": self.audio_format,
            "loop": "loop" in self.controls,
            "keep_speech": "preserve_speech" in self.controls,
            "speech_stem": speech and "preserve_speech" in self.controls,
            **{name: self.fields[name] for name in names if name in self.fields},
            **{name: {"type": "asset", "asset_id": asset} for name, asset in self.sources.items()},
        }


def read(operation: str, fields: Mapping[str, Any]) -> Asked:
    """Read a valid body, with its defaults."""
    given = fields["input"]
    sources = {name: given[name]["id"] for name in ("audio", "video") if name in given}
    if fields.get("start_offset_ms") and "video" not in sources:
        raise bad_request("start_offset_ms is the start within input.video, and there is none")
    if operation == "extend" and "video" not in sources:
        fields = {name: value for name, value in fields.items() if name != "start_offset_ms"}
    region = fields.get("region")
    if region is not None and region["end_ms"] <= region["start_ms"]:
        raise Refusal("invalid_region", 400, f"region.end_ms is {region['end_ms']}: it has to be more than start_ms")
    controls = fields.get("controls", {})
    return Asked(
        operation,
        fields["model"],
        given.get("prompt", ""),
        fields["num_variants"],
        fields.get("output", {}).get("format", "wav"),
        frozenset(name for name in ("loop", "preserve_speech") if controls.get(name)),
        sources,
        fields,
    )
