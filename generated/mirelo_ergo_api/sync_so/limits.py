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


SPEC_SHA256: Final = "5d3ff6604f55f2a9a76c3f609b7236404b71cc0c055e0320b6170bc47da1c95f"
GENERATOR: Final = "openapi-python-client 0.29.1"
LIMITS: Final[Mapping[str, Mapping[str, Limit]]] = {
    "ActiveSpeaker": {
        "auto_detect": Limit("auto_detect", "boolean", required=False),
        "bounding_boxes": Limit(
            "bounding_boxes",
            "array",
            required=False,
            items=Limit(
                "",
                "array",
                required=True,
                min_items=4,
                max_items=4,
                nullable=True,
                items=Limit("", "integer", required=True),
            ),
        ),
        "coordinates": Limit(
            "coordinates",
            "array",
            required=False,
            min_items=2,
            max_items=2,
            items=Limit("", "integer", required=True),
        ),
        "face_image": Limit("face_image", "string", required=False),
        "frame_number": Limit("frame_number", "integer", required=False),
        "use_v2": Limit("use_v2", "boolean", required=False),
        "v3": Limit("v3", "boolean", required=False),
    },
    "AssetIds": {
        "ids": Limit(
            "ids",
            "array",
            required=True,
            min_items=1,
            max_items=100,
            items=Limit("", "string", required=True),
        ),
    },
    "AudioInput": {
        "assetId": Limit("assetId", "string", required=False),
        "refId": Limit("refId", "string", required=False),
        "type": Limit("type", "string", required=True, enum=("audio",)),
        "url": Limit("url", "string", required=False),
    },
    "CreateAsset": {
        "name": Limit("name", "string", required=False),
        "projectId": Limit("projectId", "string", required=False),
        "type": Limit(
            "type", "string", required=True, enum=("AUDIO", "VIDEO", "IMAGE")
        ),
        "url": Limit("url", "string", required=True),
        "visibility": Limit(
            "visibility", "string", required=False, enum=("USER", "ORGANIZATION")
        ),
    },
    "CreateAssetUpload": {
        "contentType": Limit("contentType", "string", required=True, min_length=1),
        "fileName": Limit("fileName", "string", required=True, min_length=1),
        "size": Limit("size", "integer", required=True, minimum=1, maximum=5368709120),
    },
    "CreateBatch": {
        "dry_run": Limit("dry_run", "string", required=False, enum=("true", "false")),
        "input": Limit("input", "string", required=True),
        "webhook_url": Limit("webhook_url", "string", required=False),
    },
    "CreateGeneration": {
        "dialogueEdit": Limit(
            "dialogueEdit", "object", required=False, schema="DialogueEdit"
        ),
        "dubParams": Limit("dubParams", "object", required=False, schema="DubParams"),
        "input": Limit(
            "input",
            "array",
            required=True,
            items=Limit(
                "",
                "object",
                required=True,
                tag="type",
                variants=(
                    ("audio", "AudioInput"),
                    ("image", "ImageInput"),
                    ("text", "TextInput"),
                    ("video", "VideoInput"),
                ),
            ),
        ),
        "model": Limit("model", "string", required=True),
        "options": Limit(
            "options", "object", required=False, schema="GenerationOptions"
        ),
        "outputFileName": Limit(
            "outputFileName",
            "string",
            required=False,
            max_length=255,
            pattern="^[A-Za-z0-9_-]+$",
        ),
        "projectId": Limit("projectId", "string", required=False),
        "segments": Limit(
            "segments",
            "array",
            required=False,
            items=Limit("", "object", required=True, schema="Segment"),
        ),
        "webhookUrl": Limit("webhookUrl", "string", required=False),
    },
    "CreateGenerationWithFiles": {
        "audio": Limit("audio", "string", required=False),
        "image": Limit("image", "string", required=False),
        "input": Limit(
            "input", "array", required=False, items=Limit("", "string", required=True)
        ),
        "model": Limit("model", "string", required=True),
        "options": Limit("options", "string", required=False),
        "video": Limit("video", "string", required=False),
        "webhookUrl": Limit("webhookUrl", "string", required=False),
    },
    "CreateProject": {
        "defaultWorkflow": Limit(
            "defaultWorkflow",
            "string",
            required=False,
            enum=("lipsync", "translate_and_dub", "image_to_video", "edit_dialogue"),
        ),
        "id": Limit("id", "string", required=False),
        "mode": Limit("mode", "string", required=False),
        "name": Limit("name", "string", required=True, min_length=1),
        "visibility": Limit(
            "visibility", "string", required=False, enum=("USER", "ORGANIZATION")
        ),
    },
    "DialogueEdit": {
        "id": Limit("id", "string", required=True),
    },
    "DubParams": {
        "numSpeakers": Limit("numSpeakers", "integer", required=False),
        "sourceLang": Limit("sourceLang", "string", required=False),
        "targetLang": Limit("targetLang", "string", required=True),
    },
    "FreeObject": {},
    "GenerationOptions": {
        "active_speaker_detection": Limit(
            "active_speaker_detection", "object", required=False, schema="ActiveSpeaker"
        ),
        "model_mode": Limit(
            "model_mode", "string", required=False, enum=("lips", "face", "head")
        ),
        "occlusion_detection_enabled": Limit(
            "occlusion_detection_enabled", "boolean", required=False
        ),
        "prompt": Limit(
            "prompt",
            "string",
            required=False,
            enum=("happy", "sad", "angry", "disgusted", "surprised", "neutral"),
        ),
        "reasoning_enabled": Limit("reasoning_enabled", "boolean", required=False),
        "sync_mode": Limit(
            "sync_mode",
            "string",
            required=False,
            enum=("bounce", "loop", "cut_off", "silence", "remap"),
        ),
        "temperature": Limit(
            "temperature", "number", required=False, minimum=0, maximum=1
        ),
    },
    "ImageInput": {
        "assetId": Limit("assetId", "string", required=False),
        "type": Limit("type", "string", required=True, enum=("image",)),
        "url": Limit("url", "string", required=False),
    },
    "ProjectAsset": {
        "assetId": Limit("assetId", "string", required=True),
    },
    "Segment": {
        "audioInput": Limit(
            "audioInput", "object", required=True, schema="SegmentAudio"
        ),
        "endTime": Limit("endTime", "number", required=True),
        "optionsOverride": Limit(
            "optionsOverride", "object", required=False, schema="FreeObject"
        ),
        "startTime": Limit("startTime", "number", required=True),
    },
    "SegmentAudio": {
        "endTime": Limit("endTime", "number", required=False),
        "refId": Limit("refId", "string", required=True),
        "startTime": Limit("startTime", "number", required=False),
    },
    "TextInput": {
        "provider": Limit("provider", "object", required=True, schema="TtsProvider"),
        "refId": Limit("refId", "string", required=False),
        "type": Limit("type", "string", required=True, enum=("text",)),
    },
    "TtsProvider": {
        "name": Limit("name", "string", required=True, enum=("elevenlabs",)),
        "script": Limit("script", "string", required=True),
        "similarityBoost": Limit("similarityBoost", "number", required=False),
        "stability": Limit("stability", "number", required=False),
        "voiceId": Limit("voiceId", "string", required=True),
    },
    "UpdateAsset": {
        "durationSeconds": Limit("durationSeconds", "number", required=False),
        "format": Limit("format", "string", required=False),
        "height": Limit("height", "integer", required=False),
        "name": Limit("name", "string", required=False),
        "size": Limit("size", "integer", required=False),
        "visibility": Limit(
            "visibility", "string", required=False, enum=("USER", "ORGANIZATION")
        ),
        "width": Limit("width", "integer", required=False),
    },
    "VideoInput": {
        "assetId": Limit("assetId", "string", required=False),
        "type": Limit("type", "string", required=True, enum=("video",)),
        "url": Limit("url", "string", required=False),
    },
    "addProjectAsset": {
        "id": Limit("id", "string", required=True),
    },
    "countGenerations": {
        "currentUserOnly": Limit("currentUserOnly", "boolean", required=False),
        "generationSource": Limit("generationSource", "string", required=False),
        "source": Limit("source", "string", required=False),
        "status": Limit("status", "string", required=False),
        "type": Limit("type", "string", required=False),
    },
    "createGeneration": {
        "Idempotency-Key": Limit(
            "Idempotency-Key",
            "string",
            required=False,
            min_length=1,
            max_length=128,
            pattern="^[A-Za-z0-9._~-]+$",
        ),
    },
    "deleteAsset": {
        "id": Limit("id", "string", required=True),
    },
    "deleteGeneration": {
        "id": Limit("id", "string", required=True),
    },
    "findUploadedAsset": {
        "contentSha256": Limit(
            "contentSha256",
            "string",
            required=True,
            min_length=64,
            max_length=64,
            pattern="^[0-9a-f]{64}$",
        ),
        "type": Limit(
            "type", "string", required=True, enum=("AUDIO", "VIDEO", "IMAGE")
        ),
    },
    "getAsset": {
        "id": Limit("id", "string", required=True),
    },
    "getAssetDownloadUrl": {
        "id": Limit("id", "string", required=True),
    },
    "getBatch": {
        "id": Limit("id", "string", required=True),
    },
    "getGeneration": {
        "id": Limit("id", "string", required=True),
        "include": Limit("include", "string", required=False),
        "timeout": Limit("timeout", "number", required=False, minimum=1, maximum=10),
        "wait": Limit("wait", "boolean", required=False),
    },
    "getGenerationCosts": {
        "id": Limit("id", "string", required=True),
    },
    "getGenerationDownloadUrl": {
        "id": Limit("id", "string", required=True),
    },
    "getProject": {
        "id": Limit("id", "string", required=True),
    },
    "listAssets": {
        "cursor": Limit("cursor", "string", required=False),
        "limit": Limit("limit", "integer", required=False, minimum=1, maximum=100),
        "projectId": Limit("projectId", "string", required=False),
        "searchQuery": Limit("searchQuery", "string", required=False),
        "sortBy": Limit(
            "sortBy",
            "string",
            required=False,
            enum=(
                "nameAsc",
                "nameDesc",
                "dateAsc",
                "dateDesc",
                "durationAsc",
                "durationDesc",
                "sizeAsc",
                "sizeDesc",
                "kindAsc",
                "kindDesc",
            ),
        ),
        "types": Limit("types", "string", required=False),
    },
    "listBatches": {
        "created_after": Limit("created_after", "string", required=False),
        "created_before": Limit("created_before", "string", required=False),
        "status": Limit("status", "string", required=False),
    },
    "listGenerations": {
        "cursor": Limit("cursor", "string", required=False),
        "ids": Limit("ids", "string", required=False),
        "limit": Limit("limit", "integer", required=False, minimum=1, maximum=100),
        "projectId": Limit("projectId", "string", required=False),
        "source": Limit("source", "string", required=False),
        "status": Limit("status", "string", required=False),
    },
    "removeProjectAsset": {
        "assetId": Limit("assetId", "string", required=True),
        "id": Limit("id", "string", required=True),
    },
    "updateAsset": {
        "id": Limit("id", "string", required=True),
    },
}
# By object, fields of which exactly one has to be there.
ONE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "AudioInput": ("url", "assetId"),
    "ImageInput": ("url", "assetId"),
    "VideoInput": ("url", "assetId"),
}
CONDITIONS: Final[Mapping[str, tuple[Condition, ...]]] = {
    "CreateGeneration": (
        Condition("input", count_of=("video", "image"), minimum=1, maximum=1),
        Condition(
            "input",
            when=(("dialogueEdit", None), ("dubParams", None)),
            count_of=("audio", "text"),
            minimum=1,
        ),
        Condition(
            "input", when=(("segments", None),), count_of=("audio", "text"), maximum=1
        ),
        Condition(
            "input", unless=(("model", "sync-3"),), count_of=("image",), maximum=0
        ),
        Condition("options.model_mode", unless=(("model", "react-1"),), absent=True),
        Condition("options.prompt", unless=(("model", "react-1"),), absent=True),
    ),
}
