"""A fast stand-in for the API: it answers, charges, limits and fails as told, and counts. Standard library only."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from typing import Any

from bench.child.worker import serve

ACCOUNT = {"id": "user-1", "email": "someone@example.com", "credits_available": 1000, "overage_enabled": False}
STAMP = "2026-01-01T12:00:00Z"
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST
FAULTS = ("reset", "504", "silence", "429", "503")
BURST = 20.0


class Service:
    """What the server does and what it saw. Commands set it between runs, the server's thread reads it."""

    def __init__(self) -> None:
        self.upload_url = ""
        self.result_url = ""
        """What a finished job has; while it is empty, jobs go on."""
        self.estimated_ms = 1000
        self.least = 0.0
        """Jobs take from this share of their estimate to all of it; 0: they are done at once."""
        self.reset()

    def reset(self, fault_share: float = 0.0, limit: float = 0.0) -> None:
        """Begin a run: each of `FAULTS` on that share of submits; `limit` submits a second, a burst of 20."""
        self.fault_share, self.limit, self.random = fault_share, limit, random.Random(1)
        self.charges: Counter[str] = Counter()
        self.jobs: dict[str, str] = {}
        """The jobs by their idempotency keys."""
        self.calls: Counter[str] = Counter()
        self.ends: dict[str, float] = {}
        self.first = self.last = 0.0
        self.tokens, self.filled = BURST, time.monotonic()

    def counts(self) -> dict[str, Any]:
        """Return what was seen: charges by prompt, all submits, seconds from the first to the last."""
        return {"charges": self.charges, "submits": self.calls["submit"], "seconds": self.last - self.first}

    def answer(self, method: str, path: str, body: bytes, key: str = "") -> bytes | str | None:
        """Return the bytes to send; None is silence, "reset" resets the connection."""
        self.calls["all"] += 1
        if method == "POST" and path == "/v3/text-to-sfx/generations":
            return self._submit(json.loads(body), key)
        if method == "POST" and path.endswith("/jobs"):
            return self._submit(json.loads(body))
        if path == "/v2/me":
            return _json("200 OK", ACCOUNT)
        if method == "GET" and "/jobs/" in path:
            self.calls["poll"] += 1
            return self._poll(path)
        if path.endswith("/preflight"):
            return _json("200 OK", {"credits": 10, "estimated_ms": self.estimated_ms})
        if path == "/r.wav":
            return WAV
        if path == "/polls":
            return _json("200 OK", self.calls["poll"])
        if path == "/v2/assets":
            return _json("201 Created", {"asset_id": "asset-1", "upload_url": self.upload_url})
        return _error("404 Not Found", "not_found")

    def _submit(self, fields: dict[str, Any], key: str = "") -> bytes | str | None:
        self.calls["submit"] += 1
        self.last = time.monotonic()
        self.first = self.first or self.last
        if self.limit and not self._take():
            return _error("429 Too Many Requests", "rate_limited", "Retry-After: 1\r\n")
        place = int(self.random.random() / self.fault_share) if self.fault_share else len(FAULTS)
        fault = FAULTS[place] if place < len(FAULTS) else ""
        if fault == "429":
            return _error("429 Too Many Requests", "rate_limited")
        if fault == "503":
            return _error("503 Service Unavailable", "server_error", "Retry-After: 1\r\n")
        if key not in self.jobs:  # from here on the work is done and paid for
            self.charges[fields.get("input", fields).get("prompt", "video")] += 1
        if key:
            self._keep(key)
        if fault == "504":
            return (
                b"HTTP/1.1 504 Gateway Timeout\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<h1>504</h1>\r\n"
            )
        if fault:
            return None if fault == "silence" else "reset"
        if key:
            return _json("202 Accepted", {"id": self._keep(key), "status": "queued", "estimated_ms": self.estimated_ms})
        job = f"job-{self.calls['submit']}"
        if self.least:
            self.ends[job] = time.monotonic() + self.random.uniform(self.least, 1) * self.estimated_ms / 1000
        return _json(
            "202 Accepted",
            {
                "job_id": job,
                "job_url": f"/v2/text-to-sfx/v1.5/jobs/{job}",
                "estimated_ms": self.estimated_ms,
                "estimated_completion_at": STAMP,
            },
        )

    def _keep(self, key: str) -> str:
        """Return the job of a key, which is made once."""
        return self.jobs.setdefault(key, f"job-{len(self.jobs)}")

    def _take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(BURST, self.tokens + (now - self.filled) * self.limit)
        self.filled = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def _poll(self, path: str) -> bytes:
        if self.result_url and time.monotonic() >= self.ends.get(path.rpartition("/")[2], 0):
            done = {"status": "succeeded", "created_at": STAMP, "completed_at": STAMP}
            return _json(
                "200 OK",
                {
                    "job_id": path.rpartition("/")[2],
                    **done,
                    "result": {"result_urls": [self.result_url]},
                    "request": {"num_samples": 1},
                },
            )
        return _json(
            "200 OK",
            {
                "job_id": path.rpartition("/")[2],
                "status": "processing",
                "created_at": STAMP,
                "estimated_completion_at": STAMP,
                "estimated_ms": self.estimated_ms,
                "progress_percent": 40,
                "request": {"prompt": "rain on a tin roof", "duration_ms": 2000, "num_samples": 1},
            },
        )


def _json(status: str, value: object, headers: str = "") -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _error(status: str, code: str, headers: str = "") -> bytes:
    number = int(status.split()[0])
    return _json(status, {"error": {"code": code, "message": "made by the benchmark", "http_status": number}}, headers)


def _wav(samples: int) -> bytes:
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + 2 * samples, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16,
                       b"data", 2 * samples)  # fmt: skip
    body = head + bytes(2 * samples)
    return b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nContent-Length: %d\r\n\r\n" % len(body) + body


WAV = _wav(8000)
"""The response with a second of silence."""


class _Connection(asyncio.Protocol):
    def __init__(self, service: Service) -> None:
        self._service = service
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "TCP has both directions"
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            whole = end + 4 + int(headers.get("content-length", "0"))
            if len(self._buffer) < whole:
                return
            method, path, _ = first.split(" ")
            body = bytes(self._buffer[end + 4 : whole])
            del self._buffer[:whole]
            key = headers.get("idempotency-key", "")
            answer = self._service.answer(method, path.partition("?")[0], body, key)
            if isinstance(answer, bytes):
                self._transport.write(answer)
            elif answer is not None:
                sock = self._transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                self._transport.abort()


def _listen(service: Service, certificate: str = "") -> str:
    """Serve, over TLS if there is a file with a certificate and its key; return the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if context is not None:
        context.load_cert_chain(certificate)
    ready = threading.Event()
    address: list[str] = []

    async def forever() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Connection(service), "127.0.0.1", 0, backlog=1024, ssl=context)
        address.append(f"http{'s' if certificate else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(forever()), daemon=True).start()
    ready.wait()
    return address[0]


if __name__ == "__main__":
    SERVICE = Service()

    def configure(**values: Any) -> None:
        """Set attributes of the service."""
        for name, value in values.items():
            setattr(SERVICE, name, value)

    serve(
        {
            "serve": lambda certificate="": _listen(SERVICE, certificate),
            "configure": configure,
            "reset": SERVICE.reset,
            "counts": SERVICE.counts,
            "total": lambda: SERVICE.calls["all"],
        }
    )
