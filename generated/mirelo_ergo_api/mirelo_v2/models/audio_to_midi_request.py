from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.audio_to_midi_request_instruments_item import (
    AudioToMidiRequestInstrumentsItem,
    check_audio_to_midi_request_instruments_item,
)
from ..models.audio_to_midi_request_page_size import (
    AudioToMidiRequestPageSize,
    check_audio_to_midi_request_page_size,
)
from ..models.audio_to_midi_request_subdivision import (
    AudioToMidiRequestSubdivision,
    check_audio_to_midi_request_subdivision,
)
from ..models.audio_to_midi_request_timing import (
    AudioToMidiRequestTiming,
    check_audio_to_midi_request_timing,
)
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_source_asset import AudioSourceAsset
    from ..models.fixed_tempo import FixedTempo
    from ..models.time_signature import TimeSignature


T = TypeVar("T", bound="AudioToMidiRequest")


@_attrs_define
class AudioToMidiRequest:
    """A sound to write down, model v1.0."""

    audio: AudioSourceAsset
    """ A sound that was uploaded in the last 24 hours. """
    instrument_detection_id: str | Unset = UNSET
    """ The id that detectInstruments gave. """
    instruments: list[AudioToMidiRequestInstrumentsItem] | Unset = UNSET
    """ The instruments to hear, each once; all others are left out. Absent, the service decides. """
    optimize_musicxml: bool | Unset = UNSET
    """ Tidy the score up; score_pdfs forces it. """
    page_size: AudioToMidiRequestPageSize | Unset = UNSET
    """ The paper of the PDF. """
    score_pdfs: bool | Unset = UNSET
    """ Engrave the score as PDF too. """
    subdivision: AudioToMidiRequestSubdivision | Unset = UNSET
    """ What a beat is divided into. """
    tempo: FixedTempo | Unset = UNSET
    """ One tempo for all of it. """
    time_signature: TimeSignature | Unset = UNSET
    """ 2 to 7, 9 or 12 over 4; 6, 9 or 12 over 8. """
    timing: AudioToMidiRequestTiming | Unset = UNSET
    """ Times as they were played, or on the beat. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        audio = self.audio.to_dict()

        instrument_detection_id = self.instrument_detection_id

        instruments: list[str] | Unset = UNSET
        if not isinstance(self.instruments, Unset):
            instruments = []
            for instruments_item_data in self.instruments:
                instruments_item: str = instruments_item_data
                instruments.append(instruments_item)

        optimize_musicxml = self.optimize_musicxml

        page_size: str | Unset = UNSET
        if not isinstance(self.page_size, Unset):
            page_size = self.page_size

        score_pdfs = self.score_pdfs

        subdivision: str | Unset = UNSET
        if not isinstance(self.subdivision, Unset):
            subdivision = self.subdivision

        tempo: dict[str, Any] | Unset = UNSET
        if not isinstance(self.tempo, Unset):
            tempo = self.tempo.to_dict()

        time_signature: dict[str, Any] | Unset = UNSET
        if not isinstance(self.time_signature, Unset):
            time_signature = self.time_signature.to_dict()

        timing: str | Unset = UNSET
        if not isinstance(self.timing, Unset):
            timing = self.timing

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audio": audio,
            }
        )
        if instrument_detection_id is not UNSET:
            field_dict["instrument_detection_id"] = instrument_detection_id
        if instruments is not UNSET:
            field_dict["instruments"] = instruments
        if optimize_musicxml is not UNSET:
            field_dict["optimize_musicxml"] = optimize_musicxml
        if page_size is not UNSET:
            field_dict["page_size"] = page_size
        if score_pdfs is not UNSET:
            field_dict["score_pdfs"] = score_pdfs
        if subdivision is not UNSET:
            field_dict["subdivision"] = subdivision
        if tempo is not UNSET:
            field_dict["tempo"] = tempo
        if time_signature is not UNSET:
            field_dict["time_signature"] = time_signature
        if timing is not UNSET:
            field_dict["timing"] = timing

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_source_asset import AudioSourceAsset  # noqa: PLC0415
        from ..models.fixed_tempo import FixedTempo  # noqa: PLC0415
        from ..models.time_signature import TimeSignature  # noqa: PLC0415

        d = dict(src_dict)
        audio = AudioSourceAsset.from_dict(d.pop("audio"))

        instrument_detection_id = d.pop("instrument_detection_id", UNSET)

        _instruments = d.pop("instruments", UNSET)
        instruments: list[AudioToMidiRequestInstrumentsItem] | Unset = UNSET
        if _instruments is not UNSET:
            instruments = []
            for instruments_item_data in _instruments:
                instruments_item = check_audio_to_midi_request_instruments_item(
                    instruments_item_data
                )

                instruments.append(instruments_item)

        optimize_musicxml = d.pop("optimize_musicxml", UNSET)

        _page_size = d.pop("page_size", UNSET)
        page_size: AudioToMidiRequestPageSize | Unset
        if isinstance(_page_size, Unset):
            page_size = UNSET
        else:
            page_size = check_audio_to_midi_request_page_size(_page_size)

        score_pdfs = d.pop("score_pdfs", UNSET)

        _subdivision = d.pop("subdivision", UNSET)
        subdivision: AudioToMidiRequestSubdivision | Unset
        if isinstance(_subdivision, Unset):
            subdivision = UNSET
        else:
            subdivision = check_audio_to_midi_request_subdivision(_subdivision)

        _tempo = d.pop("tempo", UNSET)
        tempo: FixedTempo | Unset
        if isinstance(_tempo, Unset):
            tempo = UNSET
        else:
            tempo = FixedTempo.from_dict(_tempo)

        _time_signature = d.pop("time_signature", UNSET)
        time_signature: TimeSignature | Unset
        if isinstance(_time_signature, Unset):
            time_signature = UNSET
        else:
            time_signature = TimeSignature.from_dict(_time_signature)

        _timing = d.pop("timing", UNSET)
        timing: AudioToMidiRequestTiming | Unset
        if isinstance(_timing, Unset):
            timing = UNSET
        else:
            timing = check_audio_to_midi_request_timing(_timing)

        audio_to_midi_request = cls(
            audio=audio,
            instrument_detection_id=instrument_detection_id,
            instruments=instruments,
            optimize_musicxml=optimize_musicxml,
            page_size=page_size,
            score_pdfs=score_pdfs,
            subdivision=subdivision,
            tempo=tempo,
            time_signature=time_signature,
            timing=timing,
        )

        audio_to_midi_request.additional_properties = d
        return audio_to_midi_request

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
