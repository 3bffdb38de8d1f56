from typing import Literal

WebhookMode = Literal["sync", "terminal"]

WEBHOOK_MODE_VALUES: set[WebhookMode] = {
    "sync",
    "terminal",
}


def check_webhook_mode(value: str) -> WebhookMode:
    if value in WEBHOOK_MODE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {WEBHOOK_MODE_VALUES!r}"
    )
