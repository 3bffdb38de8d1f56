"""The files of inference.sh, which are stored in the object store and have a uri for inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from mirelo_ergo.emulator.clock import iso
from mirelo_ergo.emulator.refusals import Refusal, bad_request, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mirelo_ergo.emulator.shared import State
    from mirelo_ergo.emulator.state.records import Asset

URI: Final = "inf://files/"


@attrs.frozen
class Reference:
    """A file in an input: a uri, or an object with one."""

    uri: str
    filename: str | None = None

    @classmethod
    def of(cls, value: object) -> Reference | None:
        """Read one; None for everything else."""
        if isinstance(value, str):
            return cls(value)
        if isinstance(value, dict) and isinstance(value.get("uri"), str):
            name = value.get("filename")
            return cls(value["uri"], name if isinstance(name, str) else None)
        return None


def references(value: object) -> Iterator[Reference]:
    """Yield the uploaded files in an input."""
    found = Reference.of(value)
    if found is not None and found.uri.startswith(URI):
        yield found
    elif isinstance(value, dict):
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


class Files:
    """The files and their descriptions. Their bytes are assets of the object store."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._told: dict[str, Mapping[str, Any]] = {}

    def open(self, key: str, told: Mapping[str, Any]) -> Asset:
        """Open an upload."""
        asset = self._state.store.new_asset(key, told["content_type"], told.get("filename") or "")
        self._told[asset.id] = told
        return asset

    def get(self, key: str, file_id: str) -> Asset:
        """Return a file of an account; refuse an unknown one with 404."""
        asset = self._state.store.asset(file_id)
        if asset is None or asset.key != key or file_id not in self._told:
            raise Refusal("not_found", 404, f"there is no file {short(file_id)}, or it is older than 24 hours")
        return asset

    def all(self, key: str) -> list[Asset]:
        """Return the files of an account, oldest first."""
        return [each for each in self._state.store.assets() if each.key == key and each.id in self._told]

    def remove(self, key: str, file_id: str) -> None:
        """Remove a file and its bytes."""
        self._state.store.remove_asset(self.get(key, file_id).id)
        del self._told[file_id]

    def received(self, key: str, value: object) -> list[Asset]:
        """Return the files of an account in an input, in its order."""
        named = (each.uri.removeprefix(URI) for each in references(value))
        known = {each.id: each for each in self.all(key)}
        return [known[each] for each in dict.fromkeys(named) if each in known]

    def source(self, key: str, value: object, place: str) -> dict[str, Any]:
        """Return a file of an input for `JobService.generate`, or refuse it."""
        found = Reference.of(value)
        if found is None or not found.uri:
            raise bad_request(f"{place} is {short(value)}: it has to be a URL or the uri of a file")
        if found.uri.startswith(URI):
            asset = self.get(key, found.uri.removeprefix(URI))
            if asset.path is None:
                raise bad_request(f"{place} is {short(value)}: nothing has been uploaded to it")
            return {"type": "asset", "asset_id": asset.id}
        return {"type": "url", "video_url": found.uri}

    def shown(self, asset: Asset) -> dict[str, Any]:
        """Return a file in the service's form."""
        told = self._told[asset.id]
        return {
            "id": asset.id,
            "uri": f"{URI}{asset.id}",
            "short_id": asset.id[-8:],
            "created_at": iso(asset.created_at),
            "updated_at": iso(asset.created_at),
            "path": told.get("path"),
            "content_type": asset.content_type,
            "filename": told.get("filename"),
            "size": told["size"] if asset.path is None else asset.size,
            "visibility": "public" if told.get("public") else "private",
        }
