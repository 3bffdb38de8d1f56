"""Decorators with the common options of commands of one kind."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from . import options
from .generate import Command
from .saving import Saving
from .services import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from .services import Service

    Function = Callable[..., None]


def generating(service: Service, budget: Callable[[Any], Any] = options.max_credits) -> Callable[[Function], Function]:
    """Add the options of submitting commands; the command gets them as a `Command`.

    `budget` is the option for the most that it may cost, in the service's own unit.
    """
    more = (
        *options.SAVING,
        budget,
        options.dry_run,
        options.wait_limit,
        options.no_journal,
        options.emulator,
        *options.ADDRESS,
        *options.OUTPUT,
    )

    def decorate(function: Function) -> Function:
        @options.applied(more)
        @functools.wraps(function)
        def command(
            *,
            limit: float | None,
            dry_run: bool,
            timeout: int | None,
            no_journal: bool,
            **given: Any,
        ) -> None:
            made = Command(
                options.session_of(given),
                _connection(service, given),
                _saving(given),
                limit=limit,
                timeout_ms=timeout,
                dry_run=dry_run,
                journal=not no_journal,
            )
            function(made, **given)

        return command

    return decorate


def asking(service: Service) -> Callable[[Function], Function]:
    """Add the options of free queries; the command gets the session, the connection and the time limit."""

    def decorate(function: Function) -> Function:
        @options.applied((options.ask_limit, options.emulator, *options.ADDRESS, *options.OUTPUT))
        @functools.wraps(function)
        def command(*, timeout: int | None, **given: Any) -> None:
            function(options.session_of(given), _connection(service, given), timeout, **given)

        return command

    return decorate


def fetching(service: Service) -> Callable[[Function], Function]:
    """Add the options of waiting for a result and saving it."""

    def decorate(function: Function) -> Function:
        @options.applied((*options.SAVING, options.wait_limit, options.emulator, *options.ADDRESS, *options.OUTPUT))
        @functools.wraps(function)
        def command(*, timeout: int | None, **given: Any) -> None:
            session, connection = options.session_of(given), _connection(service, given)
            function(session, connection, timeout, _saving(given), **given)

        return command

    return decorate


def about_a_job(*, waits: bool, saves: bool, named: Any = options.job) -> Callable[[Function], Function]:
    """Add to a command the options of work on a job that there is already; `named` is the argument that names it."""

    def decorate(function: Function) -> Function:
        @options.applied(
            (
                named,
                options.last,
                *(options.SAVING if saves else ()),
                options.wait_limit if waits else options.ask_limit,
                *options.ADDRESS,
                *options.OUTPUT,
            )
        )
        @functools.wraps(function)
        def command(**given: Any) -> None:
            session = options.session_of(given)
            if saves:
                given["saving"] = _saving(given)
            function(session, **given)

        return command

    return decorate


def _connection(service: Service, given: dict[str, Any]) -> Connection:
    return Connection(service, given.pop("emulator"), given.pop("base_url"), given.pop("allow_private_hosts"))


def _saving(given: dict[str, Any]) -> Saving:
    return Saving(str(given.pop("out")), given.pop("name"), given.pop("overwrite"))
