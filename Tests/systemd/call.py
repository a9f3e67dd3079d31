#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""call.py ADDRESS METHOD [TEXT]: calls a method of articled with TEXT as the request's bytes, and prints the answer's.

call.py ADDRESS --hold: connects, says "connected", asks for nothing, and prints how that ends.

ADDRESS is a Unix socket's path or HOST:PORT. An error is printed as "error CODE: MESSAGE", and the exit status is 1.
Written against Protocol/PROTOCOL.md alone."""
import socket
import struct
import sys

HELLO, REQUEST, MESSAGE, ERROR, PING, PONG, GO_AWAY, END_FLAG = 1, 2, 3, 4, 7, 8, 9, 1


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frame(kind, payload, flags=0, method=0, stream=0):
    return struct.pack("<IBBHII", len(payload), kind, flags, method, stream, crc32c(payload)) + payload


def exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            sys.exit("error: the connection was closed")
        data += more
    return data


def receive(connection):
    size, kind, flags, _, stream, checksum = struct.unpack("<IBBHII", exactly(connection, 16))
    payload = exactly(connection, size)
    assert crc32c(payload) == checksum, "checksum"
    return kind, flags, stream, payload


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            value, at = data[at:at + value], at + value
        yield tag >> 3, value


def hold(connection):
    print("connected", flush=True)
    connection.settimeout(None)
    if not connection.recv(1, socket.MSG_PEEK):
        return print("closed")
    kind, _, _, payload = receive(connection)
    assert kind == GO_AWAY, kind
    status = dict(fields(payload))
    print(f"GO_AWAY {status.get(1, 0)}: {status.get(2, b'').decode()}")


def greet(connection):
    """Both hellos; the methods' numbers by their names."""
    # protocol_min 1, protocol_max 1, max_frame 1 MiB, stream_window 64 KiB
    connection.sendall(frame(HELLO, bytes([8, 1, 16, 1, 24, 128, 128, 64, 32, 128, 128, 4])))
    kind, _, _, hello = receive(connection)
    assert kind == HELLO, kind
    descriptions = [dict(fields(value)) for number, value in fields(hello) if number == 8]
    return {description[1].decode(): description[2] for description in descriptions}


def answer(connection, method, text=""):
    """What a method answers to this request; ends the process if that is an error."""
    numbers = greet(connection)
    connection.sendall(frame(REQUEST, text.encode(), END_FLAG, numbers[method], 1))
    while True:
        kind, _, stream, payload = receive(connection)
        if kind == ERROR and stream == 1:
            status = dict(fields(payload))
            sys.exit(f"error {status.get(1, 0)}: {status.get(2, b'').decode()}")
        if kind == MESSAGE and stream == 1:
            return payload
        if kind == PING:
            connection.sendall(frame(PONG, payload))
            continue
        # GO_AWAY says that no further request is taken; this one is still answered.
        assert kind == GO_AWAY, kind


def main():
    address, method, text = (sys.argv[1:] + [""])[:3]
    if address.startswith("/"):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address)
    else:
        host, port = address.rsplit(":", 1)
        connection = socket.create_connection((host, int(port)))
    connection.settimeout(60)
    if method == "--hold":
        greet(connection)
        return hold(connection)
    sys.stdout.buffer.write(answer(connection, method, text))


if __name__ == "__main__":
    main()
