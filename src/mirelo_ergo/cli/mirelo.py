"""The commands of Mirelo, at the top level."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from . import clip, commands, options
from .failures import refused
from .generations import Generation
from .inputs import Source, source_from
from .prompts import prompt_from, words_from
from .services import MIRELO
from .times import seconds

if TYPE_CHECKING:
    from mirelo_ergo import JobRequest, MireloClient

    from .generate import Command
    from .progress import ProgressView
    from .services import Connection
    from .session import Session


@click.command()
@options.prompt
@options.duration
@options.loop
@options.samples
@options.model
@options.sound_format
@commands.generating(MIRELO)
def text(
    command: Command,
    prompt: tuple[str, ...],
    duration: int | None,
    loop: bool,
    samples: int,
    model: Any,
    sound_format: str | None,
) -> None:
    """Make sound from words and save it.

    PROMPT says what is to be heard, in quotation marks; - reads it from stdin. Writes the files' paths to stdout.
    """
    words = prompt_from(prompt, command.session.stdin)
    length: dict[str, Any] = {} if duration is None else {"duration_ms": duration}

    def build(client: MireloClient, view: ProgressView) -> JobRequest:
        return client.text_to_sfx(
            words,
            **length,
            num_samples=samples,
            loop=loop,
            model=model,
            output_format=sound_format,
            max_credits=command.limit,
        )

    command.generate([Generation(build, words, words, samples, endings=_endings(sound_format))])


@click.command()
@options.clips
@options.clip_duration
@options.start
@options.words
@options.samples
@options.output
@options.model
@options.sound_format
@options.speech
@commands.generating(MIRELO)
def video(
    command: Command,
    clips: tuple[str, ...],
    duration: int | None,
    start: int | None,
    prompt: str | None,
    samples: int,
    output: Literal["audio", "video"],
    model: Any,
    sound_format: str | None,
    preserve_speech: bool,
) -> None:
    """Make sound for clips and save it, alone or within the clip.

    CLIP_OR_URL is a file, a URL that the service fetches, or - for stdin; several make one job each. Writes the files'
    paths to stdout.
    """
    if not clips:
        raise refused("video needs a clip: mirelo-ergo video clip.mp4")
    words = words_from(prompt, command.session.stdin)
    sources = [source_from(given, "clip", command.session.stdin) for given in clips]
    _check_stems(command, sources)
    generations = []
    for source in sources:
        length, note = _clip_length(source, duration, start or 0, model)

        def build(
            client: MireloClient, view: ProgressView, source: Source = source, length: int = length
        ) -> JobRequest:
            from mirelo_ergo import Video

            return client.video_to_sfx(
                source.media(Video, view.upload),
                duration_ms=length,
                start_offset_ms=start or 0,
                num_samples=samples,
                output=output,
                prompt=words,
                model=model,
                output_format=sound_format,
                preserve_speech=preserve_speech,
                max_credits=command.limit,
            )

        generations.append(
            Generation(
                build,
                source.label,
                stem_of(source),
                samples,
                output,
                _endings(sound_format),
                filmable=True,
                note=note,
                reads=read_by(source),
            )
        )
    command.generate(generations)


@click.command()
@options.sound
@options.append
@options.picture
@options.start
@options.words
@options.loop
@options.samples
@options.model
@options.sound_format
@commands.generating(MIRELO)
def extend(
    command: Command,
    sound: str,
    by: int,
    video: str | None,
    start: int | None,
    prompt: str | None,
    loop: bool,
    samples: int,
    model: str | None,
    sound_format: str | None,
) -> None:
    """Continue a sound, alone or along a clip, and save it.

    AUDIO_OR_URL is a file, a URL that the service fetches, or - for stdin. The result begins with it. Writes the files'
    paths to stdout.
    """
    asked = {"append_duration_ms": by, "loop": loop, "start_offset_ms": start or 0, "output_format": sound_format}
    _from_sound(command, "extend_audio", sound, video, prompt, samples, model, asked)


@click.command()
@options.sound
@options.segment_start
@options.segment_end
@options.picture
@options.words
@options.samples
@options.model
@options.sound_format
@commands.generating(MIRELO)
def inpaint(
    command: Command,
    sound: str,
    begin: int,
    end: int,
    video: str | None,
    prompt: str | None,
    samples: int,
    model: str | None,
    sound_format: str | None,
) -> None:
    """Make a part of a sound again, alone or along a clip, and save it.

    AUDIO_OR_URL is a file, a URL that the service fetches, or - for stdin. What is outside of --from and --to stays as
    it is. Writes the files' paths to stdout.
    """
    if end <= begin:
        raise refused(f"--to {seconds(end)} is not after --from {seconds(begin)}", "invalid_request", field="segment")
    asked = {"segment": (begin, end), "output_format": sound_format}
    _from_sound(command, "inpaint_audio", sound, video, prompt, samples, model, asked)


@click.command()
@commands.asking(MIRELO)
def me(session: Session, connection: Connection, timeout: int | None) -> None:
    """Show the account and its credits."""
    with connection.client(session.output, timeout) as client:
        account = client.me()
    overage = "yes" if account.overage_enabled else "no"
    lines = [
        f"account  {account.id}",
        f"e-mail   {account.email}",
        f"credits  {account.credits_available}",
        f"overage  {overage}",
    ]
    session.output.result(lines, account.to_dict())


def _from_sound(
    command: Command,
    method: str,
    sound: str,
    video: str | None,
    prompt: str | None,
    samples: int,
    model: str | None,
    asked: dict[str, Any],
) -> None:
    """Submit a job that is based on a sound, with or without a clip."""
    stdin = command.session.stdin
    words = words_from(prompt, stdin)
    source = source_from(sound, "sound", stdin)
    picture = None if video is None else source_from(video, "clip", stdin)

    def build(client: MireloClient, view: ProgressView) -> JobRequest:
        from mirelo_ergo import Audio, Video

        request: JobRequest = getattr(client, method)(
            source.media(Audio, view.upload),
            video=None if picture is None else picture.media(Video, view.upload),
            prompt=words,
            num_samples=samples,
            model=model,
            max_credits=command.limit,
            **asked,
        )
        return request

    endings = _endings(asked["output_format"])
    reads = read_by(source, picture)
    command.generate([Generation(build, source.label, stem_of(source), samples, endings=endings, reads=reads)])


def _clip_length(source: Source, duration: int | None, start: int, model: str | None) -> tuple[int, str]:
    """Return the given length, or the clip's length after the start, up to the model's limit; and a note."""
    if source.is_url:
        if duration is None:
            raise refused("a clip by URL needs --duration: only the service looks into it")
        return duration, ""
    found = clip.headers(source)
    if duration is not None:
        if found is not None and found.lengths_ms:
            clip.check_within(max(found.lengths_ms), start, duration)
        return duration, ""
    rest, why = clip.rest_of(clip.own_length(source, found), start, _longest(model))
    return rest, f"duration: {seconds(rest)}, {why}"


def _longest(model: str | None) -> int | None:
    """Return the longest length that a model makes for a clip, None if the spec does not give it."""
    from mirelo_ergo import list_models

    infos = (info for info in list_models() if info.family == "video-to-sfx")
    meant = (info for info in infos if info.model == model or (model is None and info.is_default))
    return next((info.limits["duration_ms"].get("maximum") for info in meant), None)


def _check_stems(command: Command, sources: list[Source]) -> None:
    """Refuse two clips whose results would have the same name."""
    if len(sources) < 2 or (command.saving.name is not None and "{stem}" not in command.saving.name):
        return
    by_stem: dict[str, Source] = {}
    for source in sources:
        other = by_stem.setdefault(stem_of(source), source)
        if other is not source and other.given == source.given:
            raise refused(f"{source.given} is given twice")
        if other is not source:
            raise refused(
                f"{other.given} and {source.given} would give files of the same name: use a command for each folder"
            )


def stem_of(source: Source) -> str:
    """Return the stem for the names of a source's results."""
    return source.path.stem if source.path is not None else Path(source.label).stem


def read_by(*sources: Source | None) -> tuple[Path, ...]:
    """Return the files of sources."""
    return tuple(source.path for source in sources if source is not None and source.path is not None)


def _endings(sound_format: str | None) -> tuple[str, ...]:
    """Return the suffixes of a sound's file."""
    return (".wav",) if sound_format is None else (f".{sound_format.partition('_')[0].lower()}",)
