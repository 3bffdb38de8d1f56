from typing import Literal

VideoToSfxV16RequestOutput = Literal["audio", "video"]

VIDEO_TO_SFX_V16_REQUEST_OUTPUT_VALUES: set[VideoToSfxV16RequestOutput] = {
    "audio",
    "video",
}


def check_video_to_sfx_v16_request_output(value: str) -> VideoToSfxV16RequestOutput:
    if value in VIDEO_TO_SFX_V16_REQUEST_OUTPUT_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {VIDEO_TO_SFX_V16_REQUEST_OUTPUT_VALUES!r}"
    )
