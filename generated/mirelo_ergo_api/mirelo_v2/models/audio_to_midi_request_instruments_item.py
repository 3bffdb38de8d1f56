from typing import Literal

AudioToMidiRequestInstrumentsItem = Literal[
    "acoustic_bass",
    "acoustic_guitar",
    "acoustic_piano",
    "baritone_sax",
    "bassoon",
    "brass_section",
    "cello",
    "chromatic_percussion",
    "clarinet",
    "clean_electric_guitar",
    "contrabass",
    "distorted_electric_guitar",
    "drums",
    "electric_bass",
    "electric_piano",
    "english_horn",
    "flutes",
    "french_horn",
    "oboe",
    "orchestra_hit",
    "orchestral_harp",
    "organ",
    "soprano_and_alto_sax",
    "string_ensemble",
    "synth_lead",
    "synth_pad",
    "synth_strings",
    "tenor_sax",
    "timpani",
    "trombone",
    "trumpet",
    "tuba",
    "viola",
    "violin",
    "voice",
]

AUDIO_TO_MIDI_REQUEST_INSTRUMENTS_ITEM_VALUES: set[
    AudioToMidiRequestInstrumentsItem
] = {
    "acoustic_bass",
    "acoustic_guitar",
    "acoustic_piano",
    "baritone_sax",
    "bassoon",
    "brass_section",
    "cello",
    "chromatic_percussion",
    "clarinet",
    "clean_electric_guitar",
    "contrabass",
    "distorted_electric_guitar",
    "drums",
    "electric_bass",
    "electric_piano",
    "english_horn",
    "flutes",
    "french_horn",
    "oboe",
    "orchestra_hit",
    "orchestral_harp",
    "organ",
    "soprano_and_alto_sax",
    "string_ensemble",
    "synth_lead",
    "synth_pad",
    "synth_strings",
    "tenor_sax",
    "timpani",
    "trombone",
    "trumpet",
    "tuba",
    "viola",
    "violin",
    "voice",
}


def check_audio_to_midi_request_instruments_item(
    value: str,
) -> AudioToMidiRequestInstrumentsItem:
    if value in AUDIO_TO_MIDI_REQUEST_INSTRUMENTS_ITEM_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {AUDIO_TO_MIDI_REQUEST_INSTRUMENTS_ITEM_VALUES!r}"
    )
