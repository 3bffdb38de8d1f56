"""The bodies of the service's requests, as types of plain mappings."""

from typing import Any, Literal, NotRequired, Required, TypedDict


class ActiveSpeaker(TypedDict):
    """Which face speaks."""

    auto_detect: NotRequired[bool]
    bounding_boxes: NotRequired[list[list[int] | None]]
    coordinates: NotRequired[list[int]]
    face_image: NotRequired[str]
    frame_number: NotRequired[int]
    use_v2: NotRequired[bool]
    v3: NotRequired[bool]


class AssetIds(TypedDict):
    """The ids of assets."""

    ids: Required[list[str]]


class AudioInput(TypedDict):
    """What is to be said, as a sound."""

    assetId: NotRequired[str]
    refId: NotRequired[str]
    type: Required[Literal["audio"]]
    url: NotRequired[str]


class CreateAsset(TypedDict):
    """An asset to register."""

    name: NotRequired[str]
    projectId: NotRequired[str]
    type: Required[Literal["AUDIO", "VIDEO", "IMAGE"]]
    url: Required[str]
    visibility: NotRequired[Literal["USER", "ORGANIZATION"]]


class CreateAssetUpload(TypedDict):
    """A file that will be uploaded."""

    contentType: Required[str]
    fileName: Required[str]
    size: Required[int]


class CreateGeneration(TypedDict):
    """A generation to create."""

    dialogueEdit: NotRequired["DialogueEdit"]
    dubParams: NotRequired["DubParams"]
    input: Required["list[VideoInput | ImageInput | AudioInput | TextInput]"]
    model: Required[str]
    options: NotRequired["GenerationOptions"]
    outputFileName: NotRequired[str]
    projectId: NotRequired[str]
    segments: NotRequired["list[Segment]"]
    webhookUrl: NotRequired[str]


class CreateProject(TypedDict):
    """A project to create."""

    defaultWorkflow: NotRequired[
        Literal["lipsync", "translate_and_dub", "image_to_video", "edit_dialogue"]
    ]
    id: NotRequired[str]
    mode: NotRequired[str]
    name: Required[str]
    visibility: NotRequired[Literal["USER", "ORGANIZATION"]]


class DialogueEdit(TypedDict):
    """A completed edit of the dialogue."""

    id: Required[str]


class DubParams(TypedDict):
    """A translation; the audio inputs are then ignored."""

    numSpeakers: NotRequired[int]
    sourceLang: NotRequired[str]
    targetLang: Required[str]


class GenerationOptions(TypedDict):
    """How to generate. The service ignores what a model does not know."""

    active_speaker_detection: NotRequired["ActiveSpeaker"]
    model_mode: NotRequired[Literal["lips", "face", "head"]]
    occlusion_detection_enabled: NotRequired[bool]
    prompt: NotRequired[
        Literal["happy", "sad", "angry", "disgusted", "surprised", "neutral"]
    ]
    reasoning_enabled: NotRequired[bool]
    sync_mode: NotRequired[Literal["bounce", "loop", "cut_off", "silence", "remap"]]
    temperature: NotRequired[float]


class ImageInput(TypedDict):
    """The picture that is to speak; with sync-3 only."""

    assetId: NotRequired[str]
    type: Required[Literal["image"]]
    url: NotRequired[str]


class ProjectAsset(TypedDict):
    """An asset for a project."""

    assetId: Required[str]


class Segment(TypedDict):
    """A stretch of the video, and the audio that speaks in it."""

    audioInput: Required["SegmentAudio"]
    endTime: Required[float]
    optionsOverride: NotRequired[dict[str, Any]]
    startTime: Required[float]


class SegmentAudio(TypedDict):
    """An audio input, or a stretch of it."""

    endTime: NotRequired[float]
    refId: Required[str]
    startTime: NotRequired[float]


class TextInput(TypedDict):
    """What is to be said, as a text for a synthetic voice."""

    provider: Required["TtsProvider"]
    refId: NotRequired[str]
    type: Required[Literal["text"]]


class TtsProvider(TypedDict):
    """The synthetic voice, and what it says."""

    name: Required[Literal["elevenlabs"]]
    script: Required[str]
    similarityBoost: NotRequired[float]
    stability: NotRequired[float]
    voiceId: Required[str]


class UpdateAsset(TypedDict):
    """What to change; what is left out stays."""

    durationSeconds: NotRequired[float]
    format: NotRequired[str]
    height: NotRequired[int]
    name: NotRequired[str]
    size: NotRequired[int]
    visibility: NotRequired[Literal["USER", "ORGANIZATION"]]
    width: NotRequired[int]


class VideoInput(TypedDict):
    """The video whose lips move, by URL or as an asset."""

    assetId: NotRequired[str]
    type: Required[Literal["video"]]
    url: NotRequired[str]
