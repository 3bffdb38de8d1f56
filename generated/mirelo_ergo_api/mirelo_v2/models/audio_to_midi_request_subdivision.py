from typing import Literal

AudioToMidiRequestSubdivision = Literal[
    "automatic",
    "eighth_triplets",
    "sixteenth_triplets",
    "straight_sixteenths",
    "swing_eighths",
]

AUDIO_TO_MIDI_REQUEST_SUBDIVISION_VALUES: set[AudioToMidiRequestSubdivision] = {
    "automatic",
    "eighth_triplets",
    "sixteenth_triplets",
    "straight_sixteenths",
    "swing_eighths",
}


def check_audio_to_midi_request_subdivision(
    value: str,
) -> AudioToMidiRequestSubdivision:
    if value in AUDIO_TO_MIDI_REQUEST_SUBDIVISION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {AUDIO_TO_MIDI_REQUEST_SUBDIVISION_VALUES!r}"
    )
