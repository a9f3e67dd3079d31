# SPDX-License-Identifier: Apache-2.0
"""Which endpoints a client connects to, and which of them gets a call."""

from __future__ import annotations

import asyncio
import copy
import itertools
import random
import ssl
import time
from typing import AbstractSet, Awaitable, Iterable, List, Optional, Sequence, Set, Tuple, Type, Union

from . import _frames as frames
from ._connection import Connection
from ._endpoint import Endpoint, Unreachable
from ._retry import Clock, may_repeat, pause
from ._stream import Lost
from ._upstream import Upstream
from .errors import ArticledError, Cancelled, ProtocolError, ResourceExhausted, Unavailable, Unimplemented

# With several endpoints: after so many seconds without a sign of life from a peer, while requests are in flight, it is
# asked for one.
_KEEP_ALIVE = 5.0
# How long an endpoint may take to connect before the next one in the order is connected as well.
_HEAD_START = 0.25


class Balancer:
    """The endpoints of a client, and the connections to them."""

    def __init__(
        self,
        endpoint: Union[str, Iterable[str], None] = None,
        *,
        agent: str = "articled-python/0.1.0",
        deadline: Optional[float] = 60.0,
        attempts: int = 4,
        patience: float = 10.0,
        wait_for_service: bool = False,
        connect_timeout: float = 5.0,
        load_balancing: str = "least_requests",
        keep_alive: Optional[float] = None,
        max_frame: int = 16 << 20,
        stream_window: int = 256 << 10,
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        if not frames.SMALLEST_MAX_FRAME <= max_frame < frames.CREDIT_LIMIT:
            raise ValueError(f"max_frame is at least {frames.SMALLEST_MAX_FRAME} and below 2^31")
        if not 0 < stream_window < frames.CREDIT_LIMIT:
            raise ValueError("stream_window is at least 1 and below 2^31")
        if attempts < 1:
            raise ValueError("attempts is at least 1")
        if load_balancing not in ("least_requests", "priority"):
            raise ValueError('load_balancing is "least_requests" or "priority"')
        #: The addresses of the services, in the order of preference; and the first of them.
        self.endpoints = Endpoint.parse_list(endpoint)
        self.endpoint = self.endpoints[0]
        self.agent = agent
        self.deadline = deadline
        self.attempts = attempts
        self.patience = patience
        self.connect_timeout = connect_timeout
        self._in_order = load_balancing == "priority"
        self._keep_alive = keep_alive
        if keep_alive is None and len(self.endpoints) > 1:
            self._keep_alive = _KEEP_ALIVE
        self._max_frame = max_frame
        self._window = stream_window
        self._tls = tls
        self._waits = wait_for_service
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._upstreams = [Upstream(index, endpoint) for index, endpoint in enumerate(self.endpoints)]
        # Many clients with the same list do not all begin with its first endpoint.
        self._next = random.randrange(len(self._upstreams))
        self._has_connected = False
        self._closed = False

    async def close(self) -> None:
        """Closes the connections. Calls that are in flight fail."""
        self._closed = True
        if self._loop is not asyncio.get_running_loop():
            return self._adopt(asyncio.get_running_loop())
        connecting = {upstream.connecting for upstream in self._upstreams if upstream.connecting is not None}
        for task in connecting:
            task.cancel()
        if connecting:
            await asyncio.wait(connecting)
        for upstream in self._upstreams:
            upstream.retire()
            for connection in upstream.draining:
                connection.close()

    def _may_repeat(self, error: ArticledError, safe: bool) -> bool:
        """Whether a call that failed so may be sent again; `safe`: carrying it out twice does no harm."""
        if isinstance(error, ProtocolError) and len(self._upstreams) > 1:
            return safe  # another endpoint need not have the same fault
        return may_repeat(error, safe)

    def _has_alternative(self, name: str, connection: Connection, error: ArticledError, refused: Set[int]) -> bool:
        """Notes that an endpoint has refused a call, and tells whether another one can take it at once."""
        if len(self._upstreams) == 1:
            return False
        if isinstance(error, (Unavailable, ResourceExhausted)) and not isinstance(error, Lost):
            self._upstreams[connection.upstream].refused()
        refused.add(connection.upstream)
        return any(
            upstream.is_open and upstream.index not in refused and upstream.connection.has(name)
            for upstream in self._upstreams
            if upstream.connection is not None
        )

    async def _ready(
        self, method: str, clock: Clock, refused: AbstractSet[int] = frozenset(), only: Optional[int] = None
    ) -> Connection:
        """A connection that a call can be sent on at once. Raises ArticledError if there is none in time.

        :param method: its name; empty: any connection will do.
        :param refused: the endpoints that have just refused the call: others come first.
        :param only: the only endpoint that can serve it."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._adopt(loop)
        begun = time.monotonic()
        while not self._closed:
            usable = [upstream for upstream in self._upstreams if only in (None, upstream.index)]
            self._connect_missing(everywhere=only is not None or self._lack(method))
            opened = [upstream for upstream in usable if upstream.is_open]
            if len(self._upstreams) > 1:
                opened = [upstream for upstream in opened if not method or _connection(upstream).has(method)]
            if any(upstream.is_connecting for upstream in usable):
                opened = [upstream for upstream in opened if not upstream.is_silent]  # there may soon be a better one
            free = [upstream for upstream in opened if not _connection(upstream).full]
            free = [upstream for upstream in free if not _connection(upstream).congested]
            chosen = self._choose(free if not self._in_order else opened, refused)
            if chosen is not None and chosen in free:
                self._next = (chosen.index + 1) % len(self._upstreams)
                return _connection(chosen)
            waits: Set[Awaitable[None]] = set()
            if opened:
                waits = {asyncio.ensure_future(_connection(upstream).ready()) for upstream in opened}
            else:
                waits = {up.connecting for up in usable if up.is_connecting and up.connecting is not None}
            if not waits:
                raise self._unserved(method, usable)
            await self._first(method, clock, waits)
            if all(not upstream.is_open and upstream.gave_up_at >= begun for upstream in usable) and not self._closed:
                raise self._unserved(method, usable)
        raise Cancelled("the client has been closed")

    def _choose(self, upstreams: Sequence[Upstream], refused: AbstractSet[int]) -> Optional[Upstream]:
        def rank(upstream: Upstream) -> Tuple[int, int, int]:
            penalty = 2 if upstream.index in refused else 1 if upstream.is_suspect else 0
            if self._in_order:
                return penalty, upstream.index, 0
            # Among equals, one after the other.
            return penalty, _connection(upstream).in_flight, (upstream.index - self._next) % len(self._upstreams)

        if len(upstreams) < 2:
            return upstreams[0] if upstreams else None
        return min(upstreams, key=rank)

    def _lack(self, method: str) -> bool:
        """Endpoints are connected, and none of them has the method."""
        opened = [_connection(upstream) for upstream in self._upstreams if upstream.is_open]
        return bool(opened and method) and not any(connection.has(method) for connection in opened)

    def _connect_missing(self, everywhere: bool) -> None:
        """Starts to connect to the endpoints that have no connection, as their pauses allow.

        Only calls cause this: a client that makes none leaves its services alone. They may be waiting to exit when
        idle."""
        urgent = not any(upstream.is_open or upstream.is_connecting for upstream in self._upstreams)
        for upstream in self._upstreams:
            if not (upstream.is_open or upstream.is_connecting) and (urgent or upstream.is_due):
                upstream.retire()
                upstream.started = time.monotonic()
                upstream.connecting = asyncio.ensure_future(self._connect(upstream))
                upstream.connecting.add_done_callback(lambda task: task.cancelled() or task.exception())
            if self._in_order and not everywhere:
                head_start = upstream.is_connecting and time.monotonic() < upstream.started + _HEAD_START
                if head_start and not upstream.has_fallen_silent or upstream.is_open and not upstream.is_suspect:
                    return

    async def _first(self, method: str, clock: Clock, waits: Set[Awaitable[None]]) -> None:
        """Waits until one of them has ended."""
        connecting = [upstream.connecting for upstream in self._upstreams]
        futures = [asyncio.ensure_future(wait) for wait in waits]
        remaining = clock.remaining
        if self._in_order and len(self._upstreams) > 1:
            remaining = _HEAD_START if remaining is None else min(remaining, _HEAD_START)
        try:
            await asyncio.wait(futures, timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for future in futures:
                if future not in connecting:
                    future.cancel()
        remaining = clock.remaining
        if remaining is not None and remaining <= 0 and not any(future.done() for future in futures):
            raise clock.expired(method)

    def _unserved(self, method: str, upstreams: Sequence[Upstream]) -> ArticledError:
        """Why no endpoint can take the call."""
        if len(upstreams) == 1 and upstreams[0].error is not None and not upstreams[0].is_open:
            return copy.copy(upstreams[0].error)
        opened = [upstream for upstream in upstreams if upstream.is_open]
        reasons = "; ".join(
            f"{upstream.endpoint.text} has: {', '.join(_connection(upstream).methods)}"
            if upstream.is_open
            else f"{upstream.endpoint.text}: {upstream.error.message if upstream.error else 'no connection'}"
            for upstream in upstreams
        )
        if opened:
            return Unimplemented(f"no service has a method {method}: is its plugin installed? {reasons}")
        kinds = {type(upstream.error) for upstream in upstreams}
        kind = kinds.pop() if len(kinds) == 1 else Unavailable
        failure: Type[ArticledError] = Unavailable if kind is type(None) else kind
        return failure(f"none of the {len(upstreams)} endpoints can be reached: {reasons}")

    def _adopt(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forgets the connections of another event loop, such as that of an earlier asyncio.run."""
        for upstream in self._upstreams:
            upstream.forget()
        self._loop, self._has_connected = loop, False

    async def _connect(self, upstream: Upstream) -> None:
        clock = Clock(self.patience)
        patient = self._waits or self._has_connected
        for failures in itertools.count(1):
            try:
                opening = Connection.open(
                    upstream.endpoint,
                    agent=self.agent,
                    max_frame=self._max_frame,
                    window=self._window,
                    timeout=self.connect_timeout,
                    tls=self._tls,
                )
                connection = await asyncio.wait_for(opening, self.connect_timeout)
                connection.upstream = upstream.index
                upstream.connected(connection, self._keep_alive)
                self._has_connected = True
                return
            except asyncio.TimeoutError:
                failure: ArticledError = Unavailable(
                    f"no hello from {upstream.endpoint.text} in {self.connect_timeout:g} s"
                )
            except (Unavailable, ResourceExhausted) as error:
                failure = error
            except ArticledError as error:
                upstream.failed(error)
                upstream.gave_up_at = time.monotonic()
                raise
            upstream.failed(failure)
            wait = pause(failures)
            if isinstance(failure, Unreachable) and not patient or not clock.allows(wait):
                upstream.gave_up_at = time.monotonic()
                raise failure
            await asyncio.sleep(wait)


def _connection(upstream: Upstream) -> Connection:
    assert upstream.connection is not None
    return upstream.connection
