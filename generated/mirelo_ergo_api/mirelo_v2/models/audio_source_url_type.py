from typing import Literal

AudioSourceUrlType = Literal["url"]

AUDIO_SOURCE_URL_TYPE_VALUES: set[AudioSourceUrlType] = {
    "url",
}


def check_audio_source_url_type(value: str) -> AudioSourceUrlType:
    if value in AUDIO_SOURCE_URL_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {AUDIO_SOURCE_URL_TYPE_VALUES!r}"
    )
