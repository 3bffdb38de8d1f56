"""The service's operations: each one's method, path and parameters, as its spec says."""

from typing import Final, NamedTuple


class Endpoint(NamedTuple):
    """Where an operation is asked, and which parameters it takes beside its body."""

    name: str  # the operationId
    method: str
    path: str  # its parameters stand in braces
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


RUN_APP: Final = Endpoint("runApp", "POST", "/apps/run")
GET_APP: Final = Endpoint("getApp", "GET", "/apps/{id}")
GET_APP_BY_NAME: Final = Endpoint("getAppByName", "GET", "/apps/{namespace}/{name}")
CREATE_FILES: Final = Endpoint("createFiles", "POST", "/files")
LIST_FILES: Final = Endpoint("listFiles", "POST", "/files/list")
DELETE_FILE: Final = Endpoint("deleteFile", "DELETE", "/files/{id}")
GET_FILE: Final = Endpoint("getFile", "GET", "/files/{id}")
ESTIMATE_COST: Final = Endpoint("estimateCost", "POST", "/store/apps/{appId}/estimate")
LIST_TASKS: Final = Endpoint("listTasks", "POST", "/tasks/list")
DELETE_TASK: Final = Endpoint("deleteTask", "DELETE", "/tasks/{id}", query=("files",))
GET_TASK: Final = Endpoint("getTask", "GET", "/tasks/{id}")
CANCEL_TASK: Final = Endpoint("cancelTask", "POST", "/tasks/{id}/cancel")
DELETE_TASK_FILES: Final = Endpoint(
    "deleteTaskFiles", "DELETE", "/tasks/{id}/files", query=("role",)
)
LIST_TASK_FILES: Final = Endpoint(
    "listTaskFiles", "GET", "/tasks/{id}/files", query=("role",)
)
GET_TASK_LOGS: Final = Endpoint("getTaskLogs", "GET", "/tasks/{id}/logs")
GET_TASK_STATUS: Final = Endpoint("getTaskStatus", "GET", "/tasks/{id}/status")
STREAM_TASK: Final = Endpoint("streamTask", "GET", "/tasks/{id}/stream")
GET_TASK_TIMINGS: Final = Endpoint("getTaskTimings", "GET", "/tasks/{id}/timings")
