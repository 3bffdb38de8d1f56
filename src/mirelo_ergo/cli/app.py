"""The commands, and how any of them ends."""

# Annotations are values here: typer reads them. So this module does without `from __future__ import annotations`.

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mirelo_ergo import MireloError, __version__

from . import asks, work
from . import options as option
from .failures import MEANINGS, Exit, Failure, failure_from, interrupted, missing_extra, unexpected
from .output import Output, silence_stdout
from .service import Service

_CODES = "\n".join(f"{code.value:>5}  {meaning}" for code, meaning in MEANINGS.items())
# the lines behind a backspace are not filled anew
_EPILOG = f"""The key comes from MIRELO_API_KEY, or PIXAZO_API_KEY. There is no option: process lists show options.

\b
Exit codes:
{_CODES}
"""
_HERE = Path()
_ANY_SOUND = "https://example.com/any.wav"  # where the price is not of the sound; this is never sent

app = typer.Typer(add_completion=False, rich_markup_mode=None, epilog=_EPILOG)
cost = typer.Typer(help="Say what a generation would cost; sends neither words nor files.", rich_markup_mode=None)
job = typer.Typer(help="Look at a job, wait for it, save its results.", rich_markup_mode=None)
app.add_typer(cost, name="cost")
app.add_typer(job, name="job")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"mirelo-ergo {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Make sound effects for video and from text, and go on from a sound, with the Mirelo API."""


@app.command()
def text(
    prompt: option.Prompt,
    out: option.Out = _HERE,
    duration: option.TextDuration = None,
    loop: option.Loop = False,
    samples: option.Samples = 1,
    model: option.Model = None,
    max_credits: option.MaxCredits = None,
    overwrite: option.Overwrite = False,
    timeout: option.WaitTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Make sound from words and save it; writes the files' paths."""
    work.generate(
        asks.Text(prompt, duration, samples, loop, model),
        Service(emulator, base_url, via),
        work.Saving(out, overwrite),
        Output(json, quiet),
        max_credits=max_credits,
        timeout_ms=timeout,
    )


@app.command()
def video(
    clip: option.ClipOrUrl,
    out: option.Out = _HERE,
    duration: option.ClipDuration = None,
    start: option.Start = None,
    prompt: option.Words = None,
    samples: option.Samples = 1,
    output: option.As = "audio",
    model: option.Model = None,
    max_credits: option.MaxCredits = None,
    overwrite: option.Overwrite = False,
    timeout: option.WaitTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Make sound for a clip and save it, alone or within the clip; writes the files' paths."""
    words = Output(json, quiet)
    length = duration if via == "pixazo" else work.duration_of(clip, duration, start or 0, model, words)
    work.generate(
        asks.Clip(clip, length, start or 0, samples, output, prompt, model),
        Service(emulator, base_url, via),
        work.Saving(out, overwrite),
        words,
        max_credits=max_credits,
        timeout_ms=timeout,
    )


@app.command()
def extend(
    sound: option.SoundOrUrl,
    by: option.AppendDuration,
    out: option.Out = _HERE,
    video: option.Picture = None,
    start: option.Start = None,
    prompt: option.Words = None,
    loop: option.Loop = False,
    samples: option.Samples = 1,
    model: option.Model = None,
    max_credits: option.MaxCredits = None,
    overwrite: option.Overwrite = False,
    timeout: option.WaitTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Continue a sound, alone or along a clip, and save it; writes the files' paths."""
    work.generate(
        asks.Extension(sound, by, video, start or 0, prompt, loop, samples, model),
        Service(emulator, base_url, via),
        work.Saving(out, overwrite),
        Output(json, quiet),
        max_credits=max_credits,
        timeout_ms=timeout,
    )


@app.command()
def inpaint(
    sound: option.SoundOrUrl,
    begin: option.SegmentStart,
    end: option.SegmentEnd,
    out: option.Out = _HERE,
    video: option.Picture = None,
    prompt: option.Words = None,
    samples: option.Samples = 1,
    model: option.Model = None,
    max_credits: option.MaxCredits = None,
    overwrite: option.Overwrite = False,
    timeout: option.WaitTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Make a part of a sound anew, alone or along a clip, and save it; writes the files' paths."""
    work.generate(
        asks.Inpainting(sound, (begin, end), video, prompt, samples, model),
        Service(emulator, base_url, via),
        work.Saving(out, overwrite),
        Output(json, quiet),
        max_credits=max_credits,
        timeout_ms=timeout,
    )


@cost.command("text")
def cost_text(
    prompt: option.AnyPrompt = "any sound",
    duration: option.TextDuration = None,
    loop: option.Loop = False,
    samples: option.Samples = 1,
    model: option.Model = None,
    timeout: option.AskTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Say what sound from words would cost."""
    ask = asks.Text(prompt, duration, samples, loop, model)
    work.tell_cost(ask, Service(emulator, base_url, via), Output(json, quiet), timeout)


@cost.command("video")
def cost_video(
    clip: option.AnyClip = None,
    duration: option.ClipDuration = None,
    start: option.Start = None,
    prompt: option.Words = None,
    samples: option.Samples = 1,
    model: option.Model = None,
    timeout: option.AskTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Say what sound for a clip would cost."""
    words = Output(json, quiet)
    if clip is None and duration is None:
        raise typer.BadParameter("give a clip, or --duration")
    clip = clip or "https://example.com/any.mp4"  # the price is of the length alone; this is never sent
    length = work.duration_of(clip, duration, start or 0, model, words)
    ask = asks.Clip(clip, length, start or 0, samples, "audio", prompt, model)
    work.tell_cost(ask, Service(emulator, base_url, via), words, timeout)


@cost.command("extend")
def cost_extend(
    by: option.AppendDuration,
    sound: option.AnySound = _ANY_SOUND,
    video: option.Picture = None,
    start: option.Start = None,
    prompt: option.Words = None,
    loop: option.Loop = False,
    samples: option.Samples = 1,
    model: option.Model = None,
    timeout: option.AskTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Say what continuing a sound would cost."""
    ask = asks.Extension(sound, by, video, start or 0, prompt, loop, samples, model)
    work.tell_cost(ask, Service(emulator, base_url, via), Output(json, quiet), timeout)


@cost.command("inpaint")
def cost_inpaint(
    begin: option.SegmentStart,
    end: option.SegmentEnd,
    sound: option.AnySound = _ANY_SOUND,
    video: option.Picture = None,
    prompt: option.Words = None,
    samples: option.Samples = 1,
    model: option.Model = None,
    timeout: option.AskTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Say what making a part of a sound anew would cost."""
    ask = asks.Inpainting(sound, (begin, end), video, prompt, samples, model)
    work.tell_cost(ask, Service(emulator, base_url, via), Output(json, quiet), timeout)


@app.command()
def models(json: option.Json = False, quiet: option.Quiet = False) -> None:
    """Show what can be asked of which model, and the limits; needs no key and no network."""
    work.tell_models(Output(json, quiet))


@app.command()
def me(
    timeout: option.AskTime = None,
    emulator: option.Emulate = False,
    via: option.Via = "mirelo",
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Show the account and its credits."""
    work.tell_account(Service(emulator, base_url, via), Output(json, quiet), timeout)


@job.command("status")
def job_status(
    token: option.Token,
    timeout: option.AskTime = None,
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Look once. Ends with 0 whatever the status is."""
    work.tell_status(token, Service(base_url=base_url), Output(json, quiet), timeout)


@job.command("wait")
def job_wait(
    token: option.Token,
    timeout: option.WaitTime = None,
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Wait until the job is done; saves nothing."""
    work.wait_for(token, Service(base_url=base_url), Output(json, quiet), timeout)


@job.command("download")
def job_download(
    token: option.Token,
    out: option.Out = _HERE,
    overwrite: option.Overwrite = False,
    timeout: option.WaitTime = None,
    base_url: option.BaseUrl = None,
    json: option.Json = False,
    quiet: option.Quiet = False,
) -> None:
    """Save the results, waiting for the job if it still runs; writes the files' paths."""
    work.download(token, Service(base_url=base_url), work.Saving(out, overwrite), Output(json, quiet), timeout)


@app.command()
def serve(
    port: option.Port = 0,
    host: option.Host = "127.0.0.1",
    speed: option.Speed = 1.0,
    seed: option.Seed = 0,
    scenario: option.Scenario = None,
    pixazo_port: option.PixazoPort = 0,
    callback_host: option.CallbackHost = None,
    ready_file: option.ReadyFile = None,
) -> None:
    """Run the emulator until Ctrl-C; writes its addresses and a key for it."""
    try:
        from mirelo_ergo import emulator
    except ImportError as error:
        raise missing_extra(error, "the emulator", "emulator") from None
    try:
        emulator.serve(
            host=host,
            port=port,
            pixazo_port=pixazo_port,
            speed=speed,
            seed=seed,
            scenario=scenario,
            callback_hosts=callback_host or (),
            ready_file=ready_file,
        )
    except (ValueError, OverflowError, OSError) as error:
        raise Failure(Exit.REFUSED, "usage", f"the emulator cannot run like this: {error}") from error


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; every failure becomes words, or one JSON object."""
    given = list(arguments) or ["--help"]
    before_arguments = given[: given.index("--")] if "--" in given else given
    words = Output(json="--json" in before_arguments)
    command = typer.main.get_command(app)
    try:
        with command.make_context("mirelo-ergo", given) as context:
            command.invoke(context)
        return Exit.OK
    except typer.Exit as end:
        return end.exit_code
    except Failure as failure:
        return words.failure(failure)
    except MireloError as error:
        return words.failure(failure_from(error))
    except KeyboardInterrupt as stop:
        return words.failure(_known(stop) or interrupted(stop))
    except BrokenPipeError:
        silence_stdout()
        return Exit.UNEXPECTED
    except Exception as error:
        return words.failure(_usage(error) or unexpected(error))


def _known(stop: KeyboardInterrupt) -> Failure | None:
    """Find what a first Ctrl-C already was, when a second one hits the way out."""
    seen = stop.__context__
    while seen is not None and not isinstance(seen, Failure):
        seen = seen.__context__
    return seen


def _usage(error: Exception) -> Failure | None:
    """Put typer's complaint about a command line into our form. Its classes moved between versions, not this method."""
    complaint = getattr(error, "format_message", None)
    if complaint is None:
        return None
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "mirelo-ergo"
    return Failure(Exit.REFUSED, "usage", complaint(), hints=(f"see: {path} --help",))
