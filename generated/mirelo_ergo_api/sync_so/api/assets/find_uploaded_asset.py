from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.api_error import ApiError
from ...models.asset_type import AssetType
from ...models.uploaded_asset import UploadedAsset
from ...types import UNSET, Response


def _get_kwargs(
    *,
    content_sha_256: str,
    type_: AssetType,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["contentSha256"] = content_sha_256

    json_type_: str = type_
    params["type"] = json_type_

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v2/assets/uploaded",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | UploadedAsset | None:
    if response.status_code == 200:
        response_200 = UploadedAsset.from_dict(response.json())

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
) -> Response[ApiError | UploadedAsset]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    content_sha_256: str,
    type_: AssetType,
) -> Response[ApiError | UploadedAsset]:
    """Find an asset by its bytes

     Look for an asset with the same bytes, uploaded with this key. None is the normal case.

    Args:
        content_sha_256 (str):
        type_ (AssetType): What kind of file it is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | UploadedAsset]
    """

    kwargs = _get_kwargs(
        content_sha_256=content_sha_256,
        type_=type_,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    content_sha_256: str,
    type_: AssetType,
) -> ApiError | UploadedAsset | None:
    """Find an asset by its bytes

     Look for an asset with the same bytes, uploaded with this key. None is the normal case.

    Args:
        content_sha_256 (str):
        type_ (AssetType): What kind of file it is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | UploadedAsset
    """

    return sync_detailed(
        client=client,
        content_sha_256=content_sha_256,
        type_=type_,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    content_sha_256: str,
    type_: AssetType,
) -> Response[ApiError | UploadedAsset]:
    """Find an asset by its bytes

     Look for an asset with the same bytes, uploaded with this key. None is the normal case.

    Args:
        content_sha_256 (str):
        type_ (AssetType): What kind of file it is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | UploadedAsset]
    """

    kwargs = _get_kwargs(
        content_sha_256=content_sha_256,
        type_=type_,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    content_sha_256: str,
    type_: AssetType,
) -> ApiError | UploadedAsset | None:
    """Find an asset by its bytes

     Look for an asset with the same bytes, uploaded with this key. None is the normal case.

    Args:
        content_sha_256 (str):
        type_ (AssetType): What kind of file it is.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | UploadedAsset
    """

    return (
        await asyncio_detailed(
            client=client,
            content_sha_256=content_sha_256,
            type_=type_,
        )
    ).parsed
