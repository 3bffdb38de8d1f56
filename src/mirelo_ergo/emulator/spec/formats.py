"""The string formats in the specs: URIs (RFC 3986), times (RFC 3339) and UUIDs."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

import jsonschema

_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_AUTHORITY = rf"(?:{_CHAR}*@)?(?:\[[0-9A-Fa-fv:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{{2}})*)(?::[0-9]*)?"
URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?://{_AUTHORITY}(?:/{_CHAR}*)*|/?(?:{_CHAR}+(?:/{_CHAR}*)*)?)"
    rf"(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?"
)
DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("uuid")
def is_uuid(value: object) -> bool:
    """Return whether a string is a UUID, with its four dashes."""
    return not isinstance(value, str) or UUID.fullmatch(value) is not None


@FORMATS.checks("uri")
def is_uri(value: object) -> bool:
    """Return whether a string is an absolute URI. Other types are left to the check of `type`."""
    if not isinstance(value, str):
        return True
    if URI.fullmatch(value) is None:
        return False
    try:
        urlsplit(value)
    except ValueError:  # what is in brackets is no address
        return False
    return True


@FORMATS.checks("date-time")
def is_date_time(value: object) -> bool:
    """Return whether a string is a time with an offset. A leap second is allowed."""
    if not isinstance(value, str):
        return True
    found = DATE_TIME.fullmatch(value)
    if found is None:
        return False
    before, seconds, _, offset = found.groups()
    try:
        datetime.fromisoformat(f"{before}{'59' if seconds == '60' else seconds}{offset}".upper())
    except ValueError:
        return False
    return True
