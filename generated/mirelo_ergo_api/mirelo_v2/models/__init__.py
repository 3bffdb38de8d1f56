"""Contains all the data models used in inputs/outputs"""

from .asset import Asset
from .asset_request import AssetRequest
from .echoed_request import EchoedRequest
from .error_detail import ErrorDetail
from .error_response import ErrorResponse
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
from .text_to_sfx_request import TextToSfxRequest
from .video_source_asset import VideoSourceAsset
from .video_source_asset_type import VideoSourceAssetType
from .video_source_url import VideoSourceUrl
from .video_source_url_type import VideoSourceUrlType
from .video_to_sfx_request import VideoToSfxRequest
from .video_to_sfx_request_output import VideoToSfxRequestOutput

__all__ = (
    "Asset",
    "AssetRequest",
    "EchoedRequest",
    "ErrorDetail",
    "ErrorResponse",
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
    "TextToSfxRequest",
    "VideoSourceAsset",
    "VideoSourceAssetType",
    "VideoSourceUrl",
    "VideoSourceUrlType",
    "VideoToSfxRequest",
    "VideoToSfxRequestOutput",
)
