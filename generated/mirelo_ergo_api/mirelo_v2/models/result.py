from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Result")


@_attrs_define
class Result:
    """What a generation made."""

    result_urls: list[str]
    """ One signed URL for each sample, good for about one hour. """
    download_urls: list[str] | Unset = UNSET
    """ In a job's result, where there is one: for each entry of result_urls a short link that redirects to a
    freshly signed URL. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        result_urls = self.result_urls

        download_urls: list[str] | Unset = UNSET
        if not isinstance(self.download_urls, Unset):
            download_urls = self.download_urls

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "result_urls": result_urls,
            }
        )
        if download_urls is not UNSET:
            field_dict["download_urls"] = download_urls

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        result_urls = cast(list[str], d.pop("result_urls"))

        download_urls = cast(list[str], d.pop("download_urls", UNSET))

        result = cls(
            result_urls=result_urls,
            download_urls=download_urls,
        )

        result.additional_properties = d
        return result

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
