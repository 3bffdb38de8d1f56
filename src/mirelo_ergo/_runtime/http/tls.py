"""TLS over a wire, and its contexts, which are created when first needed and shared."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Final

from ..._signals import is_of_a_signal
from ...errors import ConfigurationError
from ..redact import shorten
from .failures import WireFailure
from .network import PIECE

if TYPE_CHECKING:
    from .network import AttemptTimeouts, Wire

_contexts: dict[tuple[object, ...], ssl.SSLContext] = {}
_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")
"""OpenSSL's reasons for bytes that are not TLS, by version."""
_WAY_OUT: Final = "if that certificate is right, name its authority's file in verify= or SSL_CERT_FILE"


def tls_context(verify: bool | str | ssl.SSLContext) -> ssl.SSLContext:
    """Return the TLS context for `verify`: one per process and setting, because creating one takes milliseconds.

    Raises `ConfigurationError` if the certificates that `verify` or the environment names cannot be read.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    named = {name: value for name in _VARIABLES if (value := os.environ.get(name, "").strip())}
    key = (verify, *named.items())
    if key not in _contexts:
        if isinstance(verify, str):
            _contexts[key] = _believing("verify", verify)
        elif not verify:
            _contexts[key] = _believing_all()
        else:
            _contexts[key] = _from_environment(named)
    return _contexts[key]


def _believing_all() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _from_environment(named: dict[str, str]) -> ssl.SSLContext:
    """Return a context that trusts the environment's certificates, else certifi's."""
    for name, value in named.items():
        return _believing(name, value)
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _believing(name: str, path: str) -> ssl.SSLContext:
    """Return a context that trusts the certificates of a file, a folder, or (from a variable) several folders."""
    folders = path.split(os.pathsep) if name == "SSL_CERT_DIR" else [path]
    is_folder = all(os.path.isdir(folder) for folder in folders)  # noqa: PTH112  # a single check, before OpenSSL's own
    missing = next((folder for folder in folders if not os.path.exists(folder)), None)  # noqa: PTH110  # as above
    try:
        if missing is not None:
            raise FileNotFoundError("there is no such file or folder")
        if not is_folder and not os.path.isfile(path):  # noqa: PTH113  # as above; to open a pipe may wait for ever
            raise OSError("it is neither a regular file nor a folder")
        file, folder = (None, path) if is_folder else (path, None)
        return ssl.create_default_context(cafile=file, capath=folder)
    except (OSError, ssl.SSLError) as error:
        if is_of_a_signal(error):
            raise
        raise ConfigurationError(
            f"{name}={shorten(path, 200)} cannot be read as certificates ({error}): name a file in PEM form or a "
            "folder of such files" + ("" if name == "verify" else f", or unset {name}")
        ) from None


class TlsWire:
    """TLS over another wire, which may be TLS itself (to a proxy)."""

    def __init__(self, inner: Wire, context: ssl.SSLContext, host: str) -> None:
        self._inner = inner
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        except ValueError as error:
            raise WireFailure("connect", f"no certificate can be for {shorten(host)} ({error})") from None
        self._ended = False

    async def handshake(self, waits: AttemptTimeouts) -> None:
        """Do the TLS handshake; raise `WireFailure`, of the kind "tls" if the certificate or the protocol is wrong."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush(waits, connecting=True)
                self._put(await self._inner.read(waits, connecting=True))
            except ssl.SSLError as error:
                await self._tell_alert(waits)
                raise _handshake_failure(error) from None
            else:
                await self._flush(waits, connecting=True)
                return

    async def _tell_alert(self, waits: AttemptTimeouts) -> None:
        """Send the peer a TLS alert, if possible."""
        try:
            await self._flush(waits, connecting=True)
        except WireFailure:
            return

    def _put(self, raw: bytes) -> None:
        if raw:
            self._incoming.write(raw)
        else:
            self._incoming.write_eof()

    async def _flush(self, waits: AttemptTimeouts, *, connecting: bool = False) -> bool:
        return await self._inner.write(self._outgoing.read(), waits, connecting=connecting)

    async def read(self, waits: AttemptTimeouts, *, connecting: bool = False) -> bytes:
        while (data := self._decrypted()) is None:
            if self._outgoing.pending:
                await self._flush(waits, connecting=connecting)  # such as a key update
            self._put(await self._inner.read(waits, connecting=connecting))
        return data

    async def write(self, data: bytes, waits: AttemptTimeouts, *, connecting: bool = False) -> bool:
        left = memoryview(data)
        while left:
            left = left[self._tls.write(left) :]
        return await self._flush(waits, connecting=connecting)

    async def wait_readable(self, seconds: float) -> bool:
        return self._ended or await self._inner.wait_readable(
            seconds
        )  # the buffer holds part of a record only: `take` has returned the rest

    def take(self) -> bytes | None:
        data = self._decrypted()
        while data is None and (raw := self._inner.take()) is not None:
            self._put(raw)
            data = self._decrypted()
        return data

    def is_quiet(self) -> bool:
        return self.take() is None and not self._incoming.pending  # a partial record may turn out to be data

    def _decrypted(self) -> bytes | None:
        """Return the decrypted bytes, b"" at the end, None if more input is needed."""
        pieces: list[bytes] = []
        size = 0
        while size < PIECE and not self._ended:
            try:
                piece = self._tls.read(PIECE)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                piece = (
                    b""  # an end without a TLS close alert is accepted: the body's framing shows whether it is complete
                )
            except ssl.SSLError as error:
                raise WireFailure("network", f"TLS broke off: {error}") from None
            self._ended = not piece
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces) if pieces or self._ended else None

    def close(self) -> None:
        self._inner.close()


def _handshake_failure(error: ssl.SSLError) -> WireFailure:
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return WireFailure("connect", f"the TLS handshake was cut off: {error}")
    if error.reason in _NOT_TLS:
        return WireFailure("tls", f"the port does not speak TLS ({error})")
    if isinstance(error, ssl.SSLCertVerificationError):
        return WireFailure("tls", f"the certificate is not trusted: {error.verify_message}; {_WAY_OUT} ({error})")
    return WireFailure("tls", f"TLS failed: {error}")
