"""The two ends of a webhook over real sockets: a gateway that makes one job, and the web server of who ordered it."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import uvicorn

from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirelo_ergo import WebhookInbox

REQUEST_ID = "req_6f1e20c4"
KEY = ("pixazo", REQUEST_ID)
"""What an inbox knows the job by."""


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI application on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        assert server.started, "the server did not start"
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class Gateway:
    """Hold one request, which is done when the test says so; count how often it is asked for."""

    def __init__(self) -> None:
        self.done = False
        self.asked = 0
        self.ordered: dict[str, str] = {}
        self.url = ""

    @property
    def request(self) -> dict[str, Any]:
        output = {"media_url": [f"{self.url}/1.wav"], "media_type": "audio/wav"} if self.done else None
        return {"request_id": REQUEST_ID, "status": "COMPLETED" if self.done else "PROCESSING", "output": output}

    def payload(self) -> bytes:
        """Finish the request and return its webhook's body."""
        self.done = True
        return json.dumps(self.request).encode()


@contextmanager
def gateway() -> Iterator[Gateway]:
    """Run a stand-in for the gateway with one request."""
    holder = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            holder.ordered = {name.lower(): value for name, value in self.headers.items()}
            self.give(202, {"request_id": REQUEST_ID, "status": "QUEUED", "polling_url": "https://foreign.example/"})

        def do_GET(self) -> None:
            assert self.path == f"/v2/requests/status/{REQUEST_ID}"
            holder.asked += 1
            self.give(200, holder.request)

        def give(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        holder.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield holder
        finally:
            server.shutdown()
            thread.join()


def until_listened_to(inbox: WebhookInbox) -> None:
    """Wait until a wait listens for the gateway's request."""
    until(lambda: KEY in inbox._subscribers, "nobody listens")
