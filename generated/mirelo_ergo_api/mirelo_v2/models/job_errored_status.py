from typing import Literal

JobErroredStatus = Literal["errored"]

JOB_ERRORED_STATUS_VALUES: set[JobErroredStatus] = {
    "errored",
}


def check_job_errored_status(value: str) -> JobErroredStatus:
    if value in JOB_ERRORED_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {JOB_ERRORED_STATUS_VALUES!r}"
    )
