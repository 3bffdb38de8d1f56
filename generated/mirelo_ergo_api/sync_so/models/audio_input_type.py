from typing import Literal

AudioInputType = Literal["audio"]

AUDIO_INPUT_TYPE_VALUES: set[AudioInputType] = {
    "audio",
}


def check_audio_input_type(value: str) -> AudioInputType:
    if value in AUDIO_INPUT_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {AUDIO_INPUT_TYPE_VALUES!r}"
    )
