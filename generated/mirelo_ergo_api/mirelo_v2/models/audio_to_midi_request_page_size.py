from typing import Literal

AudioToMidiRequestPageSize = Literal["a4", "letter"]

AUDIO_TO_MIDI_REQUEST_PAGE_SIZE_VALUES: set[AudioToMidiRequestPageSize] = {
    "a4",
    "letter",
}


def check_audio_to_midi_request_page_size(value: str) -> AudioToMidiRequestPageSize:
    if value in AUDIO_TO_MIDI_REQUEST_PAGE_SIZE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {AUDIO_TO_MIDI_REQUEST_PAGE_SIZE_VALUES!r}"
    )
