"""Groups of commands, which import a command when it is used."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class UnknownCommandError(click.UsageError):
    """Raised for an unknown command of a group. `words` are the rest of the command line."""

    def __init__(self, group: Commands, context: click.Context, words: list[str]) -> None:
        super().__init__(f"{context.command_path} has no command {words[0]!r}", context)
        self.group = group
        self.words = words


class Commands(click.Group):
    """A group that lists its commands in their order of use.

    `elsewhere` maps commands to the modules from which they are imported when used.
    """

    def __init__(self, *arguments: Any, elsewhere: Mapping[str, str] = MappingProxyType({}), **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._elsewhere = elsewhere

    def list_commands(self, ctx: click.Context | None = None) -> list[str]:
        return [*self._elsewhere, *self.commands]

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        module = self._elsewhere.get(cmd_name)
        if module is None:
            return self.commands.get(cmd_name)
        found: click.Command = getattr(import_module(f".{module}", __package__), cmd_name.replace("-", "_"))
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise UnknownCommandError(self, ctx, args)
        return super().resolve_command(ctx, args)


def commands_of(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield a command, or all commands of a group, each with its words."""
    if not isinstance(command, Commands):
        yield path, command
        return
    for name in command.list_commands():
        inner = command.get_command(None, name)
        if inner is not None:
            yield from commands_of(inner, f"{path} {name}".strip())
