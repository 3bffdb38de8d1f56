from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.echoed_request import EchoedRequest
    from ..models.midi_note import MidiNote
    from ..models.score_pdf import ScorePdf


T = TypeVar("T", bound="MidiResult")


@_attrs_define
class MidiResult:
    """A transcription."""

    midi_url: str
    """ Where the MIDI file can be read from. """
    duration_seconds: float | None | Unset = UNSET
    """ How long the sound is, in seconds. """
    model: None | str | Unset = UNSET
    """ What made it, such as audio-to-midi-pro. """
    musicxml_optimized: bool | None | Unset = UNSET
    """ Whether the score was tidied up. """
    musicxml_url: None | str | Unset = UNSET
    """ Where the score can be read from. """
    note_count: int | None | Unset = UNSET
    """ How many notes there are. """
    notes: list[MidiNote] | None | Unset = UNSET
    """ The notes. """
    score_bundle_url: None | str | Unset = UNSET
    """ Where all of the engraved scores can be read from. """
    score_manifest_url: None | str | Unset = UNSET
    """ Where the list of them can be read from. """
    score_pdfs: list[ScorePdf] | None | Unset = UNSET
    """ The engraved scores. """
    tempo_bpm: float | None | Unset = UNSET
    """ Beats a minute. """
    timing: EchoedRequest | Unset = UNSET
    """ The parameters that the job was started with. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        midi_url = self.midi_url

        duration_seconds: float | None | Unset
        if isinstance(self.duration_seconds, Unset):
            duration_seconds = UNSET
        else:
            duration_seconds = self.duration_seconds

        model: None | str | Unset
        if isinstance(self.model, Unset):
            model = UNSET
        else:
            model = self.model

        musicxml_optimized: bool | None | Unset
        if isinstance(self.musicxml_optimized, Unset):
            musicxml_optimized = UNSET
        else:
            musicxml_optimized = self.musicxml_optimized

        musicxml_url: None | str | Unset
        if isinstance(self.musicxml_url, Unset):
            musicxml_url = UNSET
        else:
            musicxml_url = self.musicxml_url

        note_count: int | None | Unset
        if isinstance(self.note_count, Unset):
            note_count = UNSET
        else:
            note_count = self.note_count

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

        score_bundle_url: None | str | Unset
        if isinstance(self.score_bundle_url, Unset):
            score_bundle_url = UNSET
        else:
            score_bundle_url = self.score_bundle_url

        score_manifest_url: None | str | Unset
        if isinstance(self.score_manifest_url, Unset):
            score_manifest_url = UNSET
        else:
            score_manifest_url = self.score_manifest_url

        score_pdfs: list[dict[str, Any]] | None | Unset
        if isinstance(self.score_pdfs, Unset):
            score_pdfs = UNSET
        elif isinstance(self.score_pdfs, list):
            score_pdfs = []
            for score_pdfs_type_0_item_data in self.score_pdfs:
                score_pdfs_type_0_item = score_pdfs_type_0_item_data.to_dict()
                score_pdfs.append(score_pdfs_type_0_item)

        else:
            score_pdfs = self.score_pdfs

        tempo_bpm: float | None | Unset
        if isinstance(self.tempo_bpm, Unset):
            tempo_bpm = UNSET
        else:
            tempo_bpm = self.tempo_bpm

        timing: dict[str, Any] | Unset = UNSET
        if not isinstance(self.timing, Unset):
            timing = self.timing.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "midi_url": midi_url,
            }
        )
        if duration_seconds is not UNSET:
            field_dict["duration_seconds"] = duration_seconds
        if model is not UNSET:
            field_dict["model"] = model
        if musicxml_optimized is not UNSET:
            field_dict["musicxml_optimized"] = musicxml_optimized
        if musicxml_url is not UNSET:
            field_dict["musicxml_url"] = musicxml_url
        if note_count is not UNSET:
            field_dict["note_count"] = note_count
        if notes is not UNSET:
            field_dict["notes"] = notes
        if score_bundle_url is not UNSET:
            field_dict["score_bundle_url"] = score_bundle_url
        if score_manifest_url is not UNSET:
            field_dict["score_manifest_url"] = score_manifest_url
        if score_pdfs is not UNSET:
            field_dict["score_pdfs"] = score_pdfs
        if tempo_bpm is not UNSET:
            field_dict["tempo_bpm"] = tempo_bpm
        if timing is not UNSET:
            field_dict["timing"] = timing

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.echoed_request import EchoedRequest  # noqa: PLC0415
        from ..models.midi_note import MidiNote  # noqa: PLC0415
        from ..models.score_pdf import ScorePdf  # noqa: PLC0415

        d = dict(src_dict)
        midi_url = d.pop("midi_url")

        def _parse_duration_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        duration_seconds = _parse_duration_seconds(d.pop("duration_seconds", UNSET))

        def _parse_model(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        model = _parse_model(d.pop("model", UNSET))

        def _parse_musicxml_optimized(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        musicxml_optimized = _parse_musicxml_optimized(
            d.pop("musicxml_optimized", UNSET)
        )

        def _parse_musicxml_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        musicxml_url = _parse_musicxml_url(d.pop("musicxml_url", UNSET))

        def _parse_note_count(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        note_count = _parse_note_count(d.pop("note_count", UNSET))

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

        def _parse_score_bundle_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        score_bundle_url = _parse_score_bundle_url(d.pop("score_bundle_url", UNSET))

        def _parse_score_manifest_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        score_manifest_url = _parse_score_manifest_url(
            d.pop("score_manifest_url", UNSET)
        )

        def _parse_score_pdfs(data: object) -> list[ScorePdf] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                score_pdfs_type_0 = []
                _score_pdfs_type_0 = data
                for score_pdfs_type_0_item_data in _score_pdfs_type_0:
                    score_pdfs_type_0_item = ScorePdf.from_dict(
                        score_pdfs_type_0_item_data
                    )

                    score_pdfs_type_0.append(score_pdfs_type_0_item)

                return score_pdfs_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ScorePdf] | None | Unset, data)

        score_pdfs = _parse_score_pdfs(d.pop("score_pdfs", UNSET))

        def _parse_tempo_bpm(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        tempo_bpm = _parse_tempo_bpm(d.pop("tempo_bpm", UNSET))

        _timing = d.pop("timing", UNSET)
        timing: EchoedRequest | Unset
        if isinstance(_timing, Unset):
            timing = UNSET
        else:
            timing = EchoedRequest.from_dict(_timing)

        midi_result = cls(
            midi_url=midi_url,
            duration_seconds=duration_seconds,
            model=model,
            musicxml_optimized=musicxml_optimized,
            musicxml_url=musicxml_url,
            note_count=note_count,
            notes=notes,
            score_bundle_url=score_bundle_url,
            score_manifest_url=score_manifest_url,
            score_pdfs=score_pdfs,
            tempo_bpm=tempo_bpm,
            timing=timing,
        )

        midi_result.additional_properties = d
        return midi_result

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
