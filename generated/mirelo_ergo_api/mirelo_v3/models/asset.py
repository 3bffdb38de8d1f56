from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.form_fields import FormFields


T = TypeVar("T", bound="Asset")


@_attrs_define
class Asset:
    """An asset, and the form to upload it with."""

    fields: FormFields
    """ The entries of the form, which stand before the file. """
    id: str
    """ Its id. """
    upload_url: str
    """ Where to POST the form to. """
    max_bytes: int | None | Unset = UNSET
    """ How large the file may be. """
    upload_expires_at: None | str | Unset = UNSET
    """ Until when the form works. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        fields = self.fields.to_dict()

        id = self.id

        upload_url = self.upload_url

        max_bytes: int | None | Unset
        if isinstance(self.max_bytes, Unset):
            max_bytes = UNSET
        else:
            max_bytes = self.max_bytes

        upload_expires_at: None | str | Unset
        if isinstance(self.upload_expires_at, Unset):
            upload_expires_at = UNSET
        else:
            upload_expires_at = self.upload_expires_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "fields": fields,
                "id": id,
                "upload_url": upload_url,
            }
        )
        if max_bytes is not UNSET:
            field_dict["max_bytes"] = max_bytes
        if upload_expires_at is not UNSET:
            field_dict["upload_expires_at"] = upload_expires_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.form_fields import FormFields  # noqa: PLC0415

        d = dict(src_dict)
        fields = FormFields.from_dict(d.pop("fields"))

        id = d.pop("id")

        upload_url = d.pop("upload_url")

        def _parse_max_bytes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_bytes = _parse_max_bytes(d.pop("max_bytes", UNSET))

        def _parse_upload_expires_at(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        upload_expires_at = _parse_upload_expires_at(d.pop("upload_expires_at", UNSET))

        asset = cls(
            fields=fields,
            id=id,
            upload_url=upload_url,
            max_bytes=max_bytes,
            upload_expires_at=upload_expires_at,
        )

        asset.additional_properties = d
        return asset

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
