from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.queue_error import QueueError
from ...models.queued_request import QueuedRequest
from ...models.video_to_audio_request import VideoToAudioRequest
from ...models.webhook_mode import WebhookMode
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: VideoToAudioRequest,
    x_webhook_url: str | Unset = UNSET,
    x_webhook_mode: WebhookMode | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_webhook_url, Unset):
        headers["X-Webhook-URL"] = x_webhook_url

    if not isinstance(x_webhook_mode, Unset):
        headers["X-Webhook-Mode"] = str(x_webhook_mode)

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/mirelo-sfx-video-to-audio/v1/mirelo-sfx-video-to-audio-request",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> QueueError | QueuedRequest | None:
    if response.status_code == 202:
        response_202 = QueuedRequest.from_dict(response.json())

        return response_202

    if response.status_code == 400:
        response_400 = QueueError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = QueueError.from_dict(response.json())

        return response_401

    if response.status_code == 402:
        response_402 = QueueError.from_dict(response.json())

        return response_402

    if response.status_code == 403:
        response_403 = QueueError.from_dict(response.json())

        return response_403

    if response.status_code == 429:
        response_429 = QueueError.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = QueueError.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[QueueError | QueuedRequest]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: VideoToAudioRequest,
    x_webhook_url: str | Unset = UNSET,
    x_webhook_mode: WebhookMode | Unset = UNSET,
) -> Response[QueueError | QueuedRequest]:
    """Queue the sound of a video, SFX 1.0

     Queue a generation for a video and answer with the id to ask for it. Each sample is a sound.

    Args:
        x_webhook_url (str | Unset):
        x_webhook_mode (WebhookMode | Unset): When to call back.
        body (VideoToAudioRequest): A sound for a video, SFX 1.0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[QueueError | QueuedRequest]
    """

    kwargs = _get_kwargs(
        body=body,
        x_webhook_url=x_webhook_url,
        x_webhook_mode=x_webhook_mode,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: VideoToAudioRequest,
    x_webhook_url: str | Unset = UNSET,
    x_webhook_mode: WebhookMode | Unset = UNSET,
) -> QueueError | QueuedRequest | None:
    """Queue the sound of a video, SFX 1.0

     Queue a generation for a video and answer with the id to ask for it. Each sample is a sound.

    Args:
        x_webhook_url (str | Unset):
        x_webhook_mode (WebhookMode | Unset): When to call back.
        body (VideoToAudioRequest): A sound for a video, SFX 1.0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        QueueError | QueuedRequest
    """

    return sync_detailed(
        client=client,
        body=body,
        x_webhook_url=x_webhook_url,
        x_webhook_mode=x_webhook_mode,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: VideoToAudioRequest,
    x_webhook_url: str | Unset = UNSET,
    x_webhook_mode: WebhookMode | Unset = UNSET,
) -> Response[QueueError | QueuedRequest]:
    """Queue the sound of a video, SFX 1.0

     Queue a generation for a video and answer with the id to ask for it. Each sample is a sound.

    Args:
        x_webhook_url (str | Unset):
        x_webhook_mode (WebhookMode | Unset): When to call back.
        body (VideoToAudioRequest): A sound for a video, SFX 1.0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[QueueError | QueuedRequest]
    """

    kwargs = _get_kwargs(
        body=body,
        x_webhook_url=x_webhook_url,
        x_webhook_mode=x_webhook_mode,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: VideoToAudioRequest,
    x_webhook_url: str | Unset = UNSET,
    x_webhook_mode: WebhookMode | Unset = UNSET,
) -> QueueError | QueuedRequest | None:
    """Queue the sound of a video, SFX 1.0

     Queue a generation for a video and answer with the id to ask for it. Each sample is a sound.

    Args:
        x_webhook_url (str | Unset):
        x_webhook_mode (WebhookMode | Unset): When to call back.
        body (VideoToAudioRequest): A sound for a video, SFX 1.0.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        QueueError | QueuedRequest
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            x_webhook_url=x_webhook_url,
            x_webhook_mode=x_webhook_mode,
        )
    ).parsed
