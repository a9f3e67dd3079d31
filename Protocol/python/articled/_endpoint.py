# SPDX-License-Identifier: Apache-2.0
"""Where articled listens, and how its socket is connected."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import stat
import time
from typing import Iterable, List, NamedTuple, Optional, Tuple, Union

from . import _tls
from .errors import ArticledError, PermissionDenied, Unavailable

DEFAULT = "unix:/run/articled/articled.sock"
#: The most endpoints that a client can have.
MAX_COUNT = 64


class Unreachable(Unavailable):
    """No socket could be connected."""


class Endpoint(NamedTuple):
    """The path of a Unix socket (an abstract one begins with @), or a host and a port."""

    text: str
    address: Union[str, Tuple[str, int]]
    is_tls: bool = False

    @classmethod
    def parse_list(cls, given: Union[str, Iterable[str], None] = None) -> List[Endpoint]:
        """One or more endpoints: a text that separates them by commas, or several texts of one each. Without any, those
        of the environment's ARTICLED_ENDPOINT, else the socket that the Debian package opens. A repeated one counts
        once. Raises ValueError, and says which one is wrong."""
        origin = "the endpoint"
        if given is None:
            given = os.environ.get("ARTICLED_ENDPOINT") or DEFAULT
            origin = "ARTICLED_ENDPOINT"
        texts = [text.strip() for text in (given.split(",") if isinstance(given, str) else given)]
        if not texts:
            raise ValueError("the list of endpoints is empty: name at least one")
        if len(texts) == 1:
            return [cls.parse(texts[0], origin)]
        endpoints: List[Endpoint] = []
        for number, text in enumerate(texts, 1):
            place = f"element {number} of {'the list of endpoints' if origin == 'the endpoint' else origin}"
            if not text:
                raise ValueError(f"{place} is empty: one comma belongs between two endpoints, and none at the end")
            endpoint = cls.parse(text, place)
            if all(endpoint[1:] != other[1:] for other in endpoints):
                endpoints.append(endpoint)
        if len(endpoints) > MAX_COUNT:
            raise ValueError(f"{len(endpoints)} endpoints; a client can have {MAX_COUNT} at most")
        return endpoints

    @classmethod
    def parse(cls, text: str, origin: str = "the endpoint") -> Endpoint:
        """`unix:PATH`, `tcp:HOST:PORT`, `tls:HOST:PORT` (of IPv6 `tcp:[::1]:7450`) or a path. Raises ValueError."""
        if text.startswith("/"):
            text = "unix:" + text
        if text.startswith("unix:") and len(text) > 5:
            path = text[5:]
            if len(os.fsencode(path)) > 107:
                raise ValueError(f"{origin}: the path of a socket has at most 107 bytes: {path}")
            return cls(text, path)
        host, colon, port = text[4:].rpartition(":")
        is_right = colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536
        if text.startswith(("tcp:", "tls:")) and is_right:
            host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
            return cls(text, (host, int(port)), text.startswith("tls:"))
        raise ValueError(f'{origin} is "{text}": unix:PATH, tcp:HOST:PORT or tls:HOST:PORT is needed')

    async def connect(self, timeout: float, context: Optional[ssl.SSLContext] = None) -> socket.socket:
        """A connected, non-blocking socket, with TLS if the endpoint says so. Raises Unreachable or PermissionDenied, with
        advice.

        A host name may have several addresses. Each gets its share of the time, so that a dead one leaves some for the
        others."""
        end = time.monotonic() + timeout
        try:
            if isinstance(self.address, str):
                path = self.address
                return await _connected(socket.AF_UNIX, "\0" + path[1:] if path.startswith("@") else path)
            host, port = self.address
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            failure: Optional[OSError] = None
            for number, (family, _, _, _, address) in enumerate(found):
                share = (end - time.monotonic()) / (len(found) - number)
                try:
                    connection = await asyncio.wait_for(self._connect(family, address, context), share)
                except asyncio.TimeoutError:
                    failure = OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
                    continue
                except OSError as error:
                    failure = error
                    continue
                # A request is written whole, so there is nothing that it could wait for.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
            raise failure or OSError("the name has no address")
        except OSError as error:
            raise self._unreachable(error) from error

    async def _connect(self, family: int, address: object, context: Optional[ssl.SSLContext]) -> socket.socket:
        connection = await _connected(family, address)
        if not self.is_tls:
            return connection
        if context is None:
            try:
                context = _tls.default_context()
            except OSError:
                connection.close()
                raise
        return await _tls.secure(connection, context, self.address[0])

    def _unreachable(self, error: OSError) -> ArticledError:
        if isinstance(error, (ssl.SSLError, _tls.Unusable)):
            return Unreachable(f"cannot connect to {self.text}: {_tls.explain(error, self.address[0])}")
        # asyncio puts a text of its own there, but the resolver's says more.
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        if not error.errno:
            reason = str(error)
        if not isinstance(self.address, str):
            advice = "check the address and the network"
            if error.errno == errno.ECONNREFUSED:
                advice = "does articled listen there? Its TCP socket is off unless the configuration or "
                advice += "articled-tcp.socket opens it"
            return Unreachable(f"cannot connect to {self.text}: {reason}: {advice}")
        path = self.address
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            named = [text.strip() for text in os.environ.get("ARTICLED_ENDPOINT", "").split(",")]
            if self.text in named or path in named:
                return Unreachable(f"no socket at {path}, which ARTICLED_ENDPOINT names: does articled listen there?")
            return Unreachable(
                f"no socket at {path}: is articled.socket enabled? systemctl enable --now articled.socket"
            )
        if error.errno in (errno.EACCES, errno.EPERM):
            return PermissionDenied(
                f"no permission to use {path}: become a member of its group (ls -l {path} names it), or ask as root"
            )
        if error.errno == errno.ECONNREFUSED:
            if not path.startswith("@") and not _is_socket(path):
                return Unreachable(f"{path} is not a socket: articled's is /run/articled/articled.sock by default")
            return Unreachable(f"no process listens at {path}: it is left over from a service that has ended")
        if error.errno == errno.EAGAIN:
            return Unreachable(f"{path} takes no connections at the moment: its queue is full")
        return Unreachable(f"cannot connect to {path}: {reason}")


async def _connected(family: int, address: object) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, address)  # type: ignore[arg-type]
    except BaseException:
        connection.close()
        raise
    return connection


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False
