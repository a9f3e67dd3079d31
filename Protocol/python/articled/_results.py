# SPDX-License-Identifier: Apache-2.0
"""What calls with many answers give for each of them."""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from google.protobuf.message import DecodeError

from ._crc32c import crc32c
from ._ids import Key
from .articles_pb2 import Article, HealthResult, PutResult, ServiceDescription, StatsResult, Status
from .errors import ArticledError, DataLoss, ProtocolError, error_of


def decode_article(encoded: bytes) -> Article:
    """Decodes an article and compares its checksum: PROTOCOL.md, "The checksum". Raises DataLoss."""
    article = Article()
    try:
        article.ParseFromString(encoded)
    except DecodeError as error:
        raise DataLoss(f"the article cannot be read: {error}") from error
    # A summary has neither field, and no bytes have the checksum 0.
    size = article.content_size
    if size > len(encoded) or crc32c(encoded[:size]) != article.content_checksum:
        raise DataLoss(f"the article {article.id.hex()} is damaged: its checksum is wrong")
    return article


class PutOutcome:
    """What became of one article of ``put_many``."""

    #: Which article, from 0.
    index: int
    #: Why it was not stored; ``None`` if it was.
    error: Optional[ArticledError]

    def __init__(self, index: int, result: Optional[PutResult], error: Optional[ArticledError] = None) -> None:
        self.index = index
        self.error = error
        self._result = result

    @property
    def result(self) -> PutResult:
        """The id, the revision and the rest. Raises ``error`` if there is one."""
        if self._result is None:
            raise self.error or ProtocolError("neither a result nor a status")
        return self._result

    def __repr__(self) -> str:
        return f"PutOutcome(index={self.index}, {f'error={self.error!r}' if self.error else self._result})"


class _WithArticle:
    error: Optional[ArticledError]

    def __init__(self, encoded: bytes, status: Optional[Status]) -> None:
        self.error = None
        self._article: Optional[Article] = None
        if status is not None:
            self.error = error_of(status.code, status.message, status.request)
            return
        try:
            self._article = decode_article(encoded)
        except DataLoss as error:
            self.error = error

    @property
    def article(self) -> Article:
        """The article. Raises ``error`` if there is one."""
        if self._article is None:
            raise self.error or ProtocolError("neither an article nor a status")
        return self._article


class Found(_WithArticle):
    """What ``get_many`` has for one key: the article, or why there is none."""

    #: The key that the caller gave.
    key: Key

    def __init__(self, key: Key, encoded: bytes, status: Optional[Status]) -> None:
        super().__init__(encoded, status)
        self.key = key

    def __repr__(self) -> str:
        return f"Found(key={self.key!r}, error={self.error!r})"


class Listed(_WithArticle):
    """One article of a list, or why it cannot be given."""

    #: The place in the list: ``list(cursor=...)`` goes on behind it.
    cursor: bytes

    def __init__(self, encoded: bytes, status: Optional[Status], cursor: bytes) -> None:
        super().__init__(encoded, status)
        self.cursor = cursor

    def __repr__(self) -> str:
        return f"Listed(cursor={self.cursor!r}, error={self.error!r})"


class Page(NamedTuple):
    """Some articles of a list, and where it goes on."""

    items: List[Listed]
    #: For the next page; ``None`` if this is the last one.
    cursor: Optional[bytes]


class ServiceStatus(NamedTuple):
    """What the service is, how it is, and what it has done since it started."""

    description: ServiceDescription
    health: HealthResult
    stats: StatsResult
