"""Contains all the data models used in inputs/outputs"""

from .asset import Asset
from .asset_request import AssetRequest
from .audio_source_asset import AudioSourceAsset
from .audio_source_asset_type import AudioSourceAssetType
from .audio_source_url import AudioSourceUrl
from .audio_source_url_type import AudioSourceUrlType
from .audio_to_midi_request import AudioToMidiRequest
from .audio_to_midi_request_instruments_item import AudioToMidiRequestInstrumentsItem
from .audio_to_midi_request_page_size import AudioToMidiRequestPageSize
from .audio_to_midi_request_subdivision import AudioToMidiRequestSubdivision
from .audio_to_midi_request_timing import AudioToMidiRequestTiming
from .detect_instruments_request import DetectInstrumentsRequest
from .detected_instruments import DetectedInstruments
from .echoed_request import EchoedRequest
from .error_detail import ErrorDetail
from .error_response import ErrorResponse
from .extend_audio_v16_request import ExtendAudioV16Request
from .extend_audio_with_video_v16_request import ExtendAudioWithVideoV16Request
from .fixed_tempo import FixedTempo
from .fixed_tempo_mode import FixedTempoMode
from .inpaint_audio_v16_request import InpaintAudioV16Request
from .inpaint_audio_with_video_v16_request import InpaintAudioWithVideoV16Request
from .job_accepted import JobAccepted
from .job_errored import JobErrored
from .job_errored_status import JobErroredStatus
from .job_processing import JobProcessing
from .job_processing_status import JobProcessingStatus
from .job_succeeded import JobSucceeded
from .job_succeeded_status import JobSucceededStatus
from .me import Me
from .midi_job import MidiJob
from .midi_job_accepted import MidiJobAccepted
from .midi_job_error_type_0 import MidiJobErrorType0
from .midi_job_result_type_0 import MidiJobResultType0
from .midi_note import MidiNote
from .midi_preflight import MidiPreflight
from .midi_result import MidiResult
from .preflight import Preflight
from .result import Result
from .score_pdf import ScorePdf
from .segment import Segment
from .text_to_music_request import TextToMusicRequest
from .text_to_sfx_request import TextToSfxRequest
from .text_to_sfx_v16_request import TextToSfxV16Request
from .time_signature import TimeSignature
from .video_source_asset import VideoSourceAsset
from .video_source_asset_type import VideoSourceAssetType
from .video_source_url import VideoSourceUrl
from .video_source_url_type import VideoSourceUrlType
from .video_to_music_request import VideoToMusicRequest
from .video_to_sfx_request import VideoToSfxRequest
from .video_to_sfx_request_output import VideoToSfxRequestOutput
from .video_to_sfx_v16_request import VideoToSfxV16Request
from .video_to_sfx_v16_request_output import VideoToSfxV16RequestOutput

__all__ = (
    "Asset",
    "AssetRequest",
    "AudioSourceAsset",
    "AudioSourceAssetType",
    "AudioSourceUrl",
    "AudioSourceUrlType",
    "AudioToMidiRequest",
    "AudioToMidiRequestInstrumentsItem",
    "AudioToMidiRequestPageSize",
    "AudioToMidiRequestSubdivision",
    "AudioToMidiRequestTiming",
    "DetectedInstruments",
    "DetectInstrumentsRequest",
    "EchoedRequest",
    "ErrorDetail",
    "ErrorResponse",
    "ExtendAudioV16Request",
    "ExtendAudioWithVideoV16Request",
    "FixedTempo",
    "FixedTempoMode",
    "InpaintAudioV16Request",
    "InpaintAudioWithVideoV16Request",
    "JobAccepted",
    "JobErrored",
    "JobErroredStatus",
    "JobProcessing",
    "JobProcessingStatus",
    "JobSucceeded",
    "JobSucceededStatus",
    "Me",
    "MidiJob",
    "MidiJobAccepted",
    "MidiJobErrorType0",
    "MidiJobResultType0",
    "MidiNote",
    "MidiPreflight",
    "MidiResult",
    "Preflight",
    "Result",
    "ScorePdf",
    "Segment",
    "TextToMusicRequest",
    "TextToSfxRequest",
    "TextToSfxV16Request",
    "TimeSignature",
    "VideoSourceAsset",
    "VideoSourceAssetType",
    "VideoSourceUrl",
    "VideoSourceUrlType",
    "VideoToMusicRequest",
    "VideoToSfxRequest",
    "VideoToSfxRequestOutput",
    "VideoToSfxV16Request",
    "VideoToSfxV16RequestOutput",
)
