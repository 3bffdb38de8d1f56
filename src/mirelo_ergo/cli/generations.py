"""The description of one job to submit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mirelo_ergo import JobRequest

    from .progress import ProgressView


@attrs.frozen
class Generation:
    """One job to submit: how its request is built, and how its files are named.

    `label` names it for people, `stem` is for file names. `kind` says what comes: audio, video, or files of any kind. A
    sound has one of the `endings`; without any, nothing is known of them. `filmable` says that --output video would
    give the clip with its sound. `note` is what was chosen for the user.
    """

    build: Callable[[Any, ProgressView], JobRequest]
    label: str
    stem: str
    samples: int
    kind: str = "audio"
    endings: tuple[str, ...] = (".wav",)
    filmable: bool = False
    note: str = ""
    reads: tuple[Path, ...] = ()
    """The files that it is made of."""
    priced: bool = True
    """Whether the price is available before the submit."""
