"""Contains all the data models used in inputs/outputs"""

from .queue_error import QueueError
from .queued_request import QueuedRequest
from .queued_request_status import QueuedRequestStatus
from .request_output import RequestOutput
from .request_status import RequestStatus
from .request_status_status import RequestStatusStatus
from .text_to_audio_request import TextToAudioRequest
from .text_to_audio_request_upload_audio_format import (
    TextToAudioRequestUploadAudioFormat,
)
from .video_to_audio_request import VideoToAudioRequest
from .video_to_video_request import VideoToVideoRequest
from .webhook_mode import WebhookMode

__all__ = (
    "QueuedRequest",
    "QueuedRequestStatus",
    "QueueError",
    "RequestOutput",
    "RequestStatus",
    "RequestStatusStatus",
    "TextToAudioRequest",
    "TextToAudioRequestUploadAudioFormat",
    "VideoToAudioRequest",
    "VideoToVideoRequest",
    "WebhookMode",
)
