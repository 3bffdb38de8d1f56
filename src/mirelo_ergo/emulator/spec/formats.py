"""The formats of the spec's strings that a request can break: so far a URI, as RFC 3986 writes it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import jsonschema

_CHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_AUTHORITY = rf"(?:{_CHAR}*@)?(?:\[[0-9A-Fa-fv:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{{2}})*)(?::[0-9]*)?"
URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?://{_AUTHORITY}(?:/{_CHAR}*)*|/?(?:{_CHAR}+(?:/{_CHAR}*)*)?)"
    rf"(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?"
)
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("uri")
def is_uri(value: object) -> bool:
    """Return whether a string is an absolute URI; a value of another type is the business of `type`."""
    if not isinstance(value, str):
        return True
    if URI.fullmatch(value) is None:
        return False
    try:
        urlsplit(value)
    except ValueError:  # what is in brackets is no address
        return False
    return True
