# SPDX-License-Identifier: Apache-2.0
"""A server that says what a test wants: for faults that the real service does not have. It has its own frame codec."""

import os
import socket
import struct
import tempfile
import threading

from articled import articles_pb2 as pb

KINDS = ["", "HELLO", "REQUEST", "MESSAGE", "ERROR", "CANCEL", "CREDIT", "PING", "PONG", "GO_AWAY", "END"]
METHODS = [
    # name, streams ("q" request, "s" response), idempotent
    ("fetch.get", "", True),
    ("store.put", "", False),
    ("store.delete", "", False),
    ("store.putMany", "qs", False),
    ("fetch.list", "s", True),
    ("service.ping", "", True),
]


def crc32c(data, crc=0):
    """Bit by bit: slow, and evidently right."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frame(kind, payload=b"", flags=0, stream=0, checksum=None, length=None):
    if not isinstance(payload, bytes):
        payload = payload.SerializeToString()
    checksum = crc32c(payload) if checksum is None else checksum
    length = len(payload) if length is None else length
    return struct.pack("<IBBHII", length, KINDS.index(kind), flags, 0, stream, checksum) + payload


class Closed(Exception):
    """The client has closed."""


class Peer:
    """One connection, as its server sees it."""

    def __init__(self, connection):
        self.connection = connection
        self.connection.settimeout(20)
        self.hello = None

    def send(self, *frames):
        try:
            self.connection.sendall(b"".join(frames))
        except ConnectionError:
            raise Closed from None

    def receive(self):
        """The next frame: kind, flags, method, stream, payload."""
        length, kind, flags, method, stream, checksum = struct.unpack("<IBBHII", self.exactly(16))
        payload = self.exactly(length)
        assert checksum == crc32c(payload), "the client's checksum"
        return KINDS[kind], flags, method, stream, payload

    def expect(self, kind):
        """The next frame of this kind; the ones before it are skipped."""
        while True:
            got = self.receive()
            if got[0] == kind:
                return got

    def greet(self, **changes):
        """Both hellos."""
        self.hello = pb.ClientHello.FromString(self.expect("HELLO")[4])
        hello = pb.ServerHello(protocol=1, max_frame=1 << 20, stream_window=1 << 16, max_in_flight=16, roles=7)
        names = changes.pop("methods", [name for name, _, _ in METHODS])
        for number, (name, streams, idempotent) in enumerate(METHODS, 1):
            if name not in names:
                continue
            hello.methods.add(
                name=name,
                number=number,
                stream_request="q" in streams,
                stream_response="s" in streams,
                idempotent=idempotent,
            )
        for name, value in changes.items():
            setattr(hello, name, value)
        self.send(frame("HELLO", hello))

    def request(self):
        """The next REQUEST: the method's name, its stream, and the message behind the options."""
        _, flags, method, stream, payload = self.expect("REQUEST")
        if flags & 2:
            assert payload[0] < 128
            payload = payload[1 + payload[0] :]
        return METHODS[method - 1][0], stream, payload

    def closed(self):
        """Waits until the client has closed."""
        try:
            while True:
                self.receive()
        except Closed:
            pass

    def exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.connection.recv(count - len(data))
            except ConnectionError:
                more = b""
            if not more:
                raise Closed
            data += more
        return data


class ScriptedServer:
    """Gives each connection to the next script, a function of a Peer. What a script raises is raised at the end."""

    def __init__(self, *scripts):
        self._directory = tempfile.TemporaryDirectory(prefix="articled-scripted-")
        path = self._path = f"{self._directory.name}/socket"
        self.endpoint = f"unix:{path}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._listener.settimeout(20)
        self._error = None
        self._thread = threading.Thread(target=self._serve, args=(scripts,), daemon=True)
        self._thread.start()

    def _serve(self, scripts):
        try:
            for script in scripts:
                connection, _ = self._listener.accept()
                with connection:
                    try:
                        script(Peer(connection))
                    except Closed:
                        pass
        except BaseException as error:
            self._error = error

    def stop(self):
        """Takes no more connections, as if it was killed."""
        self._listener.close()
        os.unlink(self._path)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self._thread.join(30)
        self._listener.close()
        self._directory.cleanup()
        if kind is None and self._error is not None:
            raise self._error
        assert kind is not None or not self._thread.is_alive(), "the script has not ended"
