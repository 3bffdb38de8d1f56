from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.detect_instruments_request import DetectInstrumentsRequest
from ...models.detected_instruments import DetectedInstruments
from ...models.error_response import ErrorResponse
from ...types import Response


def _get_kwargs(
    *,
    body: DetectInstrumentsRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v2/audio-to-midi/v1.0/instruments",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> DetectedInstruments | ErrorResponse | None:
    if response.status_code == 200:
        response_200 = DetectedInstruments.from_dict(response.json())

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

    if response.status_code == 422:
        response_422 = ErrorResponse.from_dict(response.json())

        return response_422

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
) -> Response[DetectedInstruments | ErrorResponse]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: DetectInstrumentsRequest,
) -> Response[DetectedInstruments | ErrorResponse]:
    """Detect the instruments of a sound

     Tell which instruments a transcription of a sound should look for. Free, ten times a day. Seen with
    others' clients only.

    Args:
        body (DetectInstrumentsRequest): A sound whose instruments are to be told.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DetectedInstruments | ErrorResponse]
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
    body: DetectInstrumentsRequest,
) -> DetectedInstruments | ErrorResponse | None:
    """Detect the instruments of a sound

     Tell which instruments a transcription of a sound should look for. Free, ten times a day. Seen with
    others' clients only.

    Args:
        body (DetectInstrumentsRequest): A sound whose instruments are to be told.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DetectedInstruments | ErrorResponse
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: DetectInstrumentsRequest,
) -> Response[DetectedInstruments | ErrorResponse]:
    """Detect the instruments of a sound

     Tell which instruments a transcription of a sound should look for. Free, ten times a day. Seen with
    others' clients only.

    Args:
        body (DetectInstrumentsRequest): A sound whose instruments are to be told.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DetectedInstruments | ErrorResponse]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: DetectInstrumentsRequest,
) -> DetectedInstruments | ErrorResponse | None:
    """Detect the instruments of a sound

     Tell which instruments a transcription of a sound should look for. Free, ten times a day. Seen with
    others' clients only.

    Args:
        body (DetectInstrumentsRequest): A sound whose instruments are to be told.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DetectedInstruments | ErrorResponse
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
