# SPDX-License-Identifier: Apache-2.0
"""The client for asyncio."""

from __future__ import annotations

import asyncio
import itertools
from types import TracebackType
from typing import (
    Any,
    AsyncGenerator,
    AsyncIterable,
    Iterable,
    List,
    Optional,
    Sequence,
    Type,
    TypeVar,
    Union,
    overload,
)

from google.protobuf.message import Message

from ._async_stream import AsyncStream
from ._calls import Caller, Payload, closing, decoded, encoded
from ._ids import Key, article_key
from ._results import Found, Listed, Page, PutOutcome, ServiceStatus, decode_article
from ._retry import Clock
from ._upload import Upload, put_request
from .articles_pb2 import (
    SEARCH_ORDER_RELEVANCE,
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
    DuplicatesRequest,
    DuplicatesResult,
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
    RelatedRequest,
    SearchOrder,
    SearchRequest,
    SearchResult,
    ServerHello,
    ServiceDescription,
    StatsRequest,
    StatsResult,
    SuggestRequest,
    SuggestResult,
    TopicsRequest,
    TopicsResult,
)
from .errors import ProtocolError

_M = TypeVar("_M", bound=Message)
#: What ``put_many`` takes: articles, or requests with an expected revision.
Puttable = Union[Article, PutRequest]

# The most keys of one request. The service takes 10,000; fewer make less to send again when a connection is lost.
KEYS_AT_ONCE = 2000


class AsyncClient(Caller):
    """A client of one service, or of several that share one storage, for any number of tasks of one event loop. All
    calls share one connection to each endpoint.

    It connects with the first call, and again when the connection was lost. A call is sent again where that does no
    harm: if it was not carried out, or may be carried out twice. Otherwise it fails, and the exception's
    ``may_have_run`` is true. With several endpoints, the others take over at once when one is lost, stops or refuses
    calls.

    Every call takes a ``deadline`` in seconds, which covers all its attempts, and raises ``ArticledError``. Cancelling
    the task cancels the call in the service too.

    :param endpoint: ``unix:PATH``, ``tcp:HOST:PORT`` or ``tls:HOST:PORT``; or several, separated by commas or in a list; by default the
        environment's ``ARTICLED_ENDPOINT``, else the socket ``/run/articled/articled.sock``.
    :param agent: who calls, for the service's journal: ``"newsroom/2.1"``.
    :param deadline: seconds that a call may take unless it says otherwise; ``None``: no limit but the service's own.
    :param attempts: how often one call is sent at most.
    :param patience: seconds that a call waits for a lost connection to come back.
    :param wait_for_service: whether the first connection is waited for with the same patience. If not, a service that
        cannot be reached is reported at once.
    :param connect_timeout: seconds until an attempt to connect is given up, hello included.
    :param load_balancing: which of several endpoints gets a call: ``"least_requests"``: the one with the fewest in
        flight; ``"priority"``: the first in the list that can be reached.
    :param keep_alive: after so many seconds without a sign of life, while requests are in flight, the service is asked
        for one, and the connection is given up after as many more; by default 5 with several endpoints, else never.
    :param max_frame: the largest answer that is taken, in bytes.
    :param stream_window: how many bytes of a streamed answer may be under way.
    :param tls: for ``tls:`` endpoints: trust and identity; by default the authorities in the environment's
        ``ARTICLED_CA``, else the system's, and the client certificate in ``ARTICLED_CERTIFICATE`` and ``ARTICLED_KEY``.
    """

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.close()

    # -- Storing ---------------------------------------------------------------------------------------------------

    async def put(
        self,
        article: Article,
        *,
        expected_revision: Optional[int] = None,
        created_at: int = 0,
        deadline: Optional[float] = None,
    ) -> PutResult:
        """Stores an article. When this returns, it is on the service's disk.

        It replaces the article with its id, else the one with its URL, else it is new.

        :param expected_revision: 0: it must not exist; n: it must be at revision n; else ``Conflict`` is raised. Such a
            put is not sent again when it may have been carried out.
        :param created_at: when the article was created, in milliseconds since 1970-01-01T00:00:00Z, if it comes from another
            store; 0: a new one now, an old one as before. Only administrators may set it; else ``PermissionDenied`` is raised.
        """
        request = put_request(article, expected_revision, created_at)
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
                    item = decoded(GetManyItem(), message, "fetch.getMany")
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
        last: Optional[Article] = None

        def rest() -> Optional[bytes]:
            return None if done else encoded(request)

        async with closing(self._resumed("fetch.list", rest, clock, last=lambda: last)) as answers:
            async for messages in answers:
                batch = []
                for message in messages:
                    item = decoded(ListItem(), message, "fetch.list")
                    batch.append(Listed(item.article, item.status if item.HasField("status") else None, item.cursor))
                request.cursor = batch[-1].cursor
                last = next((listed.article for listed in reversed(batch) if listed.error is None), last)
                if limited:
                    request.limit -= min(len(batch), request.limit)
                    done = request.limit == 0
                yield batch

    # -- Classifying -----------------------------------------------------------------------------------------------

    async def classify(
        self, title: str, body: str, *, language: str = "", explain: bool = False, deadline: Optional[float] = None
    ) -> Classification:
        """Tells the topics of a text, the most probable one first.

        :param language: a BCP 47 tag, if it is known; empty: the service detects it.
        :param explain: with the words that decided.
        """
        request = ClassifyTextRequest(title=title, body=body, explain=explain, language=language)
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

    # -- Searching -------------------------------------------------------------------------------------------------

    async def search(
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
        """Finds articles by what a person typed: PROTOCOL.md, "Searching". Raises Unimplemented without the plugin search.

        :param since: the earliest time, in milliseconds since 1970.
        :param until: the time that they must be before.
        :param order: ``SEARCH_ORDER_NEWEST`` and others are in ``articled.articles_pb2``.
        :param limit: how many at most, up to 100.
        :param cursor: goes on behind the page that had this cursor.
        :param facets: also counts all hits by topic, source and month.
        :param articles: each hit has its article: ``decode_article(hit.article)``.
        """
        request = SearchRequest(
            query=query,
            topic=topic,
            source=source,
            language=language,
            until=until,
            order=order,
            limit=limit,
            cursor=cursor,
            facets=facets,
            articles=articles,
        )
        if since is not None:
            setattr(request, "from", since)
        return await self._call("search.query", request, SearchResult(), deadline)

    async def suggest(self, query: str, *, limit: int = 8, deadline: Optional[float] = None) -> List[str]:
        """What a query that is being typed may become, best first."""
        request = SuggestRequest(query=query, limit=limit)
        return [*(await self._call("search.suggest", request, SuggestResult(), deadline)).suggestions]

    async def related(
        self,
        key: Optional[Key] = None,
        *,
        title: str = "",
        body: str = "",
        limit: int = 10,
        articles: bool = False,
        deadline: Optional[float] = None,
    ) -> SearchResult:
        """Finds articles about the same as a stored one, or as a text."""
        request = RelatedRequest(title=title, body=body, limit=limit, articles=articles)
        if key is not None:
            request.key.CopyFrom(article_key(key))
        return await self._call("search.related", request, SearchResult(), deadline)

    async def duplicates(
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
        """Finds the copies of a stored article, or of a text, earliest first. Raises Unimplemented without the plugin duplicates.

        :param threshold: the least similarity, 0.3 to 1; 0: as the service is configured.
        """
        request = DuplicatesRequest(title=title, summary=summary, body=body, threshold=threshold, limit=limit)
        if key is not None:
            request.key.CopyFrom(article_key(key))
        return await self._call("duplicates.of", request, DuplicatesResult(), deadline)

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
        hello.CopyFrom((await self._ready("", Clock(self.deadline))).hello)
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
        return answer if response is None else decoded(response(), answer, method)

    def stream(
        self, method: str, request: Optional[Payload] = None, *, deadline: Optional[float] = None
    ) -> AsyncStream:
        """Calls any plugin's method, message by message: ``async with client.stream(...) as stream``.

        :param request: the request; ``None`` if the method takes a stream, whose messages ``AsyncStream.send`` sends.
        """
        return AsyncStream(self, method, request, deadline)


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


def _put_request(article: Puttable) -> PutRequest:
    if isinstance(article, PutRequest):
        expected_revision = article.expected_revision if article.HasField("expected_revision") else None
        return put_request(article.article, expected_revision, article.created_at)
    return put_request(article)


def _view(summary: bool) -> Any:
    return VIEW_SUMMARY if summary else VIEW_FULL
