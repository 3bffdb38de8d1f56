"""Checks of job ids and of family and model names, which become part of paths and tokens."""

from __future__ import annotations

from typing import Final

LONGEST_ID: Final = 200


def job_id_problem(job_id: object) -> str | None:
    """Return why a job id cannot be one segment of a path, None if it can.

    A slash or two dots are refused rather than escaped: a server or a proxy on the way may undo the escape.
    """
    problem = name_problem(job_id)
    if problem is None and isinstance(job_id, str) and ("/" in job_id or "\\" in job_id):
        return "holds a slash, which no job id has"
    return problem


def name_problem(name: object) -> str | None:
    """Return why a name cannot be a family's or a model's, None if it can. `namespace/name@version` can."""
    if not isinstance(name, str):
        return f"is {type(name).__name__}, not a string"
    if not 0 < len(name) <= LONGEST_ID:
        return f"has {len(name)} characters, not 1 to {LONGEST_ID}"
    if not name.isascii() or not name.isprintable():
        return "holds characters that are not printable ASCII"
    if ".." in name or not name.strip(". "):
        return "holds dots that a path would take for a folder"
    return None
