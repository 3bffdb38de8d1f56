from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.error_response import ErrorResponse
from ...models.preflight import Preflight
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    duration_ms: int,
    num_samples: int | Unset = 1,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["duration_ms"] = duration_ms

    params["num_samples"] = num_samples

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v2/text-to-music/v1.0/preflight",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorResponse | Preflight | None:
    if response.status_code == 200:
        response_200 = Preflight.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorResponse.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorResponse.from_dict(response.json())

        return response_401

    if response.status_code == 402:
        response_402 = ErrorResponse.from_dict(response.json())

        return response_402

    if response.status_code == 429:
        response_429 = ErrorResponse.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = ErrorResponse.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ErrorResponse | Preflight]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    duration_ms: int,
    num_samples: int | Unset = 1,
) -> Response[ErrorResponse | Preflight]:
    """Price music from text

     Tell the price and the expected time of music from a text, without starting it. Costs nothing. Seen
    with others' clients only.

    Args:
        duration_ms (int):
        num_samples (int | Unset):  Default: 1.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorResponse | Preflight]
    """

    kwargs = _get_kwargs(
        duration_ms=duration_ms,
        num_samples=num_samples,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    duration_ms: int,
    num_samples: int | Unset = 1,
) -> ErrorResponse | Preflight | None:
    """Price music from text

     Tell the price and the expected time of music from a text, without starting it. Costs nothing. Seen
    with others' clients only.

    Args:
        duration_ms (int):
        num_samples (int | Unset):  Default: 1.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorResponse | Preflight
    """

    return sync_detailed(
        client=client,
        duration_ms=duration_ms,
        num_samples=num_samples,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    duration_ms: int,
    num_samples: int | Unset = 1,
) -> Response[ErrorResponse | Preflight]:
    """Price music from text

     Tell the price and the expected time of music from a text, without starting it. Costs nothing. Seen
    with others' clients only.

    Args:
        duration_ms (int):
        num_samples (int | Unset):  Default: 1.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorResponse | Preflight]
    """

    kwargs = _get_kwargs(
        duration_ms=duration_ms,
        num_samples=num_samples,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    duration_ms: int,
    num_samples: int | Unset = 1,
) -> ErrorResponse | Preflight | None:
    """Price music from text

     Tell the price and the expected time of music from a text, without starting it. Costs nothing. Seen
    with others' clients only.

    Args:
        duration_ms (int):
        num_samples (int | Unset):  Default: 1.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorResponse | Preflight
    """

    return (
        await asyncio_detailed(
            client=client,
            duration_ms=duration_ms,
            num_samples=num_samples,
        )
    ).parsed
