from typing import Literal

RunRequestInfra = Literal["cloud", "private", "private_first", "remote"]

RUN_REQUEST_INFRA_VALUES: set[RunRequestInfra] = {
    "cloud",
    "private",
    "private_first",
    "remote",
}


def check_run_request_infra(value: str) -> RunRequestInfra:
    if value in RUN_REQUEST_INFRA_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RUN_REQUEST_INFRA_VALUES!r}"
    )
