"""What holds for every test: the same examples in every run, and nothing of the caller's environment."""

from __future__ import annotations

import pytest
from hypothesis import settings

# No database: an example that failed once is found again from the same seed, and no file is left behind.
settings.register_profile("repo", database=None, derandomize=True, deadline=None, max_examples=60)
settings.load_profile("repo")


@pytest.fixture(autouse=True)
def no_inherited_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the variables a client reads, so that a developer's own key never comes near a test."""
    monkeypatch.delenv("MIRELO_API_KEY", raising=False)
    monkeypatch.delenv("MIRELO_BASE_URL", raising=False)
