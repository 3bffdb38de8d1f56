from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="MidiJobAccepted")


@_attrs_define
class MidiJobAccepted:
    """A transcription that has been taken on."""

    job_id: str
    """ The job's id, known for 24 hours. """
    estimated_ms: int | None | Unset = UNSET
    """ The expected time, in milliseconds. """
    job_url: None | str | Unset = UNSET
    """ The path to poll, relative to the server. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        job_id = self.job_id

        estimated_ms: int | None | Unset
        if isinstance(self.estimated_ms, Unset):
            estimated_ms = UNSET
        else:
            estimated_ms = self.estimated_ms

        job_url: None | str | Unset
        if isinstance(self.job_url, Unset):
            job_url = UNSET
        else:
            job_url = self.job_url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "job_id": job_id,
            }
        )
        if estimated_ms is not UNSET:
            field_dict["estimated_ms"] = estimated_ms
        if job_url is not UNSET:
            field_dict["job_url"] = job_url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        job_id = d.pop("job_id")

        def _parse_estimated_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        estimated_ms = _parse_estimated_ms(d.pop("estimated_ms", UNSET))

        def _parse_job_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        job_url = _parse_job_url(d.pop("job_url", UNSET))

        midi_job_accepted = cls(
            job_id=job_id,
            estimated_ms=estimated_ms,
            job_url=job_url,
        )

        midi_job_accepted.additional_properties = d
        return midi_job_accepted

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
