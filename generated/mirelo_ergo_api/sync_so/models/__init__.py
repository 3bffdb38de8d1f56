"""Contains all the data models used in inputs/outputs"""

from .active_speaker import ActiveSpeaker
from .api_error import ApiError
from .asset import Asset
from .asset_ids import AssetIds
from .asset_page import AssetPage
from .asset_type import AssetType
from .asset_upload import AssetUpload
from .audio_input import AudioInput
from .audio_input_type import AudioInputType
from .batch_metrics import BatchMetrics
from .batch_response import BatchResponse
from .batch_validation import BatchValidation
from .batch_validation_status import BatchValidationStatus
from .create_asset import CreateAsset
from .create_asset_upload import CreateAssetUpload
from .create_batch import CreateBatch
from .create_batch_dry_run import CreateBatchDryRun
from .create_generation import CreateGeneration
from .create_generation_with_files import CreateGenerationWithFiles
from .create_project import CreateProject
from .create_project_default_workflow import CreateProjectDefaultWorkflow
from .deleted_asset import DeletedAsset
from .dialogue_edit import DialogueEdit
from .dub_params import DubParams
from .estimated_generation_cost import EstimatedGenerationCost
from .free_object import FreeObject
from .generation import Generation
from .generation_costs import GenerationCosts
from .generation_count import GenerationCount
from .generation_options import GenerationOptions
from .generation_options_model_mode import GenerationOptionsModelMode
from .generation_options_prompt import GenerationOptionsPrompt
from .generation_options_sync_mode import GenerationOptionsSyncMode
from .image_input import ImageInput
from .image_input_type import ImageInputType
from .list_assets_sort_by import ListAssetsSortBy
from .model_info import ModelInfo
from .nullable_object_type_0 import NullableObjectType0
from .project import Project
from .project_asset import ProjectAsset
from .segment import Segment
from .segment_audio import SegmentAudio
from .text_input import TextInput
from .text_input_type import TextInputType
from .tts_provider import TtsProvider
from .tts_provider_name import TtsProviderName
from .update_asset import UpdateAsset
from .uploaded_asset import UploadedAsset
from .video_input import VideoInput
from .video_input_type import VideoInputType
from .visibility import Visibility

__all__ = (
    "ActiveSpeaker",
    "ApiError",
    "Asset",
    "AssetIds",
    "AssetPage",
    "AssetType",
    "AssetUpload",
    "AudioInput",
    "AudioInputType",
    "BatchMetrics",
    "BatchResponse",
    "BatchValidation",
    "BatchValidationStatus",
    "CreateAsset",
    "CreateAssetUpload",
    "CreateBatch",
    "CreateBatchDryRun",
    "CreateGeneration",
    "CreateGenerationWithFiles",
    "CreateProject",
    "CreateProjectDefaultWorkflow",
    "DeletedAsset",
    "DialogueEdit",
    "DubParams",
    "EstimatedGenerationCost",
    "FreeObject",
    "Generation",
    "GenerationCosts",
    "GenerationCount",
    "GenerationOptions",
    "GenerationOptionsModelMode",
    "GenerationOptionsPrompt",
    "GenerationOptionsSyncMode",
    "ImageInput",
    "ImageInputType",
    "ListAssetsSortBy",
    "ModelInfo",
    "NullableObjectType0",
    "Project",
    "ProjectAsset",
    "Segment",
    "SegmentAudio",
    "TextInput",
    "TextInputType",
    "TtsProvider",
    "TtsProviderName",
    "UpdateAsset",
    "UploadedAsset",
    "VideoInput",
    "VideoInputType",
    "Visibility",
)
