from typing import Literal

VideoSourceAssetType = Literal["asset"]

VIDEO_SOURCE_ASSET_TYPE_VALUES: set[VideoSourceAssetType] = {
    "asset",
}


def check_video_source_asset_type(value: str) -> VideoSourceAssetType:
    if value in VIDEO_SOURCE_ASSET_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {VIDEO_SOURCE_ASSET_TYPE_VALUES!r}"
    )
