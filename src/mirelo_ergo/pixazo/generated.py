"""The generated operations, imported when one of them is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirelo_ergo_api.pixazo import operations
else:
    from .._runtime.lazy import LazyModule

    operations = LazyModule("mirelo_ergo_api.pixazo.operations")

__all__ = ["operations"]
