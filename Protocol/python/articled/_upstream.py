# SPDX-License-Identifier: Apache-2.0
"""What a client knows about one of its endpoints."""

from __future__ import annotations

import asyncio
import time
from typing import List, Optional

from ._connection import Connection
from ._endpoint import Endpoint
from ._retry import pause
from .errors import ArticledError


class Upstream:
    """One endpoint: the connection to it, and when it is tried again if there is none."""

    def __init__(self, index: int, endpoint: Endpoint) -> None:
        self.index = index
        self.endpoint = endpoint
        self.connection: Optional[Connection] = None
        #: The task that connects. It ends with a connection, or raises.
        self.connecting: Optional[asyncio.Future[None]] = None
        #: When that task started: time.monotonic().
        self.started = 0.0
        #: Why the last attempt to connect failed; ``None`` after one that succeeded.
        self.error: Optional[ArticledError] = None
        self.draining: List[Connection] = []
        #: When attempts to connect were last given up: time.monotonic().
        self.gave_up_at = 0.0
        self._failures = 0
        self._retry_at = 0.0
        self._refusals = 0
        self._rest_until = 0.0

    @property
    def is_open(self) -> bool:
        return self.connection is not None and not self.connection.draining

    @property
    def is_connecting(self) -> bool:
        return self.connecting is not None and not self.connecting.done()

    @property
    def is_due(self) -> bool:
        """The pause after the last failure is over."""
        return time.monotonic() >= self._retry_at

    @property
    def is_suspect(self) -> bool:
        """It has just refused a call, or has not answered for long: others get the calls, if there are any."""
        return self.is_silent or time.monotonic() < self._rest_until

    @property
    def is_silent(self) -> bool:
        """It was asked for a sign of life, and has not given one."""
        return self.connection is not None and self.connection.probing

    @property
    def has_fallen_silent(self) -> bool:
        """Its last connection ended because it was silent."""
        return self.connection is not None and self.connection.fell_silent

    def connected(self, connection: Connection, keep_alive: Optional[float]) -> None:
        """A connection was made. It is kept alive if that is wanted."""
        if keep_alive is not None:
            connection.keep_alive(keep_alive)
            if self.has_fallen_silent:
                connection.probe(keep_alive)  # it may say HELLO and be silent again: until it answers, it is suspect
        self.connection, self.error, self._failures, self._retry_at = connection, None, 0, 0.0

    def failed(self, error: ArticledError) -> None:
        self.error = error
        self._failures += 1
        self._retry_at = time.monotonic() + pause(self._failures + 1)

    def refused(self) -> None:
        """It would otherwise get most calls, as one that fails fast has the fewest in flight."""
        if time.monotonic() >= self._rest_until:
            self._refusals += 1
            self._rest_until = time.monotonic() + pause(self._refusals + 1)

    def served(self) -> None:
        self._refusals, self._rest_until = 0, 0.0

    def retire(self) -> None:
        """The connection is draining or gone: the streams on it end, and there are no new ones."""
        if self.connection is not None:
            self.draining = [old for old in self.draining if not old.closed] + [self.connection]

    def forget(self) -> None:
        """What belongs to another event loop."""
        if self.connection is not None:
            self.connection.abandon()
        self.connection, self.connecting, self.draining = None, None, []
