"""The reference of every command, as the command line itself describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mirelo_ergo.cli.app import NAME, root

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = f"""# Commands

Every command with every option, as `{NAME} COMMAND --help` has it. [The command line](../cli.md) explains them.
"""


def page() -> str:
    """Return the page."""
    with click.Context(root, info_name=NAME) as context:
        return "\n".join([_INTRODUCTION, *_sections(root, context)])


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, "it is listed"
            with click.Context(inner, info_name=name, parent=context) as below:
                yield from _sections(inner, below)
        return
    yield f"## {context.command_path.removeprefix(NAME).strip()}\n"
    usage = " ".join(piece for piece in command.collect_usage_pieces(context))
    yield f"```text\n{context.command_path} {usage}\n```\n"
    yield f"{_prose(command.help or '')}\n"
    rows = [record for each in command.get_params(context) if (record := each.get_help_record(context)) and record[1]]
    if rows:
        yield "| option | |\n|---|---|"
        yield from (f"| `{_cell(option)}` | {_cell(words)} |" for option, words in rows)
        yield ""


def _prose(text: str) -> str:
    """Return a command's help as Markdown: its own line breaks are the terminal's."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
