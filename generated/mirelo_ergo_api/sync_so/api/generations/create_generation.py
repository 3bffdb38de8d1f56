from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.api_error import ApiError
from ...models.create_generation import CreateGeneration
from ...models.create_generation_with_files import CreateGenerationWithFiles
from ...models.generation import Generation
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: CreateGeneration | CreateGenerationWithFiles | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v2/generate",
    }

    if isinstance(body, CreateGeneration):
        _kwargs["json"] = body.to_dict()

        headers["Content-Type"] = "application/json"
    if isinstance(body, CreateGenerationWithFiles):
        _kwargs["files"] = body.to_multipart()

        headers["Content-Type"] = "multipart/form-data; boundary=+++"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | Generation | None:
    if response.status_code == 201:
        response_201 = Generation.from_dict(response.json())

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

    if response.status_code == 409:
        response_409 = ApiError.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = ApiError.from_dict(response.json())

        return response_413

    if response.status_code == 422:
        response_422 = ApiError.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = ApiError.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = ApiError.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = ApiError.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ApiError | Generation]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateGeneration | CreateGenerationWithFiles | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Response[ApiError | Generation]:
    """Create a generation

     Create a generation and answer at once with its id. With `Idempotency-Key`, the same request sent
    again gives the same generation. As JSON, or as a form with the files in it.

    Args:
        idempotency_key (str | Unset):
        body (CreateGeneration): A generation to create.
        body (CreateGenerationWithFiles): A generation to create, with the files in the form. A
            file wins over a URL for the same input.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | Generation]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: CreateGeneration | CreateGenerationWithFiles | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> ApiError | Generation | None:
    """Create a generation

     Create a generation and answer at once with its id. With `Idempotency-Key`, the same request sent
    again gives the same generation. As JSON, or as a form with the files in it.

    Args:
        idempotency_key (str | Unset):
        body (CreateGeneration): A generation to create.
        body (CreateGenerationWithFiles): A generation to create, with the files in the form. A
            file wins over a URL for the same input.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | Generation
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateGeneration | CreateGenerationWithFiles | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Response[ApiError | Generation]:
    """Create a generation

     Create a generation and answer at once with its id. With `Idempotency-Key`, the same request sent
    again gives the same generation. As JSON, or as a form with the files in it.

    Args:
        idempotency_key (str | Unset):
        body (CreateGeneration): A generation to create.
        body (CreateGenerationWithFiles): A generation to create, with the files in the form. A
            file wins over a URL for the same input.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | Generation]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: CreateGeneration | CreateGenerationWithFiles | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> ApiError | Generation | None:
    """Create a generation

     Create a generation and answer at once with its id. With `Idempotency-Key`, the same request sent
    again gives the same generation. As JSON, or as a form with the files in it.

    Args:
        idempotency_key (str | Unset):
        body (CreateGeneration): A generation to create.
        body (CreateGenerationWithFiles): A generation to create, with the files in the form. A
            file wins over a URL for the same input.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | Generation
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
