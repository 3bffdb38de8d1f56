"""Unpacking gzip and deflate. Requests ask for identity, but some proxies compress answers all the same.

The limits (docs/reliability.md): an answer may unpack to at most 100 times its size, and to no more than its reader
accepts.
"""

from __future__ import annotations

import zlib
from typing import Final

RATIO: Final = 100
"""The largest ratio of an answer's unpacked to its packed size."""
_SMALL: Final = 1 << 16
"""Unpacked bytes for which the ratio is not checked: a short answer of blanks is harmless."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_PACKED: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}
_MAGIC: Final = b"\x1f\x8b"
"""How gzip begins, and no JSON."""


class EncodingProblem(Exception):
    """Raised when a body cannot be unpacked further. The part before is valid."""


class Unpacker:
    """Unpacks one body piece by piece; `feed` and `more` return at most `size` bytes at a time.

    JSON that is only declared as packed is returned unchanged.
    """

    def __init__(self, window_bits: int) -> None:
        self._bits = window_bits
        self._zlib = zlib.decompressobj(window_bits)
        self._waiting = b""
        self._first = b""  # all that came until something was unpacked
        self._packed = self._unpacked = 0
        self._begun = self._plain = False

    def feed(self, data: bytes, size: int) -> bytes:
        """Add packed bytes and return unpacked ones; raise `EncodingProblem`."""
        self._packed += len(data)
        self._waiting += data
        if not self._begun:
            self._first += data
        return self.more(size)

    def more(self, size: int) -> bytes:
        """Return more unpacked bytes of the last packed ones, b"" when there are no more."""
        if self._zlib.eof:
            self._next_member()
        if not self._waiting:
            return b""
        if self._plain:
            out, self._waiting = self._waiting[:size], self._waiting[size:]
            return out
        try:
            out = self._zlib.decompress(self._waiting, size)
        except zlib.error as error:
            if self._begun or not self._is_something_else():
                raise EncodingProblem(f"the compressed answer is damaged ({error})") from None
            self._waiting = self._first
            return self.more(size)
        self._begun = self._begun or bool(out)
        self._waiting = self._zlib.unconsumed_tail or self._zlib.unused_data
        self._unpacked += len(out)
        if self._unpacked > max(RATIO * (self._packed - len(self._waiting)), _SMALL):
            raise EncodingProblem(f"the compressed answer unpacks to more than {RATIO} times its size")
        return out

    def _is_something_else(self) -> bool:
        """Take what nothing can be unpacked from for what it may be instead; return whether it may be anything."""
        if self._first.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
            self._begun = self._plain = True
            return True
        if self._bits != zlib.MAX_WBITS:
            return False
        self._bits = -zlib.MAX_WBITS  # some call raw deflate, without zlib's head, "deflate" too
        self._zlib = zlib.decompressobj(self._bits)
        return True

    def _next_member(self) -> None:
        """Go on behind a compressed body: gzip may have several in a row, and zeros at its end."""
        if self._waiting.startswith(_MAGIC) and self._bits == _GZIP:
            self._zlib = zlib.decompressobj(self._bits)
            return
        if self._waiting.strip(b"\0"):
            raise EncodingProblem("bytes follow the end of the compressed answer")
        self._waiting = b""

    def finish(self) -> None:
        """Raise `EncodingProblem` if the compressed answer is incomplete."""
        if not self._plain and not self._zlib.eof:
            raise EncodingProblem("the compressed answer is cut off")


def unpacker_for(content_encoding: str | None) -> Unpacker | None:
    """Return an unpacker for a Content-Encoding; None if the body is not encoded."""
    if not content_encoding:
        return None
    names = {name.strip().lower() for name in content_encoding.split(",")} - {"", "identity"}
    bits = _PACKED.get(names.pop()) if len(names) == 1 else None
    return None if bits is None else Unpacker(bits)


def unpacker_of(head: bytes | bytearray) -> Unpacker | None:
    """Return what unpacks a body that begins so and does not say that it is compressed; None if it is not."""
    return Unpacker(_GZIP) if head.startswith(_MAGIC) else None
