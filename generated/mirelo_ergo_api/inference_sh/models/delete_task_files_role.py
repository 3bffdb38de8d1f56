from typing import Literal

DeleteTaskFilesRole = Literal["input", "output"]

DELETE_TASK_FILES_ROLE_VALUES: set[DeleteTaskFilesRole] = {
    "input",
    "output",
}


def check_delete_task_files_role(value: str) -> DeleteTaskFilesRole:
    if value in DELETE_TASK_FILES_ROLE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {DELETE_TASK_FILES_ROLE_VALUES!r}"
    )
