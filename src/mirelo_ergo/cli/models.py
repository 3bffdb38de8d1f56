"""The command that shows the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import catalogue, options

if TYPE_CHECKING:
    from .session import Session


@click.command(short_help="Show the models and their limits.")
@options.writing
def models(session: Session) -> None:
    """Show what can be asked of which model, and the limits; needs no key and no network."""
    catalogue.show(session.output)
