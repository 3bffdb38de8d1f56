"""The local files in items' arguments."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

import attrs

from ..errors import InvalidRequestError
from .items import Item
from .services import APP, NOT_OF_THE_REQUEST, SERVICES, parameters

if TYPE_CHECKING:
    from .ledger import Entry

_SIGNED: Final = ("signature", "sig", "token", "key", "credential", "secret", "password", "policy", "auth")
_PIECE: Final = 1 << 20


def local_files(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the local files of an item, each with its argument."""
    if item.operation == APP:
        files = item.arguments.get("files")
        for name, path in files.items() if isinstance(files, Mapping) else ():
            yield f"files.{name}", os.fspath(path)
        return
    for name in SERVICES[item.service].sources:
        value = item.arguments.get(name)
        for each in value if isinstance(value, list | tuple) else [value]:
            if isinstance(each, str | os.PathLike) and not _is_url(os.fspath(each)):
                yield name, os.fspath(each)


def missing_file(item: Item) -> str | None:
    """Return the first local file of an item that is not on this machine, None if all are."""
    return next((path for _, path in local_files(item) if not Path(path).is_file()), None)


def with_files_at(item: Item, folder: Path) -> Item:
    """Return an item with absolute paths; relative ones are in `folder`."""
    arguments = dict(item.arguments)
    for name, path in local_files(item):
        whole = str((folder / path).absolute())
        if name.startswith("files."):
            arguments["files"] = {**arguments["files"], name.removeprefix("files."): whole}
        elif isinstance(arguments[name], list | tuple):
            arguments[name] = [whole if each == path else each for each in arguments[name]]
        else:
            arguments[name] = whole
    return attrs.evolve(item, arguments=arguments)


def with_uris(item: Item, uris: Mapping[str, str]) -> Item:
    """Return an item with its local files replaced by the uploaded files' uris."""
    if item.operation == APP:
        files = {name: uris[path] for name, path in (item.arguments.get("files") or {}).items()}
        return attrs.evolve(item, arguments={**item.arguments, "files": files})
    changed = {name: uris[path] for name, path in local_files(item)}
    return attrs.evolve(item, arguments={**item.arguments, **changed})


def signed_url(value: Any, place: str = "") -> str | None:
    """Return the argument with a pre-signed URL, or a URL with a password; None if there is none."""
    if isinstance(value, Mapping):
        inner = (signed_url(each, f"{place}.{key}" if place else str(key)) for key, each in value.items())
        return next((found for found in inner if found), None)
    if isinstance(value, list | tuple):
        return next((found for each in value if (found := signed_url(each, place))), None)
    if not isinstance(value, str) or not _is_url(value):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    secret = any(any(word in name.lower() for word in _SIGNED) for name, _ in parse_qsl(parts.query, True))
    return place if secret or parts.password is not None else None


class Hashes:
    """A cache of files' sha256, computed once in a process for each state of a file."""

    _known: ClassVar[dict[tuple[str, int, int], str]] = {}

    def of(self, path: str) -> str:
        """Return the sha256 of a file's bytes; raises `OSError`."""
        stat = Path(path).stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if key not in self._known:
            self._known[key] = sha256_of(Path(path))
        return self._known[key]


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file; raises `OSError`."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def has_other_files(entry: Entry, fingerprint: str | None) -> bool:
    """Return whether an item's files have changed since it was sent, by comparing the fingerprints of its request."""
    sent = entry.state in ("intended", "submitted", "unknown", "succeeded") and entry.fingerprint is not None
    return sent and entry.fingerprint != fingerprint and any(True for _ in local_files(entry.item))


def fingerprint_of(item: Item, model: object, hashes: Hashes) -> str:
    """Return the sha256 of an item's service, model, fields, files' bytes and take.

    Items with equal fingerprints request the same sound. Raises `InvalidRequestError` for a file that cannot be read.
    """
    arguments = {
        name: parameter.default
        for name, parameter in parameters(item.service, item.operation).items()
        if parameter.default is not inspect.Parameter.empty
    }
    arguments |= item.arguments
    arguments["model"] = model
    for name, path in local_files(item):
        try:
            arguments[name] = f"sha256:{hashes.of(path)}"
        except OSError as error:
            raise InvalidRequestError(f"{name}: {path} cannot be read: {error.strerror}", field=name) from error
        if name.startswith("files."):
            arguments.pop("files", None)
    kept = {name: value for name, value in arguments.items() if name not in NOT_OF_THE_REQUEST}
    text = json.dumps([item.service, item.operation, kept, item.take], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))
