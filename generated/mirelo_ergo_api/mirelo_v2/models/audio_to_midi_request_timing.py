from typing import Literal

AudioToMidiRequestTiming = Literal["performance", "quantized"]

AUDIO_TO_MIDI_REQUEST_TIMING_VALUES: set[AudioToMidiRequestTiming] = {
    "performance",
    "quantized",
}


def check_audio_to_midi_request_timing(value: str) -> AudioToMidiRequestTiming:
    if value in AUDIO_TO_MIDI_REQUEST_TIMING_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {AUDIO_TO_MIDI_REQUEST_TIMING_VALUES!r}"
    )
