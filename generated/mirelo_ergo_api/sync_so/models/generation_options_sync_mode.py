from typing import Literal

GenerationOptionsSyncMode = Literal["bounce", "cut_off", "loop", "remap", "silence"]

GENERATION_OPTIONS_SYNC_MODE_VALUES: set[GenerationOptionsSyncMode] = {
    "bounce",
    "cut_off",
    "loop",
    "remap",
    "silence",
}


def check_generation_options_sync_mode(value: str) -> GenerationOptionsSyncMode:
    if value in GENERATION_OPTIONS_SYNC_MODE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GENERATION_OPTIONS_SYNC_MODE_VALUES!r}"
    )
