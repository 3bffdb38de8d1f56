"""A client library for accessing Pixazo gateway, Mirelo models"""

from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)
