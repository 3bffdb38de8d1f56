"""The generated operations, imported when one of them is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirelo_ergo_api.mirelo_v2 import operations
else:
    from .._runtime.lazy import LazyModule

    operations = LazyModule("mirelo_ergo_api.mirelo_v2.operations")

__all__ = ["operations"]
