from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.api_error import ApiError
from ...models.generation import Generation
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    wait: bool | Unset = UNSET,
    timeout: float | Unset = UNSET,
    include: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["wait"] = wait

    params["timeout"] = timeout

    params["include"] = include

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v2/generate/{id}".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | Generation | None:
    if response.status_code == 200:
        response_200 = Generation.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ApiError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ApiError.from_dict(response.json())

        return response_401

    if response.status_code == 404:
        response_404 = ApiError.from_dict(response.json())

        return response_404

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
) -> Response[ApiError | Generation]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    wait: bool | Unset = UNSET,
    timeout: float | Unset = UNSET,
    include: str | Unset = UNSET,
) -> Response[ApiError | Generation]:
    """Read a generation

     Tell how far a generation is. With `wait`, the answer is held until the generation has ended or the
    time is up; then the headers Retry-After, X-Sync-Wait-Mode and X-Sync-Wait-Timeout-Seconds come with
    it.

    Args:
        id (str):
        wait (bool | Unset):
        timeout (float | Unset):
        include (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | Generation]
    """

    kwargs = _get_kwargs(
        id=id,
        wait=wait,
        timeout=timeout,
        include=include,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient,
    wait: bool | Unset = UNSET,
    timeout: float | Unset = UNSET,
    include: str | Unset = UNSET,
) -> ApiError | Generation | None:
    """Read a generation

     Tell how far a generation is. With `wait`, the answer is held until the generation has ended or the
    time is up; then the headers Retry-After, X-Sync-Wait-Mode and X-Sync-Wait-Timeout-Seconds come with
    it.

    Args:
        id (str):
        wait (bool | Unset):
        timeout (float | Unset):
        include (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | Generation
    """

    return sync_detailed(
        id=id,
        client=client,
        wait=wait,
        timeout=timeout,
        include=include,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient,
    wait: bool | Unset = UNSET,
    timeout: float | Unset = UNSET,
    include: str | Unset = UNSET,
) -> Response[ApiError | Generation]:
    """Read a generation

     Tell how far a generation is. With `wait`, the answer is held until the generation has ended or the
    time is up; then the headers Retry-After, X-Sync-Wait-Mode and X-Sync-Wait-Timeout-Seconds come with
    it.

    Args:
        id (str):
        wait (bool | Unset):
        timeout (float | Unset):
        include (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | Generation]
    """

    kwargs = _get_kwargs(
        id=id,
        wait=wait,
        timeout=timeout,
        include=include,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient,
    wait: bool | Unset = UNSET,
    timeout: float | Unset = UNSET,
    include: str | Unset = UNSET,
) -> ApiError | Generation | None:
    """Read a generation

     Tell how far a generation is. With `wait`, the answer is held until the generation has ended or the
    time is up; then the headers Retry-After, X-Sync-Wait-Mode and X-Sync-Wait-Timeout-Seconds come with
    it.

    Args:
        id (str):
        wait (bool | Unset):
        timeout (float | Unset):
        include (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | Generation
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            wait=wait,
            timeout=timeout,
            include=include,
        )
    ).parsed
