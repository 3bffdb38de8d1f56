from typing import Literal

VideoSourceUrlType = Literal["url"]

VIDEO_SOURCE_URL_TYPE_VALUES: set[VideoSourceUrlType] = {
    "url",
}


def check_video_source_url_type(value: str) -> VideoSourceUrlType:
    if value in VIDEO_SOURCE_URL_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {VIDEO_SOURCE_URL_TYPE_VALUES!r}"
    )
