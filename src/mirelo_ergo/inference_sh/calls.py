"""The job calls of both clients, written once. They send nothing, so they are not async."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, BinaryIO, Generic, TypeVar

from .._runtime.api.limits import check
from .._runtime.redact import short_repr, type_name
from ..errors import InvalidRequestError
from .files import ACCEPTED, File, UploadPolicy, is_given
from .flows import InferenceFlows, Run
from .generated import limits
from .schemas import check_mmaudio
from .service import MMAUDIO

RequestT = TypeVar("RequestT")
Clip = str | os.PathLike[str] | bytes | BinaryIO | File


class AppCalls(ABC, Generic[RequestT]):
    """The calls that make jobs."""

    _core: InferenceFlows

    @abstractmethod
    def _request_of(self, run: Run) -> RequestT:
        """Return a request of the client's kind."""

    def mmaudio(
        self,
        prompt: str,
        *,
        video: Clip | None = None,
        negative_prompt: str = "",
        duration: float = 8,
        cfg_strength: float = 4.5,
        num_steps: int = 25,
        seed: int = 42,
        mask_away_clip: bool = False,
    ) -> RequestT:
        """Request sound for a text or a silent video, with `infsh/mmaudio`. Sends nothing yet.

        Args:
            prompt: A description of the sound.
            video: A path, a URL, bytes, an open file or a `File`: the result then also has the video with its sound.
            negative_prompt: A description of what to avoid.
            duration: Seconds; at most the length of the video.
            cfg_strength: How closely to follow the prompt.
            num_steps: The number of steps.
            seed: The same seed gives the same sound.
            mask_away_clip: Ignore the content of the video.

        Raises:
            InvalidRequestError: An argument is of the wrong type, or the prompt is blank.
        """
        if not isinstance(prompt, str) or not prompt.strip():
            raise InvalidRequestError(f"prompt={short_repr(prompt)} says nothing; nothing was sent", field="prompt")
        if not (video is None or (video.strip() if isinstance(video, str) else is_given(video))):
            raise InvalidRequestError(
                f"video={short_repr(video)} is {type_name(video)}, not a clip: {ACCEPTED}; nothing was sent",
                field="video",
            )
        given: dict[str, Any] = {
            "prompt": prompt,
            "negative_prompt": negative_prompt,
            "duration": duration,
            "cfg_strength": cfg_strength,
            "num_steps": num_steps,
            "seed": seed,
            "mask_away_clip": mask_away_clip,
        }
        if self._core.check_limits:
            check(limits, "MmaudioInput", given, MMAUDIO)
        if video is not None:
            given["video_input"] = video
        return self._request_of(self._core.new_run({"app": MMAUDIO, "input": given}))

    def app(
        self, app: str, *, function: str | None = None, upload: UploadPolicy | None = None
    ) -> Callable[..., RequestT]:
        """Return a function that makes requests for an app: `client.app("namespace/name")(prompt="rain")`.

        Args:
            app: `namespace/name`, `namespace/name@version` or `namespace/name:function`.
            function: The app's function, if it has several.
            upload: Which values of an input are uploaded; None: the client's setting.

        Raises:
            InvalidRequestError: The app's name does not have that form.
        """
        if not isinstance(app, str) or app.count("/") != 1 or app.startswith("/") or app.endswith(("/", "@", ":")):
            raise InvalidRequestError(f"app={short_repr(app)} is not 'namespace/name'; nothing was sent", field="app")

        def request(**input: Any) -> RequestT:  # noqa: A002  # the service's word
            run = self._core.new_run({"app": app, "function": function, "input": input}, upload)
            if self._core.check_limits and app == MMAUDIO and function is None:
                check_mmaudio(input)
            return self._request_of(run)

        return request
