"""How many examples hypothesis tries: all in CI, a third while a developer waits. They are the same in every run."""

from __future__ import annotations

import os

from hypothesis import settings

IN_CI = 60
"""Examples of a property that does not say how many it needs."""


def examples(in_ci: int) -> settings:
    """Return settings with so many examples in the profile `ci`, and a third of them in `dev`."""
    return settings(max_examples=in_ci if PROFILE == "ci" else -(-in_ci // 3))


# No database: an example that failed once is found again from the same seed, and no file is left behind.
for _name, _number in (("ci", IN_CI), ("dev", IN_CI // 3)):
    settings.register_profile(_name, database=None, derandomize=True, deadline=None, max_examples=_number)
PROFILE = "ci" if os.environ.get("CI") else "dev"
settings.load_profile(PROFILE)
