# SPDX-License-Identifier: Apache-2.0
"""Frames as bytes: PROTOCOL.md, "Frames"."""

from __future__ import annotations

import struct

from ._crc32c import crc32c

HELLO, REQUEST, MESSAGE, ERROR, CANCEL, CREDIT, PING, PONG, GO_AWAY, END = range(1, 11)
FLAG_END, FLAG_OPTIONS = 1, 2

NAMES = ("", "HELLO", "REQUEST", "MESSAGE", "ERROR", "CANCEL", "CREDIT", "PING", "PONG", "GO_AWAY", "END")

# Length of the payload, kind, flags, method, stream, checksum of the payload.
HEADER = struct.Struct("<IBBHII")
# What a message costs of a stream's credit beyond its payload.
OVERHEAD = HEADER.size

VERSION = 1
SMALLEST_MAX_FRAME = 8192
LARGEST_SERVER_HELLO = 256 << 10
LARGEST_PING = 64
LARGEST_OPTIONS = 1024
# Credit of a stream, and a window, must stay below this.
CREDIT_LIMIT = 1 << 31


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, method: int = 0, stream: int = 0) -> bytes:
    """Header and payload."""
    return HEADER.pack(len(payload), kind, flags, method, stream, crc32c(payload) if payload else 0) + payload


def varint(value: int) -> bytes:
    """The encoding of a number that is not negative."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
