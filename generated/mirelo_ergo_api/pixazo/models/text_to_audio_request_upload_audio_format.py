from typing import Literal

TextToAudioRequestUploadAudioFormat = Literal["aac", "flac", "mp3", "wav"]

TEXT_TO_AUDIO_REQUEST_UPLOAD_AUDIO_FORMAT_VALUES: set[
    TextToAudioRequestUploadAudioFormat
] = {
    "aac",
    "flac",
    "mp3",
    "wav",
}


def check_text_to_audio_request_upload_audio_format(
    value: str,
) -> TextToAudioRequestUploadAudioFormat:
    if value in TEXT_TO_AUDIO_REQUEST_UPLOAD_AUDIO_FORMAT_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_TO_AUDIO_REQUEST_UPLOAD_AUDIO_FORMAT_VALUES!r}"
    )
