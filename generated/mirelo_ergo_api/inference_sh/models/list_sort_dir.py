from typing import Literal

ListSortDir = Literal["asc", "desc"]

LIST_SORT_DIR_VALUES: set[ListSortDir] = {
    "asc",
    "desc",
}


def check_list_sort_dir(value: str) -> ListSortDir:
    if value in LIST_SORT_DIR_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_SORT_DIR_VALUES!r}"
    )
