"""Contains all the data models used in inputs/outputs"""

from .asset import Asset
from .asset_request import AssetRequest
from .audio_source_asset import AudioSourceAsset
from .audio_source_asset_type import AudioSourceAssetType
from .audio_source_url import AudioSourceUrl
from .audio_source_url_type import AudioSourceUrlType
from .echoed_request import EchoedRequest
from .error_detail import ErrorDetail
from .error_response import ErrorResponse
from .extend_audio_v16_request import ExtendAudioV16Request
from .extend_audio_with_video_v16_request import ExtendAudioWithVideoV16Request
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
from .preflight import Preflight
from .result import Result
from .segment import Segment
from .text_to_sfx_request import TextToSfxRequest
from .text_to_sfx_v16_request import TextToSfxV16Request
from .video_source_asset import VideoSourceAsset
from .video_source_asset_type import VideoSourceAssetType
from .video_source_url import VideoSourceUrl
from .video_source_url_type import VideoSourceUrlType
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
    "EchoedRequest",
    "ErrorDetail",
    "ErrorResponse",
    "ExtendAudioV16Request",
    "ExtendAudioWithVideoV16Request",
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
    "Preflight",
    "Result",
    "Segment",
    "TextToSfxRequest",
    "TextToSfxV16Request",
    "VideoSourceAsset",
    "VideoSourceAssetType",
    "VideoSourceUrl",
    "VideoSourceUrlType",
    "VideoToSfxRequest",
    "VideoToSfxRequestOutput",
    "VideoToSfxV16Request",
    "VideoToSfxV16RequestOutput",
)
