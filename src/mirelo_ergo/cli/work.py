"""What the commands do, over the public API: see a request and its job through, save its results."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from mirelo_ergo import MireloClient, MireloError, Video

from .clip import is_url, rest_of
from .failures import Exit, Failure, Resumption, failure_from, interrupted, unexpected
from .progress import shown
from .service import known_models
from .times import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mirelo_ergo import Job, JobRequest, JobResult, JobStatus, ModelInfo, PreflightResult

    from .asks import Ask
    from .output import Output
    from .progress import Shown
    from .service import Client, Service


def duration_of(clip: str, duration_ms: int | None, start_ms: int, model: str | None, output: Output) -> int:
    """Give the length asked for, else the clip's own less the start, up to the model's limit; says so."""
    if duration_ms is not None:
        return duration_ms
    if is_url(clip):
        message = "a video by URL needs --duration: only the service looks into it; nothing was sent"
        raise Failure(Exit.REFUSED, "usage", message)
    Video.from_path(clip)  # what is no readable file is refused in the library's own words
    rest, why = rest_of(Path(clip), start_ms, _longest(model))
    output.note(f"duration: {seconds(rest)}, {why}")
    return rest


def _longest(model: str | None) -> int | None:
    """Give the longest that a model makes for a clip; None for a model that the library will refuse."""
    infos = (info for info in known_models() if info.family == "video-to-sfx")
    meant = (info for info in infos if info.model == model or (model is None and info.is_default))
    return next((info.limits["duration_ms"]["maximum"] for info in meant), None)


@attrs.frozen
class Saving:
    """Where results go."""

    folder: Path
    overwrite: bool

    def check(self) -> None:
        """Refuse a folder that cannot be written to, before anything is paid."""
        nearest = next(place for place in (self.folder, *self.folder.absolute().parents) if place.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            message = f"--out {self.folder}: {nearest} is not a folder that can be written to; nothing was sent"
            raise Failure(Exit.REFUSED, "invalid_folder", message)

    @property
    def options(self) -> tuple[str, ...]:
        """Give them back as options of another command line."""
        return ("--out", str(self.folder), *(("--overwrite",) if self.overwrite else ()))


def generate(
    ask: Ask, service: Service, saving: Saving, output: Output, *, max_credits: int | None, timeout_ms: int | None
) -> None:
    """Say the cost, submit, wait and save."""
    saving.check()
    resumption = Resumption("download", (*saving.options, *service.options), lost=service.emulator)
    with service.client(output) as client:
        with shown(output) as bars:
            request, paid = _prepared(ask, client, bars, max_credits)
            job = request.submit_job()
            with _resumable(job, resumption, submitted=True):
                bars.note(f"job token: {job.token}")
                result = job.wait(timeout_ms=timeout_ms, on_progress=bars.job)
                files = _save(result, saving, bars)
        output.result(files, {**_named(job), "credits": paid, "files": files})


def _prepared(ask: Ask, client: Client, bars: Shown, max_credits: int | None) -> tuple[JobRequest, int | None]:
    """Make the request and say its cost, where the service tells it."""
    if isinstance(client, MireloClient):
        generation = ask.request(client, bars, max_credits)
        cost = generation.preflight()
        bars.note(f"cost: {_price(cost)}")
        return generation, cost.credits
    request = ask.through_pixazo(client)
    if max_credits is not None:
        message = (
            "--via pixazo: it tells no costs, so --max-credits cannot be kept; mirelo tells them; nothing was sent"
        )
        raise Failure(Exit.REFUSED, "usage", message)
    bars.note("cost: this service does not tell it")
    return request, None


def tell_cost(ask: Ask, service: Service, output: Output, timeout_ms: int | None) -> None:
    """Ask what a request would cost; uploads nothing."""
    with service.mirelo(output, timeout_ms) as client, shown(output) as bars:
        cost = ask.request(client, bars).preflight()
    output.result([_price(cost)], attrs.asdict(cost))


def tell_account(service: Service, output: Output, timeout_ms: int | None) -> None:
    """Ask for the account."""
    with service.mirelo(output, timeout_ms) as client:
        me = client.me()
    overage = "yes" if me.overage_enabled else "no"
    lines = [f"account  {me.id}", f"e-mail   {me.email}", f"credits  {me.credits_available}", f"overage  {overage}"]
    output.result(lines, attrs.asdict(me))


def tell_models(output: Output) -> None:
    """Show what can be asked of which model, as the spec has it; asks nobody."""
    infos = known_models()
    tables = ["\n".join(_table(info)) for info in infos]
    output.result(["\n\n".join(tables)], {"models": [attrs.asdict(info) for info in infos]})


def tell_status(token: str, service: Service, output: Output, timeout_ms: int | None) -> None:
    """Look at a job once."""
    with service.of(token).client(output, timeout_ms) as client:
        job = client.job(token)
        with _resumable(job, Resumption("status", service.options)):
            status = job.status()
        output.result([_words(status)], {**_named(job), **attrs.asdict(status)})


def wait_for(token: str, service: Service, output: Output, timeout_ms: int | None) -> None:
    """Wait until a job is done."""
    with service.of(token).client(output) as client:
        job = client.job(token)
        with _resumable(job, Resumption("wait", service.options)), shown(output) as bars:
            result = job.wait(timeout_ms=timeout_ms, on_progress=bars.job)
        urls = result.result_urls
        output.result([f"succeeded, {_count(urls)}"], {**_named(job), "status": "succeeded", "result_urls": urls})


def download(token: str, service: Service, saving: Saving, output: Output, timeout_ms: int | None) -> None:
    """Wait until a job is done, if it is not, and save its results."""
    saving.check()
    with service.of(token).client(output) as client:
        job = client.job(token)
        resumption = Resumption("download", (*saving.options, *service.options))
        with _resumable(job, resumption), shown(output) as bars:
            files = _save(job.wait(timeout_ms=timeout_ms, on_progress=bars.job), saving, bars)
        output.result(files, {**_named(job), "files": files})


@contextmanager
def _resumable(job: Job, resumption: Resumption, *, submitted: bool = False) -> Iterator[None]:
    """Let no error or Ctrl-C pass without the way back to the job."""
    try:
        yield
    except MireloError as error:
        raise failure_from(error, resumption, submitted=submitted) from error
    except KeyboardInterrupt as stop:
        raise interrupted(stop, job.token, resumption) from stop
    except Exception as error:
        raise unexpected(error, job.token, resumption) from error


def _save(result: JobResult, saving: Saving, bars: Shown) -> list[str]:
    return [str(path) for path in result.download(saving.folder, saving.overwrite, bars.download)]


def _named(job: Job) -> dict[str, object]:
    return {"job_token": job.token, "job_id": job.job_id}


def _price(cost: PreflightResult) -> str:
    return f"{cost.credits} credits, ready within {seconds(cost.estimated_ms)} (98 % of jobs)"


def _table(info: ModelInfo) -> list[str]:
    rows = [(name, str(limit["type"]), _bounds(limit)) for name, limit in info.limits.items()]
    widest = max(len(name) for name, _, _ in rows)
    return [
        f"{info.family} {info.model}" + (", the default" if info.is_default else ""),
        *(f"  {name:<{widest}}  {kind:<7}  {bounds}".rstrip() for name, kind, bounds in rows),
        *(f"  {condition}" for condition in info.conditions),
    ]


def _bounds(limit: Mapping[str, Any]) -> str:
    parts = ["required"] if limit["required"] else []
    for least, most, unit in (("minimum", "maximum", ""), ("min_length", "max_length", " characters")):
        low, high = limit.get(least), limit.get(most)
        if low is not None and high is not None:
            parts.append(f"{low} to {high}{unit}")
        elif low is not None or high is not None:
            parts.append((f"at most {high}" if low is None else f"at least {low}") + unit)
    parts += [" or ".join(limit["enum"])] if "enum" in limit else []
    parts += [f"default {json.dumps(limit['default'])}"] if "default" in limit else []
    return ", ".join(parts)


def _count(urls: list[str]) -> str:
    return "1 result" if len(urls) == 1 else f"{len(urls)} results"


def _words(status: JobStatus) -> str:
    if status.status == "succeeded":
        return f"succeeded, {_count(status.result_urls)}"
    if status.status == "errored":
        return f"errored: {status.message} ({status.code})" + "; it was not charged" * (status.charged is False)
    return f"{status.raw_status}, {status.progress_percent} %"
