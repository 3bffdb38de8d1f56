"""The generated operations and limits of v3, imported when one of them is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirelo_ergo_api.mirelo_v3 import limits, operations
else:
    from .._runtime.lazy import LazyModule

    limits = LazyModule("mirelo_ergo_api.mirelo_v3.limits")
    operations = LazyModule("mirelo_ergo_api.mirelo_v3.operations")

__all__ = ["limits", "operations"]
