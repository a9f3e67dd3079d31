# SPDX-License-Identifier: Apache-2.0
"""How calls are made: over shared connections, again where that is safe, and within their deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import AsyncGenerator, Callable, List, Optional, Set, TypeVar, Union

from google.protobuf.message import DecodeError, Message

from ._balancing import Balancer
from ._connection import Connection
from ._retry import Clock, after_doubt, pause
from ._stream import Stream
from .articles_pb2 import VIEW_SUMMARY, Article, GetRequest
from .errors import ArticledError, Cancelled, DeadlineExceeded, NotFound, ProtocolError, Unavailable

_T = TypeVar("_T")
_M = TypeVar("_M", bound=Message)
#: A request: a message, or one that is encoded already.
Payload = Union[bytes, Message]

class Caller(Balancer):
    """One service or several, and the calls to them."""

    async def _call(
        self, method: str, request: Message, response: _M, deadline: Optional[float], safe: Optional[bool] = None
    ) -> _M:
        return decoded(response, await self._unary(method, encoded(request), deadline, safe), method)

    async def _unary(
        self,
        name: str,
        payload: bytes,
        deadline: Optional[float] = None,
        safe: Optional[bool] = None,
        only: Optional[int] = None,
    ) -> bytes:
        """Sends the call until it is answered; again if it is `safe`, by default if the service says so.

        :param only: the only endpoint that can serve it."""
        clock = Clock(self.deadline if deadline is None else deadline)
        doubt = False
        refused: Set[int] = set()
        for attempt in itertools.count(1):
            try:
                connection = await self._ready(name, clock, refused, only)
                method = connection.method(name)
                if method.stream_request or method.stream_response:
                    raise ValueError(f"{name} streams: use stream()")
            except ArticledError as error:
                raise after_doubt(error, doubt)
            try:
                stream = connection.start(method, payload, clock.milliseconds())
                answer = await self._answer(connection, stream, clock)
                self._upstreams[connection.upstream].served()
                return answer
            except ArticledError as error:
                wait = pause(attempt, error)
                if self._has_alternative(name, connection, error, refused):
                    wait = 0.0
                else:
                    refused.clear()
                repeatable = self._may_repeat(error, method.idempotent if safe is None else safe)
                if not repeatable or attempt >= self.attempts or not clock.allows(wait):
                    raise after_doubt(error, doubt)
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
        self,
        name: str,
        request: Callable[[], Optional[bytes]],
        clock: Clock,
        *,
        last: Optional[Callable[[], Optional[Article]]] = None,
    ) -> AsyncGenerator[List[bytes], None]:
        """The messages of a streamed answer. When it fails, `request()` asks for the rest, if there is any.

        :param last: of a list, the article that came last: the rest is of use only in the storage that has it."""
        failures = 0
        origin: Optional[int] = None
        refused: Set[int] = set()
        while True:
            payload = request()
            if payload is None:
                return
            if origin is not None and last is not None:
                origin = await self._continuing(name, last(), origin, clock)
            connection = await self._ready(name, clock, refused, origin)
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
                    if last is not None and len(self.endpoints) > 1:
                        origin = connection.upstream
                    self._upstreams[connection.upstream].served()
                    yield messages
            except ArticledError as error:
                if request() is None:
                    return
                failures += 1
                if not self._has_alternative(name, connection, error, refused):
                    refused.clear()
                # A stream's deadline may pass while the caller is busy with what it has: that is no failure.
                timed_out = isinstance(error, DeadlineExceeded) and failures == 1
                wait = pause(failures, error)
                if (
                    not (timed_out or self._may_repeat(error, safe=True))
                    or failures >= self.attempts
                    or not clock.allows(wait)
                ):
                    raise
            finally:
                timer.cancel()
                if not stream.finished:
                    stream.abandon(Cancelled(f"{name}: cancelled"))
            await asyncio.sleep(wait)

    async def _continuing(self, name: str, last: Optional[Article], origin: int, clock: Clock) -> int:
        """The endpoint that can continue a list: where it began, or another one with the same storage. The first that
        answers so.

        A cursor of a list does not tell its storage. Continued in another storage, the list would silently be of both.
        So an endpoint must have the article that was listed last, at the listed revision and time of storing."""
        if last is None:
            return origin
        limit = clock.at_most(self.patience).remaining
        get = encoded(GetRequest(id=last.id, view=VIEW_SUMMARY))

        async def check(index: int) -> Optional[str]:
            if index == origin:
                await self._unary("service.ping", b"", limit, True, index)
                return None
            try:
                found = decoded(Article(), await self._unary("fetch.get", get, limit, True, index), "fetch.get")
                if (found.revision, found.stored_at) == (last.revision, last.stored_at):
                    return None
            except NotFound:
                pass
            return "does not have the article that was listed last as it was: its storage is another one"

        checks = {asyncio.ensure_future(check(index)): index for index in range(len(self.endpoints))}
        reasons = {}
        try:
            waiting = set(checks)
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    error = task.exception()
                    if error is not None and not isinstance(error, ArticledError):
                        raise error
                    reason = error.message if isinstance(error, ArticledError) else task.result()
                    if reason is None:
                        return checks[task]
                    reasons[checks[task]] = f"{self.endpoints[checks[task]].text}: {reason}"
        finally:
            for task in checks:
                task.cancel()
            await asyncio.wait(checks)
        text = "; ".join(reasons[index] for index in sorted(reasons))
        raise Unavailable(
            f"{name}: the list began at {self.endpoints[origin].text}, and no endpoint can continue it: {text}"
        )

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
