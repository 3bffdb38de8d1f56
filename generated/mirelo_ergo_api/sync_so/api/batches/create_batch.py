from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.api_error import ApiError
from ...models.batch_response import BatchResponse
from ...models.batch_validation import BatchValidation
from ...models.create_batch import CreateBatch
from ...types import Response


def _get_kwargs(
    *,
    body: CreateBatch,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v2/batch",
    }

    _kwargs["files"] = body.to_multipart()

    headers["Content-Type"] = "multipart/form-data; boundary=+++"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | BatchResponse | BatchValidation | None:
    if response.status_code == 201:

        def _parse_response_201(data: object) -> BatchResponse | BatchValidation:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_201_type_0 = BatchResponse.from_dict(data)

                return response_201_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_201_type_1 = BatchValidation.from_dict(data)

            return response_201_type_1

        response_201 = _parse_response_201(response.json())

        return response_201

    if response.status_code == 400:
        response_400 = ApiError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ApiError.from_dict(response.json())

        return response_401

    if response.status_code == 402:
        response_402 = ApiError.from_dict(response.json())

        return response_402

    if response.status_code == 429:
        response_429 = ApiError.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = ApiError.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ApiError | BatchResponse | BatchValidation]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateBatch,
) -> Response[ApiError | BatchResponse | BatchValidation]:
    """Create a batch

     Create 20 to 500 generations from one JSONL file of at most 5 MB, whose lines are {"request_id": a
    unique text, "endpoint": "/v2/generate", "payload": a CreateGeneration}. A dry run checks the file
    and creates nothing. Only some plans may.

    Args:
        body (CreateBatch): A batch to create.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | BatchResponse | BatchValidation]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: CreateBatch,
) -> ApiError | BatchResponse | BatchValidation | None:
    """Create a batch

     Create 20 to 500 generations from one JSONL file of at most 5 MB, whose lines are {"request_id": a
    unique text, "endpoint": "/v2/generate", "payload": a CreateGeneration}. A dry run checks the file
    and creates nothing. Only some plans may.

    Args:
        body (CreateBatch): A batch to create.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | BatchResponse | BatchValidation
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateBatch,
) -> Response[ApiError | BatchResponse | BatchValidation]:
    """Create a batch

     Create 20 to 500 generations from one JSONL file of at most 5 MB, whose lines are {"request_id": a
    unique text, "endpoint": "/v2/generate", "payload": a CreateGeneration}. A dry run checks the file
    and creates nothing. Only some plans may.

    Args:
        body (CreateBatch): A batch to create.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | BatchResponse | BatchValidation]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: CreateBatch,
) -> ApiError | BatchResponse | BatchValidation | None:
    """Create a batch

     Create 20 to 500 generations from one JSONL file of at most 5 MB, whose lines are {"request_id": a
    unique text, "endpoint": "/v2/generate", "payload": a CreateGeneration}. A dry run checks the file
    and creates nothing. Only some plans may.

    Args:
        body (CreateBatch): A batch to create.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | BatchResponse | BatchValidation
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
