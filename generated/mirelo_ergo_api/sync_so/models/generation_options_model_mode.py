from typing import Literal

GenerationOptionsModelMode = Literal["face", "head", "lips"]

GENERATION_OPTIONS_MODEL_MODE_VALUES: set[GenerationOptionsModelMode] = {
    "face",
    "head",
    "lips",
}


def check_generation_options_model_mode(value: str) -> GenerationOptionsModelMode:
    if value in GENERATION_OPTIONS_MODEL_MODE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GENERATION_OPTIONS_MODEL_MODE_VALUES!r}"
    )
