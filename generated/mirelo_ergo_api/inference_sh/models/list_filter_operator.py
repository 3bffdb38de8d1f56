from typing import Literal

ListFilterOperator = Literal[
    "contains",
    "eq",
    "gt",
    "gte",
    "ilike",
    "in",
    "is_empty",
    "is_not_empty",
    "is_not_null",
    "is_null",
    "like",
    "lt",
    "lte",
    "neq",
    "not_contains",
    "not_in",
]

LIST_FILTER_OPERATOR_VALUES: set[ListFilterOperator] = {
    "contains",
    "eq",
    "gt",
    "gte",
    "ilike",
    "in",
    "is_empty",
    "is_not_empty",
    "is_not_null",
    "is_null",
    "like",
    "lt",
    "lte",
    "neq",
    "not_contains",
    "not_in",
}


def check_list_filter_operator(value: str) -> ListFilterOperator:
    if value in LIST_FILTER_OPERATOR_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_FILTER_OPERATOR_VALUES!r}"
    )
