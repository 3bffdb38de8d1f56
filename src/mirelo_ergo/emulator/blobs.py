"""The object store of the services: signed uploads and downloads, with the answers of such stores.

Files are uploaded by a PUT to a signed URL, or by a form with a signed policy. The module also has the short links to
results of Mirelo's API, which are public and valid for a day.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import attrs
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mirelo_ergo.emulator.refusals import Refusal
from mirelo_ergo.emulator.web import wire
from mirelo_ergo.emulator.web.multipart import read_form
from mirelo_ergo.emulator.web.stored import Download, StoredFile, store_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from mirelo_ergo.emulator.disk import Disk
    from mirelo_ergo.emulator.media.rendering import Rendering
    from mirelo_ergo.emulator.state.records import Asset, Job
    from mirelo_ergo.emulator.state.signing import Signer
    from mirelo_ergo.emulator.state.store import Store

UPLOAD_SECONDS = 15 * 60
RESULT_SECONDS = 60 * 60
MAX_UPLOAD = 1 << 30
WRITE_SIZE = 1 << 20
INDEX = re.compile(r"[0-9]{1,4}")
STORED = re.compile(r"/store/assets/(?P<asset_id>[^/]+)/[^/]*")
POLICY_EXPIRED = "policy_expired"


@attrs.frozen
class UploadForm:
    """An upload form: its URL, and the `fields` that precede the part `file`."""

    url: str
    fields: Mapping[str, str]
    expires_at: float
    max_bytes: int


class Blobs:
    """The object store, on every port."""

    def __init__(self, *, store: Store, signer: Signer, disk: Disk) -> None:
        self._store = store
        self._signer = signer
        self._disk = disk

    def routes(self) -> list[Route]:
        """Return the routes of the object store, which are on every port."""
        return [
            Route("/store/uploads/{asset_id}", self._upload, methods=["PUT"]),
            Route("/store/forms", self._post, methods=["POST"]),
            Route("/store/assets/{asset_id}/{name}", self._stored, methods=["GET"]),
            Route("/store/results/{job_id}/{name}", self._download, methods=["GET"]),
        ]

    def links(self) -> Route:
        """Return the route of the short links."""
        return Route("/d/{token}", self._follow, methods=["GET"])

    def upload_url(self, base: str, asset: Asset, seconds: float = UPLOAD_SECONDS) -> str:
        """Return the URL for the PUT of an asset's bytes, valid for 15 minutes."""
        return self._signed(base, "PUT", f"/store/uploads/{asset.id}", seconds)

    def upload_form(
        self, base: str, asset: Asset, seconds: float = UPLOAD_SECONDS, max_bytes: int = MAX_UPLOAD
    ) -> UploadForm:
        """Return the form for an asset's bytes, valid for 15 minutes."""
        conditions = {"key": f"assets/{asset.id}"}
        if asset.content_type is not None:
            conditions["Content-Type"] = asset.content_type
        expires_at, fields = self._signer.policy(conditions, seconds, max_bytes)
        return UploadForm(f"{base}/store/forms", fields, expires_at, max_bytes)

    def asset_url(self, base: str, asset: Asset, seconds: float = RESULT_SECONDS) -> str:
        """Return the URL of an asset's bytes, valid for an hour."""
        return self._signed(base, "GET", f"/store/assets/{asset.id}/{asset.name or 'file'}", seconds)

    def asset_at(self, url: str) -> Asset | None:
        """Return the asset of a URL from `asset_url`, expired or not; None for any other URL."""
        try:
            found = STORED.fullmatch(urlsplit(url).path)
        except ValueError:
            return None
        return None if found is None else self._store.asset(found["asset_id"])

    def result_urls(self, base: str, job: Job) -> list[str]:
        """Return the URLs of a job's results, valid for an hour."""
        return [self._result_url(base, job.id, index, result) for index, result in enumerate(job.results)]

    def download_urls(self, base: str, job: Job) -> list[str]:
        """Return short links to a job's results, which redirect to fresh signed URLs as long as the results exist."""
        return [f"{base}/d/{self._signer.token(job.id, index)}" for index in range(len(job.results))]

    def _result_url(self, base: str, job_id: str, index: int, result: Rendering) -> str:
        return self._signed(base, "GET", f"/store/results/{job_id}/{index}{result.suffix}", RESULT_SECONDS)

    def _signed(self, base: str, method: str, path: str, seconds: float) -> str:
        return f"{base}{quote(path)}?{self._signer.query(method, path, seconds)}"

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
        """Write the body to a file, store it as the asset when it is complete, and return its sha256."""
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

    async def _post(self, request: Request) -> Response:
        """Accept a form as a store does: its fields are checked when the file begins, parts after it are ignored."""
        asset_id = ""
        limit = 0

        def check(texts: Mapping[str, list[str]]) -> int:
            nonlocal asset_id, limit
            fields = {name: values[-1] for name, values in texts.items()}
            if wire.asked(request, POLICY_EXPIRED):
                self._signer.expire_policy(fields)
            limit = self._signer.check_policy(fields, request.headers.get("authorization"))
            asset_id = fields["key"].rpartition("/")[2]
            return limit

        with ExitStack() as undo:
            try:
                form = await read_form(request, self._disk, undo, before_file=check)
                file = form.file("file")
                if file is None:
                    raise Refusal("InvalidArgument", 400, "POST requires exactly one file upload per request.")
                if file.size > limit:
                    raise Refusal(
                        "EntityTooLarge",
                        400,
                        f"Your proposed upload exceeds the maximum allowed size of {limit} bytes.",
                    )
                self._store.keep_upload(asset_id, file.path, file.size, file.sha256)
            except Refusal as refusal:
                return store_error(refusal)
            undo.pop_all()
        return Response(status_code=204, headers={"etag": f'"{file.sha256[:32]}"'})

    async def _stored(self, request: Request) -> Response:
        try:
            self._check(request)
            asset = self._store.asset(request.path_params["asset_id"])
            if asset is None or asset.path is None:
                raise Refusal("NoSuchKey", 404, "The specified key does not exist.")
            kind = asset.content_type or "application/octet-stream"
            return Download(StoredFile(asset.path, asset.size, kind, asset.sha256), request)
        except Refusal as refusal:
            return store_error(refusal)

    async def _download(self, request: Request) -> Response:
        try:
            self._check(request)
            return self.result(request)
        except Refusal as refusal:
            return store_error(refusal)

    def result(self, request: Request) -> Response:
        """Answer with the result in the path, without a key; 404 if it does not exist."""
        index, _, _ = request.path_params["name"].partition(".")
        known = INDEX.fullmatch(index)
        result = self._store.result(request.path_params["job_id"], int(index)) if known else None
        if result is None:
            raise Refusal("NoSuchKey", 404, "The specified key does not exist.")
        return Download(result, request)

    async def _follow(self, request: Request) -> Response:
        found = self._signer.read_token(request.path_params["token"])
        result = None if found is None else self._store.result(*found)
        if found is None or result is None:
            raise Refusal("not_found", 404, f"there is nothing at {request.url.path}, or it is older than 24 hours")
        return RedirectResponse(self._result_url(wire.base_url(request), *found, result), status_code=302)

    def _check(self, request: Request) -> None:
        path: str = request.scope["path"]
        self._signer.check(request.method, path, request.query_params, request.headers.get("authorization"))
