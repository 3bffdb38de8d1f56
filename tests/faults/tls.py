"""Certificates for the fault server, good and bad, and the trust root for its clients."""

from __future__ import annotations

import atexit
import shutil
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import trustme

Certificate = Literal["valid", "expired", "wrong_host", "self_signed"]


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def server_context(certificate: Certificate) -> ssl.SSLContext:
    """Make a server's context; `valid` holds for 127.0.0.1 and localhost."""
    authority = _authority()
    now = datetime.now(UTC)
    match certificate:
        case "valid":
            leaf = authority.issue_cert("127.0.0.1", "localhost")
        case "expired":
            leaf = authority.issue_cert(
                "127.0.0.1",
                "localhost",
                not_before=now - timedelta(days=9),
                not_after=now - timedelta(days=1),
            )
        case "wrong_host":
            leaf = authority.issue_cert("elsewhere.test")
        case "self_signed":
            stranger = trustme.CA()
            leaf = trustme.LeafCert(stranger.private_key_pem.bytes(), stranger.cert_pem.bytes(), [])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


def trust() -> ssl.SSLContext:
    """Make a client's context that trusts our authority and nothing else; for `verify=`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _authority().configure_trust(context)
    return context


@cache
def trust_file() -> str:
    """Make a file of our authority's certificate, for another process; it lasts as long as this one."""
    folder = tempfile.mkdtemp(prefix="mirelo-ergo-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "authority.pem"
    _authority().cert_pem.write_to_path(str(path))
    return str(path)
