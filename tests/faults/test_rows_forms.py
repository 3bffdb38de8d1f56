"""Rows 83 and 84 of pre-signed forms, which the made-up service gives for its assets."""

from __future__ import annotations

import itertools
from email import message_from_bytes
from typing import TYPE_CHECKING, Any

import pytest

import tests.support.madeup as madeup
from mirelo_ergo import UploadError
from tests.faults.harness import KEY, Face
from tests.faults.server import FaultServer
from tests.faults.steps import ReadBytes, ReadHead, Reset, Respond, Script, json_response
from tests.faults.transfer import mp4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.wire import Received

SIZE = 900_000


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(mp4(SIZE))
    return path


def opened(face: Face, server: FaultServer, **options: Any) -> Any:
    return face.open(server.url, of=madeup, service="MadeUp", **options)


def parts(request: Received) -> dict[str, tuple[str | None, bytes]]:
    """Read a whole form: content type and content of each part, in their order."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    found: Any = message_from_bytes(head + request.body).get_payload()
    return {
        each.get_param("name", header="content-disposition"): (each["Content-Type"], each.get_payload(decode=True))
        for each in found
    }


def uploads(store: FaultServer, **more: Any) -> Callable[[Received], Script]:
    """Give out a new form of the store for each asset."""
    numbers = itertools.count(1)

    def answer(request: Received) -> Script:
        number = next(numbers)
        fields = {"key": f"uploads/{number}", "policy": "eyJ9", "x-amz-signature": "geheim-77aa31"}
        return json_response(201, {"id": f"ast-{number}", "url": f"{store.url}/{number}", "fields": fields, **more})

    return answer


EXPIRED = Respond(403, b"<Error><Code>AccessDenied</Code><Message>Policy expired.</Message></Error>")


def test_fault_83_form(face: Face, clip: Path) -> None:
    """The policy of a pre-signed form has expired: one new asset, to which the whole form goes."""
    with FaultServer([EXPIRED, Respond(204)]) as store, FaultServer() as api, face.promise(deadline=3.0):
        api.play(uploads(store))
        told: list[tuple[int, int]] = []
        client = opened(face, api)
        assert face.do(client.upload(clip, lambda done, total: told.append((done, total)))) == "ast-2"
        first, second = store.requests
        assert (first.path, second.path) == ("/1", "/2")
        sent = parts(second)
        assert list(sent) == ["key", "policy", "x-amz-signature", "file"]
        assert sent["key"][1] == b"uploads/2"
        assert sent["file"] == ("video/mp4", clip.read_bytes())
        assert int(second.headers["content-length"]) == second.length
        assert told[-1] == (clip.stat().st_size, clip.stat().st_size)
        for request in store.requests:
            assert not {"x-key", "authorization", "cookie"} & set(request.headers)
            assert KEY.encode() not in request.body


def test_fault_83_form_twice(face: Face, clip: Path) -> None:
    """Two policies in a row have expired: an error, and no third asset."""
    with FaultServer([EXPIRED]) as store, FaultServer() as api, face.promise(deadline=3.0):
        api.play(uploads(store))
        error = face.failing(opened(face, api).upload, clip)
        assert isinstance(error, UploadError)
        assert error.http_status == 403
        assert len(store.requests) == len(api.requests) == 2


def test_fault_83_form_cut(face: Face, clip: Path) -> None:
    """A pre-signed form is reset while it is sent: sent again whole, to the same place."""
    cut: Script = [ReadHead(), ReadBytes(300_000), Reset()]
    with FaultServer([cut, Respond(204)]) as store, FaultServer() as api, face.promise(deadline=3.0):
        api.play(uploads(store))
        assert face.do(opened(face, api).upload(clip)) == "ast-1"
        first, second = store.requests
        assert not first.complete
        assert second.body.startswith(first.body)
        assert parts(second)["file"][1] == clip.read_bytes()


def test_fault_84_form(face: Face, clip: Path) -> None:
    """A file that is larger than the form's `max_bytes` is refused before anything of it is sent."""
    with FaultServer([Respond(204)]) as store, FaultServer() as api, face.promise(deadline=3.0):
        api.play(uploads(store, max_bytes=clip.stat().st_size - 1))
        error = face.failing(opened(face, api).upload, clip)
        assert isinstance(error, UploadError)
        assert str(clip.stat().st_size) in error.message
        assert len(store.requests) == 0


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "EntityTooLarge"])
def test_fault_83_form_refused(face: Face, clip: Path, code: str) -> None:
    """A form that no fresh one would help is posted once, and the store's words are told."""
    refusal = Respond(403, f"<Error><Code>{code}</Code><Message>no luck</Message></Error>".encode())
    with FaultServer([refusal]) as store, FaultServer() as api, face.promise(deadline=3.0):
        api.play(uploads(store))
        error = face.failing(opened(face, api).upload, clip)
        assert isinstance(error, UploadError)
        assert f"{code}: no luck" in error.message
        assert len(store.requests) == len(api.requests) == 1
        assert store.requests[0].headers["user-agent"].startswith("mirelo-ergo/")


def test_fault_53_form(face: Face, clip: Path) -> None:
    """A store that says with 400 that the form did not arrive gets it again; a redirect of it names its host only."""
    cut = Respond(400, b"<Error><Code>RequestTimeout</Code></Error>")
    moved = Respond(307, headers={"Location": "https://elsewhere.example/put?secret=1"})
    with FaultServer([cut, moved]) as store, FaultServer() as api, face.promise(deadline=3.0):
        api.play(uploads(store))
        error = face.failing(opened(face, api).upload, clip)
        assert "leads to elsewhere.example and is not followed" in error.message
        assert "secret" not in error.message
        assert [request.path for request in store.requests] == ["/1", "/1"]
        assert store.requests[1].body.count(clip.read_bytes()) == 1
