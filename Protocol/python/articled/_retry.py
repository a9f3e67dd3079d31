# SPDX-License-Identifier: Apache-2.0
"""When a call is sent again, after which pause, and until when: PROTOCOL.md, "Sending a request again"."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Awaitable, Optional, TypeVar

from .errors import ArticledError, DeadlineExceeded, StatusCode

_T = TypeVar("_T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


def may_repeat(error: ArticledError, safe: bool) -> bool:
    """Whether a call that failed so may be sent again; `safe`: carrying it out twice does no harm."""
    if error.code in (StatusCode.UNAVAILABLE, StatusCode.RESOURCE_EXHAUSTED):
        return safe or not error.may_have_run
    return error.code is StatusCode.OUTCOME_UNKNOWN and safe


def pause(failures: int, error: Optional[ArticledError] = None) -> float:
    """Seconds to wait after so many failures in a row: none after the first, unless the service asked for patience."""
    if error is not None and error.code is StatusCode.RESOURCE_EXHAUSTED:
        failures += 1
    if failures <= 1:
        return 0.0
    return min(_FIRST_PAUSE * 2.0 ** (failures - 2), _LONGEST_PAUSE) * random.uniform(0.5, 1.0)


class Clock:
    """The time that a call has."""

    def __init__(self, seconds: Optional[float]) -> None:
        self.seconds = seconds
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def remaining(self) -> Optional[float]:
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def allows(self, seconds: float) -> bool:
        """Whether so much time is left, and more."""
        return self._end is None or time.monotonic() + seconds < self._end

    def milliseconds(self) -> int:
        """For CallOptions, where 0 stands for the service's own deadline."""
        remaining = self.remaining
        return 0 if remaining is None else max(1, int(remaining * 1000))

    def at_most(self, seconds: Optional[float]) -> Clock:
        """A clock that ends with this one, or earlier."""
        remaining = self.remaining
        if remaining is None or seconds is None:
            return Clock(seconds if remaining is None else remaining)
        return Clock(min(remaining, seconds))

    def expired(self, method: str, may_have_run: bool = False) -> DeadlineExceeded:
        return DeadlineExceeded(f"{method}: no answer within {self.seconds:g} s", may_have_run=may_have_run)

    async def wait(self, method: str, awaitable: Awaitable[_T]) -> _T:
        """What the awaitable gives, if it does so in time; else it is cancelled, and this raises DeadlineExceeded."""
        task = asyncio.ensure_future(awaitable)
        try:
            await asyncio.wait({task}, timeout=self.remaining)
            if task.done():
                return task.result()
            raise self.expired(method)
        finally:
            task.cancel()

    async def sleep(self, seconds: float) -> None:
        """Sleeps, but not beyond the end."""
        remaining = self.remaining
        await asyncio.sleep(seconds if remaining is None else min(seconds, remaining))


def after_doubt(error: ArticledError, doubt: bool) -> ArticledError:
    """What an attempt is answered says nothing about the ones before."""
    if doubt and not error.may_have_run:
        error.may_have_run = True
        error.message += "; an earlier attempt may have been carried out"
        error.args = (error.message,)
    return error
