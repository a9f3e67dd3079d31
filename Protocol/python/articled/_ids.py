# SPDX-License-Identifier: Apache-2.0
"""The ids of articles: UUIDv7 (RFC 9562), and the ways in which a caller names one."""

from __future__ import annotations

import os
import threading
import time
import uuid
from typing import Union

from .articles_pb2 import ArticleKey

#: An article: its id as a ``uuid.UUID``, as 16 bytes or as text, its URL, or an ``ArticleKey``.
Key = Union[uuid.UUID, bytes, str, ArticleKey]

_lock = threading.Lock()
_last = 0


def new_id() -> bytes:
    """A new id: the time in milliseconds, then random bits. The ids of one process ascend, which the storage likes."""
    global _last
    with _lock:
        # 48 bits of milliseconds and 12 bits that begin anywhere in their lower half and count up.
        now = time.time_ns() // 1_000_000 << 12 | int.from_bytes(os.urandom(2), "big") & 0x7FF
        _last = now = max(now, _last + 1)
    value = (now >> 12) << 80 | 0x7 << 76 | (now & 0xFFF) << 64 | 0b10 << 62
    return (value | int.from_bytes(os.urandom(8), "big") >> 2).to_bytes(16, "big")


def article_key(key: Key) -> ArticleKey:
    """The message that names the article. Text with a colon is a URL, other text an id. Raises ValueError."""
    if isinstance(key, ArticleKey):
        return key
    if isinstance(key, uuid.UUID):
        return ArticleKey(id=key.bytes)
    if isinstance(key, (bytes, bytearray)):
        if len(key) != 16:
            raise ValueError(f"an id has 16 bytes, not {len(key)}")
        return ArticleKey(id=bytes(key))
    if ":" in key:
        return ArticleKey(url=key)
    try:
        return ArticleKey(id=uuid.UUID(key).bytes)
    except ValueError:
        raise ValueError(f'"{key}" is neither an id (UUID) nor a URL') from None
