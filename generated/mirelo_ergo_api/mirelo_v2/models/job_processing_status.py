from typing import Literal

JobProcessingStatus = Literal["processing"]

JOB_PROCESSING_STATUS_VALUES: set[JobProcessingStatus] = {
    "processing",
}


def check_job_processing_status(value: str) -> JobProcessingStatus:
    if value in JOB_PROCESSING_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {JOB_PROCESSING_STATUS_VALUES!r}"
    )
