"""The commands of batches: run a manifest, show its ledger, resolve unknown items."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from mirelo_ergo import check_folder

from . import options
from .batch_clients import Clients
from .batch_messages import (
    RunSteps,
    choices_of,
    conclude,
    interruptible,
    items_of,
    lines_of,
    price_of,
    say_cost,
    say_damage,
)
from .batch_totals import totals_of
from .failures import missing_extra, refused
from .groups import Commands
from .inputs import is_web

if TYPE_CHECKING:
    from collections.abc import Callable

    from mirelo_ergo.batch import Batch, Event, Plan, RunOptions, Summary

    from .batch_view import View
    from .session import Session

F = TypeVar("F", bound="Callable[..., Any]")
LEDGER: Final = "batch.db"
"""The ledger's name in the folder of the results."""


@click.group(cls=Commands)
def batch() -> None:
    """Make many items from a sheet, and never pay twice for one.

    A manifest is JSON lines, CSV or YAML: for each item an id, an operation such as text_to_sfx, and its arguments.
    """


_folder = click.option(
    "-o", "--out", metavar="FOLDER", default=".", type=click.Path(), help="Where results go. Default: this folder."
)
_ledger = click.option(
    "--ledger", metavar="PLACE", help=f"The ledger: a file, or a PostgreSQL URL. Default: {LEDGER} in the folder."
)


def _dollars(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise click.BadParameter(f"{text[:40]!r} is not an amount of US dollars from 0 on")
    return value


_HOW: Final = (
    click.option(
        "--concurrency", metavar="N", type=options.count(1, 10_000), default=16, help="Jobs at once. Default: 16."
    ),
    click.option(
        "--attempts",
        metavar="N",
        type=options.count(1, 100),
        default=3,
        help="Tries of what failed without cost. Default: 3.",
    ),
    click.option("--eager", is_flag=True, help="Poll promptly, where slots are scarce; else first at the estimate."),
    click.option(
        "--max-credits", metavar="N", type=options.count(0), help="Never spend more than this, over all runs."
    ),
    click.option("--max-usd", metavar="USD", type=_dollars, help="The same for sync.so."),
    click.option(
        "--reuse",
        metavar="FOLDER",
        type=click.Path(),
        help="Take results of other batches in this folder instead of paying.",
    ),
    click.option("--moved", is_flag=True, help="Go on although a service has another address than before."),
)


def _how(command: F) -> F:
    """Add the options of a batch's run to a command."""
    for option in reversed(_HOW):
        command = option(command)
    return command


@batch.command(short_help="Make what a manifest lists; run it again to go on.")
@click.argument("manifest", metavar="MANIFEST", type=click.Path())
@_folder
@_ledger
@_how
@click.option("--dry-run", is_flag=True, help="Check all of it and say what it costs; submit nothing.")
@options.emulator
@options.private
@click.option("--json", is_flag=True, help="Write each step as one JSON object per line, the summary last.")
@options.quiet
def run(json: bool, quiet: bool, **given: Any) -> None:
    """Make all items of MANIFEST, or - for JSON lines from stdin.

    The whole manifest is checked first. Ctrl-C records what is under way; the same command goes on.
    """
    session = options.session_of({"json": json, "quiet": quiet})
    api = _api()
    folder = Path(given["out"])
    clients = Clients(session.output, given["emulator"], given["allow_private_hosts"])
    try:
        if is_web(given["manifest"]):
            raise refused(f"{given['manifest'][:200]} is a URL, and a manifest is a file: download it first")
        mistakes = api.Mistakes(given["manifest"])
        items = api.read_manifest(given["manifest"], mistakes)
        base = Path() if given["manifest"] == "-" else Path(given["manifest"]).parent
        with api.Plan(items, clients.sync, mistakes, base) as plan:
            plan.ask()
            check_folder(folder)
            _check_results(folder)
            standing = totals_of(
                plan, given["ledger"] or folder / LEDGER, mistakes, given["reuse"], moved=given["moved"]
            )
            say_cost(session.output, plan, given, standing)
            if given["dry_run"]:
                return
            only, steps = {new.item.id for new in plan.items()}, RunSteps()
            with (
                api.Batch.open(given["ledger"] or _made(folder) / LEDGER, folder) as opened,
                interruptible(session, opened, "the same command", steps, emulator=given["emulator"]),
            ):
                _bind(opened, plan, moved=given["moved"])
                opened.put(plan.items(), mistakes, _sheet_of(given["manifest"]))
                say_damage(session.output, opened, only)
                summary = _run(session, opened, clients, given, only, steps)
                conclude(session.output, opened, summary, given, steps, only)
    finally:
        clients.close()


def _check_results(folder: Path) -> None:
    from mirelo_ergo.batch import summary

    summary.check_results(folder)


def _sheet_of(manifest: str) -> str:
    """Return the name of a manifest in the ledger."""
    return manifest if manifest == "-" else str(Path(manifest).absolute())


def _run(
    session: Session, opened: Batch, clients: Clients, given: dict[str, Any], only: set[str], steps: RunSteps
) -> Summary:
    from mirelo_ergo.batch import drive

    from .batch_view import Board, View

    output = session.output
    services = opened.services(only)
    with View(output, Board.of(opened.summary())) as view:
        how: RunOptions = {**_options(given, _told(view, steps)), "only": only}

        async def make() -> Summary:
            async with clients.opened(services) as made:
                done: Summary = await opened.run(*made, **how)
                return done

        if not services:
            _keep_caps(opened, given)
            opened.write_results()
            return opened.summary()
        return drive(make)


def _told(view: View, steps: RunSteps) -> Callable[[Event], None]:
    def told(event: Event) -> None:
        steps.take(event)  # before the view, which fails with stdout
        view.event(event)

    return told


def _bind(opened: Batch, plan: Plan, *, moved: bool) -> None:
    """Refuse a ledger whose items are from another address, such as an emulator's."""
    from mirelo_ergo.batch import ledger

    asked = {name: connected.client.base_url for name, connected in plan.clients.items()}
    with opened.ledger.write() as connection:
        ledger.bind(connection, opened.ledger.place, asked, moved=moved)


def _keep_caps(opened: Batch, given: dict[str, Any]) -> None:
    """Record the caps if there is nothing to run: they apply to items that are added later."""
    from mirelo_ergo.batch import ledger

    caps: tuple[tuple[ledger.Currency, float | None], ...] = (
        ("credits", given["max_credits"]),
        ("usd", given["max_usd"]),
    )
    with opened.ledger.write() as connection:
        for currency, cap in caps:
            if cap is not None:
                ledger.set_cap(connection, currency, ledger.to_millionths(cap))


def _options(given: dict[str, Any], on_event: Callable[[Event], None]) -> RunOptions:
    return {
        "concurrency": given["concurrency"],
        "attempts": given["attempts"],
        "eager": given["eager"],
        "max_credits": given["max_credits"],
        "max_usd": given["max_usd"],
        "reuse": given["reuse"],
        "moved": given["moved"],
        "on_event": on_event,
    }


@batch.command(short_help="Join a batch on PostgreSQL, from any machine.")
@click.option("--ledger", metavar="URL", required=True, help="The ledger: postgresql+psycopg://user@host/database.")
@_folder
@_how
@click.option("--stay", is_flag=True, help="Wait for further items when all are done.")
@options.private
@click.option("--json", is_flag=True, help="Write each step as one JSON object per line, the summary last.")
@options.quiet
def worker(json: bool, quiet: bool, **given: Any) -> None:
    """Make items of a ledger together with other machines, until all are done.

    `batch run` puts them there. A worker makes the items of those services whose keys it has. One that dies is taken
    over within a minute; Ctrl-C records what is under way.
    """
    from mirelo_ergo.batch import drive

    from .batch_view import Board, View

    session = options.session_of({"json": json, "quiet": quiet})
    output = session.output
    steps = RunSteps()
    clients = Clients(output, emulator=False, allow_private_hosts=given["allow_private_hosts"])
    with (
        _api().Batch.open(given["ledger"], _made(Path(given["out"])), create=False) as opened,
        interruptible(session, opened, "the same command, here or elsewhere,", steps),
    ):
        services = clients.available()
        missing = [name for name in opened.services() if name not in services]
        if missing:
            output.note(f"items of {', '.join(missing)} are left to other machines: there is no key of it here")
        with View(output, Board.of(opened.summary())) as view:

            async def make() -> Summary:
                async with clients.opened(services) as made:
                    done: Summary = await opened.work(
                        *made, stay=given["stay"], on_trouble=output.note, **_options(given, _told(view, steps))
                    )
                    return done

            summary = drive(make)
        conclude(output, opened, summary, given, steps)


@batch.command(short_help="Write one HTML file that shows and plays everything.")
@click.argument("place", metavar="[FOLDER]", default=".", type=click.Path())
@_ledger
@click.option("-o", "--out", metavar="FILE", type=click.Path(), help="Default: report.html in the folder.")
@options.writing
def report(session: Session, place: str, ledger: str | None, out: str | None) -> None:
    """Write one HTML file with every item: prompt, sound, cost, failure. It finds and sorts, and needs no network.

    It plays the results from where they are beside it: move them together.
    """
    with _opened(place, ledger) as opened:
        path = opened.write_report(out)
        session.output.result([str(path)], {"file": str(path)})


@batch.command()
@click.argument("place", metavar="[FOLDER]", default=".", type=click.Path())
@_ledger
@options.writing
def status(session: Session, place: str, ledger: str | None) -> None:
    """Say how a batch stands, also while it runs."""
    with _opened(place, ledger) as opened:
        summary = opened.summary()
        lines = lines_of(summary)
        unknown = [entry.id for entry in opened.items("unknown")]
        for name in unknown[:20]:
            lines += choices_of(name, place, ledger)
        session.output.result(lines, {**summary.to_dict(), "unknown": unknown})


@batch.command(short_help="Decide on an item that may have been taken, or may not.")
@click.argument("item", metavar="ID", required=False)
@click.argument("place", metavar="[FOLDER]", default=".", type=click.Path())
@_ledger
@click.option("--resubmit", is_flag=True, help="It was not taken: send it as a new request.")
@click.option("--token", metavar="TOKEN", help="It was taken: this is its job's token.")
@click.option("--drop", is_flag=True, help="Give it up, also where it is planned or under way.")
@click.option("--all", "everything", is_flag=True, help="With --drop, instead of ID: all that is under way or unknown.")
@options.writing
def resolve(session: Session, item: str | None, place: str, ledger: str | None, **given: Any) -> None:
    """Decide on an item that is unknown, or give it up. Look at the account first: nobody else can know.

    Where jobs are out of reach for good, as those of an emulator that has ended, --drop --all gives all of them up.
    """
    resubmit, token, drop = given["resubmit"], given["token"], given["drop"]
    if resubmit + (token is not None) + drop != 1:
        raise refused("give one of --resubmit, --token and --drop")
    if given["everything"]:
        if not drop:
            raise refused("--all goes with --drop only: --resubmit and --token are for one item")
        if item is not None and (place != "." or not os.path.isdir(item)):  # noqa: PTH112 - it bears with any text
            raise refused(f"--all gives up every item that is under way: leave {item[:200]} away, or leave --all away")
        with _opened(item or place, ledger) as opened:  # the only word is the folder then
            entries = opened.give_up()
            told = f"{items_of(len(entries))} given up: change a row or its id to make it once more"
            session.output.result([told], {"given_up": [entry.id for entry in entries]})
        return
    if item is None:
        raise refused("name the item, or give --all with --drop")
    with _opened(place, ledger) as opened:
        entry = opened.resolve(item, resubmit=resubmit, token=token, drop=drop)
        paid = "" if not entry.charged else f", {price_of(entry.charged, entry.currency)} of it counted as paid"
        session.output.result([f"{entry.id} is {entry.state}{paid}; batch run goes on"], entry.to_dict())


def _api() -> Any:
    try:
        import mirelo_ergo.batch
    except ImportError as error:
        raise missing_extra(error.name, "a batch", "batch") from None
    return mirelo_ergo.batch


def _opened(place: str, ledger: str | None) -> Batch:
    folder = Path(place)
    there = os.path.isdir(folder)  # noqa: PTH112 - it bears with any text
    opened: Batch = _api().Batch.open(ledger or folder / LEDGER, folder if there else None, create=False)
    return opened


def _made(folder: Path) -> Path:
    check_folder(folder).mkdir(parents=True, exist_ok=True)
    return folder
