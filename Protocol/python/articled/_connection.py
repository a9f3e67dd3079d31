# SPDX-License-Identifier: Apache-2.0
"""One connection: its hellos and its frames. PROTOCOL.md says what all of it means.

The socket is read and written here rather than by an asyncio transport, because a transport drops what it has not read
when a write fails; and there may be last frames of our streams, and the GO_AWAY that says why.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from typing import Callable, Deque, Dict, List, Optional, TypeVar

from google.protobuf.message import DecodeError, Message

from . import _frames as frames
from ._crc32c import crc32c
from . import _tls
from ._endpoint import Endpoint
from ._stream import Lost, Stream
from .articles_pb2 import CallOptions, ClientHello, Credit, MethodDescription, ServerHello, Status
from .errors import (
    ArticledError,
    InvalidArgument,
    ProtocolError,
    StatusCode,
    Unimplemented,
    error_of,
)

_READ_SIZE = 256 << 10
# Above the first, calls wait with what they send; below the second, they go on.
_WRITE_HIGH, _WRITE_LOW = 1 << 20, 256 << 10
# How long a peer that fell silent has for an answer to PING.
_PROBE_SECONDS = 10.0
# Behind a GO_AWAY with one of these nothing is answered any more.
_FATAL = {
    StatusCode.PROTOCOL_ERROR,
    StatusCode.UNIMPLEMENTED,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.RESOURCE_EXHAUSTED,
}


_M = TypeVar("_M", bound=Message)


class Connection:
    """A connection that has had its hellos. All of it runs on the event loop that it was made on."""

    def __init__(self, connected: socket.socket, max_frame: int, window: int) -> None:
        self.loop = asyncio.get_running_loop()
        #: The index of the endpoint in the client's list.
        self.upstream = 0
        self.hello = ServerHello()
        #: GO_AWAY came, or the connection is gone: open no more streams here.
        self.draining = False
        #: The peer did not answer a PING.
        self.fell_silent = False
        #: How many bytes of what was sent have reached the socket.
        self.written = 0
        #: Changes with every frame that arrives.
        self.received = 0
        self._socket = connected
        self._max_frame = max_frame
        self._window = window
        self._methods: Dict[str, MethodDescription] = {}
        self._streams: Dict[int, Stream] = {}
        self._next = 1
        self._slots: Deque[asyncio.Future[None]] = deque()
        self._input = bytearray()
        self._output = bytearray()
        self._total = 0
        self._flushing = False
        self._watching_output = False
        self._output_failed = False
        self._blocked: List[asyncio.Future[None]] = []
        self._closed = False
        self._go_away: Optional[ArticledError] = None
        self._greeted: asyncio.Future[None] = self.loop.create_future()
        self._probe: Optional[asyncio.TimerHandle] = None
        self._probed_at = 0
        self._watch: Optional[asyncio.TimerHandle] = None

    @classmethod
    async def open(
        cls,
        endpoint: Endpoint,
        *,
        agent: str,
        max_frame: int,
        window: int,
        timeout: float,
        tls: Optional[ssl.SSLContext] = None,
    ) -> Connection:
        """Connects, and waits for the server's hello. Raises ArticledError."""
        connection = cls(await endpoint.connect(timeout, tls), max_frame, window)
        hello = ClientHello(
            protocol_min=frames.VERSION,
            protocol_max=frames.VERSION,
            max_frame=max_frame,
            stream_window=window,
            agent=agent,
        )
        try:
            connection.loop.add_reader(connection._socket, connection._readable)
            connection.send(frames.frame(frames.HELLO, hello.SerializeToString()))
            await connection._greeted
        except BaseException:
            connection.close()
            raise
        return connection

    # -- Streams ---------------------------------------------------------------------------------------------------

    def method(self, name: str) -> MethodDescription:
        """What the service's table says about the method. Raises Unimplemented."""
        try:
            return self._methods[name]
        except KeyError:
            raise Unimplemented(f"the service has no method {name}: is its plugin installed?") from None

    @property
    def closed(self) -> bool:
        """The socket is closed, and no stream is in flight."""
        return self._closed

    @property
    def full(self) -> bool:
        """As many requests are in flight as the service takes on one connection."""
        return 0 < self.hello.max_in_flight <= len(self._streams)

    @property
    def in_flight(self) -> int:
        """How many requests wait for their end."""
        return len(self._streams)

    def has(self, name: str) -> bool:
        """Whether the service's table has the method."""
        return name in self._methods

    @property
    def methods(self) -> List[str]:
        return sorted(self._methods)

    async def ready(self) -> None:
        """Waits until another stream can be opened."""
        while not self.draining and (self.full or self.congested):
            waiter: asyncio.Future[None] = self.loop.create_future()
            if self.full:
                self._slots.append(waiter)
            else:
                self._blocked.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._wake_slots()  # the slot is the next one's
                raise

    def start(self, method: MethodDescription, payload: Optional[bytes], deadline_ms: int) -> Stream:
        """Sends REQUEST: with the payload and END, or without both for a request that is streamed."""
        if self.draining:
            raise Lost("the connection ended before the request was sent")
        while self._next in self._streams:
            self._next = self._next % 0xFFFFFFFF + 1
        stream = Stream(self, self._next, method, self._window)
        self._next = self._next % 0xFFFFFFFF + 1
        flags, options = 0, b""
        if deadline_ms > 0:
            flags = frames.FLAG_OPTIONS
            options = CallOptions(deadline_ms=min(deadline_ms, 0xFFFFFFFF)).SerializeToString()
            options = frames.varint(len(options)) + options
        if payload is not None:
            flags |= frames.FLAG_END
            stream.half_closed = True
        body = options + (payload or b"")
        self.check_size(method, body)
        self._streams[stream.number] = stream
        request = frames.frame(frames.REQUEST, body, flags=flags, method=method.number, stream=stream.number)
        stream.position = self.send(request)
        return stream

    def check_size(self, method: MethodDescription, payload: bytes) -> None:
        """Refuses what the service would end the connection for, with all that is in flight on it."""
        if len(payload) > self.hello.max_frame:
            raise InvalidArgument(
                f"{method.name}: the request has {len(payload)} bytes, and the service takes {self.hello.max_frame}"
            )

    def _remove(self, stream: Stream, error: Optional[ArticledError] = None) -> None:
        del self._streams[stream.number]
        stream.finish(error)
        self._wake_slots()
        if self.draining and not self._streams:
            self.close()

    def _wake_slots(self) -> None:
        while self._slots and (self.draining or not self.full):
            waiter = self._slots.popleft()
            if not waiter.done():
                waiter.set_result(None)
                if not self.draining:
                    return

    # -- Writing ---------------------------------------------------------------------------------------------------

    @property
    def congested(self) -> bool:
        """More waits for the socket than should."""
        return len(self._output) > _WRITE_HIGH

    def wake_when_writable(self, waiter: asyncio.Future[None]) -> None:
        self._blocked.append(waiter)

    def send(self, data: bytes) -> int:
        """Writes with the next turn of the loop. Returns where it ends in all that is written."""
        self._total += len(data)
        if not (self._closed or self._output_failed):
            self._output += data
            if not self._flushing and not self._watching_output:
                self._flushing = True
                self.loop.call_soon(self._flush)
        return self._total

    def _flush(self) -> None:
        self._flushing = False
        if self._closed or not self._output:
            return
        try:
            count = self._write()
        except OSError:
            # The server has closed. What it sent before that may still be here: `_readable` goes on to the end.
            self._output_failed = True
            self.draining = True
            count = 0
            self._output.clear()
        self.written += count
        del self._output[:count]
        if bool(self._output) != self._watching_output:
            self._watching_output = not self._watching_output
            if self._watching_output:
                self.loop.add_writer(self._socket, self._flush)
            else:
                self.loop.remove_writer(self._socket)
        if self._blocked and len(self._output) <= _WRITE_LOW:
            self._wake_blocked()

    def _write(self) -> int:
        """Writes what the socket takes. TLS writes whole records: after a refusal the same bytes come again."""
        count = 0
        size = _tls.RECORD_SIZE if isinstance(self._socket, ssl.SSLSocket) else len(self._output)
        with memoryview(self._output) as view:
            try:
                while count < len(view):
                    sent = self._socket.send(view[count : count + size])
                    count += sent
                    if sent < size:
                        break
            except (BlockingIOError, InterruptedError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                pass
        return count

    def _wake_blocked(self) -> None:
        blocked, self._blocked = self._blocked, []
        for waiter in blocked:
            if not waiter.done():
                waiter.set_result(None)

    # -- Reading ---------------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_READ_SIZE)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except ssl.SSLError as error:
            return self._lose(f"the connection was lost: {_tls.explain(error, '')}")
        except OSError as error:
            return self._lose(f"the connection was lost: {error.strerror or error}")
        if not data:
            return self._lose("the service closed the connection")
        self._input += data
        self.received += 1
        at = 0
        while not self._closed and len(self._input) - at >= frames.HEADER.size:
            length, kind, flags, _, stream, checksum = frames.HEADER.unpack_from(self._input, at)
            if length > (self._max_frame if self._greeted.done() else frames.LARGEST_SERVER_HELLO):
                return self._violated(f"a frame of {length} bytes")
            start = at + frames.HEADER.size
            if len(self._input) < start + length:
                break
            at = start + length
            with memoryview(self._input) as view:
                payload = bytes(view[start:at])
            right = checksum == (crc32c(payload) if payload else 0)
            problem = self._frame(kind, flags, stream, payload, right)
            if problem is not None:
                return self._violated(problem)
        del self._input[:at]

    def _frame(self, kind: int, flags: int, number: int, payload: bytes, right: bool) -> Optional[str]:
        """One frame came. Returns how it breaks the protocol."""
        if not right and kind != frames.MESSAGE:
            return "a frame with a wrong checksum"
        if not 0 < kind <= frames.END:
            return None  # of a later version
        name = frames.NAMES[kind]
        if kind in (frames.REQUEST, frames.CANCEL):
            return f"{name} from the service"
        if flags & ~(frames.FLAG_END if kind == frames.MESSAGE else 0):
            return f"{name} with flags {flags}"
        if (number == 0) != (kind in (frames.HELLO, frames.PING, frames.PONG, frames.GO_AWAY)):
            return f"{name} on stream {number}"
        if kind == frames.HELLO if self._greeted.done() else kind not in (frames.HELLO, frames.GO_AWAY):
            return f"{name}, where it has no place"
        handler = self._CONNECTION_FRAMES.get(kind)
        if handler is not None:
            return handler(self, payload)
        stream = self._streams.get(number)
        if stream is None:
            return None if kind == frames.CREDIT else f"{name} for stream {number}, which is not in use"
        if kind == frames.MESSAGE:
            problem = stream.take(payload, bool(flags), not right)
            if problem is None and flags:
                self._remove(stream)
            return problem
        if kind == frames.CREDIT:
            credit = _decoded(Credit(), payload)
            if credit is None:
                return "CREDIT that cannot be read"
            return None if stream.add_credit(credit.bytes) else f"credit beyond its limit on stream {number}"
        if kind == frames.END:
            if payload:
                return "END with a payload"
            self._remove(stream)
            return None
        status = _decoded(Status(), payload)
        if status is None:
            return "ERROR that cannot be read"
        self._remove(stream, error_of(status.code, f"{stream.method.name}: {status.message}", status.request))
        return None

    def _hello(self, payload: bytes) -> Optional[str]:
        hello = _decoded(self.hello, payload)
        if hello is None:
            return "HELLO that cannot be read"
        if hello.protocol != frames.VERSION:
            return f"HELLO with version {hello.protocol}"
        self._methods = {method.name: method for method in hello.methods}
        self._greeted.set_result(None)
        return None

    def _ping(self, payload: bytes) -> Optional[str]:
        if len(payload) > frames.LARGEST_PING:
            return "PING that is too long"
        self.send(frames.frame(frames.PONG, payload))
        return None

    def _pong(self, _: bytes) -> Optional[str]:
        return None  # whatever arrives shows that the peer is there

    def _leave(self, payload: bytes) -> Optional[str]:
        status = _decoded(Status(), payload)
        if status is None:
            return "GO_AWAY that cannot be read"
        self._go_away = error_of(status.code, status.message, status.request)
        self.draining = True
        if not self._greeted.done():
            self._fail_greeting(self._go_away)
            self.close()
        elif self._go_away.code in _FATAL:
            self._end(self._go_away)
        else:
            self._wake_slots()
            self._wake_blocked()
            if not self._streams:
                self.close()
        return None

    _CONNECTION_FRAMES: Dict[int, Callable[[Connection, bytes], Optional[str]]] = {
        frames.HELLO: _hello,
        frames.PING: _ping,
        frames.PONG: _pong,
        frames.GO_AWAY: _leave,
    }

    # -- The end ---------------------------------------------------------------------------------------------------

    @property
    def probing(self) -> bool:
        """The peer was asked whether it is still there, and has not answered."""
        return self._probe is not None and self.received == self._probed_at

    def keep_alive(self, seconds: float) -> None:
        """Probes the peer whenever nothing has come for so long while requests are in flight."""
        seen = self.received

        def check() -> None:
            if self._closed:
                return
            if self._streams and self.received == seen:
                self.probe(seconds)
            self.keep_alive(seconds)

        self._watch = self.loop.call_later(seconds, check)

    def probe(self, seconds: float = _PROBE_SECONDS) -> None:
        """A call's time is up and nothing has come. Asks whether the peer is still there, and gives it up if not."""
        if self._probe is not None or self._closed:
            return
        seen = self._probed_at = self.received
        self.send(frames.frame(frames.PING))

        def check() -> None:
            self._probe = None
            if self.received == seen:
                self.fell_silent = True
                self._lose(f"the service has not answered a PING for {seconds:g} s")

        self._probe = self.loop.call_later(seconds, check)

    def close(self) -> None:
        """Ends the connection. Streams that are in flight end with Unavailable."""
        self._lose("the connection was closed")

    def abandon(self) -> None:
        """Closes the socket alone, if the event loop has ended or belongs to the parent process."""
        self._closed = self.draining = True
        self._socket.close()

    def _fail_greeting(self, error: ArticledError) -> None:
        self._greeted.set_exception(error)
        self._greeted.exception()  # nobody may be waiting any more

    def _violated(self, problem: str) -> None:
        self._end(ProtocolError(f"the service broke the protocol: it sent {problem}"))

    def _lose(self, text: str) -> None:
        if self._go_away is not None and self._go_away.message:
            text = f"{text}, after it said: {self._go_away.message}"
        self._end(None, text)

    def _end(self, cause: Optional[ArticledError], text: str = "") -> None:
        if self._closed:
            return
        self._closed = self.draining = True
        self.loop.remove_reader(self._socket)
        self.loop.remove_writer(self._socket)
        self._socket.close()
        for timer in (self._probe, self._watch):
            if timer is not None:
                timer.cancel()
        self._output.clear()

        def error(sent: bool) -> ArticledError:
            if cause is None:
                return Lost(text, may_have_run=sent)
            # What the service says about the connection says nothing about what was in flight on it.
            return type(cause)(cause.message, may_have_run=sent, request=cause.request)

        if not self._greeted.done():
            self._fail_greeting(error(False))
        streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            stream.finish(error(stream.written if stream.half_closed else True))
        self._wake_slots()
        self._wake_blocked()


def _decoded(message: _M, payload: bytes) -> Optional[_M]:
    try:
        message.ParseFromString(payload)
    except DecodeError:
        return None
    return message
