# SPDX-License-Identifier: Apache-2.0
"""The blocking client."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
import weakref
from collections import deque
from concurrent.futures import CancelledError
from types import TracebackType
from typing import (
    Any,
    AsyncGenerator,
    Callable,
    Coroutine,
    Deque,
    Iterable,
    Iterator,
    List,
    Optional,
    Type,
    TypeVar,
    Union,
    overload,
)

from google.protobuf.message import Message

from ._ids import Key
from ._results import Found, Listed, Page, PutOutcome, ServiceStatus
from ._retry import Clock
from ._async_stream import AsyncStream
from ._calls import Payload
from .aio import KEYS_AT_ONCE, AsyncClient, Puttable, list_request
from .articles_pb2 import (
    SEARCH_ORDER_RELEVANCE,
    Article,
    Classification,
    ClassifyArticleResult,
    DeleteResult,
    DuplicatesResult,
    HealthResult,
    PingResult,
    PutResult,
    SearchOrder,
    SearchResult,
    ServerHello,
    ServiceDescription,
    StatsResult,
    TopicsResult,
)
from .errors import Cancelled

_T = TypeVar("_T")
_M = TypeVar("_M", bound=Message)


class _Runner:
    """The client's event loop, on a thread that starts with the first call; a forked child starts its own."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._process: Optional[int] = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._thread: Optional[threading.Thread] = None
        self._closed = False

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Runs the coroutine on the loop, and waits for it. An interrupt cancels it."""
        try:
            loop = self._running()
        except BaseException:
            coroutine.close()
            raise
        future = asyncio.run_coroutine_threadsafe(coroutine, loop)
        try:
            return future.result()
        except CancelledError:
            raise Cancelled("the client has been closed", may_have_run=True) from None
        finally:
            future.cancel()

    def finish(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs what ends an iterator. On the loop's own thread, where an iterator may be collected, without waiting."""
        if self._closed or self._process != os.getpid():
            return
        if self._thread is threading.current_thread():
            asyncio.ensure_future(close())
            return
        try:
            self.run(close())
        except Cancelled:
            pass

    def stop(self) -> None:
        """Closes the client and ends the thread. Safe to use more than once."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
            if loop is None or thread is None or self._process != os.getpid():
                return
        loop.call_soon_threadsafe(loop.stop)
        if thread is not threading.current_thread():
            thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._process not in (None, os.getpid()):
            self._lock = threading.Lock()  # another thread may have had it at the fork
        with self._lock:
            if self._closed:
                raise Cancelled("the client has been closed")
            if self._loop is None or self._process != os.getpid():
                self._process = os.getpid()
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop, self._client), name="articled", daemon=True
                )
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop, client: AsyncClient) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(_end(client))
    finally:
        loop.close()


async def _end(client: AsyncClient) -> None:
    await client.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others)
    await asyncio.get_running_loop().shutdown_asyncgens()


async def _following(batches: AsyncGenerator[List[_T], None]) -> Optional[List[_T]]:
    async for batch in batches:
        return batch
    return None


class Client:
    """A client of one service, or of several that share one storage, for any number of threads. All calls share one
    connection to each endpoint.

    It has the methods of ``AsyncClient``, with the same parameters, and each blocks until it has its answer. An event
    loop on a thread of its own does the work; it starts with the first call, and again in a child after ``os.fork``.

        with Client() as client:
            print(client.get("https://mic.gov.vn/can-tho").title)

    :param endpoint: ``unix:PATH``, ``tcp:HOST:PORT`` or ``tls:HOST:PORT``; or several, separated by commas or in a list; by default the
        environment's ``ARTICLED_ENDPOINT``, else the socket ``/run/articled/articled.sock``.
    :param options: those of ``AsyncClient``: ``agent``, ``deadline``, ``attempts``, ``patience`` and the others.
    """

    def __init__(self, endpoint: Union[str, Iterable[str], None] = None, **options: Any) -> None:
        self._client = AsyncClient(endpoint, **options)
        self._runner = _Runner(self._client)
        weakref.finalize(self, self._runner.stop)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection, and ends the thread. Calls that are in flight fail."""
        self._runner.stop()

    # -- Storing ---------------------------------------------------------------------------------------------------

    def put(
        self,
        article: Article,
        *,
        expected_revision: Optional[int] = None,
        created_at: int = 0,
        deadline: Optional[float] = None,
    ) -> PutResult:
        """Stores an article: ``AsyncClient.put``."""
        return self._runner.run(
            self._client.put(article, expected_revision=expected_revision, created_at=created_at, deadline=deadline)
        )

    def put_many(self, articles: Iterable[Puttable], *, deadline: Optional[float] = None) -> Iterator[PutOutcome]:
        """Stores any number of articles, and yields an outcome for each: ``AsyncClient.put_many``. Nothing is sent
        until the outcomes are iterated over; the articles are taken on the thread that does so."""
        upload = _BlockingUpload(self._client, deadline)
        source = iter(articles)
        failure: Optional[Exception] = None
        more = True
        try:
            while True:
                chunk: List[Puttable] = []
                try:
                    size = 0
                    while more and len(chunk) < 64 and size < 1 << 18:
                        article = next(source)
                        size += article.ByteSize()
                        chunk.append(article)
                except StopIteration:
                    more = False
                except Exception as error:  # what was taken before still gets its outcomes
                    more, failure = False, error
                outcomes = self._runner.run(upload.exchange(chunk, more))
                if outcomes is None:
                    break
                yield from outcomes
        finally:
            self._runner.finish(upload.close)
        if failure is not None:
            raise failure

    def delete(
        self, key: Key, *, expected_revision: Optional[int] = None, deadline: Optional[float] = None
    ) -> DeleteResult:
        """Deletes an article: ``AsyncClient.delete``."""
        return self._runner.run(self._client.delete(key, expected_revision=expected_revision, deadline=deadline))

    # -- Fetching --------------------------------------------------------------------------------------------------

    def get(self, key: Key, *, summary: bool = False, deadline: Optional[float] = None) -> Article:
        """Fetches an article by its id or its URL: ``AsyncClient.get``."""
        return self._runner.run(self._client.get(key, summary=summary, deadline=deadline))

    def get_many(
        self, keys: Iterable[Key], *, summary: bool = False, deadline: Optional[float] = None
    ) -> Iterator[Found]:
        """Fetches any number of articles, in the order of their keys: ``AsyncClient.get_many``."""
        clock = Clock(deadline)
        source = iter(keys)
        while True:
            some = list(itertools.islice(source, KEYS_AT_ONCE))
            if not some:
                return
            yield from self._each(self._client._get_batches(some, summary, clock))

    def list(
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
    ) -> Iterator[Listed]:
        """Lists articles, newest first: ``AsyncClient.list``."""
        request = list_request(topic, source, language, since, until, limit, cursor, summary)
        return self._each(self._client._list_batches(request, Clock(deadline)))

    def page(
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
        """One page of a list: ``AsyncClient.page``."""
        return self._runner.run(
            self._client.page(
                size,
                cursor=cursor,
                topic=topic,
                source=source,
                language=language,
                since=since,
                until=until,
                summary=summary,
                deadline=deadline,
            )
        )

    # -- Classifying -----------------------------------------------------------------------------------------------

    def classify(
        self, title: str, body: str, *, language: str = "", explain: bool = False, deadline: Optional[float] = None
    ) -> Classification:
        """Tells the topics of a text: ``AsyncClient.classify``."""
        return self._runner.run(
            self._client.classify(title, body, language=language, explain=explain, deadline=deadline))

    def classify_article(
        self, key: Key, *, explain: bool = False, write_back: bool = False, deadline: Optional[float] = None
    ) -> ClassifyArticleResult:
        """Tells the topics of a stored article: ``AsyncClient.classify_article``."""
        return self._runner.run(
            self._client.classify_article(key, explain=explain, write_back=write_back, deadline=deadline)
        )

    def topics(self, *, deadline: Optional[float] = None) -> TopicsResult:
        """The topics that the service's model can tell apart."""
        return self._runner.run(self._client.topics(deadline=deadline))

    # -- Searching -------------------------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        topic: str = "",
        source: str = "",
        language: str = "",
        since: Optional[int] = None,
        until: Optional[int] = None,
        order: SearchOrder = SEARCH_ORDER_RELEVANCE,
        limit: int = 10,
        cursor: bytes = b"",
        facets: bool = False,
        articles: bool = False,
        deadline: Optional[float] = None,
    ) -> SearchResult:
        """Finds articles by what a person typed: ``AsyncClient.search``."""
        return self._runner.run(
            self._client.search(
                query,
                topic=topic,
                source=source,
                language=language,
                since=since,
                until=until,
                order=order,
                limit=limit,
                cursor=cursor,
                facets=facets,
                articles=articles,
                deadline=deadline,
            )
        )

    def suggest(self, query: str, *, limit: int = 8, deadline: Optional[float] = None) -> List[str]:
        """What a query that is being typed may become: ``AsyncClient.suggest``."""
        return self._runner.run(self._client.suggest(query, limit=limit, deadline=deadline))

    def related(
        self,
        key: Optional[Key] = None,
        *,
        title: str = "",
        body: str = "",
        limit: int = 10,
        articles: bool = False,
        deadline: Optional[float] = None,
    ) -> SearchResult:
        """Finds articles about the same: ``AsyncClient.related``."""
        return self._runner.run(
            self._client.related(key, title=title, body=body, limit=limit, articles=articles, deadline=deadline)
        )

    def duplicates(
        self,
        key: Optional[Key] = None,
        *,
        title: str = "",
        summary: str = "",
        body: str = "",
        threshold: float = 0,
        limit: int = 20,
        deadline: Optional[float] = None,
    ) -> DuplicatesResult:
        """Finds the copies of an article or a text: ``AsyncClient.duplicates``."""
        return self._runner.run(
            self._client.duplicates(
                key, title=title, summary=summary, body=body, threshold=threshold, limit=limit, deadline=deadline
            )
        )

    # -- The service -----------------------------------------------------------------------------------------------

    def ping(self, payload: bytes = b"", *, deadline: Optional[float] = None) -> PingResult:
        """Asks whether the service answers: ``AsyncClient.ping``."""
        return self._runner.run(self._client.ping(payload, deadline=deadline))

    def status(self, *, deadline: Optional[float] = None) -> ServiceStatus:
        """What ``describe``, ``health`` and ``stats`` give."""
        return self._runner.run(self._client.status(deadline=deadline))

    def describe(self, *, deadline: Optional[float] = None) -> ServiceDescription:
        """The service's version, plugins, methods and sockets."""
        return self._runner.run(self._client.describe(deadline=deadline))

    def health(self, *, deadline: Optional[float] = None) -> HealthResult:
        """How the service and its plugins are."""
        return self._runner.run(self._client.health(deadline=deadline))

    def stats(self, *, deadline: Optional[float] = None) -> StatsResult:
        """What the service has done since it started."""
        return self._runner.run(self._client.stats(deadline=deadline))

    def metrics(self, *, deadline: Optional[float] = None) -> str:
        """The same in the text format of OpenMetrics."""
        return self._runner.run(self._client.metrics(deadline=deadline))

    def hello(self) -> ServerHello:
        """What the service said of itself when the connection was made: ``AsyncClient.hello``."""
        return self._runner.run(self._client.hello())

    # -- Any method ------------------------------------------------------------------------------------------------

    @overload
    def call(
        self, method: str, request: Payload = b"", *, idempotent: bool = False, deadline: Optional[float] = None
    ) -> bytes: ...

    @overload
    def call(
        self,
        method: str,
        request: Payload = b"",
        *,
        response: Type[_M],
        idempotent: bool = False,
        deadline: Optional[float] = None,
    ) -> _M: ...

    def call(
        self,
        method: str,
        request: Payload = b"",
        *,
        response: Optional[Type[Any]] = None,
        idempotent: bool = False,
        deadline: Optional[float] = None,
    ) -> Any:
        """Calls any plugin's method that takes one message and gives one: ``AsyncClient.call``."""
        wanted: Any = response
        return self._runner.run(
            self._client.call(method, request, response=wanted, idempotent=idempotent, deadline=deadline)
        )

    def stream(
        self, method: str, request: Optional[Payload] = None, *, deadline: Optional[float] = None
    ) -> BlockingStream:
        """Calls any plugin's method, message by message: ``with client.stream(...) as stream``."""
        return BlockingStream(self._runner, self._client.stream(method, request, deadline=deadline))

    def _each(self, batches: AsyncGenerator[List[_T], None]) -> Iterator[_T]:
        try:
            while True:
                batch = self._runner.run(_following(batches))
                if batch is None:
                    return
                yield from batch
        finally:
            self._runner.finish(batches.aclose)


class BlockingStream:
    """A call of any method, message by message: ``AsyncStream``, blocking. Iterating over it gives bytes."""

    def __init__(self, runner: _Runner, stream: AsyncStream) -> None:
        self._runner = runner
        self._stream = stream

    def __enter__(self) -> BlockingStream:
        self._runner.run(self._stream.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.finish(self._stream.__aexit__)

    def send(self, message: Payload) -> bool:
        """Sends a message of a streamed request, once there is credit for it. False: the service has ended the call. A
        thread that sends many messages must take the answer's meanwhile, or another thread must."""
        return self._runner.run(self._stream.send(message))

    def end(self) -> None:
        """Ends a streamed request."""
        self._runner.run(self._stream.end())

    def __iter__(self) -> Iterator[bytes]:
        while True:
            messages = self._runner.run(self._stream.receive())
            if not messages:
                return
            yield from messages


class _BlockingUpload:
    """put_many for a thread: it hands articles over and takes outcomes in turn. All methods run on the loop."""

    def __init__(self, client: AsyncClient, deadline: Optional[float]) -> None:
        self._waiting: Deque[Puttable] = deque()
        self._more = True
        # Set while the upload waits for an article, and while somebody waits for it to do so.
        self._wanted: Optional[asyncio.Future[None]] = None
        self._hungry: Optional[asyncio.Future[None]] = None
        self._pending: Optional[asyncio.Future[Optional[List[PutOutcome]]]] = None
        self._batches = client._put_batches(self._source(), deadline)

    async def exchange(self, chunk: List[Puttable], more: bool) -> Optional[List[PutOutcome]]:
        """Hands articles over. Returns the outcomes that came before it wanted more; `None` at the end."""
        loop = asyncio.get_running_loop()
        self._waiting.extend(chunk)
        self._more = more
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_result(None)
        if self._pending is None:
            self._pending = asyncio.ensure_future(_following(self._batches))
        waiters = {self._pending}
        if more and self._waiting:
            self._hungry = loop.create_future()
            waiters.add(self._hungry)  # type: ignore[arg-type]
        await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        if not self._pending.done():
            return []
        pending, self._pending = self._pending, None
        return pending.result()

    async def _source(self) -> AsyncGenerator[Puttable, None]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if not self._more:
                return
            self._wanted = asyncio.get_running_loop().create_future()
            if self._hungry is not None and not self._hungry.done():
                self._hungry.set_result(None)
            await self._wanted

    async def close(self) -> None:
        """Ends what is under way."""
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.wait({self._pending})
        await self._batches.aclose()
