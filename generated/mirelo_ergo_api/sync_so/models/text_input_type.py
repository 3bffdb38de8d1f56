from typing import Literal

TextInputType = Literal["text"]

TEXT_INPUT_TYPE_VALUES: set[TextInputType] = {
    "text",
}


def check_text_input_type(value: str) -> TextInputType:
    if value in TEXT_INPUT_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TEXT_INPUT_TYPE_VALUES!r}"
    )
