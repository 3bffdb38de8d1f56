"""What may be a job's id: a string that can stand in a path. Not every service's are UUIDs."""

from __future__ import annotations

from typing import Final

LONGEST_ID: Final = 200


def job_id_problem(job_id: str) -> str | None:
    """Say why a job id cannot be part of a path, None if it can."""
    if not 0 < len(job_id) <= LONGEST_ID:
        return f"has {len(job_id)} characters, not 1 to {LONGEST_ID}"
    if not job_id.isascii() or not job_id.isprintable() or not job_id.strip(". /"):
        return "holds characters that no job id has"
    return None
