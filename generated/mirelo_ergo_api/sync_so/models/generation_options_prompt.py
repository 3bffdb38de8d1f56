from typing import Literal

GenerationOptionsPrompt = Literal[
    "angry", "disgusted", "happy", "neutral", "sad", "surprised"
]

GENERATION_OPTIONS_PROMPT_VALUES: set[GenerationOptionsPrompt] = {
    "angry",
    "disgusted",
    "happy",
    "neutral",
    "sad",
    "surprised",
}


def check_generation_options_prompt(value: str) -> GenerationOptionsPrompt:
    if value in GENERATION_OPTIONS_PROMPT_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GENERATION_OPTIONS_PROMPT_VALUES!r}"
    )
