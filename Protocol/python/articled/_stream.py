# SPDX-License-Identifier: Apache-2.0
"""One request and its answer on a connection: PROTOCOL.md, "Streams" and "Credit"."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Deque, List, Optional

from . import _frames as frames
from .articles_pb2 import Credit, MethodDescription
from .errors import ArticledError, DataLoss, ProtocolError, Unavailable

if TYPE_CHECKING:
    from ._connection import Connection


class Lost(Unavailable):
    """The connection ended before the stream did."""


class Stream:
    """One request and its answer. One task sends and one receives; both on the connection's event loop."""

    def __init__(self, connection: Connection, number: int, method: MethodDescription, window: int) -> None:
        self.number = number
        self.method = method
        #: The server's last frame came, or no more can come.
        self.finished = False
        #: Where the last frame that belongs to this stream ends in what the connection writes.
        self.position = 0
        self._connection = connection
        self._send_credit = connection.hello.stream_window
        self._window = window
        self._receive_credit = window
        self._taken = 0
        self._messages: Deque[bytes] = deque()
        self._error: Optional[ArticledError] = None
        #: The request has been sent to its end.
        self.half_closed = False
        self._cancelled = False
        self._reader: Optional[asyncio.Future[None]] = None
        self._sender: Optional[asyncio.Future[None]] = None

    # -- What a call does ------------------------------------------------------------------------------------------

    async def send(self, payload: bytes) -> bool:
        """Sends a message as soon as there is credit. False: it was not sent, as the stream is over."""
        while not self._over and (self._send_credit <= 0 or self._connection.congested):
            self._sender = self._connection.loop.create_future()
            if self._send_credit > 0:
                self._connection.wake_when_writable(self._sender)
            await self._sender
        if self._over:
            return False
        self._connection.check_size(self.method, payload)
        self._send_credit -= len(payload) + frames.OVERHEAD
        self.position = self._connection.send(frames.frame(frames.MESSAGE, payload, stream=self.number))
        return True

    def end(self) -> None:
        """Ends the request."""
        if not self.half_closed and not self._over:
            self.half_closed = True
            self.position = self._connection.send(frames.frame(frames.END, stream=self.number))

    async def receive(self) -> List[bytes]:
        """All messages that have come, at least one; none at the end. Raises what ended the stream otherwise."""
        while not self._messages:
            if self._error is not None:
                raise self._error
            if self.finished:
                return []
            self._reader = self._connection.loop.create_future()
            await self._reader
        messages = list(self._messages)
        self._messages.clear()
        self._give_back(sum(map(len, messages)) + frames.OVERHEAD * len(messages))
        return messages

    async def answer(self) -> bytes:
        """The one message of an answer that is not streamed."""
        while not self.finished and self._error is None:
            self._reader = self._connection.loop.create_future()
            await self._reader
        if self._error is not None:
            raise self._error
        if len(self._messages) != 1:
            raise ProtocolError(
                f"{self.method.name}: the service ended the stream without an answer", may_have_run=True
            )
        return self._messages[0]

    def abandon(self, error: ArticledError) -> None:
        """Ends the stream here, with this error, and asks the service to stop. The number stays in use until it has."""
        if self._over:
            return
        self._cancelled = True
        self._error = error
        self._connection.send(frames.frame(frames.CANCEL, stream=self.number))
        self._wake()

    @property
    def written(self) -> bool:
        """Whether all of the stream's frames so far have reached the socket."""
        return self._connection.written >= self.position

    # -- What the connection does ----------------------------------------------------------------------------------

    @property
    def _over(self) -> bool:
        return self.finished or self._cancelled

    def take(self, payload: bytes, ends: bool, damaged: bool) -> Optional[str]:
        """A MESSAGE came. Returns what is wrong with that."""
        if self.method.stream_response:
            if self._receive_credit <= 0:
                return f"a message without credit on stream {self.number}"
            self._receive_credit -= len(payload) + frames.OVERHEAD
        elif not ends:
            return f"a message without END on stream {self.number}, whose answer is one message"
        if self._cancelled:
            return None
        if damaged:
            error = DataLoss(f"{self.method.name}: the answer was damaged on its way: its checksum is wrong")
            if ends:
                self._error = error
            else:
                self.abandon(error)
        else:
            self._messages.append(payload)
            if not ends:
                self._wake_reader()
        return None

    def finish(self, error: Optional[ArticledError] = None) -> None:
        """The last frame came, or none can come."""
        self.finished = True
        if self._error is None:
            self._error = error
        self._wake()

    def add_credit(self, count: int) -> bool:
        """CREDIT came. False: that is more than a stream may have."""
        self._send_credit += count
        if self._send_credit >= frames.CREDIT_LIMIT:
            return False
        if self._send_credit > 0 and self._sender is not None and not self._sender.done():
            self._sender.set_result(None)
        return True

    def _give_back(self, count: int) -> None:
        self._taken += count
        if self._taken >= self._window // 4 and not self._over and self.method.stream_response:
            self._receive_credit += self._taken
            self._connection.send(
                frames.frame(frames.CREDIT, Credit(bytes=self._taken).SerializeToString(), stream=self.number)
            )
            self._taken = 0

    def _wake(self) -> None:
        self._wake_reader()
        if self._sender is not None and not self._sender.done():
            self._sender.set_result(None)

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
