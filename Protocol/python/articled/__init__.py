# SPDX-License-Identifier: Apache-2.0
"""A client of articled, which stores, fetches and classifies articles.

``Client`` blocks, ``AsyncClient`` is for asyncio; they have the same methods. Messages such as ``Article`` are those of
articles.proto; the ones that are not named here are in ``articled.articles_pb2``.
"""

from ._async_stream import AsyncStream
from ._ids import Key, new_id
from ._results import Found, Listed, Page, PutOutcome, ServiceStatus, decode_article
from .aio import AsyncClient
from .articles_pb2 import (
    PUT_OUTCOME_CREATED,
    PUT_OUTCOME_UNCHANGED,
    PUT_OUTCOME_UPDATED,
    Article,
    ArticleKey,
    Original,
    PutRequest,
    Rating,
    Topic,
)
from .client import BlockingStream, Client
from .errors import (
    AlreadyExists,
    ArticledError,
    Cancelled,
    Conflict,
    DataLoss,
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    OutOfRange,
    PermissionDenied,
    ProtocolError,
    ResourceExhausted,
    StatusCode,
    Unavailable,
    Unimplemented,
    Unknown,
)

__version__ = "0.1.0"

__all__ = [
    "AlreadyExists",
    "Article",
    "ArticleKey",
    "ArticledError",
    "AsyncClient",
    "AsyncStream",
    "BlockingStream",
    "Cancelled",
    "Client",
    "Conflict",
    "DataLoss",
    "DeadlineExceeded",
    "FailedPrecondition",
    "Found",
    "Internal",
    "InvalidArgument",
    "Key",
    "Listed",
    "NotFound",
    "Original",
    "OutOfRange",
    "OutcomeUnknown",
    "PUT_OUTCOME_CREATED",
    "PUT_OUTCOME_UNCHANGED",
    "PUT_OUTCOME_UPDATED",
    "Page",
    "PermissionDenied",
    "ProtocolError",
    "PutOutcome",
    "PutRequest",
    "Rating",
    "ResourceExhausted",
    "ServiceStatus",
    "StatusCode",
    "Topic",
    "Unavailable",
    "Unimplemented",
    "Unknown",
    "decode_article",
    "new_id",
]
