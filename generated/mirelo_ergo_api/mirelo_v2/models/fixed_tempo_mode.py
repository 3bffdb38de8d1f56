from typing import Literal

FixedTempoMode = Literal["fixed"]

FIXED_TEMPO_MODE_VALUES: set[FixedTempoMode] = {
    "fixed",
}


def check_fixed_tempo_mode(value: str) -> FixedTempoMode:
    if value in FIXED_TEMPO_MODE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {FIXED_TEMPO_MODE_VALUES!r}"
    )
