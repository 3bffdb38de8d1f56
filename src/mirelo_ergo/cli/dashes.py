"""Refuse words with a dash that would be taken for something else: a file for options, an option for a value."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from .failures import refused
from .groups import Commands
from .printing import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def refuse_dashed_files(given: Sequence[str]) -> None:
    """Refuse a file whose name begins with a dash: it would be taken for an option, or for several short ones."""
    for word in _before_arguments(given):
        if word.startswith("-") and "." in word and os.path.lexists(word):
            name = one_line(word)
            raise refused(f"the file {name} would be read as an option: write ./{name}, or -- before all files")


def refuse_swallowed_options(root: click.Command, given: Sequence[str]) -> None:
    """Refuse an option in the place of another one's value.

    In `--ledger $LEDGER --dry-run` the shell leaves nothing of an empty variable: a batch would be made and paid, with
    its ledger in a file "--dry-run".
    """
    words = [*_before_arguments(given), *(["--"] if "--" in given else [])]
    command: click.Command | None = root
    while isinstance(command, Commands) and words:
        word = words.pop(0)
        command = command if word.startswith("-") else command.get_command(None, word)
    if command is None:
        return
    options = {name: each for each in command.params if isinstance(each, click.Option) for name in each.opts}
    while len(words) > 1:
        waiting = _waiting(words.pop(0), options)
        if waiting is None:
            continue
        value = words.pop(0)
        if value == "--" or value.partition("=")[0] in options:
            name = max(waiting.opts, key=len)
            raise refused(f"{name} has no value, but {value} after it: write {name}={value} if that is its value")


def _before_arguments(given: Sequence[str]) -> Sequence[str]:
    return given[: given.index("--")] if "--" in given else given


def _waiting(word: str, options: Mapping[str, click.Option]) -> click.Option | None:
    """Return the option whose value is the next word: a long one, or the last of several short ones."""
    if word in options:
        return options[word] if _has_value(options[word]) else None
    if word.startswith("--") or not word.startswith("-"):
        return None
    for place, letter in enumerate(word[1:], 2):
        option = options.get(f"-{letter}")
        if option is None:
            return None
        if _has_value(option):
            return option if place == len(word) else None
    return None


def _has_value(option: click.Option) -> bool:
    return not option.is_flag and not option.count
