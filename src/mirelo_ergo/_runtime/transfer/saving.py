"""Save several results: each that is missing, whatever becomes of the others."""

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
    """Fetch each sink's file, by its index, and return where they are, in order.

    With `own_names` no other job's files can have these names: one that is there and proves itself whole is not
    fetched again. One that fails does not stop the others; then a `DownloadError` says in `saved` what is there, and in
    `failed` what is not and why.
    """
    saved: list[Path] = []
    failures: dict[int, MireloError] = {}
    for index, sink in enumerate(sinks):
        if not own_names or await io.run_blocking(sink.whole_already) is None:
            try:
                await fetch(index)
            except ConfigurationError:
                raise  # the client is closed: the others would fail as well
            except MireloError as error:
                failures[index] = error
                continue
        assert sink.target is not None, "a file that is saved has its place"
        saved.append(sink.target)
    if failures:
        raise _failure(saved, failures, len(sinks))
    return saved


def _failure(saved: list[Path], failures: dict[int, MireloError], count: int) -> MireloError:
    """Return the first failure, with what was saved and what else failed."""
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
