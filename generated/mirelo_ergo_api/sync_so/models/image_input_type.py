from typing import Literal

ImageInputType = Literal["image"]

IMAGE_INPUT_TYPE_VALUES: set[ImageInputType] = {
    "image",
}


def check_image_input_type(value: str) -> ImageInputType:
    if value in IMAGE_INPUT_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {IMAGE_INPUT_TYPE_VALUES!r}"
    )
