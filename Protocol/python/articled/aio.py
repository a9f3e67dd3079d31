# SPDX-License-Identifier: Apache-2.0
"""The client for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from types import TracebackType
from typing import (
    Any,
    AsyncGenerator,
    AsyncIterable,
    Callable,
    Iterable,
    List,
    Optional,
    Sequence,
    Type,
    TypeVar,
    Union,
    overload,
)

from google.protobuf.message import DecodeError, Message

from . import _frames as frames
from ._connection import Connection, Stream
from ._endpoint import Endpoint, Unreachable
from ._ids import Key, article_key
from ._results import Found, Listed, Page, PutOutcome, ServiceStatus, decode_article
from ._retry import Clock, may_repeat, pause
from ._upload import Upload, put_request
from .articles_pb2 import (
    VIEW_FULL,
    VIEW_SUMMARY,
    Article,
    Classification,
    ClassifyArticleRequest,
    ClassifyArticleResult,
    ClassifyTextRequest,
    DeleteRequest,
    DeleteResult,
    DescribeRequest,
    GetManyItem,
    GetManyRequest,
    GetRequest,
    HealthRequest,
    HealthResult,
    ListItem,
    ListRequest,
    MetricsRequest,
    MetricsResult,
    PingRequest,
    PingResult,
    PutRequest,
    PutResult,
    ServerHello,
    ServiceDescription,
    StatsRequest,
    StatsResult,
    TopicsRequest,
    TopicsResult,
)
from .errors import (
    ArticledError,
    Cancelled,
    DeadlineExceeded,
    ProtocolError,
    ResourceExhausted,
    Unavailable,
)

_T = TypeVar("_T")
_M = TypeVar("_M", bound=Message)
#: A request: a message, or one that is encoded already.
Payload = Union[bytes, Message]
#: What ``put_many`` takes: articles, or requests with an expected revision.
Puttable = Union[Article, PutRequest]

# The most keys of one request. The service takes 10,000; fewer make less to send again when a connection is lost.
KEYS_AT_ONCE = 2000


class AsyncStream:
    """A call of any method, message by message. Iterating over it gives the answer's messages as bytes.

    Made by ``AsyncClient.stream``, and used in ``async with``: a stream that is left before its end is cancelled. It is
    not sent again when the connection is lost.
    """

    def __init__(self, client: AsyncClient, method: str, request: Optional[Payload], deadline: Optional[float]) -> None:
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


class AsyncClient:
    """A client of one service, for any number of tasks of one event loop. All calls share one connection.

    It connects with the first call, and again when the connection was lost. A call is sent again where that does no
    harm: if it was not carried out, or may be carried out twice. Otherwise it fails, and the exception's
    ``may_have_run`` is true.

    Every call takes a ``deadline`` in seconds, which covers all its attempts, and raises ``ArticledError``. Cancelling
    the task cancels the call in the service too.

    :param endpoint: ``unix:PATH`` or ``tcp:HOST:PORT``; by default the environment's ``ARTICLED_ENDPOINT``, else the
        socket ``/run/articled/articled.sock``.
    :param agent: who calls, for the service's journal: ``"newsroom/2.1"``.
    :param deadline: seconds that a call may take unless it says otherwise; ``None``: no limit but the service's own.
    :param attempts: how often one call is sent at most.
    :param patience: seconds that a call waits for a lost connection to come back.
    :param wait_for_service: whether the first connection is waited for with the same patience. If not, a service that
        cannot be reached is reported at once.
    :param connect_timeout: seconds until an attempt to connect is given up, hello included.
    :param max_frame: the largest answer that is taken, in bytes.
    :param stream_window: how many bytes of a streamed answer may be under way.
    """

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

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

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

    # -- Storing ---------------------------------------------------------------------------------------------------

    async def put(
        self, article: Article, *, expected_revision: Optional[int] = None, deadline: Optional[float] = None
    ) -> PutResult:
        """Stores an article. When this returns, it is on the service's disk.

        It replaces the article with its id, else the one with its URL, else it is new.

        :param expected_revision: 0: it must not exist; n: it must be at revision n; else ``Conflict`` is raised. Such a
            put is not sent again when it may have been carried out.
        """
        request = put_request(article, expected_revision)
        safe = expected_revision is None
        return await self._call("store.put", request, PutResult(), deadline, safe)

    async def put_many(
        self, articles: Union[Iterable[Puttable], AsyncIterable[Puttable]], *, deadline: Optional[float] = None
    ) -> AsyncGenerator[PutOutcome, None]:
        """Stores any number of articles, and yields an outcome for each, as they complete.

        Nothing is sent until the outcomes are iterated over. Articles are taken only as fast as the service stores
        them, and stored only as fast as outcomes are taken. What was in flight when a connection was lost is sent again.
        A ``PutRequest`` with an expected revision is not, and gets an error with ``may_have_run``. Do not give the same
        article twice in one call: if it is sent again, the first of the two may be stored last.

        :param deadline: seconds for all of them; ``None``: as long as it takes.
        """
        async with closing(self._put_batches(articles, deadline)) as batches:
            async for outcomes in batches:
                for outcome in outcomes:
                    yield outcome

    def _put_batches(
        self, articles: Union[Iterable[Puttable], AsyncIterable[Puttable]], deadline: Optional[float]
    ) -> AsyncGenerator[List[PutOutcome], None]:
        async def requests() -> AsyncGenerator[PutRequest, None]:
            if isinstance(articles, AsyncIterable):
                async for article in articles:
                    yield _put_request(article)
            else:
                for article in articles:
                    yield _put_request(article)

        return Upload(self, requests(), deadline).outcomes()

    async def delete(
        self, key: Key, *, expected_revision: Optional[int] = None, deadline: Optional[float] = None
    ) -> DeleteResult:
        """Deletes an article. Raises ``NotFound`` if there is none."""
        request = DeleteRequest(key=article_key(key), expected_revision=expected_revision)
        return await self._call("store.delete", request, DeleteResult(), deadline, False)

    # -- Fetching --------------------------------------------------------------------------------------------------

    async def get(self, key: Key, *, summary: bool = False, deadline: Optional[float] = None) -> Article:
        """Fetches an article, and compares its checksum. Raises ``NotFound``, and ``DataLoss`` if it is damaged.

        :param key: its id or its URL.
        :param summary: without body and original. A summary must not be put back: it would replace the article.
        """
        name = article_key(key)
        request = GetRequest(id=name.id, url=name.url, view=_view(summary))
        return decode_article(await self._unary("fetch.get", encoded(request), deadline))

    async def get_many(
        self, keys: Iterable[Key], *, summary: bool = False, deadline: Optional[float] = None
    ) -> AsyncGenerator[Found, None]:
        """Fetches any number of articles, and yields them in the order of their keys.

        :param deadline: seconds for all of them; ``None``: as long as it takes.
        """
        clock = Clock(deadline)
        keys = iter(keys)
        while True:
            some = list(itertools.islice(keys, KEYS_AT_ONCE))
            if not some:
                return
            async with closing(self._get_batches(some, summary, clock)) as batches:
                async for batch in batches:
                    for found in batch:
                        yield found

    async def _get_batches(self, keys: Sequence[Key], summary: bool, clock: Clock) -> AsyncGenerator[List[Found], None]:
        names = [article_key(key) for key in keys]
        done = 0

        def request() -> Optional[bytes]:
            return encoded(GetManyRequest(keys=names[done:], view=_view(summary))) if done < len(names) else None

        async with closing(self._resumed("fetch.getMany", request, clock)) as answers:
            async for messages in answers:
                batch = []
                for message in messages:
                    item = _decoded(GetManyItem(), message, "fetch.getMany")
                    if done >= len(names):
                        raise ProtocolError("fetch.getMany: more items than keys")
                    batch.append(Found(keys[done], item.article, item.status if item.HasField("status") else None))
                    done += 1
                yield batch
        if done < len(names):
            raise ProtocolError(f"fetch.getMany: {len(names)} keys and {done} items")

    async def list(
        self,
        *,
        topic: str = "",
        source: str = "",
        language: str = "",
        since: Optional[int] = None,
        until: Optional[int] = None,
        limit: int = 0,
        cursor: bytes = b"",
        summary: bool = False,
        deadline: Optional[float] = None,
    ) -> AsyncGenerator[Listed, None]:
        """Lists articles, newest first. The service sends them only as fast as they are taken.

        The list goes on where it was when a connection was lost or the service's deadline for one stream has passed.

        :param topic: the slug of a topic; this one and the next two: ``""`` for any.
        :param since: the earliest time, in milliseconds since 1970.
        :param until: the time that it ends before.
        :param limit: how many at most; 0: all.
        :param cursor: goes on behind the article that had this cursor.
        :param deadline: seconds for the whole list; ``None``: as long as it takes.
        """
        request = list_request(topic, source, language, since, until, limit, cursor, summary)
        async with closing(self._list_batches(request, Clock(deadline))) as batches:
            async for batch in batches:
                for listed in batch:
                    yield listed

    async def page(
        self,
        size: int,
        *,
        cursor: Optional[bytes] = None,
        topic: str = "",
        source: str = "",
        language: str = "",
        since: Optional[int] = None,
        until: Optional[int] = None,
        summary: bool = True,
        deadline: Optional[float] = None,
    ) -> Page:
        """One page of a list: for programs that show it piece by piece. The parameters are those of ``list``.

        :param cursor: that of the page before.
        """
        if size < 1:
            raise ValueError("a page has at least one article")
        listing = self.list(
            topic=topic,
            source=source,
            language=language,
            since=since,
            until=until,
            limit=size,
            cursor=cursor or b"",
            summary=summary,
            deadline=self.deadline if deadline is None else deadline,
        )
        items = [listed async for listed in listing]
        return Page(items, items[-1].cursor if len(items) == size else None)

    async def _list_batches(self, request: ListRequest, clock: Clock) -> AsyncGenerator[List[Listed], None]:
        limited = request.limit > 0
        done = False
        async with closing(self._resumed("fetch.list", lambda: None if done else encoded(request), clock)) as answers:
            async for messages in answers:
                batch = []
                for message in messages:
                    item = _decoded(ListItem(), message, "fetch.list")
                    batch.append(Listed(item.article, item.status if item.HasField("status") else None, item.cursor))
                request.cursor = batch[-1].cursor
                if limited:
                    request.limit -= min(len(batch), request.limit)
                    done = request.limit == 0
                yield batch

    # -- Classifying -----------------------------------------------------------------------------------------------

    async def classify(
        self, title: str, body: str, *, explain: bool = False, deadline: Optional[float] = None
    ) -> Classification:
        """Tells the topics of a text, the most probable one first.

        :param explain: with the words that decided.
        """
        request = ClassifyTextRequest(title=title, body=body, explain=explain)
        return await self._call("classify.text", request, Classification(), deadline)

    async def classify_article(
        self, key: Key, *, explain: bool = False, write_back: bool = False, deadline: Optional[float] = None
    ) -> ClassifyArticleResult:
        """Tells the topics of a stored article.

        :param write_back: stores the topics with the article, which needs the role write.
        """
        request = ClassifyArticleRequest(key=article_key(key), explain=explain, write_back=write_back)
        return await self._call("classify.article", request, ClassifyArticleResult(), deadline, not write_back)

    async def topics(self, *, deadline: Optional[float] = None) -> TopicsResult:
        """The topics that the service's model can tell apart."""
        return await self._call("classify.topics", TopicsRequest(), TopicsResult(), deadline)

    # -- The service -----------------------------------------------------------------------------------------------

    async def ping(self, payload: bytes = b"", *, deadline: Optional[float] = None) -> PingResult:
        """Asks whether the service answers; gives its time, and the payload (at most 1024 bytes) back."""
        return await self._call("service.ping", PingRequest(payload=payload), PingResult(), deadline)

    async def status(self, *, deadline: Optional[float] = None) -> ServiceStatus:
        """What ``describe``, ``health`` and ``stats`` give."""
        return ServiceStatus(
            *await asyncio.gather(
                self.describe(deadline=deadline), self.health(deadline=deadline), self.stats(deadline=deadline)
            )
        )

    async def describe(self, *, deadline: Optional[float] = None) -> ServiceDescription:
        """The service's version, plugins, methods and sockets."""
        return await self._call("service.describe", DescribeRequest(), ServiceDescription(), deadline)

    async def health(self, *, deadline: Optional[float] = None) -> HealthResult:
        """How the service and its plugins are."""
        return await self._call("service.health", HealthRequest(), HealthResult(), deadline)

    async def stats(self, *, deadline: Optional[float] = None) -> StatsResult:
        """What the service has done since it started."""
        return await self._call("service.stats", StatsRequest(), StatsResult(), deadline)

    async def metrics(self, *, deadline: Optional[float] = None) -> str:
        """The same in the text format of OpenMetrics."""
        return (await self._call("service.metrics", MetricsRequest(), MetricsResult(), deadline)).text

    async def hello(self) -> ServerHello:
        """What the service said of itself when the connection was made: limits, methods, and the roles of this peer."""
        hello = ServerHello()
        hello.CopyFrom((await self._ready("hello", Clock(self.deadline))).hello)
        return hello

    # -- Any method ------------------------------------------------------------------------------------------------

    @overload
    async def call(
        self, method: str, request: Payload = b"", *, idempotent: bool = False, deadline: Optional[float] = None
    ) -> bytes: ...

    @overload
    async def call(
        self,
        method: str,
        request: Payload = b"",
        *,
        response: Type[_M],
        idempotent: bool = False,
        deadline: Optional[float] = None,
    ) -> _M: ...

    async def call(
        self,
        method: str,
        request: Payload = b"",
        *,
        response: Optional[Type[Any]] = None,
        idempotent: bool = False,
        deadline: Optional[float] = None,
    ) -> Any:
        """Calls any plugin's method that takes one message and gives one.

        :param request: a protobuf message, or bytes.
        :param response: the class of the answer; without it, the answer is bytes.
        :param idempotent: carrying it out twice does no harm. The service's table of methods says so of some by itself.
        """
        answer = await self._unary(method, encoded(request), deadline, True if idempotent else None)
        return answer if response is None else _decoded(response(), answer, method)

    def stream(
        self, method: str, request: Optional[Payload] = None, *, deadline: Optional[float] = None
    ) -> AsyncStream:
        """Calls any plugin's method, message by message: ``async with client.stream(...) as stream``.

        :param request: the request; ``None`` if the method takes a stream, whose messages ``AsyncStream.send`` sends.
        """
        return AsyncStream(self, method, request, deadline)

    # -- How a call is made ----------------------------------------------------------------------------------------

    async def _call(
        self, method: str, request: Message, response: _M, deadline: Optional[float], safe: Optional[bool] = None
    ) -> _M:
        return _decoded(response, await self._unary(method, encoded(request), deadline, safe), method)

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

        def expire() -> None:
            if stream.finished:
                return
            if connection.received == seen:
                connection.probe()
            stream.abandon(clock.expired(stream.method.name, may_have_run=True))

        remaining = clock.remaining
        handle = connection.loop.call_later(0 if remaining is None else remaining, expire)
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


def list_request(
    topic: str,
    source: str,
    language: str,
    since: Optional[int],
    until: Optional[int],
    limit: int,
    cursor: bytes,
    summary: bool,
) -> ListRequest:
    """What ``list`` asks for."""
    request = ListRequest(
        topic=topic, source=source, language=language, until=until, limit=limit, cursor=cursor, view=_view(summary)
    )
    if since is not None:
        setattr(request, "from", since)
    return request


def encoded(message: Payload) -> bytes:
    """The bytes of a request."""
    return message.SerializeToString() if isinstance(message, Message) else bytes(message)


def _decoded(message: _M, payload: bytes, method: str) -> _M:
    try:
        message.ParseFromString(payload)
    except DecodeError as error:
        raise ProtocolError(f"{method}: the answer cannot be read: {error}", may_have_run=True) from error
    return message


def _put_request(article: Puttable) -> PutRequest:
    if isinstance(article, PutRequest):
        return put_request(
            article.article, article.expected_revision if article.HasField("expected_revision") else None
        )
    return put_request(article)


def _view(summary: bool) -> Any:
    return VIEW_SUMMARY if summary else VIEW_FULL


def _after_doubt(error: ArticledError, doubt: bool) -> ArticledError:
    """What an attempt is answered says nothing about the ones before."""
    if doubt and not error.may_have_run:
        error.may_have_run = True
        error.message += "; an earlier attempt may have been carried out"
        error.args = (error.message,)
    return error
