from typing import Literal

TtsProviderName = Literal["elevenlabs"]

TTS_PROVIDER_NAME_VALUES: set[TtsProviderName] = {
    "elevenlabs",
}


def check_tts_provider_name(value: str) -> TtsProviderName:
    if value in TTS_PROVIDER_NAME_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TTS_PROVIDER_NAME_VALUES!r}"
    )
