"""Unpack gzip and deflate: identity is asked for, but boxes on the way compress answers all the same.

The limits (docs/reliability.md): an answer may unpack to 100 times its bytes, and never to more than its reader takes.
"""

from __future__ import annotations

import zlib
from typing import Final

RATIO: Final = 100
"""How many times its packed bytes an answer may have."""
_SMALL: Final = 1 << 16
"""Bytes that may have any ratio: a short answer of blanks is no bomb."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_PACKED: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


class EncodingProblem(Exception):
    """Raised when a body cannot be unpacked further; what was read before stays good."""


class Unpacker:
    """Unpack one body piece by piece, of which `feed` and `more` give at most `size` bytes at a time."""

    def __init__(self, window_bits: int) -> None:
        self._bits = window_bits
        self._zlib = zlib.decompressobj(window_bits)
        self._waiting = b""
        self._packed = self._unpacked = 0
        self._begun = False

    def feed(self, data: bytes, size: int) -> bytes:
        """Take bytes of the wire and give what they unpack to; raise `EncodingProblem`."""
        self._packed += len(data)
        self._waiting += data
        return self.more(size)

    def more(self, size: int) -> bytes:
        """Return what the last bytes unpack to beyond what was given, b"" when more of the wire is needed."""
        if not self._waiting:
            return b""
        if self._zlib.eof:
            raise EncodingProblem("bytes follow the end of the compressed answer")
        try:
            out = self._zlib.decompress(self._waiting, size)
        except zlib.error as error:
            if self._begun or self._bits != zlib.MAX_WBITS:
                raise EncodingProblem(f"the compressed answer is damaged ({error})") from None
            self._bits = -zlib.MAX_WBITS  # some call raw deflate, without zlib's head, "deflate" too
            self._zlib = zlib.decompressobj(self._bits)
            return self.more(size)
        self._begun = self._begun or bool(out)
        self._waiting = self._zlib.unconsumed_tail or self._zlib.unused_data
        self._unpacked += len(out)
        if self._unpacked > max(RATIO * (self._packed - len(self._waiting)), _SMALL):
            raise EncodingProblem(f"the compressed answer unpacks to more than {RATIO} times its size")
        return out

    def finish(self) -> None:
        """Raise `EncodingProblem` if the end of the compressed answer has not come."""
        if not self._zlib.eof:
            raise EncodingProblem("the compressed answer is cut off")


def unpacker_for(content_encoding: str | None) -> Unpacker | None:
    """Return what unpacks a body that is encoded so; None takes it as it came."""
    bits = _PACKED.get((content_encoding or "").strip().lower())
    return None if bits is None else Unpacker(bits)
