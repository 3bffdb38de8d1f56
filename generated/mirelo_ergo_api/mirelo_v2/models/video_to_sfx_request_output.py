from typing import Literal

VideoToSfxRequestOutput = Literal["audio", "video"]

VIDEO_TO_SFX_REQUEST_OUTPUT_VALUES: set[VideoToSfxRequestOutput] = {
    "audio",
    "video",
}


def check_video_to_sfx_request_output(value: str) -> VideoToSfxRequestOutput:
    if value in VIDEO_TO_SFX_REQUEST_OUTPUT_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {VIDEO_TO_SFX_REQUEST_OUTPUT_VALUES!r}"
    )
