from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.text_input_type import TextInputType, check_text_input_type
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.tts_provider import TtsProvider


T = TypeVar("T", bound="TextInput")


@_attrs_define
class TextInput:
    """What is to be said, as a text for a synthetic voice."""

    provider: TtsProvider
    """ The synthetic voice, and what it says. """
    type_: TextInputType
    """ Says that it is a text. """
    ref_id: str | Unset = UNSET
    """ A name of one's own for `segments`, unique. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        provider = self.provider.to_dict()

        type_: str = self.type_

        ref_id = self.ref_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "provider": provider,
                "type": type_,
            }
        )
        if ref_id is not UNSET:
            field_dict["refId"] = ref_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.tts_provider import TtsProvider  # noqa: PLC0415

        d = dict(src_dict)
        provider = TtsProvider.from_dict(d.pop("provider"))

        type_ = check_text_input_type(d.pop("type"))

        ref_id = d.pop("refId", UNSET)

        text_input = cls(
            provider=provider,
            type_=type_,
            ref_id=ref_id,
        )

        text_input.additional_properties = d
        return text_input

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
