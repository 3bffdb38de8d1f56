from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.api_error import ApiError
from ...models.generation_count import GenerationCount
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: str | Unset = UNSET,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    generation_source: str | Unset = UNSET,
    current_user_only: bool | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["status"] = status

    params["type"] = type_

    params["source"] = source

    params["generationSource"] = generation_source

    params["currentUserOnly"] = current_user_only

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v2/generations/count",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | GenerationCount | None:
    if response.status_code == 200:
        response_200 = GenerationCount.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ApiError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ApiError.from_dict(response.json())

        return response_401

    if response.status_code == 429:
        response_429 = ApiError.from_dict(response.json())

        return response_429

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ApiError | GenerationCount]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    status: str | Unset = UNSET,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    generation_source: str | Unset = UNSET,
    current_user_only: bool | Unset = UNSET,
) -> Response[ApiError | GenerationCount]:
    """Count generations

     Tell how many generations there are.

    Args:
        status (str | Unset):
        type_ (str | Unset):
        source (str | Unset):
        generation_source (str | Unset):
        current_user_only (bool | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | GenerationCount]
    """

    kwargs = _get_kwargs(
        status=status,
        type_=type_,
        source=source,
        generation_source=generation_source,
        current_user_only=current_user_only,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    status: str | Unset = UNSET,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    generation_source: str | Unset = UNSET,
    current_user_only: bool | Unset = UNSET,
) -> ApiError | GenerationCount | None:
    """Count generations

     Tell how many generations there are.

    Args:
        status (str | Unset):
        type_ (str | Unset):
        source (str | Unset):
        generation_source (str | Unset):
        current_user_only (bool | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | GenerationCount
    """

    return sync_detailed(
        client=client,
        status=status,
        type_=type_,
        source=source,
        generation_source=generation_source,
        current_user_only=current_user_only,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    status: str | Unset = UNSET,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    generation_source: str | Unset = UNSET,
    current_user_only: bool | Unset = UNSET,
) -> Response[ApiError | GenerationCount]:
    """Count generations

     Tell how many generations there are.

    Args:
        status (str | Unset):
        type_ (str | Unset):
        source (str | Unset):
        generation_source (str | Unset):
        current_user_only (bool | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | GenerationCount]
    """

    kwargs = _get_kwargs(
        status=status,
        type_=type_,
        source=source,
        generation_source=generation_source,
        current_user_only=current_user_only,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    status: str | Unset = UNSET,
    type_: str | Unset = UNSET,
    source: str | Unset = UNSET,
    generation_source: str | Unset = UNSET,
    current_user_only: bool | Unset = UNSET,
) -> ApiError | GenerationCount | None:
    """Count generations

     Tell how many generations there are.

    Args:
        status (str | Unset):
        type_ (str | Unset):
        source (str | Unset):
        generation_source (str | Unset):
        current_user_only (bool | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | GenerationCount
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            type_=type_,
            source=source,
            generation_source=generation_source,
            current_user_only=current_user_only,
        )
    ).parsed
