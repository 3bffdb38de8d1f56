"""Write docs/emulator-errors.md from the table that the emulator's tests play."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.emulator.error_cases import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
