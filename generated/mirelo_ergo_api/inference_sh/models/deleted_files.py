from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.skipped_file import SkippedFile


T = TypeVar("T", bound="DeletedFiles")


@_attrs_define
class DeletedFiles:
    """What was deleted, and what was not."""

    deleted: list[str] | None | Unset = UNSET
    """ The ids of deleted files. """
    skipped: list[SkippedFile] | None | Unset = UNSET
    """ Those that stay. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        deleted: list[str] | None | Unset
        if isinstance(self.deleted, Unset):
            deleted = UNSET
        elif isinstance(self.deleted, list):
            deleted = self.deleted

        else:
            deleted = self.deleted

        skipped: list[dict[str, Any]] | None | Unset
        if isinstance(self.skipped, Unset):
            skipped = UNSET
        elif isinstance(self.skipped, list):
            skipped = []
            for skipped_type_0_item_data in self.skipped:
                skipped_type_0_item = skipped_type_0_item_data.to_dict()
                skipped.append(skipped_type_0_item)

        else:
            skipped = self.skipped

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if deleted is not UNSET:
            field_dict["deleted"] = deleted
        if skipped is not UNSET:
            field_dict["skipped"] = skipped

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.skipped_file import SkippedFile  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_deleted(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                deleted_type_0 = cast(list[str], data)

                return deleted_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        deleted = _parse_deleted(d.pop("deleted", UNSET))

        def _parse_skipped(data: object) -> list[SkippedFile] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                skipped_type_0 = []
                _skipped_type_0 = data
                for skipped_type_0_item_data in _skipped_type_0:
                    skipped_type_0_item = SkippedFile.from_dict(
                        skipped_type_0_item_data
                    )

                    skipped_type_0.append(skipped_type_0_item)

                return skipped_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[SkippedFile] | None | Unset, data)

        skipped = _parse_skipped(d.pop("skipped", UNSET))

        deleted_files = cls(
            deleted=deleted,
            skipped=skipped,
        )

        deleted_files.additional_properties = d
        return deleted_files

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
