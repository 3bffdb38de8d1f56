from typing import Literal

JobSucceededStatus = Literal["succeeded"]

JOB_SUCCEEDED_STATUS_VALUES: set[JobSucceededStatus] = {
    "succeeded",
}


def check_job_succeeded_status(value: str) -> JobSucceededStatus:
    if value in JOB_SUCCEEDED_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {JOB_SUCCEEDED_STATUS_VALUES!r}"
    )
