from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.midi_note import MidiNote


T = TypeVar("T", bound="MidiJobResultType0")


@_attrs_define
class MidiJobResultType0:
    """A transcription, or the part of it that is there: its notes come before its files."""

    midi_url: None | str | Unset = UNSET
    """ Where the MIDI file can be read from. """
    musicxml_url: None | str | Unset = UNSET
    """ Where the score can be read from. """
    notes: list[MidiNote] | None | Unset = UNSET
    """ The notes. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        midi_url: None | str | Unset
        if isinstance(self.midi_url, Unset):
            midi_url = UNSET
        else:
            midi_url = self.midi_url

        musicxml_url: None | str | Unset
        if isinstance(self.musicxml_url, Unset):
            musicxml_url = UNSET
        else:
            musicxml_url = self.musicxml_url

        notes: list[dict[str, Any]] | None | Unset
        if isinstance(self.notes, Unset):
            notes = UNSET
        elif isinstance(self.notes, list):
            notes = []
            for notes_type_0_item_data in self.notes:
                notes_type_0_item = notes_type_0_item_data.to_dict()
                notes.append(notes_type_0_item)

        else:
            notes = self.notes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if midi_url is not UNSET:
            field_dict["midi_url"] = midi_url
        if musicxml_url is not UNSET:
            field_dict["musicxml_url"] = musicxml_url
        if notes is not UNSET:
            field_dict["notes"] = notes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.midi_note import MidiNote  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_midi_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        midi_url = _parse_midi_url(d.pop("midi_url", UNSET))

        def _parse_musicxml_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        musicxml_url = _parse_musicxml_url(d.pop("musicxml_url", UNSET))

        def _parse_notes(data: object) -> list[MidiNote] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                notes_type_0 = []
                _notes_type_0 = data
                for notes_type_0_item_data in _notes_type_0:
                    notes_type_0_item = MidiNote.from_dict(notes_type_0_item_data)

                    notes_type_0.append(notes_type_0_item)

                return notes_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[MidiNote] | None | Unset, data)

        notes = _parse_notes(d.pop("notes", UNSET))

        midi_job_result_type_0 = cls(
            midi_url=midi_url,
            musicxml_url=musicxml_url,
            notes=notes,
        )

        midi_job_result_type_0.additional_properties = d
        return midi_job_result_type_0

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
