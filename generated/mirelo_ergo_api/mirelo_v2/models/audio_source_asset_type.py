from typing import Literal

AudioSourceAssetType = Literal["asset"]

AUDIO_SOURCE_ASSET_TYPE_VALUES: set[AudioSourceAssetType] = {
    "asset",
}


def check_audio_source_asset_type(value: str) -> AudioSourceAssetType:
    if value in AUDIO_SOURCE_ASSET_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {AUDIO_SOURCE_ASSET_TYPE_VALUES!r}"
    )
