from typing import Literal

ListAssetsSortBy = Literal[
    "dateAsc",
    "dateDesc",
    "durationAsc",
    "durationDesc",
    "kindAsc",
    "kindDesc",
    "nameAsc",
    "nameDesc",
    "sizeAsc",
    "sizeDesc",
]

LIST_ASSETS_SORT_BY_VALUES: set[ListAssetsSortBy] = {
    "dateAsc",
    "dateDesc",
    "durationAsc",
    "durationDesc",
    "kindAsc",
    "kindDesc",
    "nameAsc",
    "nameDesc",
    "sizeAsc",
    "sizeDesc",
}


def check_list_assets_sort_by(value: str) -> ListAssetsSortBy:
    if value in LIST_ASSETS_SORT_BY_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_ASSETS_SORT_BY_VALUES!r}"
    )
