"""The options of the commands of music and notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from .options import time

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def time_signature(text: str) -> tuple[int, int]:
    """Return a time signature such as 3/4 as its two numbers."""
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text.strip())
    if found is None:
        raise click.BadParameter(f"{text[:40]!r} is not a time signature such as 3/4")
    return int(found[1]), int(found[2])


def _complete_instrument(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from mirelo_ergo import INSTRUMENTS

    return [CompletionItem(name) for name in sorted(INSTRUMENTS) if name.startswith(incomplete)]


music_format = click.option(
    "--format", "music_format", metavar="FORMAT", help="The form of the results, such as mp3. Default: mp3."
)
instruments = click.option(
    "--instrument",
    "instruments",
    metavar="NAME",
    multiple=True,
    shell_complete=_complete_instrument,
    help="Hear this one, such as violin, and no other; several times for several. Else the service decides.",
)
timing = click.option(
    "--timing", type=click.Choice(["performance", "quantized"]), help="Times as they were played, or on the beat."
)
subdivision = click.option(
    "--subdivision",
    type=click.Choice(["automatic", "straight_sixteenths", "eighth_triplets", "sixteenth_triplets", "swing_eighths"]),
    help="What a beat is divided into.",
)
meter = click.option("--meter", metavar="N/M", type=time_signature, help="The time signature, such as 3/4.")
tempo = click.option("--tempo", metavar="BPM", type=float, help="Beats a minute, 30 to 300, for all of it.")
tidy = click.option("--tidy", is_flag=True, help="Tidy the score up; --pdf does it too.")
pdf = click.option("--pdf", is_flag=True, help="Engrave the score as PDF too.")
page = click.option("--page", type=click.Choice(["a4", "letter"]), help="The paper of the PDF.")
sound_length = click.option(
    "--duration", metavar="TIME", type=time, help="The sound's length, for its price; else what its headers say."
)
