"""Saving several results: one that fails does not stop the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ConfigurationError, DownloadError, MireloError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from ..io.protocol import IO
    from .sinks import FileSink


async def save_all(
    io: IO, sinks: Sequence[FileSink], fetch: Callable[[int], Awaitable[None]], *, own_names: bool
) -> list[Path]:
    """Fetch each sink's file, by its index, and return the paths in order.

    With `own_names` no other job's files can have these names, so that an existing complete file is not fetched again.
    If some fail, a `DownloadError` is raised at the end, with the saved files in `saved` and the errors in `failed`.
    """
    saved: list[Path] = []
    failures: dict[int, MireloError] = {}
    for index, sink in enumerate(sinks):
        if not own_names or await io.run_blocking(sink.whole_already) is None:
            try:
                await fetch(index)
            except ConfigurationError:
                raise  # the client is closed: all others would fail too
            except MireloError as error:
                failures[index] = error
                continue
        assert sink.target is not None, "a file that is saved has its place"
        saved.append(sink.target)
    if failures:
        raise _failure(saved, failures, len(sinks))
    return saved


def _failure(saved: list[Path], failures: dict[int, MireloError], count: int) -> MireloError:
    """Return the first failure, with the saved files and all failures."""
    first = next(iter(failures.values()))
    if not isinstance(first, DownloadError):
        if count == 1:
            return first
        cause, first = first, DownloadError(first.message, None, first.http_status, retryable=first.retryable)
        first.__cause__ = cause
    first.saved = saved
    first.failed = {index: error.message for index, error in failures.items()}
    if count > 1:
        first.message += f"; {len(saved)} of {count} results were saved: download again for the rest"
        first.args = (first.message,)
    return first
