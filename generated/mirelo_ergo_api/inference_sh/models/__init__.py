"""Contains all the data models used in inputs/outputs"""

from .any_envelope import AnyEnvelope
from .app import App
from .app_envelope import AppEnvelope
from .app_input import AppInput
from .app_output import AppOutput
from .app_setup import AppSetup
from .cancel_request import CancelRequest
from .cursor_list_request import CursorListRequest
from .delete_task_files_role import DeleteTaskFilesRole
from .deleted_files import DeletedFiles
from .deleted_files_envelope import DeletedFilesEnvelope
from .estimate import Estimate
from .estimate_envelope import EstimateEnvelope
from .estimate_request import EstimateRequest
from .file import File
from .file_create_request import FileCreateRequest
from .file_envelope import FileEnvelope
from .file_page import FilePage
from .file_page_envelope import FilePageEnvelope
from .file_ref import FileRef
from .files_envelope import FilesEnvelope
from .free_object_type_0 import FreeObjectType0
from .list_filter import ListFilter
from .list_filter_operator import ListFilterOperator
from .list_search import ListSearch
from .list_sort import ListSort
from .list_sort_dir import ListSortDir
from .list_task_files_role import ListTaskFilesRole
from .mmaudio_input import MmaudioInput
from .mmaudio_output import MmaudioOutput
from .new_file import NewFile
from .problem import Problem
from .requirement import Requirement
from .requirements import Requirements
from .run_metadata import RunMetadata
from .run_request import RunRequest
from .run_request_infra import RunRequestInfra
from .service_message import ServiceMessage
from .skipped_file import SkippedFile
from .task import Task
from .task_envelope import TaskEnvelope
from .task_event import TaskEvent
from .task_file import TaskFile
from .task_files_envelope import TaskFilesEnvelope
from .task_log import TaskLog
from .task_logs import TaskLogs
from .task_logs_envelope import TaskLogsEnvelope
from .task_page import TaskPage
from .task_page_envelope import TaskPageEnvelope
from .task_result import TaskResult
from .task_result_envelope import TaskResultEnvelope
from .task_status import TaskStatus
from .task_status_envelope import TaskStatusEnvelope
from .timings import Timings
from .timings_envelope import TimingsEnvelope

__all__ = (
    "AnyEnvelope",
    "App",
    "AppEnvelope",
    "AppInput",
    "AppOutput",
    "AppSetup",
    "CancelRequest",
    "CursorListRequest",
    "DeletedFiles",
    "DeletedFilesEnvelope",
    "DeleteTaskFilesRole",
    "Estimate",
    "EstimateEnvelope",
    "EstimateRequest",
    "File",
    "FileCreateRequest",
    "FileEnvelope",
    "FilePage",
    "FilePageEnvelope",
    "FileRef",
    "FilesEnvelope",
    "FreeObjectType0",
    "ListFilter",
    "ListFilterOperator",
    "ListSearch",
    "ListSort",
    "ListSortDir",
    "ListTaskFilesRole",
    "MmaudioInput",
    "MmaudioOutput",
    "NewFile",
    "Problem",
    "Requirement",
    "Requirements",
    "RunMetadata",
    "RunRequest",
    "RunRequestInfra",
    "ServiceMessage",
    "SkippedFile",
    "Task",
    "TaskEnvelope",
    "TaskEvent",
    "TaskFile",
    "TaskFilesEnvelope",
    "TaskLog",
    "TaskLogs",
    "TaskLogsEnvelope",
    "TaskPage",
    "TaskPageEnvelope",
    "TaskResult",
    "TaskResultEnvelope",
    "TaskStatus",
    "TaskStatusEnvelope",
    "Timings",
    "TimingsEnvelope",
)
