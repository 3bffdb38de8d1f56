"""The bodies of the service's requests, as types of plain mappings."""

from typing import Literal, NotRequired, Required, TypedDict


class AssetRequest(TypedDict):
    """What is going to be uploaded."""

    content_type: NotRequired[str]


class AudioSourceAsset(TypedDict):
    """A sound that was uploaded in the last 24 hours."""

    asset_id: Required[str]
    type: Required[Literal["asset"]]


class AudioSourceUrl(TypedDict):
    """A sound that the service fetches itself."""

    audio_url: Required[str]
    type: Required[Literal["url"]]


class AudioToMidiRequest(TypedDict):
    """A sound to write down, model v1.0."""

    audio: Required["AudioSourceAsset"]
    instrument_detection_id: NotRequired[str]
    instruments: NotRequired[
        list[
            Literal[
                "acoustic_piano",
                "electric_piano",
                "chromatic_percussion",
                "organ",
                "acoustic_guitar",
                "clean_electric_guitar",
                "distorted_electric_guitar",
                "acoustic_bass",
                "electric_bass",
                "violin",
                "viola",
                "cello",
                "contrabass",
                "orchestral_harp",
                "timpani",
                "string_ensemble",
                "synth_strings",
                "voice",
                "orchestra_hit",
                "trumpet",
                "trombone",
                "tuba",
                "french_horn",
                "brass_section",
                "soprano_and_alto_sax",
                "tenor_sax",
                "baritone_sax",
                "oboe",
                "english_horn",
                "bassoon",
                "clarinet",
                "flutes",
                "synth_lead",
                "synth_pad",
                "drums",
            ]
        ]
    ]
    optimize_musicxml: NotRequired[bool]
    page_size: NotRequired[Literal["a4", "letter"]]
    score_pdfs: NotRequired[bool]
    subdivision: NotRequired[
        Literal[
            "automatic",
            "straight_sixteenths",
            "eighth_triplets",
            "sixteenth_triplets",
            "swing_eighths",
        ]
    ]
    tempo: NotRequired["FixedTempo"]
    time_signature: NotRequired["TimeSignature"]
    timing: NotRequired[Literal["performance", "quantized"]]


class DetectInstrumentsRequest(TypedDict):
    """A sound whose instruments are to be told."""

    audio: Required["AudioSourceAsset"]
    max_credits: NotRequired[int]


class ExtendAudioV16Request(TypedDict):
    """A sound and what follows it, model v1.6."""

    append_duration_ms: Required[int]
    audio: Required["AudioSourceUrl | AudioSourceAsset"]
    loop: NotRequired[bool]
    num_samples: NotRequired[int]
    prompt: NotRequired[str]


class ExtendAudioWithVideoV16Request(TypedDict):
    """A sound and what follows it, fitting a video, model v1.6."""

    append_duration_ms: Required[int]
    audio: Required["AudioSourceUrl | AudioSourceAsset"]
    num_samples: NotRequired[int]
    prompt: NotRequired[str]
    start_offset_ms: NotRequired[int]
    video: Required["VideoSourceUrl | VideoSourceAsset"]


class FixedTempo(TypedDict):
    """One tempo for all of it."""

    bpm: Required[float]
    mode: Required[Literal["fixed"]]


class InpaintAudioV16Request(TypedDict):
    """A sound with one segment made anew, model v1.6."""

    audio: Required["AudioSourceUrl | AudioSourceAsset"]
    num_samples: NotRequired[int]
    prompt: NotRequired[str]
    segment: Required["Segment"]


class InpaintAudioWithVideoV16Request(TypedDict):
    """A sound with one segment made anew, fitting a video, model v1.6."""

    audio: Required["AudioSourceUrl | AudioSourceAsset"]
    num_samples: NotRequired[int]
    prompt: NotRequired[str]
    segment: Required["Segment"]
    video: Required["VideoSourceUrl | VideoSourceAsset"]


class Segment(TypedDict):
    """The part of a sound to make anew, 1000 to 8000 milliseconds wide."""

    end_ms: Required[int]
    start_ms: Required[int]


class TextToMusicRequest(TypedDict):
    """Music from a text, model v1.0. No limits of it are published."""

    duration_ms: Required[int]
    format: NotRequired[str]
    num_samples: NotRequired[int]
    prompt: Required[str]


class TextToSfxRequest(TypedDict):
    """Sound effects from a text, model v1.5."""

    duration_ms: NotRequired[int]
    num_samples: NotRequired[int]
    prompt: Required[str]


class TextToSfxV16Request(TypedDict):
    """Sound effects from a text, model v1.6."""

    duration_ms: NotRequired[int]
    loop: NotRequired[bool]
    num_samples: NotRequired[int]
    prompt: Required[str]


class TimeSignature(TypedDict):
    """2 to 7, 9 or 12 over 4; 6, 9 or 12 over 8."""

    denominator: Required[int]
    numerator: Required[int]


class VideoSourceAsset(TypedDict):
    """A clip that was uploaded in the last 24 hours."""

    asset_id: Required[str]
    type: Required[Literal["asset"]]


class VideoSourceUrl(TypedDict):
    """A clip that the service fetches itself."""

    type: Required[Literal["url"]]
    video_url: Required[str]


class VideoToMusicRequest(TypedDict):
    """Music for a video, model v1.0. No limits of it are published."""

    duration_ms: Required[int]
    format: NotRequired[str]
    num_samples: NotRequired[int]
    video: Required["VideoSourceAsset"]


class VideoToSfxRequest(TypedDict):
    """Sound effects for a video, model v1.5."""

    duration_ms: Required[int]
    num_samples: NotRequired[int]
    output: NotRequired[Literal["audio", "video"]]
    start_offset_ms: NotRequired[int]
    video: Required["VideoSourceUrl | VideoSourceAsset"]


class VideoToSfxV16Request(TypedDict):
    """Sound effects for a video, model v1.6."""

    duration_ms: Required[int]
    num_samples: NotRequired[int]
    output: NotRequired[Literal["audio", "video"]]
    prompt: NotRequired[str]
    start_offset_ms: NotRequired[int]
    video: Required["VideoSourceUrl | VideoSourceAsset"]
