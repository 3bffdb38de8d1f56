from typing import Literal

QueuedRequestStatus = Literal["QUEUED"]

QUEUED_REQUEST_STATUS_VALUES: set[QueuedRequestStatus] = {
    "QUEUED",
}


def check_queued_request_status(value: str) -> QueuedRequestStatus:
    if value in QUEUED_REQUEST_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {QUEUED_REQUEST_STATUS_VALUES!r}"
    )
