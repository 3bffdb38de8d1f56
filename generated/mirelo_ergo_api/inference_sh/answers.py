"""What an operation of this service answers, without the answers that stand for an error."""

from typing import TypeVar

from .models import Problem, Requirements

T = TypeVar("T")


def success(answer: T | Problem | Requirements | None) -> T:
    """Return the answer that an operation's function gave, typed as what the spec promises for a success.

    Raises TypeError if it is an error's answer, or none. A client that raises for every error never gives one.
    """
    if answer is None or isinstance(answer, Problem | Requirements):
        raise TypeError(f"not a success: {answer!r:.200}")
    return answer
