from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.api_error import ApiError
from ...models.generation import Generation
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    source: str | Unset = UNSET,
    project_id: UUID | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["status"] = status

    params["ids"] = ids

    params["source"] = source

    json_project_id: str | Unset = UNSET
    if not isinstance(project_id, Unset):
        json_project_id = str(project_id)
    params["projectId"] = json_project_id

    params["limit"] = limit

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v2/generations",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | list[Generation] | None:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = Generation.from_dict(response_200_item_data)

            response_200.append(response_200_item)

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

    if response.status_code == 500:
        response_500 = ApiError.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ApiError | list[Generation]]:
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
    ids: str | Unset = UNSET,
    source: str | Unset = UNSET,
    project_id: UUID | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
) -> Response[ApiError | list[Generation]]:
    """List generations

     List generations. With `limit` the newest come first, and `cursor` is the id of the last one of the
    page before; the answer itself names no next cursor. Without `limit`, all of them come, in no stated
    order.

    Args:
        status (str | Unset):
        ids (str | Unset):
        source (str | Unset):
        project_id (UUID | Unset):
        limit (int | Unset):
        cursor (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | list[Generation]]
    """

    kwargs = _get_kwargs(
        status=status,
        ids=ids,
        source=source,
        project_id=project_id,
        limit=limit,
        cursor=cursor,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    status: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    source: str | Unset = UNSET,
    project_id: UUID | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
) -> ApiError | list[Generation] | None:
    """List generations

     List generations. With `limit` the newest come first, and `cursor` is the id of the last one of the
    page before; the answer itself names no next cursor. Without `limit`, all of them come, in no stated
    order.

    Args:
        status (str | Unset):
        ids (str | Unset):
        source (str | Unset):
        project_id (UUID | Unset):
        limit (int | Unset):
        cursor (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | list[Generation]
    """

    return sync_detailed(
        client=client,
        status=status,
        ids=ids,
        source=source,
        project_id=project_id,
        limit=limit,
        cursor=cursor,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    status: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    source: str | Unset = UNSET,
    project_id: UUID | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
) -> Response[ApiError | list[Generation]]:
    """List generations

     List generations. With `limit` the newest come first, and `cursor` is the id of the last one of the
    page before; the answer itself names no next cursor. Without `limit`, all of them come, in no stated
    order.

    Args:
        status (str | Unset):
        ids (str | Unset):
        source (str | Unset):
        project_id (UUID | Unset):
        limit (int | Unset):
        cursor (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | list[Generation]]
    """

    kwargs = _get_kwargs(
        status=status,
        ids=ids,
        source=source,
        project_id=project_id,
        limit=limit,
        cursor=cursor,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    status: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    source: str | Unset = UNSET,
    project_id: UUID | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
) -> ApiError | list[Generation] | None:
    """List generations

     List generations. With `limit` the newest come first, and `cursor` is the id of the last one of the
    page before; the answer itself names no next cursor. Without `limit`, all of them come, in no stated
    order.

    Args:
        status (str | Unset):
        ids (str | Unset):
        source (str | Unset):
        project_id (UUID | Unset):
        limit (int | Unset):
        cursor (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | list[Generation]
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            ids=ids,
            source=source,
            project_id=project_id,
            limit=limit,
            cursor=cursor,
        )
    ).parsed
