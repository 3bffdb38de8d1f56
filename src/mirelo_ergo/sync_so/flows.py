"""The flows of sync.so, written once for both clients: uploads as assets, submits with a key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

import attrs

from .._runtime.api.endpoints import describe
from .._runtime.api.execute import Operation, execute
from .._runtime.api.requests import request_from
from .._runtime.api.retry import Kind
from .._runtime.ids import job_id_problem
from .._runtime.jobs.flows import JobFlows
from .._runtime.jobs.tokens import JobRecord
from .._runtime.plain import Plain
from .._runtime.transfer.assets import AssetCache
from .._runtime.transfer.upload import Slot, upload
from .._runtime.webhooks.order import NOTHING
from ..errors import CostLimitError, InvalidRequestError, MireloError, NotFoundError, SubmitOutcomeUnknown
from . import values
from .files import LARGEST_FILE, AssetFile, form_file, open_asset, sha256_of
from .generated import operations as api
from .inputs import check_generation, form_texts, on_wire
from .lipsync import LocalFile
from .operations import Calls, plain
from .options import read_options
from .prepared import Prepared, prepared_of
from .service import LIPSYNC, SYNC_SO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mirelo_ergo_api.sync_so.bodies import CreateGeneration

    from .._runtime.jobs.submission import Submission
    from .files import AssetKind, File
    from .inputs import Input, Options
    from .lipsync import Lipsync
    from .options import RequestOptions

T = TypeVar("T")
ASSET_LIFETIME: Final = 24 * 3600.0
"""Seconds for which an uploaded file's asset is reused. Assets themselves do not expire."""


@attrs.frozen
class Estimate(Plain):
    """The cost of a generation in US dollars, and its frames; None if the service does not say."""

    cost_usd: float | None
    frames: float | None = None


@attrs.define
class SyncSoFlows(JobFlows):
    """The flows of one client."""

    max_cost_usd: float | None
    assets: AssetCache = attrs.field(factory=AssetCache)

    @property
    def calls(self) -> Calls:
        """The resource calls of this client."""
        return Calls(self.runtime, self.check_limits)

    def resume(self, token: str) -> JobRecord:
        """Return the job of a token or a generation's id, for this client's account."""
        if isinstance(token, str) and ":" not in token and job_id_problem(token) is None:
            return JobRecord(SYNC_SO.name, LIPSYNC, "unknown", token, 0.0, None)
        return super().resume(token)

    # --- assets -----------------------------------------------------------------------------------------------------

    async def upload_asset(
        self,
        source: Any,
        name: str | None,
        kind: AssetKind | None,
        project_id: str | None,
        on_progress: Callable[[int, int], None] | None,
    ) -> values.Asset:
        """Upload a file and register it. Only the last of the three steps creates an asset."""
        file = await self.runtime.io.run_blocking(open_asset, source, name, kind)
        return await self._upload(file, project_id, on_progress, before_submit=False)

    async def _upload(
        self,
        file: AssetFile,
        project_id: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        *,
        before_submit: bool = True,
    ) -> values.Asset:
        async def new_slot() -> Slot:
            opening = self.calls.open_upload(file.name, file.content_type, file.source.size)
            opened = await execute(self.runtime, opening)
            if not opened.upload_url or not opened.url:
                raise MireloError("the answer has no address to upload to; nothing was uploaded")
            return Slot(opened.url, opened.upload_url)

        source, kind = file.source, file.content_type
        url = await upload(self.runtime, source, kind, new_slot, on_progress, before_submit=before_submit)
        body = {"url": url, "type": file.kind, "name": file.name, "projectId": project_id}
        return await execute(self.runtime, self.calls.create_asset(body, None))

    async def asset_of(self, local: LocalFile) -> Input:
        """Return the input with a local file's asset, which is uploaded once for all uses of the file."""
        io = self.runtime.io
        file = await io.run_blocking(open_asset, local.source, None, local.kind, local.argument)
        local.check(file.kind)
        key = self._asset_key(file)
        if key is None:
            return local.input((await self._upload(file)).id, file.kind)
        async with io.lock(key):
            kept = self.assets.get(key, io.now())
            if kept is None:
                kept = (await self._upload(file)).id
                self.assets.keep(key, kept, io.now() + ASSET_LIFETIME)
            return local.input(kept, file.kind)

    def _asset_key(self, file: AssetFile) -> str | None:
        identity = file.source.identity
        return None if identity is None else f"{self.runtime.account()} {file.kind} {identity}"

    async def _forget_assets(self, request: Lipsync) -> bool:
        """Remove a request's local files from the cache of assets; return whether there were any."""
        forgotten = False
        for each in request.inputs:
            if not isinstance(each, LocalFile):
                continue
            key = self._asset_key(
                await self.runtime.io.run_blocking(open_asset, each.source, None, each.kind, each.argument)
            )
            kept = None if key is None else self.assets.get(key, self.runtime.io.now())
            if key is not None and kept is not None:
                self.assets.forget(key, kept)
                forgotten = True
        return forgotten

    async def find_uploaded(self, source: Any, kind: AssetKind, options: RequestOptions | None) -> values.Asset | None:
        """Return the asset with exactly the bytes of a file."""
        io = self.runtime.io
        file = await io.run_blocking(open_asset, source, None, kind)
        digest = await io.run_blocking(sha256_of, file)
        return await execute(self.runtime, self.calls.find_asset(digest, kind, options))

    async def delete(self, operation: Operation[T]) -> None:
        """Delete something. If a re-send does not find it, the deletion whose answer was lost has succeeded."""
        try:
            await execute(self.runtime, attrs.evolve(operation, attempts=1))
        except MireloError as error:
            if not error.retryable:
                raise
        else:
            return
        try:
            await execute(self.runtime, operation)
        except NotFoundError:
            return

    # --- creating ---------------------------------------------------------------------------------------------------

    async def create(
        self, body: CreateGeneration, idempotency_key: str | None, options: RequestOptions | None
    ) -> values.Generation:
        """Create a generation, with the same key for every re-send."""
        if self.check_limits:
            check_generation(body, f"generations.create {body['model']}")
        described = describe(api.CREATE_GENERATION, json={**body, **read_options(options).body})
        return await self._create(described, idempotency_key, options)

    async def create_with_files(
        self,
        model: str,
        files: Mapping[str, File | None],
        inputs: Sequence[Input] | None,
        options: Options | None,
        webhook_url: str | None,
        idempotency_key: str | None,
        request_options: RequestOptions | None,
    ) -> values.Generation:
        """Create a generation with files in a form, with the same key for every re-send."""
        given = {name: file for name, file in files.items() if file is not None}
        kinds = {*given, *({"text": "audio"}.get(str(kind), kind) for kind in _kinds(inputs))}
        if not kinds & {"video", "image"} or "audio" not in kinds:
            missing = "a video or an image" if not kinds & {"video", "image"} else "an audio"
            raise InvalidRequestError(
                f"create_with_files: {missing} is missing: give a file, or an item of input; nothing was sent",
                field="video" if missing.startswith("a video") else "audio",
            )
        open_file = self.runtime.io.run_blocking
        parts = {
            name: await open_file(form_file, file, name, media=True, largest=LARGEST_FILE)
            for name, file in given.items()
        }
        data: dict[str, Any] = {"model": model}
        if inputs:
            data["input"] = [json.dumps(on_wire(each)) for each in inputs]
        if options is not None:
            data["options"] = json.dumps(on_wire(options, snake=True))
        if webhook_url is not None:
            data["webhookUrl"] = webhook_url
        data |= form_texts(read_options(request_options).body)
        described = {**describe(api.CREATE_GENERATION), "data": data, "files": list(parts.items())}
        return await self._create(described, idempotency_key, request_options)

    async def _create(
        self, described: dict[str, Any], idempotency_key: str | None, options: RequestOptions | None
    ) -> values.Generation:
        given = read_options(options)
        key = SYNC_SO.keys.key(idempotency_key, self.runtime.io.wall())
        described["params"] = {name: plain(value) for name, value in given.query.items()}
        request = request_from(described, submit=True, headers=given.headers)
        operation = Operation(
            api.CREATE_GENERATION.name,
            Kind.KEYED,
            request,
            values.read_one(values.Generation),
            self.runtime.timeout if given.timeout is None else given.timeout,
            attempts=given.attempts,
            key=key,
            from_job_id=lambda generation_id: values.Generation(id=generation_id, raw={"id": generation_id}),
        )
        created = await execute(self.runtime, operation)
        if created.status is None:  # the service named it, but does not know the request's outcome
            return await execute(self.runtime, self.calls.get_generation(created.id, {}, None))
        return created

    # --- lipsync ----------------------------------------------------------------------------------------------------

    async def estimate(self, request: Lipsync) -> Estimate:
        """Return the cost of a lip-sync. Local files are uploaded first, because the price depends on the frames."""
        return await self._price_of(await self._body(request))

    async def _price_of(self, body: CreateGeneration) -> Estimate:
        found = await execute(self.runtime, self.calls.estimate_cost(body, None))
        costs = [each.estimated_generation_cost for each in found]
        return Estimate(_sum(costs), _sum([each.estimated_frame_count for each in found]))

    async def prepare(self, request: Lipsync, idempotency_key: str | None) -> Prepared:
        """Upload the local files, and fix the request's bytes and key."""
        key = SYNC_SO.keys.key(idempotency_key, self.runtime.io.wall())
        body = await self._body(request)
        if self.check_limits:
            check_generation(body, f"lipsync {request.model}")
        sent = request_from(describe(api.CREATE_GENERATION, json=body), submit=True)
        assert isinstance(sent.body, bytes), "JSON is bytes"
        return Prepared(request.model, sent.body, key)

    def prepared_of(self, given: SubmitOutcomeUnknown | str) -> Prepared:
        """Return the request of an error or a token; raises `InvalidRequestError` if it has no key."""
        return prepared_of(given, SYNC_SO.keys.lifetime)

    async def send(self, submission: Submission, prepared: Prepared) -> JobRecord:
        """Submit a prepared lip-sync, which is charged once however often it is sent."""
        if submission.order is not NOTHING:
            raise InvalidRequestError(
                "webhook: a prepared request's bytes are fixed: submit it without, or do not prepare it; nothing was "
                "sent",
                field="webhook",
            )
        name = api.CREATE_GENERATION.name
        return await self.start(submission, name, prepared.request, LIPSYNC, prepared.model, 1, key=prepared.key)

    async def submit(
        self, request: Lipsync, max_cost_usd: float | None, submission: Submission, prepared: Prepared | None = None
    ) -> JobRecord:
        """Submit a lip-sync with a key: upload local files, check the cost if there is a limit, send.

        An asset that the service no longer knows is uploaded once more.
        """
        if prepared is not None:
            limit = self.max_cost_usd if max_cost_usd is None else max_cost_usd
            if limit is not None:
                await self._guard(request.model, json.loads(prepared.body), limit)
            return await self.send(submission, prepared)
        try:
            return await self._submit(request, max_cost_usd, submission)
        except (NotFoundError, CostLimitError) as error:  # definite: the service created nothing for the key
            told = getattr(error.__cause__ or error, "code", None)
            if told != "asset_not_found" or not await self._forget_assets(request):
                raise
        return await self._submit(request, max_cost_usd, submission)

    async def _submit(self, request: Lipsync, max_cost_usd: float | None, submission: Submission) -> JobRecord:
        body = await self._body(request)
        limit = self.max_cost_usd if max_cost_usd is None else max_cost_usd
        if limit is not None:
            await self._guard(request.model, body, limit)
        if self.check_limits:
            check_generation(body, f"lipsync {request.model}")
        key = SYNC_SO.keys.key(None, self.runtime.io.wall())
        described = describe(api.CREATE_GENERATION, json=body)
        order, name = submission.order, api.CREATE_GENERATION.name
        sent = request_from(described, submit=True, headers=order.headers, fields=order.fields)
        return await self.start(submission, name, sent, LIPSYNC, request.model, 1, key=key)

    async def _guard(self, model: str, body: CreateGeneration, limit: float) -> None:
        """Check the cost of exactly the body that is sent: a file may change meanwhile, or after `prepare`."""
        try:
            estimate = await self._price_of(body)
        except MireloError as error:
            raise CostLimitError(
                f"lipsync {model}: the cost could not be asked, so nothing was submitted: {error.message}",
                retryable=error.retryable,
            ) from error
        if estimate.cost_usd is None:
            raise CostLimitError(f"lipsync {model}: the service tells no cost, so nothing was submitted")
        if estimate.cost_usd > limit:
            raise CostLimitError(
                f"lipsync {model}: it would cost {estimate.cost_usd:g} USD, more than max_cost_usd={limit:g}; "
                "nothing was submitted"
            )

    async def _body(self, request: Lipsync) -> CreateGeneration:
        """Return the body, with local files uploaded. The limits are checked before that."""
        if self.check_limits:
            planned = [each.input("asset") if isinstance(each, LocalFile) else each for each in request.inputs]
            check_generation(request.body(planned), f"lipsync {request.model}")
        return request.body([await self._placed(each) for each in request.inputs])

    async def _placed(self, given: Any) -> Input:
        """Return an input with its local file replaced by the uploaded asset."""
        placed: Input = await self.asset_of(given) if isinstance(given, LocalFile) else given
        return placed


def _sum(amounts: list[float | None]) -> float | None:
    """Return the sum, None if a part is unknown or below 0, which is no cost."""
    known = [amount for amount in amounts if amount is not None and amount >= 0]
    return sum(known) if known and len(known) == len(amounts) else None


def _kinds(inputs: Sequence[Input] | None) -> list[object]:
    found = [on_wire(each) for each in inputs or ()]
    return [each.get("type") if isinstance(each, dict) else None for each in found]
