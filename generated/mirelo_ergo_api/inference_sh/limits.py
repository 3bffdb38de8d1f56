"""Types, bounds and defaults of what the service accepts in requests, as its spec says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Limit(NamedTuple):
    """What one field or parameter may hold; lengths are in characters, bounds are included but the exclusive ones.

    `schema` names the object in `LIMITS` that a field of the type "object" holds. Where it holds one of several
    objects, `variants` names each, by the value of its field `tag`. `items` says what a list holds.
    """

    name: str  # as on the wire
    type: str  # "integer" "number" "string" "boolean" "object" "array" "any"
    required: bool
    default: str | int | float | bool | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()
    exclusive_minimum: float | int | None = None
    pattern: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    schema: str | None = None
    tag: str | None = None
    variants: tuple[tuple[str, str], ...] = ()
    items: Limit | None = None
    nullable: bool = False
    exclusive_maximum: float | int | None = None


class Condition(NamedTuple):
    """What else a field has to keep to; both bounds are included.

    It holds while the fields in `when` have these values (None: they are absent), and not while those in `unless` have.
    With `width`, the field is an object, and the bounds are those of its second field named here less the first. With
    `count_of`, the field is a list, and the bounds are those of the number of its items with one of these tags. With
    `absent`, the field, which may be `outer.inner`, has to be left out.
    """

    field: str
    when: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    width: tuple[str, str] | None = None
    minimum: float | int | None = None
    maximum: float | int | None = None
    unless: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    count_of: tuple[str, ...] = ()
    absent: bool = False


SPEC_SHA256: Final = "7bdf927de4aa50182b6e6096cd44245bee724c94701b89aa2ae1fe84d28370e9"
GENERATOR: Final = "openapi-python-client 0.29.1"
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "AppInput": {},
    "AppSetup": {},
    "CancelRequest": {
        "force": Limit("force", "boolean", required=False),
        "timeout": Limit("timeout", "integer", required=False),
    },
    "CursorListRequest": {
        "cursor": Limit("cursor", "string", required=False),
        "direction": Limit("direction", "string", required=False),
        "fields": Limit(
            "fields", "array", required=False, items=Limit("", "string", required=True)
        ),
        "filters": Limit(
            "filters",
            "array",
            required=False,
            items=Limit("", "object", required=True, schema="ListFilter"),
        ),
        "include_others": Limit("include_others", "boolean", required=False),
        "include_private": Limit("include_private", "boolean", required=False),
        "limit": Limit("limit", "integer", required=False, minimum=1),
        "permissions": Limit(
            "permissions",
            "array",
            required=False,
            items=Limit("", "string", required=True),
        ),
        "preloads": Limit(
            "preloads",
            "array",
            required=False,
            items=Limit("", "string", required=True),
        ),
        "search": Limit("search", "object", required=False, schema="ListSearch"),
        "sort": Limit(
            "sort",
            "array",
            required=False,
            items=Limit("", "object", required=True, schema="ListSort"),
        ),
    },
    "EstimateRequest": {
        "function": Limit("function", "string", required=False),
        "input": Limit("input", "object", required=True),
    },
    "FileCreateRequest": {
        "category": Limit("category", "string", required=False),
        "files": Limit(
            "files",
            "array",
            required=True,
            items=Limit("", "object", required=True, schema="NewFile"),
        ),
    },
    "ListFilter": {
        "field": Limit("field", "string", required=True),
        "operator": Limit(
            "operator",
            "string",
            required=True,
            enum=(
                "eq",
                "neq",
                "in",
                "not_in",
                "gt",
                "gte",
                "lt",
                "lte",
                "like",
                "ilike",
                "contains",
                "not_contains",
                "is_null",
                "is_not_null",
                "is_empty",
                "is_not_empty",
            ),
        ),
        "value": Limit("value", "string", required=False),
    },
    "ListSearch": {
        "exact": Limit("exact", "boolean", required=False),
        "term": Limit("term", "string", required=False),
    },
    "ListSort": {
        "dir": Limit("dir", "string", required=False, enum=("asc", "desc")),
        "field": Limit("field", "string", required=True),
    },
    "MmaudioInput": {
        "cfg_strength": Limit("cfg_strength", "number", required=False, default=4.5),
        "duration": Limit("duration", "number", required=False, default=8),
        "mask_away_clip": Limit(
            "mask_away_clip", "boolean", required=False, default=False
        ),
        "negative_prompt": Limit(
            "negative_prompt", "string", required=False, default=""
        ),
        "num_steps": Limit("num_steps", "integer", required=False, default=25),
        "prompt": Limit("prompt", "string", required=True),
        "seed": Limit("seed", "integer", required=False, default=42),
        "video_input": Limit("video_input", "string", required=False),
    },
    "NewFile": {
        "content_type": Limit("content_type", "string", required=True),
        "filename": Limit("filename", "string", required=False, nullable=True),
        "path": Limit("path", "string", required=False, nullable=True),
        "public": Limit("public", "boolean", required=False, nullable=True),
        "size": Limit("size", "integer", required=True, minimum=0),
        "uri": Limit("uri", "string", required=True),
    },
    "RunMetadata": {},
    "RunRequest": {
        "app": Limit("app", "string", required=False),
        "app_id": Limit("app_id", "string", required=False),
        "function": Limit("function", "string", required=False),
        "infra": Limit(
            "infra",
            "string",
            required=False,
            enum=("cloud", "private", "private_first", "remote"),
        ),
        "input": Limit("input", "object", required=True),
        "metadata": Limit("metadata", "object", required=False, schema="RunMetadata"),
        "run_at": Limit("run_at", "string", required=False),
        "session": Limit("session", "string", required=False),
        "session_timeout": Limit(
            "session_timeout", "integer", required=False, minimum=1, maximum=3600
        ),
        "setup": Limit("setup", "object", required=False, schema="AppSetup"),
        "variant": Limit("variant", "string", required=False),
        "version_id": Limit("version_id", "string", required=False),
        "webhook": Limit("webhook", "string", required=False),
        "workers": Limit(
            "workers", "array", required=False, items=Limit("", "string", required=True)
        ),
    },
    "cancelTask": {
        "id": Limit("id", "string", required=True),
    },
    "deleteFile": {
        "id": Limit("id", "string", required=True),
    },
    "deleteTask": {
        "files": Limit("files", "boolean", required=False),
        "id": Limit("id", "string", required=True),
    },
    "deleteTaskFiles": {
        "id": Limit("id", "string", required=True),
        "role": Limit("role", "string", required=False, enum=("input", "output")),
    },
    "estimateCost": {
        "appId": Limit("appId", "string", required=True),
    },
    "getApp": {
        "id": Limit("id", "string", required=True),
    },
    "getAppByName": {
        "name": Limit("name", "string", required=True),
        "namespace": Limit("namespace", "string", required=True),
    },
    "getFile": {
        "id": Limit("id", "string", required=True),
    },
    "getTask": {
        "id": Limit("id", "string", required=True),
    },
    "getTaskLogs": {
        "id": Limit("id", "string", required=True),
    },
    "getTaskStatus": {
        "id": Limit("id", "string", required=True),
    },
    "getTaskTimings": {
        "id": Limit("id", "string", required=True),
    },
    "listTaskFiles": {
        "id": Limit("id", "string", required=True),
        "role": Limit("role", "string", required=False, enum=("input", "output")),
    },
    "streamTask": {
        "id": Limit("id", "string", required=True),
    },
}
# By object, fields of which exactly one has to be there.
ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {}
CONDITIONS: Final[Mapping[str, tuple[Condition, ...]]] = {}
