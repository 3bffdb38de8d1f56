from typing import Literal

BatchValidationStatus = Literal["VALIDATED"]

BATCH_VALIDATION_STATUS_VALUES: set[BatchValidationStatus] = {
    "VALIDATED",
}


def check_batch_validation_status(value: str) -> BatchValidationStatus:
    if value in BATCH_VALIDATION_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {BATCH_VALIDATION_STATUS_VALUES!r}"
    )
