"""How the tests are shared out among pytest's workers: a file stays with one of them, the long files are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    import pytest

SPREAD: Final = (
    "generation/test_vendor_form.py",
    "docs/test_snippets.py",
    "emulator/test_schemathesis.py",
    "batch/test_workers_proof.py",
    "batch/test_work.py",
    "batch/test_crash.py",
    "property/test_requests.py",
    "docs/test_types.py",
    "cli/test_endings_everywhere.py",
    "cli/test_endings.py",
    "cli/test_processes.py",
)
"""Files of more than ten seconds whose tests share no costly fixture: each test goes to whoever is free."""
FIRST: Final = (
    "docs/test_site.py",
    "emulator/test_page.py",
    "vendor/test_interop_sync_so.py",
    "apidiff/test_update_spec.py",
    "generation/test_generate.py",
)
"""Files of more than ten seconds that one worker has to play, for what it builds or starts once."""


def turn(file: str) -> int:
    """Return when a file of tests is played: what takes long first, so that no worker is left with it at the end."""
    if file in FIRST:
        return 0
    return 1 if file in SPREAD else 3 if file.startswith("unit/") else 2


def by_file(config: pytest.Config, log: Any) -> Any:
    """Return a scheduler that hands out files, in their order; from the long ones single tests."""
    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = unit_of
    return scheduler


def unit_of(nodeid: str) -> str:
    """Return what a test is handed out with: all tests of which this is the same."""
    file = nodeid.partition("::")[0]
    return nodeid if file.removeprefix("tests/") in SPREAD else file
