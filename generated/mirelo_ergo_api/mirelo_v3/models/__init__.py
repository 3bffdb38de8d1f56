"""Contains all the data models used in inputs/outputs"""

from .asset import Asset
from .asset_ref import AssetRef
from .asset_ref_type import AssetRefType
from .asset_request import AssetRequest
from .audio_edit_input import AudioEditInput
from .credit_recovery import CreditRecovery
from .error_detail import ErrorDetail
from .error_response import ErrorResponse
from .extend_request import ExtendRequest
from .form_fields import FormFields
from .free_object_type_0 import FreeObjectType0
from .inpaint_request import InpaintRequest
from .job import Job
from .job_error_entry import JobErrorEntry
from .job_receipt import JobReceipt
from .job_result_type_0 import JobResultType0
from .loop_controls import LoopControls
from .me import Me
from .model import Model
from .model_list import ModelList
from .output import Output
from .output_options import OutputOptions
from .planned_output import PlannedOutput
from .preflight import Preflight
from .region import Region
from .result_file import ResultFile
from .speech_controls import SpeechControls
from .text_input import TextInput
from .text_to_sfx_request import TextToSfxRequest
from .variant import Variant
from .variant_files_type_0 import VariantFilesType0
from .video_input import VideoInput
from .video_to_sfx_request import VideoToSfxRequest

__all__ = (
    "Asset",
    "AssetRef",
    "AssetRefType",
    "AssetRequest",
    "AudioEditInput",
    "CreditRecovery",
    "ErrorDetail",
    "ErrorResponse",
    "ExtendRequest",
    "FormFields",
    "FreeObjectType0",
    "InpaintRequest",
    "Job",
    "JobErrorEntry",
    "JobReceipt",
    "JobResultType0",
    "LoopControls",
    "Me",
    "Model",
    "ModelList",
    "Output",
    "OutputOptions",
    "PlannedOutput",
    "Preflight",
    "Region",
    "ResultFile",
    "SpeechControls",
    "TextInput",
    "TextToSfxRequest",
    "Variant",
    "VariantFilesType0",
    "VideoInput",
    "VideoToSfxRequest",
)
