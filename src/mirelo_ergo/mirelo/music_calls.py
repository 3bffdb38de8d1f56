"""The calls of both Mirelo clients for music and notes. They send nothing."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from .._runtime.lazy import LazyModule
from .._runtime.transfer.inputs import Audio, Video
from .arguments import credit_limit, uploaded_audio, uploaded_video
from .versions import MIDI
from .versions import MUSIC as MODEL

if TYPE_CHECKING:
    from mirelo_ergo_api.mirelo_v2.bodies import AudioToMidiRequest, TextToMusicRequest, VideoToMusicRequest

    from . import flows, midi
else:
    flows, midi = LazyModule("mirelo_ergo.mirelo.flows"), LazyModule("mirelo_ergo.mirelo.midi")

RequestT = TypeVar("RequestT")
MidiT = TypeVar("MidiT")


class MusicCalls(ABC, Generic[RequestT, MidiT]):
    """The calls for music and notes. Each checks its arguments and returns a request."""

    _core: flows.MireloFlows

    @abstractmethod
    def _request_of(self, generation: flows.AnyGeneration, max_credits: int | None) -> RequestT:
        """Return a request of the client's kind."""

    @abstractmethod
    def _midi_request_of(self, generation: flows.AnyGeneration, max_credits: int | None) -> MidiT:
        """Return a request for a transcription of the client's kind."""

    def text_to_music(
        self,
        prompt: str,
        *,
        duration_ms: int,
        num_samples: int = 1,
        format: str | None = None,  # noqa: A002  # the field's word
        max_credits: int | None = None,
    ) -> RequestT:
        """Request music by a text. Sends nothing yet. The vendor states no limits: the service checks them.

        Args:
            prompt: A description of the music.
            duration_ms: The length of the music.
            num_samples: The number of pieces, each of which is charged.
            format: The format of the results, such as "mp3"; None: the service's default.
            max_credits: The most that this request may cost; None: the client's `max_credits=`.

        Raises:
            InvalidRequestError: An argument is wrong.
        """
        fields: TextToMusicRequest = {"prompt": prompt, "duration_ms": duration_ms, "num_samples": num_samples}
        if format is not None:
            fields["format"] = format
        return self._request_of(self._core.generation("text-to-music", MODEL, fields), credit_limit(max_credits))

    def video_to_music(
        self,
        video: Video | str | os.PathLike[str],
        *,
        duration_ms: int,
        num_samples: int = 1,
        format: str = "mp3",  # noqa: A002  # the field's word
        max_credits: int | None = None,
    ) -> RequestT:
        """Request music for a video. Sends nothing yet. It has no preflight, so a `max_credits` refuses it.

        Args:
            video: A `Video` or a path; a URL only with the client's `fetch_urls=True`.
            duration_ms: The length of the music.
            num_samples: The number of pieces, each of which is charged.
            format: The format of the results.
            max_credits: The most that this request may cost; None: the client's `max_credits=`.

        Raises:
            InvalidRequestError: An argument is wrong, or the file cannot be read.
        """
        fields: VideoToMusicRequest = {
            "video": uploaded_video(video, self._core),
            "duration_ms": duration_ms,
            "num_samples": num_samples,
            "format": format,
        }
        return self._request_of(self._core.generation("video-to-music", MODEL, fields), credit_limit(max_credits))

    def audio_to_midi(
        self,
        audio: Audio | str | os.PathLike[str],
        *,
        instruments: Iterable[midi.Instrument] | None = None,
        timing: midi.Timing | None = None,
        subdivision: midi.Subdivision | None = None,
        time_signature: tuple[int, int] | None = None,
        tempo_bpm: float | None = None,
        optimize_musicxml: bool | None = None,
        score_pdfs: bool | None = None,
        page_size: midi.PageSize | None = None,
        instrument_detection_id: str | None = None,
        duration_ms: int | None = None,
        max_credits: int | None = None,
    ) -> MidiT:
        """Request the notes of a sound, as MIDI and as a score. Sends nothing yet. None: the service decides.

        Args:
            audio: An `Audio` or a path; a URL only with the client's `fetch_urls=True`.
            instruments: The instruments to transcribe; others are left out. `INSTRUMENTS` lists all of them.
            timing: "performance" for times as played, "quantized" for times on the beat.
            subdivision: The subdivision of a beat.
            time_signature: Such as (3, 4): 2 to 7, 9 or 12 over 4; 6, 9 or 12 over 8.
            tempo_bpm: Beats per minute, 30 to 300, for the whole sound.
            optimize_musicxml: Make the score more readable; `score_pdfs` implies it.
            score_pdfs: Also return the engraved score as PDF.
            page_size: The paper size of the PDF.
            instrument_detection_id: That of `detect_instruments` for the same sound.
            duration_ms: The sound's length, for the price; None: the length in its headers, with the extra `media`.
            max_credits: The most that this request may cost; None: the client's `max_credits=`.

        Raises:
            InvalidRequestError: An argument is outside its limits, or the file cannot be read.
        """
        fields: AudioToMidiRequest = {"audio": uploaded_audio(audio, self._core)}
        if instruments is not None:
            fields["instruments"] = midi.instruments_field(instruments)
        if time_signature is not None:
            numerator, denominator = midi.time_signature_field(time_signature)
            fields["time_signature"] = {"numerator": numerator, "denominator": denominator}
        if tempo_bpm is not None:
            fields["tempo"] = {"mode": "fixed", "bpm": tempo_bpm}
        if timing is not None:
            fields["timing"] = timing
        if subdivision is not None:
            fields["subdivision"] = subdivision
        if optimize_musicxml is not None:
            fields["optimize_musicxml"] = optimize_musicxml
        if score_pdfs is not None:
            fields["score_pdfs"] = score_pdfs
        if page_size is not None:
            fields["page_size"] = page_size
        if instrument_detection_id is not None:
            fields["instrument_detection_id"] = instrument_detection_id
        known = {} if duration_ms is None else {"duration_ms": midi.length_field(duration_ms)}
        generation = self._core.generation(MIDI, MODEL, fields, known=known)
        return self._midi_request_of(generation, credit_limit(max_credits))
