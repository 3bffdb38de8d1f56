from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.api_error import ApiError
from ...models.asset_page import AssetPage
from ...models.list_assets_sort_by import ListAssetsSortBy
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    project_id: str | Unset = UNSET,
    search_query: str | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    sort_by: ListAssetsSortBy | Unset = UNSET,
    types: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["projectId"] = project_id

    params["searchQuery"] = search_query

    params["cursor"] = cursor

    params["limit"] = limit

    json_sort_by: str | Unset = UNSET
    if not isinstance(sort_by, Unset):
        json_sort_by = sort_by

    params["sortBy"] = json_sort_by

    params["types"] = types

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v2/assets",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | AssetPage | None:
    if response.status_code == 200:
        response_200 = AssetPage.from_dict(response.json())

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
) -> Response[ApiError | AssetPage]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    project_id: str | Unset = UNSET,
    search_query: str | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    sort_by: ListAssetsSortBy | Unset = UNSET,
    types: str | Unset = UNSET,
) -> Response[ApiError | AssetPage]:
    """List assets

     List assets, a page at a time.

    Args:
        project_id (str | Unset):
        search_query (str | Unset):
        cursor (str | Unset):
        limit (int | Unset):
        sort_by (ListAssetsSortBy | Unset):
        types (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | AssetPage]
    """

    kwargs = _get_kwargs(
        project_id=project_id,
        search_query=search_query,
        cursor=cursor,
        limit=limit,
        sort_by=sort_by,
        types=types,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    project_id: str | Unset = UNSET,
    search_query: str | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    sort_by: ListAssetsSortBy | Unset = UNSET,
    types: str | Unset = UNSET,
) -> ApiError | AssetPage | None:
    """List assets

     List assets, a page at a time.

    Args:
        project_id (str | Unset):
        search_query (str | Unset):
        cursor (str | Unset):
        limit (int | Unset):
        sort_by (ListAssetsSortBy | Unset):
        types (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | AssetPage
    """

    return sync_detailed(
        client=client,
        project_id=project_id,
        search_query=search_query,
        cursor=cursor,
        limit=limit,
        sort_by=sort_by,
        types=types,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    project_id: str | Unset = UNSET,
    search_query: str | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    sort_by: ListAssetsSortBy | Unset = UNSET,
    types: str | Unset = UNSET,
) -> Response[ApiError | AssetPage]:
    """List assets

     List assets, a page at a time.

    Args:
        project_id (str | Unset):
        search_query (str | Unset):
        cursor (str | Unset):
        limit (int | Unset):
        sort_by (ListAssetsSortBy | Unset):
        types (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | AssetPage]
    """

    kwargs = _get_kwargs(
        project_id=project_id,
        search_query=search_query,
        cursor=cursor,
        limit=limit,
        sort_by=sort_by,
        types=types,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    project_id: str | Unset = UNSET,
    search_query: str | Unset = UNSET,
    cursor: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    sort_by: ListAssetsSortBy | Unset = UNSET,
    types: str | Unset = UNSET,
) -> ApiError | AssetPage | None:
    """List assets

     List assets, a page at a time.

    Args:
        project_id (str | Unset):
        search_query (str | Unset):
        cursor (str | Unset):
        limit (int | Unset):
        sort_by (ListAssetsSortBy | Unset):
        types (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | AssetPage
    """

    return (
        await asyncio_detailed(
            client=client,
            project_id=project_id,
            search_query=search_query,
            cursor=cursor,
            limit=limit,
            sort_by=sort_by,
            types=types,
        )
    ).parsed
