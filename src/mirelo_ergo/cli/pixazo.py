"""The commands of the Pixazo gateway: `mirelo-ergo pixazo …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from . import commands, options
from .failures import refused
from .generations import Generation
from .groups import Commands
from .inputs import source_from
from .prompts import prompt_from, words_from
from .services import PIXAZO

if TYPE_CHECKING:
    from mirelo_ergo import JobRequest, PixazoClient

    from .generate import Command
    from .progress import ProgressView

_SOUNDS = (".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg")


@click.group(cls=Commands, short_help="Mirelo's models through the Pixazo gateway.")
def pixazo() -> None:
    """Mirelo's models through the Pixazo gateway (key: PIXAZO_API_KEY); it tells no costs and takes no files."""


@pixazo.command()
@options.prompt
@options.duration
@options.loop
@options.samples
@commands.generating(PIXAZO)
def text(command: Command, prompt: tuple[str, ...], duration: int | None, loop: bool, samples: int) -> None:
    """Make sound from words and save it.

    PROMPT says what is to be heard, in quotation marks; - reads it from stdin. Writes the files' paths to stdout.
    """
    words = prompt_from(prompt, command.session.stdin)
    length: dict[str, Any] = {} if duration is None else {"duration": duration / 1000}

    def build(client: PixazoClient, view: ProgressView) -> JobRequest:
        return client.text_to_audio(words, **length, ambience=loop, num_samples=samples)

    command.generate([Generation(build, words, words, samples)])


@pixazo.command()
@options.clips
@options.duration
@options.words
@options.samples
@options.output
@commands.generating(PIXAZO)
def video(
    command: Command, clips: tuple[str, ...], duration: int | None, prompt: str | None, samples: int, output: str
) -> None:
    """Make sound for clips and save it, alone or within the clip.

    CLIP_OR_URL is a URL that the gateway fetches; several make one job each. Writes the files' paths to stdout.
    """
    if not clips:
        raise refused("video needs a clip: mirelo-ergo pixazo video https://example.com/clip.mp4")
    words = words_from(prompt, command.session.stdin)
    length: dict[str, Any] = {} if duration is None else {"duration": duration / 1000}
    generations = []
    for given in clips:
        source = source_from(given, "clip", command.session.stdin)
        if not source.is_url:
            raise refused("the gateway takes no files: give a public URL of the clip; mirelo-ergo video takes files")

        def build(client: PixazoClient, view: ProgressView, url: str = given) -> JobRequest:
            if output == "video":
                return client.video_to_video(url, **length, text_prompt=words, num_samples=samples)
            return client.video_to_audio(url, **length, text_prompt=words or "", num_samples=samples)

        generations.append(Generation(build, source.label, source.label, samples, output, _SOUNDS, filmable=True))
    command.generate(generations)
