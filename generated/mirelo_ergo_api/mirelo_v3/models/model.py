from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.free_object_type_0 import FreeObjectType0


T = TypeVar("T", bound="Model")


@_attrs_define
class Model:
    """A model, and what it accepts."""

    id: str
    """ Its id, for `model`. """
    audio: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    controls: list[str] | None | Unset = UNSET
    """ Which controls it has. """
    credits_per_second: float | None | Unset = UNSET
    """ The price of a second. """
    formats: list[str] | None | Unset = UNSET
    """ Which formats it gives. """
    max_prompt_chars: int | None | Unset = UNSET
    """ How long a prompt may be. """
    operations: FreeObjectType0 | None | Unset = UNSET
    """ An object whose fields are not promised. """
    release_date: None | str | Unset = UNSET
    """ When it came out. """
    status: None | str | Unset = UNSET
    """ general_availability, or another. """
    stems: list[str] | None | Unset = UNSET
    """ Which stems it gives. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415

        id = self.id

        audio: dict[str, Any] | None | Unset
        if isinstance(self.audio, Unset):
            audio = UNSET
        elif isinstance(self.audio, FreeObjectType0):
            audio = self.audio.to_dict()
        else:
            audio = self.audio

        controls: list[str] | None | Unset
        if isinstance(self.controls, Unset):
            controls = UNSET
        elif isinstance(self.controls, list):
            controls = self.controls

        else:
            controls = self.controls

        credits_per_second: float | None | Unset
        if isinstance(self.credits_per_second, Unset):
            credits_per_second = UNSET
        else:
            credits_per_second = self.credits_per_second

        formats: list[str] | None | Unset
        if isinstance(self.formats, Unset):
            formats = UNSET
        elif isinstance(self.formats, list):
            formats = self.formats

        else:
            formats = self.formats

        max_prompt_chars: int | None | Unset
        if isinstance(self.max_prompt_chars, Unset):
            max_prompt_chars = UNSET
        else:
            max_prompt_chars = self.max_prompt_chars

        operations: dict[str, Any] | None | Unset
        if isinstance(self.operations, Unset):
            operations = UNSET
        elif isinstance(self.operations, FreeObjectType0):
            operations = self.operations.to_dict()
        else:
            operations = self.operations

        release_date: None | str | Unset
        if isinstance(self.release_date, Unset):
            release_date = UNSET
        else:
            release_date = self.release_date

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        else:
            status = self.status

        stems: list[str] | None | Unset
        if isinstance(self.stems, Unset):
            stems = UNSET
        elif isinstance(self.stems, list):
            stems = self.stems

        else:
            stems = self.stems

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if audio is not UNSET:
            field_dict["audio"] = audio
        if controls is not UNSET:
            field_dict["controls"] = controls
        if credits_per_second is not UNSET:
            field_dict["credits_per_second"] = credits_per_second
        if formats is not UNSET:
            field_dict["formats"] = formats
        if max_prompt_chars is not UNSET:
            field_dict["max_prompt_chars"] = max_prompt_chars
        if operations is not UNSET:
            field_dict["operations"] = operations
        if release_date is not UNSET:
            field_dict["release_date"] = release_date
        if status is not UNSET:
            field_dict["status"] = status
        if stems is not UNSET:
            field_dict["stems"] = stems

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.free_object_type_0 import FreeObjectType0  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        def _parse_audio(data: object) -> FreeObjectType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_free_object_type_0 = FreeObjectType0.from_dict(data)

                return componentsschemas_free_object_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FreeObjectType0 | None | Unset, data)

        audio = _parse_audio(d.pop("audio", UNSET))

        def _parse_controls(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                controls_type_0 = cast(list[str], data)

                return controls_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        controls = _parse_controls(d.pop("controls", UNSET))

        def _parse_credits_per_second(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        credits_per_second = _parse_credits_per_second(
            d.pop("credits_per_second", UNSET)
        )

        def _parse_formats(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                formats_type_0 = cast(list[str], data)

                return formats_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        formats = _parse_formats(d.pop("formats", UNSET))

        def _parse_max_prompt_chars(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_prompt_chars = _parse_max_prompt_chars(d.pop("max_prompt_chars", UNSET))

        def _parse_operations(data: object) -> FreeObjectType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_free_object_type_0 = FreeObjectType0.from_dict(data)

                return componentsschemas_free_object_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(FreeObjectType0 | None | Unset, data)

        operations = _parse_operations(d.pop("operations", UNSET))

        def _parse_release_date(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        release_date = _parse_release_date(d.pop("release_date", UNSET))

        def _parse_status(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        status = _parse_status(d.pop("status", UNSET))

        def _parse_stems(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                stems_type_0 = cast(list[str], data)

                return stems_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        stems = _parse_stems(d.pop("stems", UNSET))

        model = cls(
            id=id,
            audio=audio,
            controls=controls,
            credits_per_second=credits_per_second,
            formats=formats,
            max_prompt_chars=max_prompt_chars,
            operations=operations,
            release_date=release_date,
            status=status,
            stems=stems,
        )

        model.additional_properties = d
        return model

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
