"""`batch report`: one HTML file, which plays the sounds from the folder of the results."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ...errors import ConfigurationError

MARK: Final = '<meta name="generator" content="mirelo-ergo batch report">'
PROMPTS: Final = ("prompt", "text", "text_prompt", "edit_prompt")
"""Arguments that describe the result; the first one that an item has is its prompt."""


def write_report(
    items: Iterable[Mapping[str, Any]],
    path: str | os.PathLike[str],
    *,
    folder: str | os.PathLike[str],
    title: str = "Batch",
    now: float,
) -> Path:
    """Write the report of a batch to `path` and return it. An older report is replaced atomically.

    `items` are the ledger's items as plain values, `folder` is the folder of their results. The report refers to them
    by relative paths, so move both together. It needs no network and no other file. Raises `ConfigurationError` if
    `path` is another file or cannot be written.
    """
    target = Path(path)
    try:
        taken = target.is_dir() or (target.exists() and not _is_report(target))
    except OSError as error:
        raise ConfigurationError(f"the report {target} cannot be written: {error.strerror}") from error
    if taken:
        raise ConfigurationError(f"{target} exists and is not a report: give another name")
    listed = [_shown(item) for item in items]
    page = _page(listed, _base(Path(folder).absolute(), target.absolute().parent), title, now)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            beside.write_text(page, encoding="utf-8", newline="\n")
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"the report {target} cannot be written: {error.strerror}") from error
    return target


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return MARK.encode() in file.read(500)


def _page(items: list[dict[str, Any]], base: str, title: str, now: float) -> str:
    here = files("mirelo_ergo.batch.report")
    style, script, page = ((here / name).read_text("utf-8") for name in ("page.css", "page.js", "page.html"))
    allowed = f"style-src {_hash(style)}; script-src {_hash(script)}; media-src 'self' file:; img-src data:"
    values = {
        "policy": f"default-src 'none'; {allowed}",
        "mark": MARK,
        "title": html.escape(title),
        "made": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "facts": "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in _facts(items)),
        "style": style,
        "script": script,
        "data": _in_script({"base": base, "items": items}),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], page)


def _facts(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the figures in the head: the number of items in each state, and their cost."""
    states = Counter(str(item["state"]) for item in items)
    costs: dict[str, float] = {}
    for item in items:
        if item["charged"]:
            costs[item["unit"]] = costs.get(item["unit"], 0.0) + item["charged"]
    counts = [("items", f"{len(items):,}"), *((html.escape(state), f"{count:,}") for state, count in states.items())]
    return counts + [(html.escape(unit), f"{round(cost, 6):,.15g}") for unit, cost in costs.items()]


def _shown(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's data for the page. The queries of URLs, which may be signed, are left out."""
    request = _without_queries(item["arguments"])
    begun, ended = item["submitted_at"], item["ended_at"]
    return {
        "id": item["id"],
        "service": item["service"],
        "operation": item["operation"],
        "state": item["state"],
        "prompt": next((str(request[name]) for name in PROMPTS if request.get(name)), ""),
        "request": request,
        "files": [file["name"] for file in item["files"]],
        "charged": item["charged"] if item["charged"] or item["state"] == "succeeded" else None,
        "unit": "USD" if item["currency"] == "usd" else "credits",
        "seconds": None if begun is None or ended is None else max(0.0, ended - begun),
        "attempts": item["attempts"],
        "reused": item["reused"] is not None,
        "failure": "" if item["error"] is None else item["error"]["message"],
    }


def _without_queries(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_queries(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_queries(each) for each in value]
    if isinstance(value, str) and re.match(r"https?://", value, re.IGNORECASE):
        return re.sub(r"[?#].*", "?…", value, flags=re.DOTALL)
    return value


def _base(folder: Path, report: Path) -> str:
    """Return the relative URL from the report to the results, with a slash at its end."""
    try:
        way = Path(os.path.relpath(folder, report)).as_posix()
    except ValueError:  # on another drive of Windows
        return folder.as_uri() + "/"
    return f"./{quote(way)}/"


def _in_script(value: Any) -> str:
    """Return JSON for a script element, escaped for HTML parsers."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


__all__ = ["write_report"]
