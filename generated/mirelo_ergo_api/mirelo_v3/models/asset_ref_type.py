from typing import Literal

AssetRefType = Literal["asset"]

ASSET_REF_TYPE_VALUES: set[AssetRefType] = {
    "asset",
}


def check_asset_ref_type(value: str) -> AssetRefType:
    if value in ASSET_REF_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {ASSET_REF_TYPE_VALUES!r}"
    )
