"""What signal handlers raise, such as the time limits of Celery and RQ: it passes, whatever it is a subclass of."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


def is_of_a_signal(error: BaseException) -> bool:
    """Return whether a signal handler raised it."""
    import signal  # only failures need it

    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals()}
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in handlers:
            return True
        trace = trace.tb_next
    return False


class Tolerating(contextlib.suppress):
    """`contextlib.suppress` for the errors of a step, but not for what a signal handler raises meanwhile."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Suppress an error of the step."""
        return bool(super().__exit__(kind, error, trace)) and not (error is not None and is_of_a_signal(error))
