"""The object store beside the API: signed uploads and signed results, with answers as such stores give them.

Beside it are the short links to results, which belong to the API: whoever has one may follow it, for a day.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.refusals import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from mirelo_ergo.emulator.media.rendering import Rendering
    from mirelo_ergo.emulator.state.disk import Disk
    from mirelo_ergo.emulator.state.records import Asset, Job
    from mirelo_ergo.emulator.state.signing import Signer
    from mirelo_ergo.emulator.state.store import Store

UPLOAD_SECONDS = 15 * 60
RESULT_SECONDS = 60 * 60
MAX_UPLOAD = 1 << 30
WRITE_SIZE = 1 << 20
INDEX = re.compile(r"[0-9]{1,4}")
RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")


class Blobs:
    """Take uploads and give out results."""

    def __init__(self, *, store: Store, signer: Signer, disk: Disk) -> None:
        self._store = store
        self._signer = signer
        self._disk = disk

    def routes(self) -> list[Route]:
        """Return the routes of the object store, which are on every port."""
        return [
            Route("/store/uploads/{asset_id}", self._upload, methods=["PUT"]),
            Route("/store/results/{job_id}/{name}", self._download, methods=["GET"]),
        ]

    def links(self) -> Route:
        """Return the route of the short links."""
        return Route("/d/{token}", self._follow, methods=["GET"])

    def upload_url(self, base: str, asset: Asset) -> str:
        """Return where to PUT an asset's bytes, for 15 minutes."""
        return self._signed(base, "PUT", f"/store/uploads/{asset.id}", UPLOAD_SECONDS)

    def result_urls(self, base: str, job: Job) -> list[str]:
        """Return where a job's results can be read, for an hour from now."""
        return [self._result_url(base, job.id, index, result) for index, result in enumerate(job.results)]

    def download_urls(self, base: str, job: Job) -> list[str]:
        """Return a short link to each of a job's results; as long as there is one, it leads to a fresh signed URL."""
        return [f"{base}/d/{self._signer.token(job.id, index)}" for index in range(len(job.results))]

    def _result_url(self, base: str, job_id: str, index: int, result: Rendering) -> str:
        return self._signed(base, "GET", f"/store/results/{job_id}/{index}{result.suffix}", RESULT_SECONDS)

    def _signed(self, base: str, method: str, path: str, seconds: float) -> str:
        return f"{base}{path}?{self._signer.query(method, path, seconds)}"

    async def _upload(self, request: Request) -> Response:
        try:
            self._check(request)
            asset = self._store.asset(request.path_params["asset_id"])
            assert asset is not None  # the URL, which the signature proves to be ours, expires long before the asset
            sha256 = await self._receive(request, asset)
        except Refusal as refusal:
            return store_error(refusal)
        return Response(status_code=200, headers={"etag": f'"{sha256[:32]}"'})

    async def _receive(self, request: Request, asset: Asset) -> str:
        """Write the body to a file, a megabyte at a time, give it to the asset when it is whole, return its sha256."""
        if asset.content_type is not None and request.headers.get("content-type") != asset.content_type:
            raise Refusal("SignatureDoesNotMatch", 403, f"The signature is for Content-Type: {asset.content_type}")
        if "content-length" not in request.headers:
            raise Refusal("MissingContentLength", 411, "You must provide the Content-Length HTTP header.")
        length = int(request.headers["content-length"])
        if length > MAX_UPLOAD:
            raise Refusal("EntityTooLarge", 413, f"Your upload exceeds the maximum of {MAX_UPLOAD} bytes.")
        path = self._disk.new_file("upload", length)
        digest = hashlib.sha256()
        kept = False
        try:
            with path.open("wb") as file:
                pending = bytearray()
                async for chunk in request.stream():
                    pending += chunk
                    if len(pending) >= WRITE_SIZE or not chunk:
                        digest.update(pending)
                        await asyncio.to_thread(file.write, bytes(pending))
                        pending.clear()
            self._store.keep_upload(asset.id, path, length, digest.hexdigest())
            kept = True
            return digest.hexdigest()
        finally:
            if not kept:
                path.unlink(missing_ok=True)

    async def _download(self, request: Request) -> Response:
        try:
            self._check(request)
            return self.result(request)
        except Refusal as refusal:
            return store_error(refusal)

    def result(self, request: Request) -> Response:
        """Answer with the result that the path names, to whoever may have it; refuse with 404 one that is not there."""
        index, _, _ = request.path_params["name"].partition(".")
        known = INDEX.fullmatch(index)
        result = self._store.result(request.path_params["job_id"], int(index)) if known else None
        if result is None:
            raise Refusal("NoSuchKey", 404, "The specified key does not exist.")
        return _Download(result, request)

    async def _follow(self, request: Request) -> Response:
        found = self._signer.read_token(request.path_params["token"])
        result = None if found is None else self._store.result(*found)
        if found is None or result is None:
            raise Refusal("not_found", 404, f"there is nothing at {request.url.path}, or it is older than 24 hours")
        return RedirectResponse(self._result_url(wire.base_url(request), *found, result), status_code=302)

    def _check(self, request: Request) -> None:
        self._signer.check(request.method, request.url.path, request.query_params, request.headers.get("authorization"))


class _Download(Response):
    """Send a rendering, whole or one range of it, computing or reading it off the event loop."""

    def __init__(self, result: Rendering, request: Request) -> None:
        super().__init__(media_type=result.media_type)
        size = result.size
        first, last = 0, size
        wanted = request.headers.get("range", "")
        span = _span(wanted, size) if request.headers.get("if-range", result.etag) == result.etag else None
        if span is not None:
            first, last = span
            self.status_code = 206 if first < last else 416
            self.headers["content-range"] = f"bytes {first}-{last - 1}/{size}" if first < last else f"bytes */{size}"
        self.headers["content-length"] = str(last - first)
        self.headers["etag"] = result.etag
        self.headers["accept-ranges"] = "bytes"
        self._chunks = result.chunks(first, last) if first < last else iter(())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        gone = asyncio.ensure_future(_left(receive))
        try:
            while not gone.done() and (chunk := await asyncio.to_thread(next, self._chunks, b"")):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    """Return when the client has gone, so that a long result is not computed for nobody."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _span(header: str, size: int) -> tuple[int, int] | None:
    """Return the one range that is asked for, empty if it lies outside; None when there is none or it is malformed."""
    match = RANGE.fullmatch(header)
    if match is None:
        return None
    begin, end, tail = match.groups()
    if tail is not None:
        return max(0, size - int(tail)), size
    first, last = int(begin), min(int(end) + 1, size) if end else size
    if end and int(end) < first:
        return None
    return (first, last) if first < size else (size, size)


def store_error(refusal: Refusal) -> Response:
    """Say no as an object store does, in XML."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message></Error>"
    )
    return Response(body, status_code=refusal.http_status, media_type="application/xml")
