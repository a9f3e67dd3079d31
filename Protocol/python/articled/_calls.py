# SPDX-License-Identifier: Apache-2.0
"""How calls are made: over one shared connection, again where that is safe, and within their deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import AsyncGenerator, Callable, List, Optional, TypeVar, Union

from google.protobuf.message import DecodeError, Message

from . import _frames as frames
from ._connection import Connection
from ._endpoint import Endpoint, Unreachable
from ._retry import Clock, may_repeat, pause
from ._stream import Stream
from .errors import ArticledError, Cancelled, DeadlineExceeded, ProtocolError, ResourceExhausted, Unavailable

_T = TypeVar("_T")
_M = TypeVar("_M", bound=Message)
#: A request: a message, or one that is encoded already.
Payload = Union[bytes, Message]


class Caller:
    """One service, and the connection to it."""

    def __init__(
        self,
        endpoint: Optional[str] = None,
        *,
        agent: str = "articled-python/0.1.0",
        deadline: Optional[float] = 60.0,
        attempts: int = 4,
        patience: float = 10.0,
        wait_for_service: bool = False,
        connect_timeout: float = 5.0,
        max_frame: int = 16 << 20,
        stream_window: int = 256 << 10,
    ) -> None:
        if not frames.SMALLEST_MAX_FRAME <= max_frame < frames.CREDIT_LIMIT:
            raise ValueError(f"max_frame is at least {frames.SMALLEST_MAX_FRAME} and below 2^31")
        if not 0 < stream_window < frames.CREDIT_LIMIT:
            raise ValueError("stream_window is at least 1 and below 2^31")
        if attempts < 1:
            raise ValueError("attempts is at least 1")
        self.endpoint = Endpoint.parse(endpoint)
        self.agent = agent
        self.deadline = deadline
        self.attempts = attempts
        self.patience = patience
        self.connect_timeout = connect_timeout
        self._max_frame = max_frame
        self._window = stream_window
        self._waits = wait_for_service
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._connection: Optional[Connection] = None
        self._connecting: Optional[asyncio.Future[None]] = None
        self._draining: List[Connection] = []
        self._closed = False

    async def close(self) -> None:
        """Closes the connection. Calls that are in flight fail."""
        self._closed = True
        if self._loop is not asyncio.get_running_loop():
            return self._adopt(asyncio.get_running_loop())
        connecting = self._connecting
        if connecting is not None:
            connecting.cancel()
            await asyncio.wait({connecting})
        for connection in [*self._draining, *([self._connection] if self._connection else [])]:
            connection.close()

    async def _call(
        self, method: str, request: Message, response: _M, deadline: Optional[float], safe: Optional[bool] = None
    ) -> _M:
        return decoded(response, await self._unary(method, encoded(request), deadline, safe), method)

    async def _unary(
        self, name: str, payload: bytes, deadline: Optional[float] = None, safe: Optional[bool] = None
    ) -> bytes:
        """Sends the call until it is answered; again if it is `safe`, by default if the service says so."""
        clock = Clock(self.deadline if deadline is None else deadline)
        doubt = False
        for attempt in itertools.count(1):
            try:
                connection = await self._ready(name, clock)
                method = connection.method(name)
                if method.stream_request or method.stream_response:
                    raise ValueError(f"{name} streams: use stream()")
            except ArticledError as error:
                raise _after_doubt(error, doubt)
            try:
                stream = connection.start(method, payload, clock.milliseconds())
                return await self._answer(connection, stream, clock)
            except ArticledError as error:
                wait = pause(attempt, error)
                repeatable = may_repeat(error, method.idempotent if safe is None else safe)
                if not repeatable or attempt >= self.attempts or not clock.allows(wait):
                    raise _after_doubt(error, doubt)
                doubt = doubt or error.may_have_run
            await asyncio.sleep(wait)
        raise AssertionError

    async def _answer(self, connection: Connection, stream: Stream, clock: Clock) -> bytes:
        timer = self._expire(connection, stream, clock)
        try:
            return await stream.answer()
        finally:
            timer.cancel()
            if not stream.finished:
                stream.abandon(Cancelled(f"{stream.method.name}: cancelled", may_have_run=True))

    async def _resumed(
        self, name: str, request: Callable[[], Optional[bytes]], clock: Clock
    ) -> AsyncGenerator[List[bytes], None]:
        """The messages of a streamed answer. When it fails, `request()` asks for the rest, if there is any."""
        failures = 0
        while True:
            payload = request()
            if payload is None:
                return
            connection = await self._ready(name, clock)
            method = connection.method(name)
            own = clock.at_most(self.deadline)
            stream = connection.start(method, payload, own.milliseconds())
            timer = self._expire(connection, stream, own)
            try:
                while True:
                    messages = await stream.receive()
                    if not messages:
                        return
                    failures = 0
                    yield messages
            except ArticledError as error:
                if request() is None:
                    return
                failures += 1
                # A stream's deadline may pass while the caller is busy with what it has: that is no failure.
                timed_out = isinstance(error, DeadlineExceeded) and failures == 1
                wait = pause(failures, error)
                if (
                    not (timed_out or may_repeat(error, safe=True))
                    or failures >= self.attempts
                    or not clock.allows(wait)
                ):
                    raise
            finally:
                timer.cancel()
                if not stream.finished:
                    stream.abandon(Cancelled(f"{name}: cancelled"))
            await asyncio.sleep(wait)

    def _expire(self, connection: Connection, stream: Stream, clock: Clock) -> asyncio.TimerHandle:
        """Ends the stream when its time is up."""
        seen = connection.received

        def end() -> None:
            if stream.finished:
                return
            if connection.received == seen:
                connection.probe()
            stream.abandon(clock.expired(stream.method.name, may_have_run=True))

        remaining = clock.remaining
        handle = connection.loop.call_later(0 if remaining is None else remaining, end)
        if remaining is None:
            handle.cancel()
        return handle

    async def _ready(self, method: str, clock: Clock) -> Connection:
        """A connection that a call can be sent on at once. Raises ArticledError if there is none in time."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._adopt(loop)
        while not self._closed:
            connection = self._connection
            if connection is None or connection.draining:
                if self._connecting is None or self._connecting.done():
                    if connection is not None:
                        self._draining = [old for old in self._draining if not old.closed] + [connection]
                    self._connecting = asyncio.ensure_future(self._connect())
                    self._connecting.add_done_callback(lambda task: task.cancelled() or task.exception())
                connecting = self._connecting
                try:
                    await clock.wait(method, asyncio.shield(connecting))
                except asyncio.CancelledError:
                    if not (self._closed and connecting.cancelled()):  # else it was `close` that cancelled
                        raise
            elif connection.full or connection.congested:
                await clock.wait(method, connection.ready())
            else:
                return connection
        raise Cancelled("the client has been closed")

    def _adopt(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forgets the connection of another event loop, such as that of an earlier asyncio.run."""
        if self._connection is not None:
            self._connection.abandon()
        self._loop, self._connection, self._connecting, self._draining = loop, None, None, []

    async def _connect(self) -> None:
        clock = Clock(self.patience)
        patient = self._waits or self._connection is not None
        for failures in itertools.count(1):
            try:
                opening = Connection.open(
                    self.endpoint, agent=self.agent, max_frame=self._max_frame, window=self._window
                )
                self._connection = await asyncio.wait_for(opening, self.connect_timeout)
                return
            except asyncio.TimeoutError:
                failure: ArticledError = Unavailable(
                    f"no hello from {self.endpoint.text} in {self.connect_timeout:g} s"
                )
            except (Unavailable, ResourceExhausted) as error:
                failure = error
            wait = pause(failures)
            if isinstance(failure, Unreachable) and not patient or not clock.allows(wait):
                raise failure
            await asyncio.sleep(wait)


@contextlib.asynccontextmanager
async def closing(generator: AsyncGenerator[_T, None]) -> AsyncGenerator[AsyncGenerator[_T, None], None]:
    """Closes the generator when the block is left, at once: what it has open is not left to the garbage collector."""
    try:
        yield generator
    finally:
        await generator.aclose()


def encoded(message: Payload) -> bytes:
    """The bytes of a request."""
    return message.SerializeToString() if isinstance(message, Message) else bytes(message)


def decoded(message: _M, payload: bytes, method: str) -> _M:
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise ProtocolError(f"{method}: the answer cannot be read: {error}", may_have_run=True) from error
    return message


def _after_doubt(error: ArticledError, doubt: bool) -> ArticledError:
    """What an attempt is answered says nothing about the ones before."""
    if doubt and not error.may_have_run:
        error.may_have_run = True
        error.message += "; an earlier attempt may have been carried out"
        error.args = (error.message,)
    return error
