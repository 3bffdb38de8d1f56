"""Run the fault matrix and print one line per row, with its result for each client; exit with 1 if a row failed.

The rows and their words are those of the tests `test_fault_NN` in tests/faults.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"test_fault_(\d\d)\w*(?:\[(.*)\])?$")


class Table:
    """Collect the outcome of every test of a row, and the first line of its docstring."""

    def __init__(self) -> None:
        self.words: dict[int, str] = {}
        self.outcomes: dict[tuple[int, str], list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Record the description of each row."""
        for item in items:
            found = ROW.search(item.name)
            if found:
                text = (getattr(item, "function", None).__doc__ or "").strip().splitlines()
                row, words = int(found[1]), text[0] if text else ""
                if row not in self.words or item.name.partition("[")[0] == f"test_fault_{found[1]}":
                    self.words[row] = words  # the row's own test says it best

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the outcome of each test of a row."""
        found = ROW.search(report.nodeid)
        if found and (report.when == "call" or report.failed or report.skipped):
            parts = (found[2] or "").split("-")
            for client in ("sync", "async"):
                if client in parts or not {"sync", "async"} & set(parts):
                    self.outcomes[int(found[1]), client].append(report.outcome)

    def lines(self) -> list[str]:
        """Return the table as text."""
        shown = [f"{'#':>3}  {'sync':8} {'async':8} fault"]
        for row in sorted(self.words):
            marks = [self._mark(row, client) for client in ("sync", "async")]
            shown.append(f"{row:>3}  {marks[0]:8} {marks[1]:8} {self.words[row]}")
        return shown

    def _mark(self, row: int, client: str) -> str:
        outcomes = self.outcomes.get((row, client), [])
        if not outcomes:
            return "-"
        return "pass" if set(outcomes) == {"passed"} else "FAIL"


def main() -> int:
    """Run the rows and print the table."""
    table = Table()
    options = ["-q", "-k", "test_fault_", "--no-header", "--tb=short"]
    code = pytest.main([str(ROOT / "tests" / "faults"), *options], [table])
    print("\n".join(table.lines()))
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
