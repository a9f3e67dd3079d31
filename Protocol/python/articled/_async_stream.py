# SPDX-License-Identifier: Apache-2.0
"""A call of any method, message by message."""

from __future__ import annotations

import asyncio
from typing import List, Optional

from ._calls import Caller, Payload, encoded
from ._retry import Clock
from ._stream import Stream
from .errors import Cancelled


class AsyncStream:
    """A call of any method, message by message. Iterating over it gives the answer's messages as bytes.

    Made by ``AsyncClient.stream``, and used in ``async with``: a stream that is left before its end is cancelled. It is
    not sent again when the connection is lost.
    """

    def __init__(self, client: Caller, method: str, request: Optional[Payload], deadline: Optional[float]) -> None:
        self._client = client
        self._method = method
        self._request = None if request is None else encoded(request)
        self._clock = Clock(client.deadline if deadline is None else deadline)
        self._stream: Optional[Stream] = None
        self._timer: Optional[asyncio.TimerHandle] = None
        self._ready: List[bytes] = []

    async def __aenter__(self) -> AsyncStream:
        connection = await self._client._ready(self._method, self._clock)
        method = connection.method(self._method)
        if method.stream_request and self._request is not None:
            raise ValueError(f"{self._method} takes a stream: send its messages with send()")
        request = self._request if method.stream_request else self._request or b""
        self._stream = connection.start(method, request, self._clock.milliseconds())
        self._timer = self._client._expire(connection, self._stream, self._clock)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cancel()

    def cancel(self) -> None:
        """Asks the service to stop. Does nothing at the end."""
        if self._timer is not None:
            self._timer.cancel()
        if self._stream is not None and not self._stream.finished:
            self._stream.abandon(Cancelled(f"{self._method}: cancelled", may_have_run=True))

    async def send(self, message: Payload) -> bool:
        """Sends a message of a streamed request, once there is credit for it. False: the service has ended the call.
        Iterating over the stream tells how."""
        return await self._opened.send(encoded(message))

    async def end(self) -> None:
        """Ends a streamed request."""
        self._opened.end()

    def __aiter__(self) -> AsyncStream:
        return self

    async def __anext__(self) -> bytes:
        if not self._ready:
            self._ready = await self.receive()
            if not self._ready:
                raise StopAsyncIteration
            self._ready.reverse()
        return self._ready.pop()

    async def receive(self) -> List[bytes]:
        """All messages that have come since, at least one; none at the end."""
        return await self._opened.receive()

    @property
    def _opened(self) -> Stream:
        if self._stream is None:
            raise RuntimeError("a stream is used in `async with`")
        return self._stream
