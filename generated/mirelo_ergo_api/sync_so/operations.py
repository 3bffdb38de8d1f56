"""The service's operations: each one's method, path and parameters, as its spec says."""

from typing import Final, NamedTuple


class Endpoint(NamedTuple):
    """Where an operation is asked, and which parameters it takes beside its body."""

    name: str  # the operationId
    method: str
    path: str  # its parameters stand in braces
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


ESTIMATE_COST: Final = Endpoint("estimateCost", "POST", "/v2/analyze/cost")
LIST_ASSETS: Final = Endpoint(
    "listAssets",
    "GET",
    "/v2/assets",
    query=("projectId", "searchQuery", "cursor", "limit", "sortBy", "types"),
)
CREATE_ASSET: Final = Endpoint("createAsset", "POST", "/v2/assets")
GET_ASSETS: Final = Endpoint("getAssets", "POST", "/v2/assets/batch")
CREATE_ASSET_UPLOAD: Final = Endpoint("createAssetUpload", "POST", "/v2/assets/upload")
FIND_UPLOADED_ASSET: Final = Endpoint(
    "findUploadedAsset", "GET", "/v2/assets/uploaded", query=("contentSha256", "type")
)
DELETE_ASSET: Final = Endpoint("deleteAsset", "DELETE", "/v2/assets/{id}")
GET_ASSET: Final = Endpoint("getAsset", "GET", "/v2/assets/{id}")
UPDATE_ASSET: Final = Endpoint("updateAsset", "PATCH", "/v2/assets/{id}")
GET_ASSET_DOWNLOAD_URL: Final = Endpoint(
    "getAssetDownloadUrl", "GET", "/v2/assets/{id}/download"
)
LIST_BATCHES: Final = Endpoint(
    "listBatches",
    "GET",
    "/v2/batch",
    query=("status", "created_after", "created_before"),
)
CREATE_BATCH: Final = Endpoint("createBatch", "POST", "/v2/batch")
GET_BATCH: Final = Endpoint("getBatch", "GET", "/v2/batch/{id}")
LIST_ERROR_CODES: Final = Endpoint("listErrorCodes", "GET", "/v2/errors")
CREATE_GENERATION: Final = Endpoint(
    "createGeneration", "POST", "/v2/generate", headers=("Idempotency-Key",)
)
GET_GENERATION: Final = Endpoint(
    "getGeneration", "GET", "/v2/generate/{id}", query=("wait", "timeout", "include")
)
GET_GENERATION_COSTS: Final = Endpoint(
    "getGenerationCosts", "GET", "/v2/generate/{id}/costs"
)
LIST_GENERATIONS: Final = Endpoint(
    "listGenerations",
    "GET",
    "/v2/generations",
    query=("status", "ids", "source", "projectId", "limit", "cursor"),
)
COUNT_GENERATIONS: Final = Endpoint(
    "countGenerations",
    "GET",
    "/v2/generations/count",
    query=("status", "type", "source", "generationSource", "currentUserOnly"),
)
DELETE_GENERATION: Final = Endpoint(
    "deleteGeneration", "DELETE", "/v2/generations/{id}"
)
GET_GENERATION_DOWNLOAD_URL: Final = Endpoint(
    "getGenerationDownloadUrl", "GET", "/v2/generations/{id}/download"
)
LIST_MODELS: Final = Endpoint("listModels", "GET", "/v2/models")
LIST_PROJECTS: Final = Endpoint("listProjects", "GET", "/v2/projects")
CREATE_PROJECT: Final = Endpoint("createProject", "POST", "/v2/projects")
GET_PROJECT: Final = Endpoint("getProject", "GET", "/v2/projects/{id}")
ADD_PROJECT_ASSET: Final = Endpoint(
    "addProjectAsset", "POST", "/v2/projects/{id}/assets"
)
REMOVE_PROJECT_ASSET: Final = Endpoint(
    "removeProjectAsset", "DELETE", "/v2/projects/{id}/assets/{assetId}"
)
