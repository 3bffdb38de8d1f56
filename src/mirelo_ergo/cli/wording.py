"""The library's messages in the terms of the command line: options instead of fields, seconds instead of ms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .times import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo import MireloError

OPTIONS: Final[Mapping[str, str]] = {
    "segment.end_ms - segment.start_ms": "the part from --from to --to:",
    "segment.start_ms": "--from",
    "segment.end_ms": "--to",
    "append_duration_ms": "--by",
    "start_offset_ms": "--start",
    "duration_ms": "--duration",
    "duration": "--duration",
    "timeout_ms": "--timeout",
    "num_samples": "--samples",
    "text_prompt": "the prompt",
    "prompt": "the prompt",
    "ambience": "--loop",
    "loop": "--loop",
    "output": "--output",
    "model": "--model",
    "output_format": "--format",
    "preserve_speech": "--keep-speech",
    "instruments": "--instrument",
    "time_signature": "--meter",
    "subdivision": "--subdivision",
    "timing": "--timing",
    "tempo.bpm": "--tempo",
    "page_size": "--page",
    "max_credits": "--max-credits",
    "max_cost_usd": "--max-cost",
    "sync_mode": "--sync-mode",
    "project_id": "--project",
    "base_url": "--base-url",
    "allow_private_hosts": "--allow-private-hosts",
    "overwrite": "--overwrite",
    "moved": "--moved",
    "token": "the token",
    "app": "APP",
}
"""What a field of the library is called here, those within longer names last."""

_VALUE = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s;,()]+)"""
_GIVEN = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, OPTIONS))})=(?:{_VALUE})?")
_BOUND = re.compile(r"\b(minimum of |maximum of |allowed: |to )(-?\d+(?:\.\d+)?)\b")
_SOURCE = re.compile(r"^(?:[\w/-]+ v\S+: )?(video|audio): ")
_MS = re.compile(r"\b(\d+) ms\b")
_UNKNOWN_KIND = re.compile(r"neither the first bytes nor the name of (.*) tell what it is: pass content_type=.*")
_SEND_AGAIN = re.compile(r"Send it again with idempotency_key=\S+ and nothing changed: without that key it may")
_LACKS = re.compile(r"\bhas no (\w+)\b")
_ABOUT = re.compile(r"[\w/-]+(?= v\d)")
_OTHER = re.compile(r"(?<=[;d] )([\w/-]+) (v\d[\d.]*)(?= (?:has|have|takes?|and)\b)")


def in_options(error: MireloError) -> str:
    """Return an error's message in the terms of the command line."""
    field = getattr(error, "field", None) or ""
    text = error.message
    if field.endswith("_ms") or field in ("segment", "duration"):
        factor = 1000 if field == "duration" else 1
        text = _BOUND.sub(lambda found: f"{found[1]}{seconds(float(found[2]) * factor)}", text)
    text = _SOURCE.sub(lambda found: f"the {'clip' if found[1] == 'video' else 'sound'}: ", text)
    text = re.sub(r"^output\.format is\b", "--format is", text)  # the service's own name of it
    text = _GIVEN.sub(_option, re.sub(r"\binstruments\[\d+\]=", "instruments=", text))
    text = _LACKS.sub(lambda found: f"has no {_bare_option(found[1])}", text)
    if about := _ABOUT.match(text):
        text = _OTHER.sub(lambda found: _way(about[0], found[1], found[2]), text)
    text = _SEND_AGAIN.sub("Send it again with mirelo-ergo job resubmit: the command that made it may", text)
    text = _MS.sub(lambda found: seconds(int(found[1])), text).replace(" when --", " with --")
    text = _UNKNOWN_KIND.sub(r"neither the first bytes of \1 nor the ending of its name say that it is one", text)
    text = text.replace(", or fetch_urls=True to the client, which then fetches and uploads it", "")
    return text.replace("pass --allow-private-hosts to the client", "give --allow-private-hosts").replace(
        "pass --overwrite to replace it", "--overwrite replaces it"
    )


def _option(found: re.Match[str]) -> str:
    name, value = found[1], found[2] or ""
    option = OPTIONS[name]
    if value in ("True", ""):
        return option
    if name in ("model", "output", "output_format"):
        value = value.strip("'\"")
    elif name == "duration" or name.endswith("_ms") or "_ms - " in name:
        factor = 1000 if name == "duration" else 1
        value = seconds(float(value) * factor) if re.fullmatch(r"-?\d+(\.\d+)?", value) else value
    return f"{option} {value}"


def _bare_option(name: str) -> str:
    return "--prompt" if name == "prompt" else OPTIONS.get(name, name)


def _way(family: str, other: str, model: str) -> str:
    """Return the option or command for a feature of another family or model."""
    if other == family:
        return f"--model {model}"
    return "the same with --video" if other.endswith("/with_video") else "the same without --video"
