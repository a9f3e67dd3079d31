# SPDX-License-Identifier: Apache-2.0
"""put_many: articles go out while results come in, over as many streams as it takes."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, AsyncGenerator, Deque, Dict, List, Optional, Set

from google.protobuf.message import DecodeError

from ._ids import new_id
from ._results import PutOutcome
from ._retry import Clock, after_doubt, may_repeat, pause
from ._stream import Stream
from .articles_pb2 import Article, PutManyResult, PutRequest
from .errors import ArticledError, Cancelled, DeadlineExceeded, InvalidArgument, ProtocolError, error_of

if TYPE_CHECKING:
    from ._calls import Caller
    from ._connection import Connection

_METHOD = "store.putMany"


def put_request(article: Article, expected_revision: Optional[int] = None, created_at: int = 0) -> PutRequest:
    """The request. An article without id and URL gets an id here, so that it can be sent more than once."""
    request = PutRequest(expected_revision=expected_revision, created_at=created_at)
    request.article.CopyFrom(article)
    if not article.id and not article.url:
        request.article.id = new_id()
    return request


class _Item:
    """An article that was taken from the caller and has no outcome yet."""

    __slots__ = ("attempts", "doubt", "index", "payload", "position", "safe")

    def __init__(self, index: int, request: PutRequest) -> None:
        self.index = index
        self.payload = request.SerializeToString()
        self.safe = not request.HasField("expected_revision")
        self.attempts = 0
        #: An earlier attempt may have stored it.
        self.doubt = False
        #: Where its frame ends in what the connection writes; `None` if it was not sent there.
        self.position: Optional[int] = None


class Upload:
    """Sends what the source gives, and yields outcomes in the order in which they come."""

    def __init__(self, client: Caller, source: AsyncGenerator[PutRequest, None], deadline: Optional[float]) -> None:
        self._client = client
        self._source = source
        self._clock = Clock(deadline)
        self._count = 0
        # The next article of the source; a task, since the source must not be disturbed when a stream ends meanwhile.
        self._pull: Optional[asyncio.Future[PutRequest]] = None
        self._exhausted = False
        self._source_error: Optional[BaseException] = None
        self._again: Deque[_Item] = deque()
        # Set when something is to be sent again while the feeder waits for the source.
        self._more_again: Optional[asyncio.Future[None]] = None
        # In flight on this stream, by the stream's own index.
        self._sent: Dict[int, _Item] = {}
        # Results that were refused, in a row, and until when nothing is sent because of that.
        self._refused = 0
        self._quiet_until = 0.0
        # The endpoints that have refused articles, and whether the rest goes to another one.
        self._refused_by: Set[int] = set()
        self._moves = False
        # Outcomes of articles that no service would take.
        self._unsent: List[PutOutcome] = []

    async def outcomes(self) -> AsyncGenerator[List[PutOutcome], None]:
        """Yields what has come, never an empty list. The source's error is raised after the last outcome."""
        failures = 0
        try:
            while await self._peek():
                try:
                    connection = await self._client._ready(_METHOD, self._clock, self._refused_by)
                except ArticledError as error:
                    raise after_doubt(error, any(item.doubt for item in self._again))
                self._moves = False
                method = connection.method(_METHOD)
                clock = self._clock.at_most(self._client.deadline)
                stream = connection.start(method, None, clock.milliseconds())
                timer = self._client._expire(connection, stream, clock)
                feeder = asyncio.ensure_future(self._feed(stream, connection, clock))
                failure: Optional[ArticledError] = None
                progress = False
                try:
                    while True:
                        messages = await stream.receive()
                        if not messages:
                            break
                        progress = True
                        outcomes = self._read(messages, connection) + self._take_unsent()
                        if outcomes:
                            yield outcomes
                    await self._stop(feeder)
                    outcomes = self._take_unsent()
                    if outcomes:
                        yield outcomes
                    if self._sent:
                        failure = ProtocolError(f"{_METHOD}: the stream ended before all results", may_have_run=True)
                except ArticledError as error:
                    failure = error
                finally:
                    await self._stop(feeder)
                    timer.cancel()
                    if not stream.finished:
                        stream.abandon(Cancelled(f"{_METHOD}: cancelled", may_have_run=True))
                if failure is None:
                    failures = 0
                    continue
                # A deadline ends one stream of several; each starts with a new one, as long as the caller's own lasts.
                timed_out = isinstance(failure, DeadlineExceeded) and (progress or not self._sent)
                failures = 1 if progress else failures + 1
                if not self._client._has_alternative(_METHOD, connection, failure, self._refused_by):
                    self._refused_by.clear()
                if not (timed_out or self._client._may_repeat(failure, safe=True)) or failures >= self._client.attempts:
                    raise failure
                if not self._clock.allows(pause(failures, failure)):
                    raise self._clock.expired(_METHOD, may_have_run=bool(self._sent))
                doubtful = self._take_unsent() + self._sort(failure, connection.written)
                if doubtful:
                    yield doubtful
                await self._clock.sleep(pause(failures, failure))
        finally:
            if self._pull is not None:
                self._pull.cancel()
                await asyncio.wait({self._pull})
            await self._source.aclose()
        if self._source_error is not None:
            raise self._source_error

    async def _peek(self) -> bool:
        """Waits until there is something to send. No stream is open meanwhile."""
        item = await self._next(self._clock)
        if item is None:
            return False
        self._again.appendleft(item)
        return True

    async def _next(self, clock: Clock) -> Optional[_Item]:
        """What is to be sent again, or else the next article of the source; `None` if there is neither."""
        while not self._again and not self._exhausted:
            if self._pull is None:
                self._pull = asyncio.ensure_future(self._source.__anext__())
                await asyncio.sleep(0)  # most sources have an article at once
            if self._pull.done():
                return self._pulled()
            self._more_again = asyncio.get_running_loop().create_future()
            waiters: Set[asyncio.Future[Any]] = {self._pull, self._more_again}
            done, _ = await asyncio.wait(waiters, timeout=clock.remaining, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise clock.expired(_METHOD, may_have_run=bool(self._sent))
        return self._again.popleft() if self._again else None

    def _pulled(self) -> Optional[_Item]:
        """What the source has given; `None` at its end."""
        assert self._pull is not None
        pull, self._pull = self._pull, None
        try:
            request = pull.result()
        except StopAsyncIteration:
            self._exhausted = True
            return None
        except Exception as error:
            # What was taken before still gets its outcomes.
            self._exhausted = True
            self._source_error = error
            return None
        self._count += 1
        return _Item(self._count - 1, request)

    async def _feed(self, stream: Stream, connection: Connection, clock: Clock) -> None:
        """Sends until nothing is left or the stream is over. At half of its deadline, or when the service is about to
        stop, a new stream takes over."""
        begun = time.monotonic()
        index = 0
        while not (self._moves or connection.draining):
            if clock.seconds is not None and time.monotonic() - begun >= clock.seconds / 2:
                break
            quiet = self._quiet_until - time.monotonic()
            if quiet > 0:
                await asyncio.sleep(quiet)
            try:
                item = await self._next(clock)
            except DeadlineExceeded:
                break
            if item is None:
                break
            if self._moves or connection.draining:
                self._again.appendleft(item)
                break
            item.position = None
            item.attempts += 1
            self._sent[index] = item
            try:
                if not await stream.send(item.payload):
                    return
            except InvalidArgument as error:
                del self._sent[index]
                self._unsent.append(PutOutcome(item.index, None, after_doubt(error, item.doubt)))
                if self._sent:
                    continue
                # Nothing else would bring the outcome to the caller, for which the source may wait.
                break
            item.position = stream.position
            index += 1
        stream.end()

    def _take_unsent(self) -> List[PutOutcome]:
        unsent, self._unsent = self._unsent, []
        return unsent

    async def _stop(self, feeder: asyncio.Future[None]) -> None:
        """Ends the feeder, and raises what it raised."""
        feeder.cancel()
        await asyncio.wait({feeder})
        if not feeder.cancelled():
            feeder.result()

    def _read(self, messages: List[bytes], connection: Connection) -> List[PutOutcome]:
        outcomes = []
        for message in messages:
            answer = PutManyResult()
            try:
                answer.ParseFromString(message)
            except DecodeError as fault:
                raise ProtocolError(f"{_METHOD}: a result that cannot be read: {fault}", may_have_run=True) from fault
            item = self._sent.pop(answer.index, None)
            if item is None:
                raise ProtocolError(f"{_METHOD}: a result for no message: {answer.index}", may_have_run=True)
            if not answer.HasField("status"):
                self._refused = 0
                self._client._upstreams[connection.upstream].served()
                outcomes.append(PutOutcome(item.index, answer.result))
                continue
            status = answer.status
            error = error_of(status.code, f"{_METHOD}: {status.message}", status.request)
            item.doubt = item.doubt or error.may_have_run
            if may_repeat(error, item.safe):
                self._refused += 1
                attempts = self._client.attempts
                wait = pause(min(self._refused, attempts) + 1)
                if item.attempts < attempts and self._refused <= attempts and self._clock.allows(wait):
                    if self._client._has_alternative(_METHOD, connection, error, self._refused_by):
                        self._moves = True
                    else:
                        self._refused_by.clear()
                        self._quiet_until = time.monotonic() + wait
                    self._again.append(item)
                    if self._more_again is not None and not self._more_again.done():
                        self._more_again.set_result(None)
                    continue
            outcomes.append(PutOutcome(item.index, None, after_doubt(error, item.doubt)))
        return outcomes

    def _sort(self, failure: ArticledError, written: int) -> List[PutOutcome]:
        """After a stream failed: what can be sent again is, in its old order; the others are told that nobody knows."""
        doubtful, again = [], []
        for item in self._sent.values():
            untouched = item.position is None or item.position > written
            item.doubt = item.doubt or not untouched
            if item.safe or untouched:
                again.append(item)
            else:
                error = type(failure)(failure.message, may_have_run=True, request=failure.request)
                doubtful.append(PutOutcome(item.index, None, error))
        self._sent.clear()
        self._again.extendleft(reversed(again))
        return doubtful
