"""A server for large bodies: it counts what is put, and gives a large WAV with resets in it. Standard library only."""

from __future__ import annotations

import fcntl
import re
import socket
import struct
import termios
import threading
import time
from typing import Any

from bench.child.worker import serve

ABORT = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST
BLOCK = 1 << 20
ETAG = '"benchmark"'


class Bulk:
    """What the server gives and what it saw."""

    def __init__(self) -> None:
        self.configure()

    def configure(self, size: int = 0, resets: list[int] | None = None) -> None:
        """Begin a run: the size of the file, and the offsets at which a connection is reset, each once."""
        self.size, self.resets = size, list(resets or ())
        self.received = self.heads = 0
        self.starts: list[int] = []

    def counts(self) -> dict[str, Any]:
        """Return how many bytes were put, where each GET began, and the bytes of all answers' heads."""
        return {"received": self.received, "heads": self.heads, "starts": self.starts}

    def connection(self, sock: socket.socket) -> None:
        """Send what is written at once: the other side times it."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = bytearray(BLOCK)
        with sock:
            while head := self._head(sock, buffer):
                text, early = head
                length = re.search(r"content-length: (\d+)", text, re.IGNORECASE)
                if text.startswith("PUT"):
                    self._take(sock, buffer, int(length[1]) if length else 0, early)
                elif not self._give(sock, text):
                    return

    def _head(self, sock: socket.socket, buffer: bytearray) -> tuple[str, int] | None:
        data = b""
        while b"\r\n\r\n" not in data:
            count = sock.recv_into(buffer)
            if not count:
                return None
            data += buffer[:count]
        head, _, rest = data.partition(b"\r\n\r\n")
        return head.decode("latin-1"), len(rest)

    def _take(self, sock: socket.socket, buffer: bytearray, length: int, came: int) -> None:
        while came < length:
            came += sock.recv_into(buffer)
        self.received += came
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def _give(self, sock: socket.socket, request: str) -> bool:
        """Send the file from where it is asked for; say whether the connection is still good."""
        asked = re.search(r"range: bytes=(\d+)-", request, re.IGNORECASE)
        start = int(asked[1]) if asked else 0
        self.starts.append(start)
        lines = [
            f"HTTP/1.1 {'206 Partial Content' if asked else '200 OK'}",
            "Content-Type: audio/wav",
            f"ETag: {ETAG}",
            f"Content-Length: {self.size - start}",
            *([f"Content-Range: bytes {start}-{self.size - 1}/{self.size}"] if asked else ()),
        ]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.heads += len(head)
        sock.sendall(head)
        end = self.resets.pop(0) if self.resets else self.size
        beginning = _wav_header(self.size)[start:]
        sock.sendall(beginning)
        place = start + len(beginning)
        block = memoryview(bytes(BLOCK))
        while place < end:
            count = min(BLOCK, end - place)
            sock.sendall(block[:count])
            place += count
        if end < self.size:
            _drained(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        return end == self.size


def _wav_header(size: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 48_000, 192_000, 4, 16)
    return struct.pack("<4sI4s", b"RIFF", size - 8, b"WAVE") + form + struct.pack("<4sI", b"data", size - 44)


def _drained(sock: socket.socket) -> None:
    """Wait until the other kernel has all that was sent: what a reset throws away is then the reader's doing."""
    left = bytearray(4)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        fcntl.ioctl(sock, termios.TIOCOUTQ, left)
        if not any(left):
            return
        time.sleep(0.001)


def _listen(bulk: Bulk) -> str:
    listener = socket.create_server(("127.0.0.1", 0))

    def forever() -> None:
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=bulk.connection, args=(sock,), daemon=True).start()

    threading.Thread(target=forever, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


if __name__ == "__main__":
    BULK = Bulk()
    serve({"serve": lambda: _listen(BULK), "configure": BULK.configure, "counts": BULK.counts})
