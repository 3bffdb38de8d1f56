"""The bodies of the service's requests, as types of plain mappings."""

from typing import Any, Literal, NotRequired, Required, TypedDict


class CancelRequest(TypedDict):
    """How to cancel."""

    force: NotRequired[bool]
    timeout: NotRequired[int]


class CursorListRequest(TypedDict):
    """Which page of a list, and in which order."""

    cursor: NotRequired[str]
    direction: NotRequired[str]
    fields: NotRequired[list[str]]
    filters: NotRequired["list[ListFilter]"]
    include_others: NotRequired[bool]
    include_private: NotRequired[bool]
    limit: NotRequired[int]
    permissions: NotRequired[list[str]]
    preloads: NotRequired[list[str]]
    search: NotRequired["ListSearch"]
    sort: NotRequired["list[ListSort]"]


class EstimateRequest(TypedDict):
    """The run to estimate."""

    function: NotRequired[str]
    input: Required["MmaudioInput | dict[str, Any]"]


class FileCreateRequest(TypedDict):
    """Files to upload."""

    category: NotRequired[str]
    files: Required["list[NewFile]"]


class ListFilter(TypedDict):
    """A condition on one field."""

    field: Required[str]
    operator: Required[
        Literal[
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
        ]
    ]
    value: NotRequired[str]


class ListSearch(TypedDict):
    """Words to look for."""

    exact: NotRequired[bool]
    term: NotRequired[str]


class ListSort(TypedDict):
    """The order of one field."""

    dir: NotRequired[Literal["asc", "desc"]]
    field: Required[str]


class MmaudioInput(TypedDict):
    """The input of infsh/mmaudio. It states no bounds."""

    cfg_strength: NotRequired[float]
    duration: NotRequired[float]
    mask_away_clip: NotRequired[bool]
    negative_prompt: NotRequired[str]
    num_steps: NotRequired[int]
    prompt: Required[str]
    seed: NotRequired[int]
    video_input: NotRequired[str]


class NewFile(TypedDict):
    """A file to upload."""

    content_type: Required[str]
    filename: NotRequired[str | None]
    path: NotRequired[str | None]
    public: NotRequired[bool | None]
    size: Required[int]
    uri: Required[str]


class RunRequest(TypedDict):
    """A run of an app. What is left out of `input` is the app's own default."""

    app: NotRequired[str]
    app_id: NotRequired[str]
    function: NotRequired[str]
    infra: NotRequired[Literal["cloud", "private", "private_first", "remote"]]
    input: Required["MmaudioInput | dict[str, Any]"]
    metadata: NotRequired[dict[str, Any]]
    run_at: NotRequired[str]
    session: NotRequired[str]
    session_timeout: NotRequired[int]
    setup: NotRequired[dict[str, Any]]
    variant: NotRequired[str]
    version_id: NotRequired[str]
    webhook: NotRequired[str]
    workers: NotRequired[list[str]]
