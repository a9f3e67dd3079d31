# SPDX-License-Identifier: Apache-2.0
"""TLS on a connected socket, and what its failures mean."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from typing import Optional

#: The protocol's name in ALPN.
_PROTOCOL = "articled/1"
#: Bytes of a record.
RECORD_SIZE = 16384


class Unusable(OSError):
    """A file for TLS that cannot be used."""


def default_context() -> ssl.SSLContext:
    """What ``tls:`` endpoints use by default: the authorities in the environment's ``ARTICLED_CA``, else the system's, and
    the client certificate in ``ARTICLED_CERTIFICATE`` with its key in ``ARTICLED_KEY``. Raises Unusable."""
    certificate, key = os.environ.get("ARTICLED_CERTIFICATE"), os.environ.get("ARTICLED_KEY")
    names = "ARTICLED_CA"
    try:
        context = ssl.create_default_context(cafile=os.environ.get("ARTICLED_CA") or None)
        names = "ARTICLED_CERTIFICATE and ARTICLED_KEY"
        if certificate:
            # A key that needs a passphrase is an error, and not a question at the terminal.
            context.load_cert_chain(certificate, key or None, password=_no_password)
    except OSError as error:
        raise Unusable(f"{names} cannot be used: {error.strerror or error}") from error
    return context


def _no_password() -> str:
    raise OSError("the key is encrypted with a passphrase: use one without")


async def secure(connected: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Shakes hands on a connected, non-blocking socket. Raises OSError; the socket is closed then."""
    loop = asyncio.get_running_loop()
    secured: Optional[ssl.SSLSocket] = None
    try:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols([_PROTOCOL])
        secured = context.wrap_socket(connected, server_hostname=host, do_handshake_on_connect=False)
        while True:
            ready: asyncio.Future[None] = loop.create_future()
            try:
                secured.do_handshake()
                return secured
            except ssl.SSLWantReadError:
                loop.add_reader(secured, _wake, ready)
                try:
                    await ready
                finally:
                    loop.remove_reader(secured)
            except ssl.SSLWantWriteError:
                loop.add_writer(secured, _wake, ready)
                try:
                    await ready
                finally:
                    loop.remove_writer(secured)
    except BaseException:
        (secured or connected).close()
        raise


def _wake(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def explain(error: OSError, host: str) -> str:
    """Which check failed, and what to do."""
    if isinstance(error, Unusable):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        text = error.verify_message
        if error.verify_code == 10:
            return "the service's certificate has expired: renew it, or check this machine's clock"
        if error.verify_code == 9:
            return "the service's certificate is not valid yet: check this machine's clock"
        if error.verify_code in (62, 64):
            return f"the service's certificate is not for {host}"
        if error.verify_code in (2, 18, 19, 20, 21):
            return (
                f"the service's certificate is of an authority that is not trusted ({text}): name the authority's "
                "certificate with ARTICLED_CA"
            )
        return f"the service's certificate is not accepted: {text}"
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or "").upper()
        if reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED":
            return "the service needs a client certificate: ARTICLED_CERTIFICATE and ARTICLED_KEY"
        if reason in ("WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
            return "the service does not speak TLS there: tcp: instead of tls: is for that"
        if reason in ("TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_NO_APPLICATION_PROTOCOL"):
            return "the service and this client have no TLS version in common: TLS 1.3 is needed"
        if reason in ("TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_CERTIFICATE_EXPIRED"):
            return f"the service refused this client's certificate: {reason.lower().replace('_', ' ')}"
        return f"TLS: {error.reason or error}"
    return error.strerror or str(error)
