"""The vendor's resources, sync. `resources_async.py` is its twin but for await."""

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
    """Files that are stored once and used in many generations. Nothing here is paid for."""

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
        """Return a page of assets; iterating over it goes on through all pages.

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
        """Return up to 100 assets; those that the key cannot see are left out."""
        return run(execute(self._core.runtime, self._core.calls.get_assets(ids, request_options)))

    def find_uploaded(
        self,
        source: str | os.PathLike[str] | bytes | BinaryIO,
        type: AssetKind,  # noqa: A002  # the vendor's
        *,
        request_options: RequestOptions | None = None,
    ) -> Asset | None:
        """Return the asset that was uploaded with these very bytes, None if the service knows of none."""
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

        `type` is told from the file unless it is given. `on_progress(sent, total)` is called with bytes. Raises
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
        """Register a public URL as an asset. Raises `InvalidRequestError` if the service refuses it."""
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
        """Change what is said of an asset, and return it. What is None stays as it is."""
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
        """Delete an asset that the key owns. Raises `PermissionDeniedError` or `NotFoundError`."""
        run(self._core.delete(self._core.calls.delete_asset(id, request_options)))

    def download_url(self, id: str, *, request_options: RequestOptions | None = None) -> str:  # noqa: A002
        """Return a signed URL to fetch an asset from, without the key."""
        return run(execute(self._core.runtime, self._core.calls.asset_url(id, request_options)))


class Generations:
    """Lip-sync generations, as the vendor's SDK has them. `client.lipsync()` gives a job that is waited for instead."""

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
        """Create a generation and return it as it stands. This is what is paid for.

        It goes out under an idempotency key, one of its own if none is given, and is sent again under the same key with
        the same bytes: it is never paid for twice. Raises `InvalidRequestError` before anything is sent, and
        `SubmitOutcomeUnknown`, which carries the key.
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
        """Create a generation with the files in the request, streamed. As `create` otherwise.

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
        """Return a generation. With `wait`, the service holds the answer up to `timeout` seconds, 1 to 10.

        `include="progress"` asks for its progress, and cannot be used with `wait`.
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
        """Return a page of generations; iterating over it goes on through all pages.

        With `limit`, 1 to 100, the newest come first; without it all of them come at once, in no stated order.
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
        """Return what a generation would take, in frames and US dollars. Costs nothing."""
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
        """Return how many generations there are."""
        query = {
            "status": status,
            "type": type,
            "source": source,
            "generationSource": generation_source,
            "currentUserOnly": current_user_only,
        }
        return run(execute(self._core.runtime, self._core.calls.count_generations(query, request_options)))

    def costs(self, id: str, *, request_options: RequestOptions | None = None) -> GenerationCosts:  # noqa: A002
        """Return what a generation cost, as far as the service knows."""
        return run(execute(self._core.runtime, self._core.calls.generation_costs(id, request_options)))

    def download_url(self, id: str, *, request_options: RequestOptions | None = None) -> str:  # noqa: A002
        """Return a signed URL to fetch the result from, without the key. A plan may get one with a watermark."""
        return run(execute(self._core.runtime, self._core.calls.generation_url(id, request_options)))

    def delete(self, id: str, *, request_options: RequestOptions | None = None) -> None:  # noqa: A002
        """Delete a generation that has ended. Raises an error with the code of the service while it runs."""
        run(self._core.delete(self._core.calls.delete_generation(id, request_options)))


class Batch:
    """Many generations from one file. Creating one is paid for, and has no idempotency key."""

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
        """Create a batch from a file of requests, one JSON object a line; with `dry_run`, only check the file.

        A re-send carries every part again, so that a dry run stays one. The batch itself is sent again only when it
        provably was not taken; otherwise raises `SubmitOutcomeUnknown`.
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
        """Return the result lines of a batch that is done, as they came.

        The redirect that leads to them is followed without the key. Raises `MireloError` while there are none.
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
        """Create a project, or return the one that has this `id` (a UUID) already."""
        body = {"name": name, "id": id, "visibility": visibility, "mode": mode, "defaultWorkflow": default_workflow}
        return run(execute(self._core.runtime, self._core.calls.create_project(body, request_options)))

    def list(self, *, request_options: RequestOptions | None = None) -> builtins.list[Project]:
        """Return the projects."""
        return run(execute(self._core.runtime, self._core.calls.list_projects(request_options)))

    def get(self, id: str, *, request_options: RequestOptions | None = None) -> Project:  # noqa: A002
        """Return a project. Raises `NotFoundError`."""
        return run(execute(self._core.runtime, self._core.calls.get_project(id, request_options)))

    def add_asset(self, id: str, asset_id: str, *, request_options: RequestOptions | None = None) -> None:  # noqa: A002
        """Put an asset into a project; again makes no difference."""
        run(execute(self._core.runtime, self._core.calls.add_project_asset(id, asset_id, request_options)))

    def remove_asset(
        self,
        id: str,  # noqa: A002  # the vendor's
        asset_id: str,
        *,
        request_options: RequestOptions | None = None,
    ) -> None:
        """Take an asset out of a project; the asset itself stays."""
        run(self._core.delete(self._core.calls.remove_project_asset(id, asset_id, request_options)))


__all__ = ["Assets", "Batch", "Generations", "Models", "Projects"]
