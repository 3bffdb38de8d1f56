"""inference.sh: any app of its marketplace, with the vendor's names, and jobs like those of other services."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .asynchronous import AsyncInferenceClient as AsyncInference
    from .blocking import InferenceClient as Inference
    from .files import File
    from .operations import StoredFile
    from .streams import TaskStream
    from .streams_async import AsyncTaskStream
    from .tasks import Estimate, Record, Task, TaskStatus, TaskUpdate

__all__ = [
    "AsyncInference",
    "AsyncTaskStream",
    "Estimate",
    "File",
    "Inference",
    "Record",
    "StoredFile",
    "Task",
    "TaskStatus",
    "TaskStream",
    "TaskUpdate",
    "async_inference",
    "inference",
]

_ELSEWHERE = {
    "AsyncInference": ("asynchronous", "AsyncInferenceClient"),
    "AsyncTaskStream": ("streams_async", "AsyncTaskStream"),
    "File": ("files", "File"),
    "Inference": ("blocking", "InferenceClient"),
    "StoredFile": ("operations", "StoredFile"),
    "TaskStream": ("streams", "TaskStream"),
}


def inference(api_key: str | None = None, base_url: str | None = None) -> Inference:
    """Return a sync client, as the vendor's SDK does. Raises `ConfigurationError` without a key."""
    from .blocking import InferenceClient

    return InferenceClient(api_key, base_url=base_url)


def async_inference(api_key: str | None = None, base_url: str | None = None) -> AsyncInference:
    """Return an async client, as the vendor's SDK does. Raises `ConfigurationError` without a key."""
    from .asynchronous import AsyncInferenceClient

    return AsyncInferenceClient(api_key, base_url=base_url)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place, own = _ELSEWHERE.get(name, ("tasks", name))
    value: object = getattr(import_module(f".{place}", __name__), own)
    globals()[name] = value
    return value
