"""Prompts on the command line. An obvious mistake is refused, because its result would be charged."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .failures import refused
from .inputs import CLIPS, SOUNDS, TEXTS, is_file, is_web, shown
from .times import is_time

if TYPE_CHECKING:
    import click

    from .inputs import Stdin

_PLACEHOLDER: Final = re.compile(r"\$\w+|\$?\{+\w*\}+|<[\w .-]*>|%\w+%|PROMPT")
_OPTION: Final = re.compile(r"(?<!\S)--[a-z][a-z-]+")
_QUOTES: Final = "“”„‟«»"


def prompt_from(words: tuple[str, ...], stdin: Stdin) -> str:
    """Return the prompt of a command; refuse an invalid one."""
    command = _command()
    path = "mirelo-ergo text" if command is None else command.command_path
    if not words:
        raise refused(f'{path.rpartition(" ")[2]} needs a prompt: {path} "rain on a tin roof"')
    if len(words) > 1:
        odd = next((word for word in words if re.match("[–—]", word)), None)
        if odd is not None:
            raise refused(f"{odd} begins with a dash that is not typed as --: write --{odd.lstrip('–—-')}")
        if found := next((match for word in words[1:] if (match := re.fullmatch(r"([a-z-]+)=(\S*)", word))), None):
            raise refused(f"{found[0]} is not an option: write --{found[1]} {found[2]}".rstrip())
        plain = shlex.quote(" ".join(words).strip(_QUOTES))
        if words[0][0] in _QUOTES:
            raise refused(f"{words[0][0]} is not a quotation mark for a shell: write {plain}")
        raise refused(f"the prompt has to be in quotation marks: {plain}")
    [prompt] = list(words)
    if prompt == "help":
        raise refused(f"{path} --help is the help; a prompt says what is to be heard")
    return words_from(prompt, stdin, "") or ""


def words_from(prompt: str | None, stdin: Stdin, option: str = "--prompt") -> str | None:
    """Return an optional prompt, None if there is none; refuse an invalid one.

    `option` is what it is given by, "" where it stands alone.
    """
    if prompt is None:
        return None
    if prompt == "-":
        return stdin.text("the prompt")
    if not any(character.isprintable() and character != " " for character in prompt):
        raise refused("the prompt is blank: say what is to be heard")
    try:
        prompt.encode()
    except UnicodeEncodeError:
        raise refused("the prompt is not UTF-8 text") from None
    command = _command()
    from_stdin = f"{'mirelo-ergo text' if command is None else command.command_path} -"
    _refuse_files(prompt, command, f"{option} -" if option else from_stdin)
    _refuse_other_things(prompt, command)
    return prompt


def _command() -> click.Context | None:
    """Return the running command."""
    import click  # it is imported where a command runs

    return click.get_current_context(silent=True)


def _options(command: click.Context | None) -> set[str]:
    return set() if command is None else {name for param in command.command.params for name in param.opts}


def _refuse_files(prompt: str, command: click.Context | None, from_stdin: str) -> None:
    """Refuse a prompt that is a file name or a URL, which is certainly a mistake."""
    name = prompt.removeprefix("@")
    suffix = Path(name).suffix.lower()
    quoted, there = shlex.quote(name), is_file(name)
    if is_web(prompt):
        raise refused(f"{shown(prompt)} is a URL, not a prompt: a clip's sound is made by video")
    if suffix in CLIPS and there:
        beside = command is not None and "--video" in _options(command)
        way = f"{command.command_path} --video {quoted}" if beside and command else f"mirelo-ergo video {quoted}"
        raise refused(f"{shown(name)} is a clip, not a prompt: {way}")
    if suffix in SOUNDS and there:
        raise refused(f"{shown(name)} is a sound, not a prompt: mirelo-ergo extend {quoted} --by 5s")
    if there and (suffix in TEXTS or "/" in name or name != prompt):
        raise refused(f"{shown(name)} is a file, not a prompt: {from_stdin} < {quoted}")
    if not there and suffix in (*CLIPS, *SOUNDS, *TEXTS) and not re.search(r"\s", name):
        result = f"; -o {quoted} names the result" if suffix in SOUNDS and name == prompt else ""
        raise refused(f"{shown(name)} is the name of a file that is not there: say what is to be heard{result}")


def _refuse_other_things(prompt: str, command: click.Context | None) -> None:
    """Refuse a placeholder, a time, a number, and options within the quotation marks."""
    words = prompt.strip()
    if _PLACEHOLDER.fullmatch(words):
        raise refused(f"{shown(words)} is a placeholder: say what is to be heard in its place")
    if is_time(words):
        length = f": --duration {shlex.quote(words)}" if "--duration" in _options(command) else ""
        raise refused(f"{words} is a time, not a prompt{length}")
    if words.isascii() and not any(character.isalpha() for character in words):
        raise refused(f"{shown(words)} holds no word: say what is to be heard")
    if found := next((option for option in _OPTION.findall(words) if option in _options(command)), None):
        raise refused(f"{found} is within the prompt's quotation marks: write it after them")
