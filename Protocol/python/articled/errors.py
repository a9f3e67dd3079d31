# SPDX-License-Identifier: Apache-2.0
"""What a call can fail with: one exception class for each status code of the protocol."""

from __future__ import annotations

import enum
from typing import Dict, Optional, Type


class StatusCode(enum.IntEnum):
    """The protocol's status codes. PROTOCOL.md, "Status codes", says what a caller does about each."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    CONFLICT = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    PROTOCOL_ERROR = 17
    OUTCOME_UNKNOWN = 18

    @classmethod
    def of(cls, number: int) -> StatusCode:
        """The code with this number; UNKNOWN for one of a later version."""
        try:
            return cls(number)
        except ValueError:
            return cls.UNKNOWN


class ArticledError(Exception):
    """A call failed. The subclasses tell the status codes apart; all of them can be caught as this one."""

    code: StatusCode = StatusCode.UNKNOWN

    #: What was wrong, where, and what to do about it. For people.
    message: str
    #: The service may have carried out the call although it failed here.
    may_have_run: bool
    #: The number of the call in the service's journal (``journalctl REQUEST_ID=...``), if it has one there.
    request: Optional[int]

    def __init__(self, message: str, *, may_have_run: bool = False, request: Optional[int] = None) -> None:
        super().__init__(message)
        self.message = message
        self.may_have_run = may_have_run
        self.request = request

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


class Cancelled(ArticledError):
    """The call was cancelled, or its client was closed."""

    code = StatusCode.CANCELLED


class Unknown(ArticledError):
    """The service answered with a code that this version of the client does not know."""

    code = StatusCode.UNKNOWN


class InvalidArgument(ArticledError):
    """The request is wrong: fix it."""

    code = StatusCode.INVALID_ARGUMENT


class DeadlineExceeded(ArticledError):
    """The answer was not ready in time."""

    code = StatusCode.DEADLINE_EXCEEDED


class NotFound(ArticledError):
    """There is no such article."""

    code = StatusCode.NOT_FOUND


class AlreadyExists(ArticledError):
    """The URL belongs to another article."""

    code = StatusCode.ALREADY_EXISTS


class PermissionDenied(ArticledError):
    """This user or address lacks the role that the method needs."""

    code = StatusCode.PERMISSION_DENIED


class ResourceExhausted(ArticledError):
    """The service is at a limit, or its disk is full. Nothing was changed."""

    code = StatusCode.RESOURCE_EXHAUSTED


class FailedPrecondition(ArticledError):
    """The service is not set up for this."""

    code = StatusCode.FAILED_PRECONDITION


class Conflict(ArticledError):
    """The article is not at the expected revision. Nothing was changed, unless ``may_have_run`` says otherwise."""

    code = StatusCode.CONFLICT


class OutOfRange(ArticledError):
    """The place in the changes is no longer known. Start from the beginning, and forget what does not come."""

    code = StatusCode.OUT_OF_RANGE


class Unimplemented(ArticledError):
    """The service has no such method, version or field."""

    code = StatusCode.UNIMPLEMENTED


class Internal(ArticledError):
    """A fault of the service. Its journal has more."""

    code = StatusCode.INTERNAL


class Unavailable(ArticledError):
    """The service cannot be reached, stops, or the connection to it was lost."""

    code = StatusCode.UNAVAILABLE


class DataLoss(ArticledError):
    """What was stored is damaged, or was damaged on its way."""

    code = StatusCode.DATA_LOSS


class ProtocolError(ArticledError):
    """One side broke the protocol. Its software needs mending."""

    code = StatusCode.PROTOCOL_ERROR


class OutcomeUnknown(ArticledError):
    """The change may or may not have been made."""

    code = StatusCode.OUTCOME_UNKNOWN


_CLASSES: Dict[StatusCode, Type[ArticledError]] = {kind.code: kind for kind in ArticledError.__subclasses__()}

# After these a change may have been made: PROTOCOL.md, "Sending a request again".
_IN_DOUBT = {
    StatusCode.OUTCOME_UNKNOWN,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.CANCELLED,
    StatusCode.INTERNAL,
    StatusCode.UNKNOWN,
}


def error_of(number: int, message: str, request: int = 0) -> ArticledError:
    """The exception for a ``Status`` of the service."""
    code = StatusCode.of(number)
    if code is StatusCode.OK:  # never in an ERROR
        code = StatusCode.UNKNOWN
    if not message:  # a plugin need not give a reason
        message = "the service gave no reason"
    if code is StatusCode.UNKNOWN and number != code:
        message = f"status {number}: {message}"
    return _CLASSES[code](message, may_have_run=code in _IN_DOUBT, request=request or None)
