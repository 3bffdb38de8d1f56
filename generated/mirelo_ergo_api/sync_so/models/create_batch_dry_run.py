from typing import Literal

CreateBatchDryRun = Literal["false", "true"]

CREATE_BATCH_DRY_RUN_VALUES: set[CreateBatchDryRun] = {
    "false",
    "true",
}


def check_create_batch_dry_run(value: str) -> CreateBatchDryRun:
    if value in CREATE_BATCH_DRY_RUN_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CREATE_BATCH_DRY_RUN_VALUES!r}"
    )
