"""Projects: names for assets and generations that belong together."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import attrs
from starlette.responses import JSONResponse, Response

from mirelo_ergo.emulator.refusals import Refusal, short
from mirelo_ergo.emulator.web import wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.spec.spec import Operation

MAX_PROJECTS = 10_000


@attrs.define
class Project:
    """A project of a key, and the ids of the assets in it."""

    id: str
    key: str
    facts: dict[str, Any]
    assets: set[str] = attrs.field(factory=set)

    def written(self) -> dict[str, Any]:
        """Return it in the service's form."""
        return {"id": self.id, **self.facts}


class Projects:
    """The projects of every key."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._projects: dict[str, Project] = {}

    def check(self, project_id: str, key: str) -> None:
        """Refuse a request with an unknown project with 422."""
        project = self._projects.get(project_id)
        if project is None or project.key != key:
            raise Refusal("project_not_found", 422, f"there is no project {short(project_id)}")

    def assets(self, project_id: str, key: str) -> set[str]:
        """Return the ids of a project's assets, none if it does not exist."""
        project = self._projects.get(project_id)
        return project.assets if project is not None and project.key == key else set()

    def put(self, project_id: str, asset_id: str) -> None:
        """Add an asset to an existing project."""
        self._projects[project_id].assets.add(asset_id)

    def _found(self, request: Request, key: str) -> Project:
        project = self._projects.get(request.path_params["id"])
        if project is None or project.key != key:
            raise Refusal("not_found", 404, f"there is no project {short(request.path_params['id'])}")
        return project

    async def create(self, request: Request, operation: Operation, key: str) -> Response:
        """Create one, or return the one with this id: createProject."""
        sent = operation.read_body(await wire.read_body(request))
        project_id = sent.get("id") or str(uuid.UUID(int=self._state.random.getrandbits(128), version=4))
        known = self._projects.get(project_id)
        if known is not None and known.key != key:
            raise Refusal("project_conflict", 409, f"the id {short(project_id)} is another project's")
        if known is None:
            if len(self._projects) >= MAX_PROJECTS:
                raise Refusal("server_error", 500, f"this emulator has {MAX_PROJECTS} projects and takes no more")
            facts = {
                "name": sent["name"],
                "visibility": sent.get("visibility", "USER"),
                "mode": sent.get("mode", "CREATOR"),
                "defaultWorkflow": sent.get("defaultWorkflow"),
            }
            known = self._projects[project_id] = Project(project_id, key, facts)
        return JSONResponse(known.written(), 201)

    async def show_all(self, request: Request, operation: Operation, key: str) -> Response:
        """List them: listProjects."""
        return JSONResponse([each.written() for each in self._projects.values() if each.key == key])

    async def get(self, request: Request, operation: Operation, key: str) -> Response:
        """Return one: getProject."""
        return JSONResponse(self._found(request, key).written())

    def adding(self, check_asset: Callable[[str, str], object]) -> Any:
        """Return the handler that adds an asset: addProjectAsset. `check_asset` refuses an unknown one."""

        async def add(request: Request, operation: Operation, key: str) -> Response:
            project = self._found(request, key)
            asset_id = operation.read_body(await wire.read_body(request))["assetId"]
            check_asset(asset_id, key)
            project.assets.add(asset_id)
            return Response(status_code=204)

        return add

    async def remove(self, request: Request, operation: Operation, key: str) -> Response:
        """Remove an asset from one: removeProjectAsset."""
        project = self._found(request, key)
        if request.path_params["assetId"] not in project.assets:
            raise Refusal("asset_not_found", 404, f"{short(request.path_params['assetId'])} is not in this project")
        project.assets.discard(request.path_params["assetId"])
        return Response(status_code=204)
