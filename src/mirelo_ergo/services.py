"""The services that this package knows, and what each can make."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ._runtime.webhooks.events import WebhookFormat


def capabilities() -> Mapping[str, frozenset[str]]:
    """Return, by service, the operations its clients have, named as their methods. Sends nothing."""
    from .inference_sh.service import INFERENCE_SH_JOBS
    from .mirelo.service import MIRELO_JOBS
    from .pixazo.service import PIXAZO_JOBS
    from .sync_so.service import SYNC_SO_JOBS

    return MappingProxyType(
        {jobs.api.name: jobs.operations for jobs in (MIRELO_JOBS, PIXAZO_JOBS, SYNC_SO_JOBS, INFERENCE_SH_JOBS)}
    )


def service_of(token: str) -> str | None:
    """Return the name of the service that a job token belongs to, None if it is not a token. Sends nothing.

    Resume the job with that service's client: `client.job(token)`.
    """
    from ._runtime.jobs.tokens import service_of

    return service_of(token)


def webhook_format(service: str) -> WebhookFormat:
    """Return how a service's webhooks are read, by the name it has in `capabilities`; raises `ConfigurationError`."""
    from .errors import ConfigurationError
    from .inference_sh.service import INFERENCE_SH_JOBS
    from .pixazo.service import PIXAZO_JOBS
    from .sync_so.service import SYNC_SO_JOBS

    formats = {jobs.api.name: jobs.webhooks for jobs in (PIXAZO_JOBS, SYNC_SO_JOBS, INFERENCE_SH_JOBS)}
    found = formats.get(service) if isinstance(service, str) else None
    if found is None:
        raise ConfigurationError(f"service={service!r:.60} sends no webhooks; these do: {', '.join(sorted(formats))}")
    return found
