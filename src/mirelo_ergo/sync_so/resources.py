"""The vendor's resources, sync. `resources_async.py` is the same with await."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO, Literal

from .._runtime.api.execute import execute
from .._runtime.api.pages import Page, PageWalk
from .._runtime.io.protocol import run
from . import batches
from .files import AssetKind, File
from .flows import SyncSoFlows
from .inputs import Input, Options, Segment, generation_body
from .options import Filter, RequestOptions, SortBy, Visibility
from .values import (
    Asset,
    BatchResponse,
    EstimatedGenerationCost,
    Generation,
    GenerationCosts,
    ModelInfo,
    Project,
    ValidationResponse,
)


class Assets:
    """Files that are stored once and used in many generations. None of these calls is charged."""

    def __init__(self, core: SyncSoFlows) -> None:
        self._core = core

    def list(
        self,
        *,
        project_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        search_query: str | None = None,
        sort_by: SortBy | None = None,
        types: Filter | None = None,
        request_options: RequestOptions | None = None,
    ) -> Page[Asset]:
        """Return a page of assets. Iterating over it continues through all pages.

        `limit` is the size of a page, 1 to 100. `types` is one of AUDIO, VIDEO and IMAGE, or several.
        """
        query = {
            "projectId": project_id,
            "limit": limit,
            "searchQuery": search_query,
            "sortBy": sort_by,
            "types": types,
        }
        calls = self._core.calls
        walk = PageWalk(
            self._core.runtime, lambda at: calls.list_assets({**query, "cursor": at}, request_options), cursor
        )
        return Page(walk, run(walk.first()))

    def get(self, id: str, *, request_options: RequestOptions | None = None) -> Asset:  # noqa: A002  # the vendor's
        """Return an asset. Raises `NotFoundError`."""
        return run(execute(self._core.runtime, self._core.calls.get_asset(id, request_options)))

    def get_many(self, ids: Iterable[str], *, request_options: RequestOptions | None = None) -> builtins.list[Asset]:
        """Return up to 100 assets, without those that the key cannot access."""
        return run(execute(self._core.runtime, self._core.calls.get_assets(ids, request_options)))

    def find_uploaded(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO,
        type: AssetKind,  # noqa: A002  # the vendor's
        *,
        request_options: RequestOptions | None = None,
    ) -> Asset | None:
        """Return the asset with exactly these bytes, None if the service has none."""
        return run(self._core.find_uploaded(source, type, request_options))

    def upload(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO,
        *,
        name: str | None = None,
        type: AssetKind | None = None,  # noqa: A002  # the vendor's
        project_id: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Asset:
        """Upload a file, streamed in constant memory, and return its asset.

        `type` follows from the file unless it is given. `on_progress(sent, total)` is called with bytes. Raises
        `InvalidRequestError` for a file that is missing, empty or not a regular one, and `UploadError`.
        """
        return run(self._core.upload_asset(source, name, type, project_id, on_progress))

    def create(
        self,
        url: str,
        type: AssetKind,  # noqa: A002  # the vendor's
        *,
        name: str | None = None,
        visibility: Visibility | None = None,
        project_id: str | None = None,
        request_options: RequestOptions | None = None,
    ) -> Asset:
        """Register a public URL as an asset, and return it. Raises `InvalidRequestError` if the service refuses it."""
        body = {"url": url, "type": type, "name": name, "visibility": visibility, "projectId": project_id}
        return run(execute(self._core.runtime, self._core.calls.create_asset(body, request_options)))

    def update(
        self,
        id: str,  # noqa: A002  # the vendor's
        *,
        name: str | None = None,
        visibility: Visibility | None = None,
        duration_seconds: float | None = None,
        size: int | None = None,
        format: str | None = None,  # noqa: A002  # the vendor's
        width: int | None = None,
        height: int | None = None,
        request_options: RequestOptions | None = None,
    ) -> Asset:
        """Change the fields of an asset that are not None, and return it."""
        body = {
            "name": name,
            "visibility": visibility,
            "durationSeconds": duration_seconds,
            "size": size,
            "format": format,
            "width": width,
            "height": height,
        }
        return run(execute(self._core.runtime, self._core.calls.update_asset(id, body, request_options)))

    def delete(self, id: str, *, request_options: RequestOptions | None = None) -> None:  # noqa: A002  # the vendor's
        """Delete an asset of the key. Raises `PermissionDeniedError` or `NotFoundError`."""
        run(self._core.delete(self._core.calls.delete_asset(id, request_options)))

    def download_url(self, id: str, *, request_options: RequestOptions | None = None) -> str:  # noqa: A002
        """Return a signed URL of an asset, which is fetched without the key."""
        return run(execute(self._core.runtime, self._core.calls.asset_url(id, request_options)))


class Generations:
    """Lip-sync generations, as in the vendor's SDK. `client.lipsync()` makes a job with `wait()` instead."""

    def __init__(self, core: SyncSoFlows) -> None:
        self._core = core

    def create(
        self,
        *,
        model: str,
        input: Sequence[Input],  # noqa: A002  # the vendor's
        options: Options | None = None,
        segments: Sequence[Segment] | None = None,
        webhook_url: str | None = None,
        output_file_name: str | None = None,
        project_id: str | None = None,
        dub_params: Mapping[str, Any] | None = None,
        dialogue_edit: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        request_options: RequestOptions | None = None,
    ) -> Generation:
        """Create a generation and return it. This call is charged.

        It has an idempotency key, a new random one if none is given, and re-sends have the same key and bytes, so that
        it is charged once. Raises `InvalidRequestError` before anything is sent, and `SubmitOutcomeUnknown`, which has
        the key.
        """
        body = generation_body(
            model=model,
            input=input,
            options=options,
            segments=segments,
            webhook_url=webhook_url,
            output_file_name=output_file_name,
            project_id=project_id,
            dub_params=dub_params,
            dialogue_edit=dialogue_edit,
        )
        return run(self._core.create(body, idempotency_key, request_options))

    def create_with_files(
        self,
        *,
        model: str,
        video: File | None = None,
        audio: File | None = None,
        image: File | None = None,
        input: Sequence[Input] | None = None,  # noqa: A002  # the vendor's
        options: Options | None = None,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
        request_options: RequestOptions | None = None,
    ) -> Generation:
        """Create a generation with the files in the request, streamed. Otherwise as `create`.

        A file is bytes, text, an open file, a path object, or a tuple of its name, its content and its type. For large
        files upload assets instead. Raises `InvalidRequestError` if there is neither a video nor an image, or no audio.
        """
        files = {"video": video, "audio": audio, "image": image}
        return run(
            self._core.create_with_files(model, files, input, options, webhook_url, idempotency_key, request_options)
        )

    def get(
        self,
        id: str,  # noqa: A002  # the vendor's
        *,
        wait: bool | None = None,
        timeout: float | None = None,
        include: str | None = None,
        request_options: RequestOptions | None = None,
    ) -> Generation:
        """Return a generation. With `wait` the service holds its answer for up to `timeout` seconds, 1 to 10.

        `include="progress"` requests its progress, and cannot be combined with `wait`.
        """
        query = {"wait": wait, "timeout": timeout, "include": include}
        return run(execute(self._core.runtime, self._core.calls.get_generation(id, query, request_options)))

    def list(
        self,
        *,
        status: Filter | None = None,
        ids: Filter | None = None,
        source: Filter | None = None,
        project_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        request_options: RequestOptions | None = None,
    ) -> Page[Generation]:
        """Return a page of generations. Iterating over it continues through all pages.

        With `limit`, 1 to 100, the newest are first. Without it all are returned at once, in no stated order.
        """
        query = {"status": status, "ids": ids, "source": source, "projectId": project_id, "limit": limit}
        calls = self._core.calls
        walk = PageWalk(
            self._core.runtime, lambda at: calls.list_generations({**query, "cursor": at}, request_options), cursor
        )
        return Page(walk, run(walk.first()))

    def estimate_cost(
        self,
        *,
        model: str,
        input: Sequence[Input],  # noqa: A002  # the vendor's
        options: Options | None = None,
        segments: Sequence[Segment] | None = None,
        webhook_url: str | None = None,
        output_file_name: str | None = None,
        project_id: str | None = None,
        dub_params: Mapping[str, Any] | None = None,
        dialogue_edit: Mapping[str, Any] | None = None,
        request_options: RequestOptions | None = None,
    ) -> builtins.list[EstimatedGenerationCost]:
        """Return the frames of a generation and its cost in US dollars. Costs nothing."""
        body = generation_body(
            model=model,
            input=input,
            options=options,
            segments=segments,
            webhook_url=webhook_url,
            output_file_name=output_file_name,
            project_id=project_id,
            dub_params=dub_params,
            dialogue_edit=dialogue_edit,
        )
        return run(execute(self._core.runtime, self._core.calls.estimate_cost(body, request_options)))

    def count(
        self,
        *,
        status: Filter | None = None,
        type: str | None = None,  # noqa: A002  # the vendor's
        source: Filter | None = None,
        generation_source: str | None = None,
        current_user_only: bool | None = None,
        request_options: RequestOptions | None = None,
    ) -> int:
        """Return the number of generations."""
        query = {
            "status": status,
            "type": type,
            "source": source,
            "generationSource": generation_source,
            "currentUserOnly": current_user_only,
        }
        return run(execute(self._core.runtime, self._core.calls.count_generations(query, request_options)))

    def costs(self, id: str, *, request_options: RequestOptions | None = None) -> GenerationCosts:  # noqa: A002
        """Return the cost of a generation, as far as the service knows it."""
        return run(execute(self._core.runtime, self._core.calls.generation_costs(id, request_options)))

    def download_url(self, id: str, *, request_options: RequestOptions | None = None) -> str:  # noqa: A002
        """Return a signed URL of the result, which is fetched without the key. Some plans get a watermark."""
        return run(execute(self._core.runtime, self._core.calls.generation_url(id, request_options)))

    def delete(self, id: str, *, request_options: RequestOptions | None = None) -> None:  # noqa: A002
        """Delete a finished generation. Raises an error with the service's code while it runs."""
        run(self._core.delete(self._core.calls.delete_generation(id, request_options)))


class Batch:
    """Batches of generations from one file. Creating one is charged, and has no idempotency key."""

    def __init__(self, core: SyncSoFlows) -> None:
        self._core = core

    def create(
        self,
        *,
        input: File,  # noqa: A002  # the vendor's
        webhook_url: str | None = None,
        dry_run: bool | None = None,
        request_options: RequestOptions | None = None,
    ) -> BatchResponse | ValidationResponse:
        """Create a batch from a file of requests, one JSON object per line. With `dry_run` only the file is checked.

        A re-send carries the whole form again, `dry_run` included. It is sent again only if it was certainly not
        accepted; raises `SubmitOutcomeUnknown` if that is in doubt.
        """
        return run(batches.create(self._core.runtime, input, webhook_url, dry_run, request_options))

    def get(self, id: str, *, request_options: RequestOptions | None = None) -> BatchResponse:  # noqa: A002
        """Return a batch. Raises `NotFoundError`."""
        return run(execute(self._core.runtime, self._core.calls.get_batch(id, request_options)))

    def list(
        self,
        *,
        status: str | None = None,
        created_after: datetime | str | None = None,
        created_before: datetime | str | None = None,
        request_options: RequestOptions | None = None,
    ) -> builtins.list[BatchResponse]:
        """Return the batches, the newest first."""
        query = {"status": status, "created_after": created_after, "created_before": created_before}
        return run(execute(self._core.runtime, self._core.calls.list_batches(query, request_options)))

    def results(self, id: str, *, request_options: RequestOptions | None = None) -> builtins.list[dict[str, Any]]:  # noqa: A002
        """Return the result lines of a finished batch, unchanged.

        The redirect to them is followed without the key. Raises `MireloError` while there are none.
        """
        return run(batches.results(self._core.runtime, self._core.calls, id, request_options))


class Models:
    """The models that the key may use."""

    def __init__(self, core: SyncSoFlows) -> None:
        self._core = core

    def list(self, *, request_options: RequestOptions | None = None) -> builtins.list[ModelInfo]:
        """Return the models."""
        return run(execute(self._core.runtime, self._core.calls.list_models(request_options)))


class Projects:
    """Folders of assets and generations."""

    def __init__(self, core: SyncSoFlows) -> None:
        self._core = core

    def create(
        self,
        name: str,
        *,
        id: str | None = None,  # noqa: A002  # the vendor's
        visibility: Visibility | None = None,
        mode: str | None = None,
        default_workflow: Literal["lipsync", "translate_and_dub", "image_to_video", "edit_dialogue"] | None = None,
        request_options: RequestOptions | None = None,
    ) -> Project:
        """Create a project, or return the existing one with this `id` (a UUID)."""
        body = {"name": name, "id": id, "visibility": visibility, "mode": mode, "defaultWorkflow": default_workflow}
        return run(execute(self._core.runtime, self._core.calls.create_project(body, request_options)))

    def list(self, *, request_options: RequestOptions | None = None) -> builtins.list[Project]:
        """Return the projects."""
        return run(execute(self._core.runtime, self._core.calls.list_projects(request_options)))

    def get(self, id: str, *, request_options: RequestOptions | None = None) -> Project:  # noqa: A002
        """Return a project. Raises `NotFoundError`."""
        return run(execute(self._core.runtime, self._core.calls.get_project(id, request_options)))

    def add_asset(self, id: str, asset_id: str, *, request_options: RequestOptions | None = None) -> None:  # noqa: A002
        """Add an asset to a project. A second call changes nothing."""
        run(execute(self._core.runtime, self._core.calls.add_project_asset(id, asset_id, request_options)))

    def remove_asset(
        self,
        id: str,  # noqa: A002  # the vendor's
        asset_id: str,
        *,
        request_options: RequestOptions | None = None,
    ) -> None:
        """Remove an asset from a project. The asset itself is kept."""
        run(self._core.delete(self._core.calls.remove_project_asset(id, asset_id, request_options)))


__all__ = ["Assets", "Batch", "Generations", "Models", "Projects"]
