# SPDX-License-Identifier: Apache-2.0
"""Checksums, frames, ids, endpoints and errors, without a service; and the protocol's golden vectors."""

import os
import pathlib
import pickle
import random
import re
import struct
import unittest
import uuid

import articled
from articled import _frames as frames
from articled import articles_pb2 as pb
from articled._crc32c import crc32c, python_crc32c
from articled._endpoint import Endpoint
from articled._ids import article_key
from articled.errors import error_of

import scripted

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "Protocol/Vectors/valid"


class ChecksumTests(unittest.TestCase):
    def test_known_values(self):
        for checksum in (crc32c, python_crc32c):
            self.assertEqual(checksum(b"123456789"), 0xE3069283)
            self.assertEqual(checksum(b""), 0)
            self.assertEqual(checksum(bytes(32)), 0x8A9136AA)  # RFC 3720, B.4
            self.assertEqual(checksum(b"\xff" * 32), 0x62A8AB43)
            self.assertEqual(checksum(bytes(range(32))), 0x46DD794E)

    def test_every_length_and_continuation(self):
        source = random.Random(7)
        lengths = [*range(300), 511, 512, 513, 1000, 4095, 4096, 4097, 20000]
        for length in lengths:
            data = bytes(source.getrandbits(8) for _ in range(length))
            expected = scripted.crc32c(data)
            cut = source.randrange(length + 1)
            for checksum in (crc32c, python_crc32c):
                self.assertEqual(checksum(data), expected, length)
                self.assertEqual(checksum(data[cut:], checksum(data[:cut])), expected, (length, cut))


class VectorTests(unittest.TestCase):
    """Valid frames: our encoder makes the same bytes, and protobuf reads the messages."""

    def test_frames(self):
        count = 0
        for path in sorted(VECTORS.glob("*.hex")):
            text = "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
            for head, body in re.findall(r"^((?:client|server) .*)\n((?:[0-9a-f ]+\n?)+)", text, re.M):
                data = bytes.fromhex(body)
                length, kind, flags, method, stream, checksum = frames.HEADER.unpack_from(data)
                payload = data[16:]
                self.assertEqual(length, len(payload), path)
                self.assertEqual(checksum, crc32c(payload), path)
                self.assertEqual(frames.frame(kind, payload, flags=flags, method=method, stream=stream), data, path)
                if head.split()[1] in frames.NAMES:
                    self.assertEqual(frames.NAMES[kind], head.split()[1], path)
                types = re.findall(r"message=articled\.v1\.(\w+)", head)
                if len(types) == 2:  # the options first, and their length before them
                    size = payload[0]
                    self.assertEqual(frames.varint(size), payload[:1])
                    getattr(pb, types.pop(0)).FromString(payload[1 : 1 + size])
                    payload = payload[1 + size :]
                for name in types:
                    getattr(pb, name).FromString(payload)
                count += 1
        self.assertGreater(count, 40)

    def test_an_article_that_was_fetched(self):
        text = (VECTORS / "get.hex").read_text("utf-8")
        body = re.findall(r"^server .*\n((?:#.*\n)*)((?:[0-9a-f ]+\n?)+)", text, re.M)[0][1]
        encoded = bytes.fromhex(body)[16:]
        self.assertEqual(articled.decode_article(encoded).title, "Cần Thơ mở mạng cáp quang")
        for place in range(2, 28):  # any letter of the URL
            damaged = bytearray(encoded)
            damaged[place] ^= 0x20
            with self.assertRaises(articled.DataLoss):
                articled.decode_article(bytes(damaged))


class NameTests(unittest.TestCase):
    def test_ids_ascend_and_are_version_7(self):
        ids = [articled.new_id() for _ in range(10000)]
        self.assertEqual(ids, sorted(set(ids)))
        for one in (ids[0], ids[-1]):
            value = uuid.UUID(bytes=one)
            self.assertEqual((value.version, value.variant), (7, uuid.RFC_4122))

    def test_keys(self):
        one = uuid.uuid4()
        self.assertEqual(article_key(one).id, one.bytes)
        self.assertEqual(article_key(str(one)).id, one.bytes)
        self.assertEqual(article_key(one.bytes).id, one.bytes)
        self.assertEqual(article_key("https://mic.gov.vn/ảnh").url, "https://mic.gov.vn/ảnh")
        for wrong in ("", "mic.gov.vn", b"short"):
            with self.assertRaises(ValueError):
                article_key(wrong)

    def test_endpoints(self):
        self.assertEqual(Endpoint.parse("unix:/a b").address, "/a b")
        self.assertEqual(Endpoint.parse("/run/x").address, "/run/x")
        self.assertEqual(Endpoint.parse("tcp:127.0.0.1:7450").address, ("127.0.0.1", 7450))
        self.assertEqual(Endpoint.parse("tcp:[::1]:7450").address, ("::1", 7450))
        for wrong in (
            "",
            "unix:",
            "tcp:",
            "tcp:host",
            "tcp:host:",
            "tcp::1",
            "tcp:h:0",
            "tcp:h:65536",
            "http://x",
            "x",
        ):
            with self.assertRaises(ValueError, msg=wrong):
                Endpoint.parse(wrong)
        with self.assertRaises(ValueError):
            Endpoint.parse("unix:/" + "x" * 107)
        before = os.environ.get("ARTICLED_ENDPOINT")
        try:
            os.environ["ARTICLED_ENDPOINT"] = "tcp:localhost:1"
            self.assertEqual([one.address for one in Endpoint.parse_list()], [("localhost", 1)])
            os.environ["ARTICLED_ENDPOINT"] = "tcp:localhost:1, /b"
            self.assertEqual([one.address for one in Endpoint.parse_list()], [("localhost", 1), "/b"])
            del os.environ["ARTICLED_ENDPOINT"]
            self.assertEqual([one.address for one in Endpoint.parse_list()], ["/run/articled/articled.sock"])
        finally:
            if before is not None:
                os.environ["ARTICLED_ENDPOINT"] = before

    def test_lists_of_endpoints(self):
        two = ["/a b", ("::1", 2)]
        for given in (
            "unix:/a b,tcp:[::1]:2",
            " unix:/a b , tcp:[::1]:2\n",
            "/a b,tcp:[::1]:2,unix:/a b",
            ["/a b", "tcp:[::1]:2"],
            iter(["/a b", "tcp:[::1]:2"]),
        ):
            self.assertEqual([one.address for one in Endpoint.parse_list(given)], two)
        self.assertEqual(Endpoint.parse_list(["/a,b"])[0].address, "/a,b")
        for given, text in (
            ("tcp:a:1,localhost", 'element 2 of the list of endpoints is "localhost"'),
            (["tcp:a:1", "localhost"], 'element 2 of the list of endpoints is "localhost"'),
            ("tcp:a:1,,tcp:b:1", "element 2 of the list of endpoints is empty"),
            ("tcp:a:1,", "element 2 of the list of endpoints is empty"),
            ("localhost", 'the endpoint is "localhost"'),
            ([], "the list of endpoints is empty"),
            ([f"tcp:a:{port}" for port in range(1, 66)], "65 endpoints; a client can have 64 at most"),
        ):
            with self.assertRaises(ValueError) as caught:
                Endpoint.parse_list(given)
            self.assertIn(text, str(caught.exception))

    def test_messages_can_be_pickled(self):
        article = articled.Article(title="Tin", topics=[articled.Topic(slug="x")])
        self.assertEqual(pickle.loads(pickle.dumps(article)), article)


class ErrorTests(unittest.TestCase):
    def test_an_error_without_a_text_has_the_name_of_its_code(self):
        self.assertIn("NOT_FOUND", str(error_of(5, "")))
        self.assertIn("status 99", str(error_of(99, "")))

    def test_each_code_has_its_class(self):
        for code in articled.StatusCode:
            error = error_of(code, "text", 7)
            self.assertIsInstance(error, articled.ArticledError)
            if code is not articled.StatusCode.OK:
                self.assertIs(error.code, code)
            self.assertEqual(error.request, 7)
        self.assertEqual(str(error_of(5, "nothing there")), "NOT_FOUND: nothing there")

    def test_a_code_of_a_later_version_is_unknown(self):
        error = error_of(99, "later")
        self.assertIsInstance(error, articled.Unknown)
        self.assertEqual(str(error), "UNKNOWN: status 99: later")
        self.assertTrue(error.may_have_run)

    def test_the_header_has_16_bytes(self):
        self.assertEqual(struct.calcsize("<IBBHII"), frames.HEADER.size)
