"""The messages of the batch commands: the cost of a plan, the state of a batch, the end of a run."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import attrs

from mirelo_ergo.errors import CostLimitError, InsufficientCreditsError, MireloError

from .endings import ITEMS_FAILED
from .exits import Exit
from .failures import Failure, failure_of
from .output import StdoutError
from .resume import shell_word

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from mirelo_ergo.batch import Batch, Event, Plan, Quote, State, Summary

    from .batch_totals import LedgerTotals
    from .output import Output
    from .session import Session

_EMULATED: Final = (
    "the emulator's jobs ended with its command: give another folder, or give them up with batch resolve --all --drop"
)
_STATES: Final[dict[str, str]] = {"removed": "removed from the sheet, and not sent"}
_FAILURES: Final[tuple[State, ...]] = ("failed", "refused")
_FAILED_SHOWN = 5
"""The number of failed items that are listed with their reasons; results.jsonl has all."""
_REMOVED_SHOWN = 5
"""The number of items that the manifest lacks and that are listed; the others are counted."""
_SHOWN = 50
"""The number of distinct prices that are listed; the others are counted."""


def say_cost(output: Output, plan: Plan, given: dict[str, Any], standing: LedgerTotals) -> None:
    """Print the distinct prices and their total, the part that is paid, the cap and the account's credits."""
    account, totals = plan.account(), plan.totals
    lines = [_quoted(quote) for quote in plan.quotes[:_SHOWN]]
    if len(plan.quotes) > _SHOWN:
        lines.append(f"and {len(plan.quotes) - _SHOWN} other prices")
    caps = {"credits": given["max_credits"], "usd": given["max_usd"]}
    for currency, total in totals.items():
        line = f"{items_of(plan.count)}: {price_of(total, currency)} in all"
        to_pay, cap = standing.to_pay.get(currency, 0), standing.cap(currency, caps[currency])
        if standing.begun:
            paid = price_of(standing.paid.get(currency, 0), currency)
            line += f", {paid} paid or reserved, {price_of(to_pay, currency)} to pay"
        if cap is not None:
            line += f"; the cap is {price_of(cap, currency)}"
            line += ", which ends the batch before its end" if to_pay and standing.at_the_end(currency) > cap else ""
        if currency == "credits" and account is not None:
            line += f"; the account has {account}" + (", which is too little" if to_pay > account * 1_000_000 else "")
        lines.append(line)
    if not totals:
        lines.append(f"{items_of(plan.count)}, without a price that could be asked")
    if standing.removed:
        lines.append(_removed(standing))
    if standing.reused:
        lines.append(f"{items_of(standing.reused)} taken from {given['reuse']}, and not paid")
    if standing.other_files:
        names = ", ".join(shell_word(name) for name in standing.other_files[:_REMOVED_SHOWN])
        more = len(standing.other_files) - _REMOVED_SHOWN
        lines.append(
            f"sent already with another file than the one that is there now, and not made again: {names}"
            f"{f' and {more} more' if more > 0 else ''}; another id makes it again, and pays"
        )
    refused = _under_cap(plan, standing, caps) or _under_account(standing, account)
    ends = refused is not None and (given["dry_run"] or isinstance(refused, CostLimitError))
    if ends or not given["dry_run"]:
        for line in () if output.json else lines:
            output.note(line)
    if refused is not None and ends:
        raise refused
    if not given["dry_run"]:
        return
    quotes = [quote.to_dict() for quote in plan.quotes]
    spent = {currency: total / 1_000_000 for currency, total in totals.items()}
    left = {currency: standing.to_pay.get(currency, 0) / 1_000_000 for currency in totals}
    told: dict[str, Any] = {
        "items": plan.count,
        "prices": quotes,
        "totals": spent,
        "to_pay": left,
        "account_credits": account,
    }
    planned, under_way = len(standing.removed_planned), standing.removed_under_way
    removed = {"items": standing.removed, "not_sent": planned, "under_way": under_way}
    told |= {"not_in_manifest": removed, "reused": standing.reused, "other_files": list(standing.other_files)}
    output.result(lines, told)


def say_damage(output: Output, opened: Batch, only: Collection[str]) -> None:
    """Tell of results that are not in the folder as they were saved, and let the run fetch them again."""
    from mirelo_ergo.batch import restoring

    damage = restoring.damage_of(opened.ledger, opened.folder, only)
    restoring.fetch_again(opened.ledger, damage)
    for entries, what in (
        (damage.fetched, "fetched again, and not paid"),
        (damage.lost, "lost, as no job has them any more: another id makes one again, and pays"),
    ):
        if entries:
            names = ", ".join(shell_word(entry.id) for entry in entries[:_REMOVED_SHOWN])
            more = len(entries) - _REMOVED_SHOWN
            output.note(
                f"not in the folder as they were saved: {names}{f' and {more} more' if more > 0 else ''}: {what}"
            )


def _under_cap(plan: Plan, standing: LedgerTotals, caps: dict[str, float | None]) -> Failure | CostLimitError | None:
    """Return how a run under the caps ends before its end, None if they have room for all of the plan."""
    from mirelo_ergo.batch import planning

    names = {*caps, *standing.budgets}
    holding = {name: cap for name in names if (cap := standing.cap(name, caps.get(name))) is not None}
    if holding and standing.unpriced:
        return planning.no_price(attrs.evolve(plan.unpriced[0], count=min(plan.unpriced[0].count, standing.unpriced)))
    for currency, cap in holding.items():
        if standing.to_pay.get(currency, 0) and standing.at_the_end(currency) > cap:
            to_pay, total = standing.to_pay[currency], standing.at_the_end(currency)
            message = (
                f"the cap of {price_of(cap, currency)} leaves no room for all: {price_of(to_pay, currency)} to pay, "
                f"{price_of(total, currency)} in all runs; nothing was submitted"
            )
            return Failure(Exit.CREDITS, "cost_limit", message)
    return None


def _under_account(standing: LedgerTotals, account: int | None) -> Failure | None:
    """Return the failure of a run whose account has too few credits for all items, None if it has enough."""
    to_pay = standing.to_pay.get("credits", 0)
    if account is None or to_pay <= account * 1_000_000:
        return None
    message = f"the account has {account} credits, and {price_of(to_pay, 'credits')} are to pay; nothing was submitted"
    return Failure(
        Exit.CREDITS, "insufficient_credits", message, hints=("add credits; batch run makes what they pay for",)
    )


def _removed(standing: LedgerTotals) -> str:
    """Return what becomes of items that the ledger has and the manifest lacks."""
    one, planned, under_way = standing.removed == 1, standing.removed_planned, standing.removed_under_way
    line = f"{items_of(standing.removed)} of the ledger {'is' if one else 'are'} not in the manifest"
    told = []
    if planned:
        names = ", ".join(shell_word(name) for name in planned[:_REMOVED_SHOWN])
        more = len(planned) - _REMOVED_SHOWN
        names += f" and {more} more" if more > 0 else ""
        told.append(f"{len(planned)} planned and not sent until the manifest has {'it' if one else 'them'} ({names})")
    if under_way:
        told.append(f"{under_way} under way, whose result is fetched")
    rest = standing.removed - len(planned) - under_way
    if rest:
        told.append(f"{rest} at {'its' if one else 'an'} end, which stays")
    return f"{line}: {', '.join(told)}"


def _quoted(quote: Quote) -> str:
    price = price_of(quote.price, quote.currency, quote.problem)
    return f"{quote.count:>6} × {price:>14}  {quote.service} {quote.label}"


def price_of(price: int | None, currency: str | None, problem: str | None = None) -> str:
    """Return an amount in millionths as text."""
    if price is None:
        return "not known" if problem else "no price"
    text = f"{price / 1_000_000:.6f}".rstrip("0").rstrip(".")
    return f"{text} USD" if currency == "usd" else f"{text} credits"


def lines_of(summary: Summary) -> list[str]:
    """Return the state of a batch, as lines."""
    counts = summary.counts
    lines = [f"{counts['succeeded']} of {summary.total} done"]
    lines += [f"{count} {_STATES.get(name, name)}" for name, count in counts.items() if count and name != "succeeded"]
    for currency, budget in summary.budgets.items():
        cap = "" if budget.cap is None else f"; the cap is {price_of(budget.cap, currency)}"
        held = f", {price_of(budget.reserved, currency)} reserved" if budget.reserved else ""
        lines.append(f"{price_of(budget.charged, currency)} charged{held}{cap}")
    if summary.reused:
        worth = ", ".join(price_of(each, currency) for currency, each in summary.saved.items())
        lines.append(f"{summary.reused} reused, which saved {worth or 'what the service charges'}")
    return lines


def choices_of(name: str, folder: str, ledger: str | None) -> list[str]:
    """Return the possible decisions about an unknown item, as complete commands."""
    at = f" --ledger {shell_word(ledger)}" if ledger else ""
    words = f"{shell_word(name)} {shell_word(folder)}"
    dashed = name.startswith("-") or folder.startswith("-")
    choices = {"it was not taken": "--resubmit", "it is this job": "--token TOKEN", "give it up": "--drop"}
    return [
        f"unknown: {shell_word(name)}: look at the account, then run one of",
        *(
            f"  {meaning}: mirelo-ergo batch resolve {f'{how}{at} -- {words}' if dashed else f'{words}{at} {how}'}"
            for meaning, how in choices.items()
        ),
    ]


@attrs.define
class RunSteps:
    """What a run's steps say about its end."""

    paid: bool = False
    """Whether it submitted an item, or has the job of one."""
    asides: dict[str, str] = attrs.field(factory=dict)
    """Why items were left to the next run, by their ids."""

    def take(self, event: Event) -> None:
        """Record a step."""
        self.paid = self.paid or event.step == "answered" or event.entry.state == "submitted"
        if event.step == "aside":
            self.asides[event.entry.id] = event.message


@contextmanager
def interruptible(
    session: Session, opened: Batch, again: str, steps: RunSteps, *, emulator: bool = False
) -> Iterator[None]:
    """Report the ledger's jobs when Ctrl-C, an error or a broken stdout ends the block. `again` continues."""
    session.has_ledger = True
    try:
        yield
    except KeyboardInterrupt as stop:
        failure = failure_of(stop)
        if failure.fields["code"] != "interrupted":
            raise
        summary = opened.summary()
        message = f"{failure.message}; {_under_way(summary, again)}"
        hints = (f"{summary.counts['succeeded']} of {summary.total} done, {summary.left} left; {again} goes on",)
        if emulator and summary.counts["intended"] + summary.counts["submitted"]:
            message = f"{failure.message}; {_EMULATED}"
            raise Failure(failure.exit_code, "interrupted", message) from stop
        raise Failure(failure.exit_code, "interrupted", message, hints=hints) from stop
    except StdoutError as error:
        raise _unheard(error, opened, again, emulator=emulator) from error
    except InsufficientCreditsError as error:
        failure = failure_of(error)
        _write(session.output, opened, opened.summary())
        failure.hints = (*failure.hints, "add credits, then run the same command again")
        raise failure from error
    except MireloError as error:
        if not steps.paid:
            raise
        raise _paid(failure_of(error), opened, again) from error


def _paid(failure: Failure, opened: Batch, again: str) -> Failure:
    """Return how a run ends that an error ended: 7 while the result of a paid job is not here."""
    under_way = again + " fetches what is paid for"
    with suppress(MireloError):  # the ledger's disk may be full
        summary = opened.summary()
        under_way = _under_way(summary, again)
        if not summary.counts["intended"] + summary.counts["submitted"]:
            return failure
    if failure.exit_code >= Exit.JOB_FAILED:
        return failure
    fields = {name: value for name, value in failure.fields.items() if name not in ("exit_code", "code", "message")}
    hints = (*failure.hints, under_way)
    return Failure(Exit.JOB_WAITS, failure.fields["code"], failure.message, hints=hints, **fields)


def _unheard(error: StdoutError, opened: Batch, again: str, *, emulator: bool) -> Failure:
    """Return how a run ends whose words nobody took: what it paid for is in the ledger and the folder."""
    summary = opened.summary()
    begun = summary.total - summary.counts["planned"] - summary.counts["refused"]
    if not begun:
        return Failure(Exit.UNEXPECTED, "output_failed", "" if error.gone else str(error))
    way = _EMULATED if emulator and summary.left else _under_way(summary, again)
    return Failure(
        Exit.UNKNOWN if summary.counts["unknown"] else Exit.JOB_WAITS,
        "output_failed",
        f"{error}; {summary.counts['succeeded']} of {summary.total} done; {way}",
        hints=(f"results: {shell_word(str(opened.folder / 'results.jsonl'))}",),
    )


def _under_way(summary: Summary, again: str) -> str:
    """Return as text which jobs may exist at the services."""
    running, unknown = summary.counts["intended"] + summary.counts["submitted"], summary.counts["unknown"]
    told = []
    if running:
        is_under_way, its = ("is under way", "its result") if running == 1 else ("are under way", "their results")
        told.append(f"{items_of(running)} {is_under_way}: {again} fetches {its}")
    if unknown:
        told.append(f"{items_of(unknown)} may have been taken, or not: mirelo-ergo batch status says what to do")
    return "; ".join(told) or "no item is under way"


def items_of(count: int) -> str:
    """Return a number of items as text."""
    return "1 item" if count == 1 else f"{count} items"


def conclude(
    output: Output,
    opened: Batch,
    summary: Summary,
    given: dict[str, Any],
    steps: RunSteps,
    only: Collection[str] | None = None,
) -> None:
    """Write the summary, and raise a `Failure` if not all items are done.

    `only` are the ids in the manifest: others that failed or are planned are not this run's.
    """
    _write(output, opened, summary)
    counts = {**summary.counts, **{state: _count(opened, state, only) for state in ("planned", *_FAILURES)}}
    under_way = counts["intended"] + counts["submitted"]
    removed = 0 if only is None else _count(opened, "removed", only)
    left = counts["planned"] + under_way + removed
    ledger = f" --ledger {shell_word(given['ledger'])}" if given["ledger"] else ""
    where = f"{shell_word(str(opened.folder))}{ledger}"
    if counts["unknown"]:
        raise Failure(
            Exit.UNKNOWN,
            "unknown_items",
            f"{items_of(counts['unknown'])} may have been taken, or not: look at the account first",
            hints=(f"mirelo-ergo batch status {where} lists them",),
        )
    if counts["failed"] or counts["refused"]:
        raise Failure(
            Exit.JOB_FAILED,
            ITEMS_FAILED,
            _failed(counts["failed"], counts["refused"]),
            hints=(
                *_reasons(opened, only),
                "to make one, change its row or give it another id, and run the command again",
            ),
        )
    if left:
        raise _left(left, under_way, summary, given, steps, removed)


def _left(left: int, under_way: int, summary: Summary, given: dict[str, Any], steps: RunSteps, removed: int) -> Failure:
    """Return how a run ends that left items to the next one."""
    held = summary.stopped is not None and "cap" in summary.stopped
    others = "another run took them out of the sheet" if removed else "another run has them"
    why = summary.stopped or others
    if steps.asides:
        name, message = next(iter(steps.asides.items()))
        more = f" ({len(steps.asides) - 1} more could not be done now)" if len(steps.asides) > 1 else ""
        why = f"{shell_word(name)}: {message}{more}" if summary.stopped is None else f"{why}: {message}"
    return Failure(
        Exit.JOB_WAITS if under_way else Exit.CREDITS if held else Exit.SERVICE,
        "items_left",
        f"{items_of(left)} {'is' if left == 1 else 'are'} left: {why}",
        hints=(
            _EMULATED
            if given.get("emulator") and under_way
            else "run the same command again" + (" with a higher cap" if held else ""),
        ),
    )


def _write(output: Output, opened: Batch, summary: Summary) -> None:
    if output.json:
        output.result([], {"event": "summary", **summary.to_dict()})
    else:
        output.result([*lines_of(summary), f"results: {shell_word(str(opened.folder / 'results.jsonl'))}"], {})


def _failed(failed: int, refused: int) -> str:
    words = [f"{items_of(failed)} failed"] if failed else []
    if refused:
        words.append(f"{items_of(refused)} {'was' if refused == 1 else 'were'} refused")
    return ", ".join(words)


def _count(opened: Batch, state: State, only: Collection[str] | None) -> int:
    return sum(only is None or entry.id in only for entry in opened.items(state))


def _reasons(opened: Batch, only: Collection[str] | None) -> list[str]:
    failed = (entry for state in _FAILURES for entry in opened.items(state))
    found = list(islice((entry for entry in failed if only is None or entry.id in only), _FAILED_SHOWN + 1))
    lines = [f"{shell_word(each.id)}: {each.state}: {each.error or each.error_code}" for each in found[:_FAILED_SHOWN]]
    return lines if len(found) <= _FAILED_SHOWN else [*lines, "results.jsonl has the others"]
