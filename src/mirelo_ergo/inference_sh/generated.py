"""The generated operations and limits, imported when one of them is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mirelo_ergo_api.inference_sh import limits, operations
else:
    from .._runtime.lazy import LazyModule

    limits = LazyModule("mirelo_ergo_api.inference_sh.limits")
    operations = LazyModule("mirelo_ergo_api.inference_sh.operations")

__all__ = ["limits", "operations"]
