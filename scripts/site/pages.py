"""Pages from the texts at the top of the repository, and a list of all pages for a language model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
_NAMED = re.compile(r"(?<!\[)`docs/([a-z0-9-]+\.md)`")
_LINKED = re.compile(r"\]\(docs/")
TOP = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "README.md": "index.md",
    "SECURITY.md": "security.md",
}
"""The texts at the top of the repository, and what their pages are called."""
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def as_page(text: str) -> str:
    """Return a text of the repository's top as a page of the site: what it names of docs/ becomes a link."""
    parts = _FENCE.split(text)
    for index in range(0, len(parts), 2):
        plain = _LINKED.sub("](", _NAMED.sub(r"[\1](\1)", parts[index]))
        for name, page in TOP.items():
            plain = plain.replace(f"]({name})", f"]({page})").replace(f"`{name}`", f"[{name}]({page})")
        parts[index] = plain
    return "".join(parts)


def listed(navigation: list[Any]) -> Iterator[str]:
    """Yield the pages of a navigation, in its order."""
    for entry in navigation:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            for inner in entry.values():
                yield from listed(inner if isinstance(inner, list) else [inner])


def llms(navigation: list[Any], written: Mapping[str, str], docs: Path) -> str:
    """Return llms.txt: what this is, and each page's title and first sentence with its address."""
    lines = [
        "# mirelo_ergo",
        "",
        "> Sound effects for video and from text: a safe, typed, sync and async Python SDK.",
        "",
    ]
    for section in navigation:
        for title, entries in section.items():
            lines += [f"## {title}", ""]
            for name in listed(entries):
                text = written.get(name) or (docs / name).read_text(encoding="utf-8")
                lines.append(f"- [{_title(text)}]({name.removesuffix('.md')}.html): {_first_sentence(text)}")
            lines.append("")
    return "\n".join(lines)


def _title(text: str) -> str:
    return next(line[2:] for line in text.splitlines() if line.startswith("# "))


def _first_sentence(text: str) -> str:
    parts = _FENCE.sub("", text).split("\n\n")[1:]
    paragraphs = [part for part in parts if re.match(r"\s*[\w*]|\s*`[^`]+`", part)]
    plain = " ".join(paragraphs[0].split()) if paragraphs else ""
    plain = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", plain)
    return re.split(r"(?<=[.?!]) ", plain)[0]
