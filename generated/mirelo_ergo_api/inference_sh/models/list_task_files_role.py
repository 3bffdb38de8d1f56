from typing import Literal

ListTaskFilesRole = Literal["input", "output"]

LIST_TASK_FILES_ROLE_VALUES: set[ListTaskFilesRole] = {
    "input",
    "output",
}


def check_list_task_files_role(value: str) -> ListTaskFilesRole:
    if value in LIST_TASK_FILES_ROLE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_TASK_FILES_ROLE_VALUES!r}"
    )
