from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.api_error import ApiError
from ...models.create_generation import CreateGeneration
from ...models.estimated_generation_cost import EstimatedGenerationCost
from ...types import Response


def _get_kwargs(
    *,
    body: CreateGeneration,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v2/analyze/cost",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | list[EstimatedGenerationCost] | None:
    if response.status_code == 200:
        response_200 = []
        _response_200 = response.json()
        for response_200_item_data in _response_200:
            response_200_item = EstimatedGenerationCost.from_dict(
                response_200_item_data
            )

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
) -> Response[ApiError | list[EstimatedGenerationCost]]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateGeneration,
) -> Response[ApiError | list[EstimatedGenerationCost]]:
    """Estimate what a generation would cost

     Estimate the frames and the price, in US dollars, of a generation, without creating it. The body is
    that of the create.

    Args:
        body (CreateGeneration): A generation to create.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | list[EstimatedGenerationCost]]
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
    body: CreateGeneration,
) -> ApiError | list[EstimatedGenerationCost] | None:
    """Estimate what a generation would cost

     Estimate the frames and the price, in US dollars, of a generation, without creating it. The body is
    that of the create.

    Args:
        body (CreateGeneration): A generation to create.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | list[EstimatedGenerationCost]
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: CreateGeneration,
) -> Response[ApiError | list[EstimatedGenerationCost]]:
    """Estimate what a generation would cost

     Estimate the frames and the price, in US dollars, of a generation, without creating it. The body is
    that of the create.

    Args:
        body (CreateGeneration): A generation to create.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | list[EstimatedGenerationCost]]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: CreateGeneration,
) -> ApiError | list[EstimatedGenerationCost] | None:
    """Estimate what a generation would cost

     Estimate the frames and the price, in US dollars, of a generation, without creating it. The body is
    that of the create.

    Args:
        body (CreateGeneration): A generation to create.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | list[EstimatedGenerationCost]
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
