"""The commands and their options, and how any of them ends."""

# Annotations are values here: typer reads them. So this module does without `from __future__ import annotations`.


import typer


_EPILOG = "EPILOG"

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
