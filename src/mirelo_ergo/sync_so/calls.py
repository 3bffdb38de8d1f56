"""The lip-sync call of both clients, written once. It sends nothing, so it is not async."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, Literal, TypeVar

from .._runtime.api.answers import tolerant_number
from .._runtime.redact import short_repr
from ..errors import ConfigurationError, InvalidRequestError
from .inputs import Options, Segment
from .lipsync import Lipsync, Visual, Voice, lipsync_of

RequestT = TypeVar("RequestT")


class LipsyncCalls(ABC, Generic[RequestT]):
    """The calls that make jobs."""

    @abstractmethod
    def _request_of(self, lipsync: Lipsync, max_cost_usd: float | None) -> RequestT:
        """Return a request of the client's kind."""

    def lipsync(
        self,
        video: Visual,
        audio: Voice | Sequence[Voice],
        *,
        model: str = "lipsync-2",
        sync_mode: Literal["bounce", "loop", "cut_off", "silence", "remap"] | None = None,
        options: Options | None = None,
        segments: Sequence[Segment] | None = None,
        output_file_name: str | None = None,
        project_id: str | None = None,
        max_cost_usd: float | None = None,
    ) -> RequestT:
        """Request a video whose lips match an audio. Sends nothing yet.

        Args:
            video: A path, a URL, bytes, an open file, an asset, `Video(…)`, or `Image(…)` for the model `sync-3`.
            audio: The same for a sound, or `Tts(…)`; a list of them together with `segments`.
            model: `lipsync-2`, `lipsync-2-pro`, `sync-3`, `react-1`, or a newer one.
            sync_mode: What to do if their lengths differ; None: the service decides.
            options: `GenerationOptions(…)` or a mapping; unknown options are passed on.
            segments: Which audio speaks when, `GenerationSegment(…)` or mappings.
            output_file_name: The result's name at the service: at most 255 letters, digits, _ and -, without suffix.
            project_id: The project that it belongs to.
            max_cost_usd: The most that it may cost, in US dollars; None: the client's `max_cost_usd=`.

        Raises:
            InvalidRequestError: An argument is wrong.
        """
        if not isinstance(model, str) or not model:
            raise InvalidRequestError(
                f"model={short_repr(model)} is not a model's name; nothing was sent", field="model"
            )
        request = lipsync_of(video, audio, model, sync_mode, options, segments, output_file_name, project_id)
        return self._request_of(request, cost_limit(max_cost_usd, InvalidRequestError))


def cost_limit(value: Any, error: type[ConfigurationError | InvalidRequestError] = ConfigurationError) -> float | None:
    """Return a checked `max_cost_usd`; raises the given class of error."""
    if value is not None and (tolerant_number(value) is None or value < 0):
        raise error(f"max_cost_usd={short_repr(value)} is not an amount of US dollars from 0 on")
    return None if value is None else float(value)
