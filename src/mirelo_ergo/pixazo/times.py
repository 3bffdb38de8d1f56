"""The gateway's timestamps, which have two formats, sometimes in one answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_LONGEST: Final = 40


def read_time(value: object) -> datetime | None:
    """Read `2026-05-22T13:17:32.110Z` or `2026-05-22 13:19:23` (UTC) as aware UTC; None for anything else."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    from dateutil.parser import isoparse

    try:
        moment = isoparse(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
