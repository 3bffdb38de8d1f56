"""The table of models, independent of click, so that plain `mirelo-ergo models` starts in half the time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mirelo_ergo import ModelInfo

    from .output import Output


def show(output: Output) -> None:
    """Print the families and models with their limits. Raises `StdoutError`."""
    from mirelo_ergo import list_models

    infos = list_models()
    tables = ["\n".join(_table(info)) for info in infos]
    output.result(["\n\n".join(tables)], {"models": [info.to_dict() for info in infos]})


def _table(info: ModelInfo) -> list[str]:
    rows = [(name, str(limit["type"]), _bounds(limit)) for name, limit in info.limits.items()]
    widest = max(len(name) for name, _, _ in rows)
    return [
        f"{info.family} {info.model}" + (", the default" if info.is_default else ""),
        *(f"  {name:<{widest}}  {kind:<7}  {bounds}".rstrip() for name, kind, bounds in rows),
        *(f"  {condition}" for condition in info.conditions),
    ]


def _bounds(limit: Mapping[str, Any]) -> str:
    parts = ["required"] if limit["required"] else []
    for least, most, unit in (("minimum", "maximum", ""), ("min_length", "max_length", " characters")):
        low, high = limit.get(least), limit.get(most)
        if low is not None and high is not None:
            parts.append(f"{low} to {high}{unit}")
        elif low is not None or high is not None:
            parts.append((f"at most {high}" if low is None else f"at least {low}") + unit)
    parts += [" or ".join(limit["enum"])] if "enum" in limit else []
    parts += [f"default {json.dumps(limit['default'])}"] if "default" in limit else []
    return ", ".join(parts)
