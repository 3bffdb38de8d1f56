"""Every table of the documentation is a table for GitHub and PyPI: each row has as many cells as the head."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_snippets import PAGES, ROOT

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)
DELIMITER = re.compile(r"\|(?: ?:?-+:? ?\|)+")


def cells(row: str) -> int:
    """Return how many cells a row has; a bar inside code divides too, unless it is escaped."""
    return len(re.findall(r"(?<!\\)\|", row)) - 1


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_row_has_the_cells_of_its_head(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    for table in TABLE.findall(text):
        head, delimiter, *rows = table.splitlines()
        assert DELIMITER.fullmatch(delimiter), head
        assert rows, head
        for row in (delimiter, *rows):
            assert (row.endswith("|"), cells(row)) == (True, cells(head)), row
