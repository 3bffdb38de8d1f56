"""The commands of music and notes, at the top level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import clip, commands, music_options, options
from .failures import refused
from .generations import Generation
from .inputs import source_from
from .mirelo import read_by, stem_of
from .prompts import prompt_from
from .services import MIRELO
from .times import seconds

if TYPE_CHECKING:
    from mirelo_ergo import JobRequest, MireloClient

    from .generate import Command
    from .progress import ProgressView


@click.command()
@options.prompt
@options.picture
@options.clip_duration
@options.samples
@music_options.music_format
@commands.generating(MIRELO)
def music(
    command: Command,
    prompt: tuple[str, ...],
    video: str | None,
    duration: int | None,
    samples: int,
    music_format: str | None,
) -> None:
    """Make music from words, or for a clip, and save it.

    PROMPT says what the music is to be like, in quotation marks; - reads it from stdin. With --video there is none, and
    no price is told before. Writes the files' paths to stdout.
    """
    stdin = command.session.stdin
    ending = (music_format or "mp3").partition("_")[0].lower()
    if video is None:
        words = prompt_from(prompt, stdin)
        if duration is None:
            raise refused("music needs --duration, such as --duration 30s", field="duration_ms")

        def from_words(client: MireloClient, view: ProgressView) -> JobRequest:
            assert duration is not None
            return client.text_to_music(
                words, duration_ms=duration, num_samples=samples, format=music_format, max_credits=command.limit
            )

        command.generate([Generation(from_words, words, words, samples, endings=(f".{ending}",))])
        return
    if prompt:
        raise refused("music --video takes no prompt: the clip says what it is to be like")
    source = source_from(video, "clip", stdin)
    length, note = duration, ""
    if length is None:
        if source.is_url:
            raise refused("a clip by URL needs --duration: only the service looks into it")
        length, note = clip.rest_of(clip.own_length(source, clip.headers(source)), 0, None)

    def for_clip(client: MireloClient, view: ProgressView) -> JobRequest:
        from mirelo_ergo import Video

        more: dict[str, Any] = {} if music_format is None else {"format": music_format}
        return client.video_to_music(
            source.media(Video, view.upload), duration_ms=length, num_samples=samples, max_credits=command.limit, **more
        )

    command.generate(
        [
            Generation(
                for_clip,
                source.label,
                stem_of(source),
                samples,
                endings=(f".{ending}",),
                reads=read_by(source),
                note=note and f"duration: {seconds(length)}, {note}",
                priced=False,
            )
        ]
    )


@click.command()
@options.sound
@music_options.instruments
@music_options.timing
@music_options.subdivision
@music_options.meter
@music_options.tempo
@music_options.tidy
@music_options.pdf
@music_options.page
@music_options.sound_length
@commands.generating(MIRELO)
def midi(
    command: Command,
    sound: str,
    instruments: tuple[str, ...],
    timing: Any,
    subdivision: Any,
    meter: tuple[int, int] | None,
    tempo: float | None,
    tidy: bool,
    pdf: bool,
    page: Any,
    duration: int | None,
) -> None:
    """Write down what is played in a sound, as a MIDI file and as a score.

    AUDIO_OR_URL is a file, or - for stdin. Writes the files' paths to stdout.
    """
    source = source_from(sound, "sound", command.session.stdin)

    def build(client: MireloClient, view: ProgressView) -> JobRequest:
        from mirelo_ergo import Audio

        named: Any = instruments or None
        return client.audio_to_midi(
            source.media(Audio, view.upload),
            instruments=named,
            timing=timing,
            subdivision=subdivision,
            time_signature=meter,
            tempo_bpm=tempo,
            optimize_musicxml=tidy or None,
            score_pdfs=pdf or None,
            page_size=page,
            duration_ms=duration,
            max_credits=command.limit,
        )

    priced = duration is not None or clip.sound_length(source) is not None
    command.generate(
        [Generation(build, source.label, stem_of(source), 1, kind="midi", endings=(".mid",), priced=priced)]
    )
