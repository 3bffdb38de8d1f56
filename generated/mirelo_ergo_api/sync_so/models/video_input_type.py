from typing import Literal

VideoInputType = Literal["video"]

VIDEO_INPUT_TYPE_VALUES: set[VideoInputType] = {
    "video",
}


def check_video_input_type(value: str) -> VideoInputType:
    if value in VIDEO_INPUT_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {VIDEO_INPUT_TYPE_VALUES!r}"
    )
