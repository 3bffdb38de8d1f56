"""What the gateway's tests share: a client over plain httpx, and a receiver of webhooks over TLS."""

from __future__ import annotations

import json
import queue
import re
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import attrs
import httpx
import jsonschema
import trustme

from tests.support.specs import vendored
from tests.support.waiting import GUARD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mirelo_ergo.emulator import Emulator

SPEC = vendored("pixazo")
TEXT = "/mirelo-sfx-1-6-text-to-audio/v1/mirelo-sfx-1-6-text-to-audio-request"
VIDEO = "/mirelo-sfx-1-6-video-to-video/v1/mirelo-sfx-1-6-video-to-video-request"
SOUND = "/mirelo-sfx-video-to-audio/v1/mirelo-sfx-video-to-audio-request"
STATUS = "/v2/requests/status/"


class Gateway:
    """Speak to an emulator's gateway; every JSON answer has to fit the spec's schema for its status."""

    def __init__(self, emu: Emulator, key: str | None = None) -> None:
        self.emu = emu
        self.http = httpx.Client(
            base_url=emu.urls["pixazo"],
            headers={"Ocp-Apim-Subscription-Key": emu.key if key is None else key, "cache-control": "no-cache"},
            event_hooks={"response": [_fits_the_spec]},
            timeout=30,
            verify=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def post(self, path: str, headers: Mapping[str, str] | None = None, /, **body: object) -> httpx.Response:
        return self.http.post(path, json=body, headers=headers)

    def submit(self, path: str, headers: Mapping[str, str] | None = None, /, **body: object) -> str:
        """Queue a request and return its id."""
        answer = self.post(path, headers, **body)
        assert answer.status_code == 202, answer.text
        queued = answer.json()
        assert queued["status"] == "QUEUED"
        assert queued["polling_url"] == f"{self.emu.urls['pixazo']}{STATUS}{queued['request_id']}"
        request_id: str = queued["request_id"]
        return request_id

    def status(self, request_id: str) -> dict[str, Any]:
        answer = self.http.get(STATUS + request_id)
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        return status

    def finish(self, request_id: str) -> dict[str, Any]:
        """Let the request's time pass on the emulator's clock and poll it once."""
        self.emu.clock.advance(300)
        return self.status(request_id)

    def results(self, path: str, /, **body: object) -> list[bytes]:
        """Return the media of a request that has to complete."""
        status = self.finish(self.submit(path, **body))
        assert status["status"] == "COMPLETED", status
        answers = [httpx.get(url, verify=False) for url in status["output"]["media_url"]]
        assert {answer.headers["content-type"] for answer in answers} == {status["output"]["media_type"]}
        return [answer.content for answer in answers]


def _fits_the_spec(response: httpx.Response) -> None:
    response.read()
    path = urlsplit(str(response.request.url)).path
    operation = next(
        (
            item[response.request.method.lower()]
            for template, item in SPEC["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and response.request.method.lower() in item
        ),
        None,
    )
    name = "QueueError" if operation is None or not response.is_success else ""
    if operation is not None:
        answer = operation["responses"][str(response.status_code)]
        while "$ref" in answer:
            answer = SPEC["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    check(name, response.json())


def check(name: str, value: object) -> None:
    """Hold a value against one of the spec's named schemas."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": nulls(SPEC["components"])}
    jsonschema.Draft202012Validator(schema).validate(value)


def nulls(node: Any) -> Any:
    """Write OpenAPI 3.0's `nullable` in the way of JSON Schema."""
    if isinstance(node, list):
        return [nulls(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {name: nulls(value) for name, value in node.items() if name not in ("nullable", "minimum")}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


# Webhooks


@attrs.frozen
class Received:
    """One webhook as it came."""

    path: str
    headers: dict[str, str]
    status: dict[str, Any]
    raw: bytes


class Receiver:
    """Take webhooks over TLS; `answers` are the statuses of the next answers, 204 after them."""

    def __init__(self, url: str, trust: ssl.SSLContext) -> None:
        self.url = url
        self.trust = trust
        self.answers: list[int] = []
        self.arrived: queue.Queue[Received] = queue.Queue()

    def next(self) -> Received:
        return self.arrived.get(timeout=GUARD)

    def nothing_arrived(self) -> bool:
        return self.arrived.empty()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve an https address on loopback, with a certificate of an authority that only `Receiver.trust` knows."""
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(own)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.answers.pop(0) if receiver.answers else 204
            receiver.arrived.put(Received(self.path, headers, json.loads(body), body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = False
        request_queue_size = 64  # what is over the usual 5 at once tries again after a second

        def get_request(self) -> tuple[Any, Any]:
            wire, address = super().get_request()
            try:
                return own.wrap_socket(wire, server_side=True), address
            except BaseException:
                wire.close()
                raise

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"https://localhost:{server.server_port}/hooks/1", trust)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
