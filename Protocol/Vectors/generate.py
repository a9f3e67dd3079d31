#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden vectors, valid/*.hex and invalid/*.hex, next to this file, and the ones shown in PROTOCOL.md into it.

It uses protoc's Python library and its own CRC-32C. The vectors therefore check articled's encoder, decoder and checksum
against independent implementations. Needs the Debian packages protobuf-compiler and python3-protobuf; run it with
/usr/bin/python3. The tests only read the files. PROTOCOL.md, "Golden vectors", describes them.
"""

import importlib.util
import pathlib
import re
import struct
import subprocess
import tempfile

from google.protobuf import text_format

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ["HELLO", "REQUEST", "MESSAGE", "ERROR", "CANCEL", "CREDIT", "PING", "PONG", "GO_AWAY", "END"]
FLAGS = {"END": 1, "OPTIONS": 2}
# The table of the server in valid/hello.hex; another server's numbers differ.
METHODS = [
    # name, request, response, streams ("q" request, "s" response, "e" endless), idempotent, role
    ("service.ping", "PingRequest", "PingResult", "", True, "read"),
    ("service.describe", "DescribeRequest", "ServiceDescription", "", True, "read"),
    ("service.health", "HealthRequest", "HealthResult", "", True, "read"),
    ("service.stats", "StatsRequest", "StatsResult", "", True, "read"),
    ("classify.text", "ClassifyTextRequest", "Classification", "", True, "read"),
    ("fetch.get", "GetRequest", "Article", "", True, "read"),
    ("fetch.list", "ListRequest", "ListItem", "s", True, "read"),
    ("store.put", "PutRequest", "PutResult", "", False, "write"),
    ("store.putMany", "PutRequest", "PutManyResult", "qs", False, "write"),
    ("store.delete", "DeleteRequest", "DeleteResult", "", False, "write"),
    ("changes.watch", "WatchRequest", "WatchItem", "se", True, "read"),
    ("search.query", "SearchRequest", "SearchResult", "", True, "read"),
]
NUMBERS = {method[0]: number for number, method in enumerate(METHODS, 1)}


def load_schema():
    """The module that protoc generates from articles.proto."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            ["protoc", f"--proto_path={HERE.parent}", f"--python_out={directory}", "articles.proto"], check=True)
        spec = importlib.util.spec_from_file_location("articles_pb2", f"{directory}/articles_pb2.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


pb = load_schema()


def crc32c(data: bytes, crc: int = 0) -> int:
    """CRC-32C, bit by bit: slow, but obviously correct."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283


def encode(message) -> bytes:
    return message.SerializeToString(deterministic=True)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def described(message):
    """The rows of a message in protobuf's text format; articles embedded as bytes are decoded."""
    rows = []
    for field, value in message.ListFields():
        if field.name == "article" and field.type == field.TYPE_BYTES:
            rows += ["article: the bytes of {"] + ["  " + row for row in described(pb.Article.FromString(value))] + ["}"]
            continue
        part = type(message)()
        part.CopyFrom(message)
        for other in message.DESCRIPTOR.fields:
            if other.name != field.name:
                part.ClearField(other.name)
        rows += text_format.MessageToString(part, as_utf8=True).splitlines()
    return rows


def frame(
    side, kind, *messages, flags="", stream=0, method="", payload=None, about="", length=None, checksum=None, number=None
):
    """One frame as text. `payload` replaces the messages; `length`, `checksum` and `number` override the true values."""
    parts = [encode(message) for message in messages]
    if payload is None:
        payload = b"".join([varint(len(parts[0]))] + parts if parts and "OPTIONS" in flags else parts)
    words = [side, kind] + flags.split()
    words += [f"stream={stream}"] if stream else []
    words += [f"method={method}"] if method else []
    words += [f"message={message.DESCRIPTOR.full_name}" for message in messages]
    rows = [" ".join(words)]
    for message in messages:
        rows += ["#   " + row for row in described(message)]
    rows += ["#   " + row for row in about.splitlines()]
    header = struct.pack(
        "<IBBHII",
        len(payload) if length is None else length,
        KINDS.index(kind) + 1 if kind in KINDS else int(kind),
        sum(FLAGS[flag] if flag in FLAGS else int(flag) for flag in flags.split()),
        NUMBERS.get(method, 0) if number is None else number,
        stream,
        crc32c(payload) if checksum is None else checksum)
    fields = (header[0:4], header[4:5], header[5:6], header[6:8], header[8:12], header[12:16])
    rows.append("  ".join(field.hex(" ") for field in fields))
    return rows + [payload[at:at + 32].hex(" ") for at in range(0, len(payload), 32)]


def client(kind, *messages, **more):
    return frame("client", kind, *messages, **more)


def server(kind, *messages, **more):
    return frame("server", kind, *messages, **more)


def write(name: str, about: str, *frames, expect: str = ""):
    """One file: its description, its frames, and for an invalid file the server's response."""
    rows = ["# " + row for row in about.splitlines()]
    for each in frames:
        rows += [""] + each
    if expect:
        rows += ["", "expect " + expect]
    path = HERE / f"{name}.hex"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


ID = bytes.fromhex("0190f3a16b1c7cc098c4dc0c0c07398f")
MINUTE = 60_000
NOW = 1_723_000_000_000


def article(**fields):
    return pb.Article(**{
        "url": "https://mic.gov.vn/can-tho", "source": "Mic.gov.vn", "title": "Cần Thơ mở mạng cáp quang",
        "body": "Đoạn một.\n\nĐoạn hai.", "author": "PQH", "published_at": 1_254_355_200_000, "language": "vi",
        "topics": [pb.Topic(slug="cong-nghe", score=0.75, name="Công nghệ")],
        "attributes": {"trang": "1", "ảnh": "không"}, **fields})


def stored(content: bytes, revision=1, created_at=NOW, stored_at=NOW) -> bytes:
    """The response of fetch.get: the writer's bytes, then the service's fields."""
    return content + encode(pb.Article(
        id=ID, revision=revision, created_at=created_at, stored_at=stored_at, content_checksum=crc32c(content),
        content_size=len(content)))


def hello(**fields):
    return client("HELLO", pb.ClientHello(**{
        "protocol_min": 1, "protocol_max": 1, "max_frame": 16 << 20, "stream_window": 256 << 10, "agent": "example/1.0",
        **fields}))


def server_hello():
    return server("HELLO", pb.ServerHello(
        protocol=1, max_frame=16 << 20, stream_window=256 << 10, agent="articled/0.1.0", max_in_flight=1024, roles=3,
        methods=[
            pb.MethodDescription(
                name=name, number=number, stream_request="q" in streams, stream_response="s" in streams,
                endless="e" in streams, idempotent=idempotent, role=role)
            for number, (name, _, _, streams, idempotent, role) in enumerate(METHODS, 1)]))


def status(code: int, message: str):
    return pb.Status(code=code, message=message)


def valid():
    write("valid/hello", "The first frame of each side.", hello(), server_hello())
    write(
        "valid/ping", "PING may be sent at any time after the hello. PONG has the same payload.",
        client("PING", payload=b"\x01\x02\x03\x04\x05\x06\x07\x08"),
        server("PONG", payload=b"\x01\x02\x03\x04\x05\x06\x07\x08"))
    write(
        "valid/call", "The smallest call: one message each way.",
        client("REQUEST", pb.PingRequest(payload=b"xin"), flags="END", stream=1, method="service.ping"),
        server("MESSAGE", pb.PingResult(payload=b"xin", time=NOW), flags="END", stream=1))
    write(
        "valid/empty-message", "A message with all fields at their defaults has no bytes. The CRC-32C of no bytes is 0.",
        client("REQUEST", pb.HealthRequest(), flags="END", stream=1, method="service.health"),
        server("MESSAGE", pb.HealthResult(components=[pb.ComponentHealth(name="lmdb-storage")]), flags="END", stream=1))
    write(
        "valid/put", "store.put of an article with a URL.",
        client("REQUEST", pb.PutRequest(article=article()), flags="END", stream=1, method="store.put"),
        server(
            "MESSAGE", pb.PutResult(outcome=1, id=ID, revision=1, created_at=NOW, stored_at=NOW), flags="END", stream=1))
    write(
        "valid/put-expected", "store.put of an article that must not exist, but does. Nothing is changed.",
        client(
            "REQUEST", pb.PutRequest(article=article(), expected_revision=0), flags="END", stream=7, method="store.put"),
        server("ERROR", status(10, "the article is at revision 1; 0 was expected"), stream=7))
    content = encode(article())
    write(
        "valid/get", "fetch.get by URL. The response is an Article: the writer's bytes, then the service's fields, from\n"
        "\"0a 10\" (the id) on. content_checksum is the CRC-32C of the first content_size bytes.",
        client("REQUEST", pb.GetRequest(url="https://mic.gov.vn/can-tho"), flags="END", stream=2, method="fetch.get"),
        server("MESSAGE", pb.Article.FromString(stored(content)), flags="END", stream=2, payload=stored(content)))
    write(
        "valid/deadline", "A request with call options: their length as a varint, then the CallOptions, then the message.",
        client(
            "REQUEST", pb.CallOptions(deadline_ms=500), pb.GetRequest(id=ID), flags="END OPTIONS", stream=3,
            method="fetch.get"),
        server("ERROR", status(4, "the deadline passed before the answer was ready"), stream=3))
    write(
        "valid/error", "A request that fails ends with ERROR.",
        client("REQUEST", pb.GetRequest(url="https://mic.gov.vn/?"), flags="END", stream=2, method="fetch.get"),
        server("ERROR", status(5, "there is no article with this url"), stream=2))
    write(
        "valid/put-many", "A streamed request: REQUEST without a message, then one PutRequest in each MESSAGE, then END.\n"
        "Each is answered when it is on disk, here the second one first. The server's END is the last frame of the stream.",
        client("REQUEST", stream=5, method="store.putMany"),
        client("MESSAGE", pb.PutRequest(article=pb.Article(url="https://mic.gov.vn/1", title="Một")), stream=5),
        client("MESSAGE", pb.PutRequest(article=pb.Article(url="https://mic.gov.vn/2", title="Hai")), stream=5),
        client("END", stream=5),
        server(
            "MESSAGE", pb.PutManyResult(index=1, result=pb.PutResult(outcome=2, id=ID, revision=4, created_at=NOW, stored_at=NOW + MINUTE)),
            stream=5),
        server("MESSAGE", pb.PutManyResult(index=0, status=status(8, "the disk is full")), stream=5),
        server("END", stream=5))
    item = encode(pb.Article(title="Một", published_at=NOW))
    write(
        "valid/list", "A streamed response: a ListItem in each MESSAGE, then END.",
        client(
            "REQUEST", pb.ListRequest(topic="cong-nghe", limit=2, view=pb.VIEW_SUMMARY), flags="END", stream=4,
            method="fetch.list"),
        server("MESSAGE", pb.ListItem(article=item, cursor=b"\x01\xff"), stream=4),
        server("MESSAGE", pb.ListItem(article=encode(pb.Article(title="Hai")), cursor=b"\x01\xfe"), stream=4),
        server("END", stream=4))
    write(
        "valid/watch", "A stream without end: the changes after a cursor, and a heartbeat when there is nothing newer.",
        client(
            "REQUEST", pb.WatchRequest(cursor=b"\x01\xff", topic="cong-nghe", content=pb.WATCH_CONTENT_SUMMARY), flags="END",
            stream=4, method="changes.watch"),
        server(
            "MESSAGE", pb.WatchItem(
                kind=pb.CHANGE_KIND_STORED, cursor=b"\x01\xfe", sequence=71, id=ID, revision=2, stored_at=NOW, article=item),
            stream=4),
        server(
            "MESSAGE", pb.WatchItem(
                kind=pb.CHANGE_KIND_DELETED, cursor=b"\x01\xfd", sequence=74, id=ID, revision=2, stored_at=NOW + MINUTE),
            stream=4),
        server("MESSAGE", pb.WatchItem(kind=pb.CHANGE_KIND_HEARTBEAT, cursor=b"\x01\xfc", caught_up=True), stream=4))
    write(
        "valid/search", "A search, and its result. The words are marked in the article's own spelling.",
        client(
            "REQUEST", pb.SearchRequest(query="lu lut -bao", topic="thoi-su", order=pb.SEARCH_ORDER_NEWEST, limit=1), flags="END",
            stream=4, method="search.query"),
        server(
            "MESSAGE", pb.SearchResult(
                hits=[pb.SearchHit(
                    id=ID, time=NOW, source="Mic.gov.vn", topics=["thoi-su"],
                    title=pb.HighlightedText(text="Lũ lụt", marks=[pb.TextRange(end=3), pb.TextRange(start=4, end=9)]),
                    snippet=pb.HighlightedText(text="…nước lũ", marks=[pb.TextRange(start=11, end=14)]))],
                total=12, cursor=b"\x01\xff"), flags="END", stream=4))
    write(
        "valid/cancel", "The client cancels a list. The stream ends only with the server's last frame: this one, or the real\n"
        "end if that was already on its way.",
        client("REQUEST", pb.ListRequest(), flags="END", stream=4, method="fetch.list"),
        client("CANCEL", stream=4),
        server("ERROR", status(1, "cancelled by the client"), stream=4))
    write(
        "valid/credit", "The client has consumed messages of 64 KiB in total on stream 4 (16 bytes added for each), and\n"
        "returns this credit to the server.",
        client("REQUEST", pb.ListRequest(), flags="END", stream=4, method="fetch.list"),
        client("CREDIT", pb.Credit(bytes=65536), stream=4))
    write(
        "valid/go-away", "The server is stopping. It answers requests in flight, and rejects new ones.",
        client("REQUEST", pb.PingRequest(), flags="END", stream=1, method="service.ping"),
        server("GO_AWAY", status(14, "the service is stopping; connect again")),
        client("REQUEST", pb.PingRequest(), flags="END", stream=2, method="service.ping"),
        server("MESSAGE", pb.PingResult(time=NOW), flags="END", stream=1),
        server("ERROR", status(14, "the service is stopping; connect again"), stream=2))
    write(
        "valid/unknown-kind", "A frame of a kind that version 1 does not define is skipped, whatever its flags, if its checksum is\n"
        "right. The PING after it is answered.",
        client("200", flags="128", stream=9, payload=b"later"), client("PING"), server("PONG"))
    write(
        "valid/unknown-field", "An unknown field is skipped: here field 99, a varint, before the payload.",
        client(
            "REQUEST", flags="END", stream=1, method="service.ping",
            payload=bytes.fromhex("980601") + encode(pb.PingRequest(payload=b"xin"))),
        server("MESSAGE", pb.PingResult(payload=b"xin", time=NOW), flags="END", stream=1))
    write(
        "valid/delete", "store.delete of an article that must be at revision 3.",
        client(
            "REQUEST", pb.DeleteRequest(key=pb.ArticleKey(id=ID), expected_revision=3), flags="END", stream=6,
            method="store.delete"),
        server("MESSAGE", pb.DeleteResult(id=ID, revision=3), flags="END", stream=6))
    write(
        "valid/classify", "classify.text, with the phrases for and against.",
        client(
            "REQUEST", pb.ClassifyTextRequest(title="Cần Thơ mở mạng", body="Cáp quang.", explain=True), flags="END",
            stream=8, method="classify.text"),
        server(
            "MESSAGE", pb.Classification(
                topics=[pb.Topic(slug="cong-nghe", score=0.875, name="Công nghệ"), pb.Topic(slug="kinh-doanh", score=0.125)],
                language="vi", language_confidence=1, model="linear-1a2b",
                evidence=[pb.Evidence(phrase="cáp quang", topic="cong-nghe", weight=0.5),
                          pb.Evidence(phrase="mở", topic="cong-nghe", weight=-0.25)]),
            flags="END", stream=8))
    write(
        "valid/messages", "Every message of articles.proto, with every field set by a rule: see filled() in generate.py.",
        *[server("MESSAGE", filled(getattr(pb, name)), stream=1) for name in pb.DESCRIPTOR.message_types_by_name])


def filled(kind):
    """Field n: a number is 100 + n, negative if signed; a fraction n/64; a text its name and "-ệ"; bytes are (n, 255), an id
    16 times n, an article those of a filled one; an enum 1; what is repeated comes twice, numbers as 100 + n and 300 + n."""
    message = kind()
    for field in kind.DESCRIPTOR.fields:
        if field.message_type and field.message_type.GetOptions().map_entry:
            getattr(message, field.name).update({"khóa": "giá trị", "b": ""})
        elif field.label == field.LABEL_REPEATED:
            if field.message_type:
                getattr(message, field.name).extend([filled(field.message_type._concrete_class) for _ in range(2)])
            else:
                one = scalar(field)
                getattr(message, field.name).extend([one, one + 200 if isinstance(one, int) else one])
        elif field.message_type:
            getattr(message, field.name).CopyFrom(filled(field.message_type._concrete_class))
        else:
            setattr(message, field.name, scalar(field))
    return message


def scalar(field):
    if field.name == "article":
        return encode(filled(pb.Article))
    if field.name in ("id", "first"):
        return bytes([field.number]) * 16
    return {
        field.CPPTYPE_INT64: -100 - field.number, field.CPPTYPE_UINT64: 100 + field.number,
        field.CPPTYPE_UINT32: 100 + field.number, field.CPPTYPE_FLOAT: field.number / 64, field.CPPTYPE_DOUBLE: field.number / 64,
        field.CPPTYPE_BOOL: True,
        field.CPPTYPE_ENUM: 1,
        field.CPPTYPE_STRING: bytes([field.number, 255]) if field.type == field.TYPE_BYTES else field.name + "-ệ",
    }[field.cpp_type]


def invalid():
    ping = client("REQUEST", pb.PingRequest(), flags="END", stream=1, method="service.ping")
    many = client("REQUEST", stream=1, method="store.putMany")

    def broken(name, about, *frames, code="PROTOCOL_ERROR", greeted=True):
        write(f"invalid/{name}", about, *([hello()] if greeted else []), *frames, expect=f"GO_AWAY code={code}")

    def refused(name, about, *frames, code="INVALID_ARGUMENT"):
        write(f"invalid/{name}", about, hello(), *frames, expect=f"ERROR stream=1 code={code}")

    def bad(name, about, method, payload, code="INVALID_ARGUMENT", flags="END"):
        refused(name, about, client("REQUEST", flags=flags, stream=1, method=method, payload=payload), code=code)

    def bad_article(name, about, article, code="INVALID_ARGUMENT"):
        article = article if isinstance(article, bytes) else encode(article)
        bad(name, about, "store.put", b"\x0a" + varint(len(article)) + article, code)

    # The handshake.
    broken("hello-missing", "The first frame must be HELLO.", ping, greeted=False)
    broken("hello-twice", "HELLO may be sent only once.", hello())
    broken(
        "hello-too-long", "The header announces 16385 bytes. It is rejected before any of them arrive.",
        client("HELLO", payload=b"", length=16385), greeted=False)
    broken(
        "hello-cut", "The message ends inside a varint.", client("HELLO", payload=b"\x08"), greeted=False)
    broken(
        "hello-checksum", "The checksum belongs to another payload.",
        client("HELLO", pb.ClientHello(protocol_min=1, protocol_max=1, max_frame=65536, stream_window=1), checksum=1),
        greeted=False)
    broken("hello-flags", "HELLO has no flags.", client("HELLO", flags="END", payload=b""), greeted=False)
    broken("hello-stream", "HELLO concerns no stream.", client("HELLO", stream=1, payload=b""), greeted=False)
    broken("hello-range", "protocol_min is above protocol_max.", hello(protocol_min=2), greeted=False)
    broken("hello-max-frame", "max_frame is below 8192.", hello(max_frame=8191), greeted=False)
    broken("hello-window", "stream_window is 0.", hello(stream_window=0), greeted=False)
    broken(
        "hello-version", "No version in common. This is not a protocol error, but it ends the connection.",
        hello(protocol_min=2, protocol_max=9), greeted=False, code="UNIMPLEMENTED")

    # Frames.
    broken(
        "frame-too-long", "The header announces 4 GiB. It is rejected before any of them arrive.",
        client("REQUEST", flags="END", stream=1, method="service.ping", payload=b"", length=0xFFFFFFFF))
    broken(
        "frame-checksum", "One bit of the payload is wrong.",
        client("REQUEST", flags="END", stream=1, method="service.ping", payload=b"\x0a\x01a", checksum=crc32c(b"\x0a\x01c")))
    broken(
        "frame-checksum-unknown-kind", "The checksum of a skipped frame is checked too.",
        client("200", payload=b"later", checksum=7))
    broken("request-stream-0", "REQUEST needs a stream.", client("REQUEST", flags="END", method="service.ping"))
    broken("request-flags", "Flag 4 is not defined.", client("REQUEST", flags="END 4", stream=1, method="service.ping"))
    broken("request-stream-in-use", "Stream 1 has not had its last frame.", many, client("REQUEST", stream=1, method="store.putMany"))
    broken("message-stream-0", "MESSAGE needs a stream.", client("MESSAGE"))
    broken("message-flags", "OPTIONS stands on REQUEST only.", many, client("MESSAGE", flags="OPTIONS", stream=1))
    broken("end-stream-0", "END needs a stream.", client("END"))
    broken("end-payload", "END has no payload.", many, client("END", stream=1, payload=b"\0"))
    broken("end-flags", "END has no flags.", many, client("END", flags="END", stream=1))
    broken("cancel-stream-0", "CANCEL needs a stream.", client("CANCEL"))
    broken("cancel-payload", "CANCEL has no payload.", many, client("CANCEL", stream=1, payload=b"\0"))
    broken("credit-stream-0", "CREDIT needs a stream.", client("CREDIT", pb.Credit(bytes=1)))
    broken("credit-unreadable", "The payload is no Credit.", many, client("CREDIT", stream=1, payload=b"\x0a\x05"))
    broken(
        "credit-too-much", "The credit of a stream must stay below 2^31.", many,
        client("CREDIT", pb.Credit(bytes=0x7FFFFFFF), stream=1))
    broken("ping-too-long", "A PING carries at most 64 bytes.", client("PING", payload=bytes(65)))
    broken("ping-stream", "PING concerns no stream.", client("PING", stream=1))
    broken("ping-flags", "PING has no flags.", client("PING", flags="END"))
    broken("go-away-stream", "GO_AWAY concerns no stream.", client("GO_AWAY", stream=1))
    broken("error-from-client", "ERROR is the server's.", many, client("ERROR", status(13, "?"), stream=1))

    # Requests.
    refused(
        "method-unknown", "No method has this number.",
        client("REQUEST", flags="END", stream=1, number=65535), code="UNIMPLEMENTED")
    refused("unary-without-end", "This method takes one message.", client("REQUEST", stream=1, method="service.ping"))
    refused(
        "streamed-with-message", "Messages of a streamed request come in MESSAGE frames.",
        client("REQUEST", pb.PutRequest(), payload=b"\x0a\x00", stream=1, method="store.putMany"))
    bad("options-cut", "The length of the options exceeds the payload.", "service.ping", b"\x05\x08", flags="END OPTIONS")
    bad("options-missing", "The length of the options is missing.", "service.ping", b"", flags="END OPTIONS")
    bad("options-too-long", "Call options have at most 1024 bytes.", "service.ping", varint(1025) + bytes(1025), flags="END OPTIONS")
    bad("options-unreadable", "The options are not a valid CallOptions message.", "service.ping", b"\x02\x0a\x07", flags="END OPTIONS")

    # Messages.
    bad("varint-cut", "The message ends inside a varint.", "service.ping", b"\x0a\x80")
    bad("varint-too-long", "A varint of more than 64 bits.", "fetch.get", b"\x18" + b"\xff" * 9 + b"\x02")
    bad("varint-eleven-bytes", "A varint has at most ten bytes.", "fetch.get", b"\x18" + b"\x80" * 10 + b"\x01")
    bad("length-beyond-end", "A length of 5 bytes, but only 1 is left.", "service.ping", b"\x0a\x05a")
    bad("length-huge", "A length of 2^64 - 1 bytes.", "service.ping", b"\x0a" + b"\xff" * 9 + b"\x01")
    bad("field-0", "There is no field 0.", "service.ping", b"\x00\x00")
    bad("field-number-too-large", "Field numbers end at 2^29 - 1.", "service.ping", varint(1 << 32) + b"\x00")
    bad("group", "Groups are not part of proto3.", "service.ping", b"\x0b\x0c")
    bad("wire-type-7", "There is no wire type 7.", "service.ping", b"\x0f")
    bad("wire-type-wrong", "payload is bytes, not a varint.", "service.ping", b"\x08\x01")
    bad("fixed-cut", "A value of four bytes, but only two are left.", "service.ping", b"\x15\x01\x02")
    bad("text-not-utf8", "url is not UTF-8.", "fetch.get", b"\x12\x02\xc3\x28")
    bad("text-surrogate", "url contains a surrogate, which is not valid in UTF-8.", "fetch.get", b"\x12\x03\xed\xa0\x80")
    bad("view-unknown", "There is no view 7.", "fetch.get", encode(pb.GetRequest(url="a")) + b"\x18\x07")
    bad("key-neither", "Neither id nor url.", "fetch.get", b"")
    bad("key-both", "Both id and url.", "fetch.get", encode(pb.GetRequest(id=ID, url="https://mic.gov.vn/1")))
    bad("id-short", "An id has 16 bytes.", "fetch.get", encode(pb.GetRequest(id=ID[:15])))
    bad("cursor-unreadable", "No list returned this cursor.", "fetch.list", encode(pb.ListRequest(cursor=b"?")))
    bad("watch-cursor-unreadable", "No watch returned this cursor.", "changes.watch", encode(pb.WatchRequest(cursor=b"?")))
    bad("search-cursor-unreadable", "No search returned this cursor.", "search.query", encode(pb.SearchRequest(cursor=b"?")))
    bad("search-order-unknown", "There is no order 9.", "search.query", b"\x38\x09")
    bad("watch-start-unknown", "There is no start 7.", "changes.watch", b"\x10\x07")

    # Articles.
    bad("article-missing", "store.put without an article.", "store.put", b"")
    bad_article("article-id-version", "The id is a UUID of version 4.", pb.Article(id=bytes.fromhex("0190f3a16b1c4cc098c4dc0c0c07398f")))
    bad_article("article-url-relative", "url is not absolute.", pb.Article(url="/tin/1"))
    bad_article("article-url-blank", "url contains a blank.", pb.Article(url="https://mic.gov.vn/tin 1"))
    bad_article("article-url-too-long", "url has at most 2048 bytes.", pb.Article(url="https://mic.gov.vn/" + "a" * 2030))
    bad_article("article-title-not-utf8", "title ends inside a character.", b"\x22\x02\xe1\xba")
    bad_article("article-topic-without-slug", "A topic needs a slug.", pb.Article(topics=[pb.Topic(score=0.5)]))
    bad_article("article-topic-slug", "A slug has only [a-z0-9-].", pb.Article(topics=[pb.Topic(slug="Kinh doanh")]))
    bad_article("article-topic-score", "A score is 0 to 1.", pb.Article(topics=[pb.Topic(slug="a", score=1.5)]))
    bad_article("article-topic-score-nan", "A score is a number.", pb.Article(topics=[pb.Topic(slug="a", score=float("nan"))]))
    bad_article("article-too-many-topics", "At most 64 topics.", pb.Article(topics=[pb.Topic(slug="a")] * 65))
    bad_article("article-attribute-key", "The key of an attribute is not UTF-8.", b"\x5a\x03\x0a\x01\xff")
    bad_article("article-time", "published_at is after the year 9999.", pb.Article(published_at=253_402_300_800_000))
    bad_article("article-coded-body", "Field 14 is reserved for coded bodies, which version 1 does not have.", b"\x72\x01a", code="UNIMPLEMENTED")


def show():
    """Fills the blocks of PROTOCOL.md that name a vector."""
    path = HERE.parent / "PROTOCOL.md"
    path.write_text(re.sub(
        r"```hex (\S+)\n.*?```", lambda match: f"```hex {match[1]}\n{(HERE / match[1]).read_text()}```",
        path.read_text(), flags=re.DOTALL))


if __name__ == "__main__":
    valid()
    invalid()
    show()
