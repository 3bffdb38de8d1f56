"""sync.so: the vendor's resources under the vendor's names, and lip-sync as a job like those of other services."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .asynchronous import AsyncSyncSoClient as AsyncSync
    from .blocking import SyncSoClient as Sync
    from .flows import Estimate
    from .inputs import (
        ActiveSpeaker,
        Audio,
        ElevenLabs,
        GenerationOptions,
        GenerationSegment,
        Image,
        SegmentAudioInput,
        Tts,
        Video,
    )
    from .values import (
        Asset,
        BatchMetrics,
        BatchResponse,
        EstimatedGenerationCost,
        Generation,
        GenerationCosts,
        ModelInfo,
        Project,
        ValidationResponse,
    )

__all__ = [
    "ActiveSpeaker",
    "Asset",
    "AsyncSync",
    "Audio",
    "BatchMetrics",
    "BatchResponse",
    "ElevenLabs",
    "Estimate",
    "EstimatedGenerationCost",
    "Generation",
    "GenerationCosts",
    "GenerationOptions",
    "GenerationSegment",
    "Image",
    "ModelInfo",
    "Project",
    "SegmentAudioInput",
    "Sync",
    "Tts",
    "ValidationResponse",
    "Video",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place, own = _ELSEWHERE.get(name, ("inputs" if name in _INPUTS else "values", name))
    value: object = getattr(import_module(f".{place}", __name__), own)
    globals()[name] = value
    return value


_ELSEWHERE = {
    "Sync": ("blocking", "SyncSoClient"),
    "AsyncSync": ("asynchronous", "AsyncSyncSoClient"),
    "Estimate": ("flows", "Estimate"),
}
_INPUTS = frozenset(
    {
        "ActiveSpeaker",
        "Audio",
        "ElevenLabs",
        "GenerationOptions",
        "GenerationSegment",
        "Image",
        "SegmentAudioInput",
        "Tts",
        "Video",
    }
)
