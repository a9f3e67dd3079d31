# SPDX-License-Identifier: Apache-2.0
"""What the real service does not do: damage, violations, refusals at bad moments. A scripted server does."""

import asyncio
import socket
import struct
import threading
import time
import unittest

import articled
from articled import Article, AsyncClient, PutRequest, StatusCode
from articled import articles_pb2 as pb

from scripted import ScriptedServer, crc32c, frame


def status(code, message="scripted"):
    return pb.Status(code=code, message=message)


def stored_article(**fields):
    """An article as the service sends it."""
    content = Article(**fields).SerializeToString()
    own = Article(id=bytes(16), revision=1, content_checksum=crc32c(content), content_size=len(content))
    return content + own.SerializeToString()


def answering(*answers, greeting=None):
    """A script that greets and answers one request after the other with these frames."""

    def script(peer):
        peer.greet(**greeting or {})
        for answer in answers:
            _, stream, _ = peer.request()
            peer.send(*answer(stream))
        peer.closed()

    return script


def closing(peer):
    """Greets, takes a request, and closes without an answer."""
    peer.greet()
    peer.request()


def message(payload, end=True, **fault):
    return lambda stream: [frame("MESSAGE", payload, 1 if end else 0, stream, **fault)]


def error(code, text="scripted"):
    return lambda stream: [frame("ERROR", status(code, text), 0, stream)]


class FaultCase(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it makes everything several times as slow

    async def use(self, *scripts, call, **options):
        """What `call`, a function of a client, gives with a server that has these scripts."""
        with ScriptedServer(*scripts) as server:
            async with AsyncClient(server.endpoint, **options) as client:
                return await call(client)

    async def raises(self, kind, *scripts, call, **options):
        with self.assertRaises(kind) as caught:
            await self.use(*scripts, call=call, **options)
        return caught.exception


def get(client):
    return client.get("https://x/1")


def put(client):
    return client.put(Article(title="x"))


class DamageTests(FaultCase):
    async def test_a_wrong_checksum_of_a_message_ends_that_call_alone(self):
        async def call(client):
            with self.assertRaisesRegex(articled.DataLoss, "damaged on its way"):
                await get(client)
            return await get(client)

        good = stored_article(title="Tin")
        article = await self.use(answering(message(good, checksum=1), message(good)), call=call)
        self.assertEqual(article.title, "Tin")

    async def test_a_damaged_article(self):
        damaged = bytearray(stored_article(title="Tin"))
        damaged[3] ^= 1
        await self.raises(articled.DataLoss, answering(message(bytes(damaged))), call=get)
        cut = Article(title="Tin", content_size=1000, content_checksum=5).SerializeToString()
        await self.raises(articled.DataLoss, answering(message(cut)), call=get)

    async def test_a_damaged_item_of_a_list_does_not_end_it(self):
        damaged = bytearray(stored_article(title="Hai"))
        damaged[3] ^= 1
        items = [
            pb.ListItem(article=stored_article(title="Một"), cursor=b"1"),
            pb.ListItem(article=bytes(damaged), cursor=b"2"),
            pb.ListItem(status=status(15), cursor=b"3"),
            pb.ListItem(article=stored_article(title="Bốn"), cursor=b"4"),
        ]

        def answer(stream):
            return [*(frame("MESSAGE", item, 0, stream) for item in items), frame("END", stream=stream)]

        async def call(client):
            return [listed async for listed in client.list()]

        listed = await self.use(answering(answer), call=call)
        self.assertEqual(
            [one.error and one.error.code for one in listed], [None, StatusCode.DATA_LOSS, StatusCode.DATA_LOSS, None]
        )
        self.assertEqual(listed[3].article.title, "Bốn")

    async def test_a_damaged_message_of_a_stream_cancels_it(self):
        def script(peer):
            peer.greet()
            _, stream, _ = peer.request()
            item = pb.ListItem(article=stored_article(title="Một"), cursor=b"1")
            peer.send(frame("MESSAGE", item, 0, stream), frame("MESSAGE", item, 0, stream, checksum=1))
            self.assertEqual(peer.expect("CANCEL")[3], stream)
            # On its way already, and the end. Then the connection is used again.
            peer.send(frame("MESSAGE", item, 0, stream), frame("ERROR", status(1), 0, stream))
            _, stream, _ = peer.request()
            peer.send(*message(stored_article(title="Tin"))(stream))
            peer.closed()

        async def call(client):
            listed = []
            with self.assertRaises(articled.DataLoss):
                async for one in client.list():
                    listed.append(one.article.title)
            self.assertEqual(listed, ["Một"])
            return await get(client)

        self.assertEqual((await self.use(script, call=call)).title, "Tin")


class ViolationTests(FaultCase):
    """After each of these the client closes, and what was in flight is lost."""

    async def violated(self, *frames, text):
        def script(peer):
            peer.greet()
            _, stream, _ = peer.request()
            peer.send(*(make(stream) if callable(make) else make for make in frames))
            peer.closed()

        failure = await self.raises(articled.ProtocolError, script, call=get)
        self.assertIn(text, failure.message)
        self.assertTrue(failure.may_have_run)

    async def test_violations(self):
        cases = {
            "a frame of 16777217 bytes": [frame("MESSAGE", b"", 1, 1, length=(16 << 20) + 1)],
            "a frame with a wrong checksum": [frame("PING", b"x", checksum=1)],
            "for stream 77, which is not in use": [frame("MESSAGE", b"x", 1, 77)],
            "PING on stream 5": [frame("PING", stream=5)],
            "END on stream 0": [frame("END")],
            "MESSAGE with flags 3": [frame("MESSAGE", b"", 3, 1)],
            "a message without END": [frame("MESSAGE", b"", 0, 1)],
            "HELLO, where it has no place": [frame("HELLO", pb.ServerHello(protocol=1))],
            "REQUEST from the service": [frame("REQUEST", b"", 1, 1)],
            "CREDIT that cannot be read": [frame("CREDIT", b"\xff", 0, 1)],
            "credit beyond its limit": [frame("CREDIT", pb.Credit(bytes=1 << 31), 0, 1)],
            "ERROR that cannot be read": [frame("ERROR", b"\xff", 0, 1)],
            "PING that is too long": [frame("PING", bytes(65))],
        }
        for text, frames in cases.items():
            with self.subTest(text):
                await self.violated(*frames, text=text)

    async def test_more_than_the_credit_allows(self):
        item = pb.ListItem(article=stored_article(title="x"), cursor=b"1")

        def script(peer):
            peer.greet()
            _, stream, _ = peer.request()
            peer.send(*[frame("MESSAGE", item, 0, stream)] * 3)
            peer.closed()

        async def call(client):
            async for _ in client.list():
                pass

        # The second message may be sent on a credit of 1; the third may not.
        window = len(item.SerializeToString()) + 17
        failure = await self.raises(articled.ProtocolError, script, call=call, stream_window=window)
        self.assertIn("without credit", failure.message)

    async def test_what_is_not_known_is_skipped(self):
        unknown = struct.pack("<IBBHII", 5, 200, 128, 0, 9, crc32c(b"later")) + b"later"

        def answer(stream):
            return [
                unknown,
                frame("CREDIT", pb.Credit(bytes=5), 0, 99),
                frame("PONG", b"nobody waits"),
                *message(stored_article(title="Tin"))(stream),
            ]

        self.assertEqual((await self.use(answering(answer), call=get)).title, "Tin")

    async def test_ping_is_answered(self):
        def script(peer):
            peer.greet()
            _, stream, _ = peer.request()
            peer.send(frame("PING", b"are you there"))
            self.assertEqual(peer.expect("PONG")[4], b"are you there")
            peer.send(*message(stored_article(title="Tin"))(stream))
            peer.closed()

        await self.use(script, call=get)

    async def test_frames_in_pieces(self):
        def script(peer):
            data = frame("MESSAGE", stored_article(title="Tin"), 1, 1)
            peer.greet()
            peer.request()
            for byte in data:
                peer.send(bytes([byte]))
            peer.closed()

        self.assertEqual((await self.use(script, call=get)).title, "Tin")


class GreetingTests(FaultCase):
    async def test_no_version_in_common(self):
        def script(peer):
            peer.expect("HELLO")
            peer.send(frame("GO_AWAY", status(12, "versions 2 to 3 are spoken here")))

        failure = await self.raises(articled.Unimplemented, script, call=get)
        self.assertIn("versions 2 to 3", failure.message)

    async def test_no_room_then_room(self):
        def full(peer):
            peer.expect("HELLO")
            peer.send(frame("GO_AWAY", status(8, "too many connections")))

        await self.use(full, full, answering(message(stored_article(title="Tin"))), call=get)

    async def test_closed_without_a_hello_then_there(self):
        def gone(peer):
            peer.expect("HELLO")

        await self.use(gone, answering(message(stored_article(title="Tin"))), call=get)

    async def test_a_silent_service(self):
        def silent(peer):
            peer.closed()

        begun = time.monotonic()
        failure = await self.raises(articled.Unavailable, silent, call=get, connect_timeout=0.3, patience=0.2)
        self.assertIn("no hello", failure.message)
        self.assertFalse(failure.may_have_run)
        self.assertLess(time.monotonic() - begun, 5)

    async def test_the_deadline_holds_while_connecting(self):
        def silent(peer):
            peer.closed()

        await self.raises(articled.DeadlineExceeded, silent, call=lambda client: client.get("a:b", deadline=0.2))

    async def test_a_client_that_is_closed_while_it_connects(self):
        def silent(peer):
            peer.closed()

        async def call(client):
            waiting = asyncio.ensure_future(get(client))
            while client._upstreams[0].connecting is None:
                await asyncio.sleep(0)
            await asyncio.sleep(0.05)
            await client.close()
            await waiting

        await self.raises(articled.Cancelled, silent, call=call)

    async def test_what_the_service_takes_is_kept_to(self):
        async def call(client):
            with self.assertRaisesRegex(articled.InvalidArgument, "takes 9000"):
                await client.put(Article(body="x" * 9000))
            return await get(client)

        script = answering(message(stored_article(title="Tin")), greeting={"max_frame": 9000})
        await self.use(script, call=call)


class RetryTests(FaultCase):
    async def test_an_idempotent_call_is_sent_again_after_a_loss(self):
        await self.use(closing, closing, answering(message(stored_article(title="Tin"))), call=get)

    async def test_a_put_is_sent_again_with_the_id_of_the_first_attempt(self):
        seen = []

        def script(peer, answers=False):
            peer.greet()
            _, stream, payload = peer.request()
            seen.append(PutRequest.FromString(payload).article.id)
            if answers:
                peer.send(*message(pb.PutResult(revision=1))(stream))
                peer.closed()

        await self.use(script, lambda peer: script(peer, True), call=put)
        self.assertEqual(len(seen[0]), 16)
        self.assertEqual(seen[0], seen[1])

    async def test_what_must_not_be_sent_again_is_told(self):
        calls = [
            lambda client: client.put(Article(title="x"), expected_revision=3),
            lambda client: client.delete("https://x/1"),
        ]
        for call in calls:
            failure = await self.raises(articled.Unavailable, closing, call=call)
            self.assertTrue(failure.may_have_run)

    async def test_refused_without_a_change_is_sent_again(self):
        for code in (StatusCode.UNAVAILABLE, StatusCode.RESOURCE_EXHAUSTED):
            script = answering(error(code), error(code), message(pb.DeleteResult(revision=4)))
            result = await self.use(script, call=lambda client: client.delete("https://x/1"))
            self.assertEqual(result.revision, 4)
        failure = await self.raises(
            articled.ResourceExhausted,
            answering(error(8), error(8)),
            call=lambda client: client.delete("a:b"),
            attempts=2,
        )
        self.assertFalse(failure.may_have_run)

    async def test_an_unknown_outcome(self):
        put_again = answering(error(18), message(pb.PutResult(revision=1)))
        self.assertEqual((await self.use(put_again, call=put)).revision, 1)
        failure = await self.raises(
            articled.OutcomeUnknown, answering(error(18)), call=lambda client: client.delete("a:b")
        )
        self.assertTrue(failure.may_have_run)

    async def test_the_doubt_of_the_first_attempt_stays(self):
        failure = await self.raises(articled.Unavailable, answering(error(18), error(14)), call=put, attempts=2)
        self.assertTrue(failure.may_have_run)
        self.assertIn("an earlier attempt", failure.message)

    async def test_other_errors_are_not_repeated(self):
        for code in (3, 4, 5, 6, 7, 9, 10, 12, 13, 15):
            failure = await self.raises(articled.ArticledError, answering(error(code)), call=get)
            self.assertEqual(failure.code, code)

    async def test_go_away_while_a_call_is_in_flight(self):
        def leaving(peer):
            peer.greet()
            _, stream, _ = peer.request()
            peer.send(frame("GO_AWAY", status(14, "stopping")))
            # A new call goes elsewhere; this one is answered to its end, and then the client closes.
            elsewhere.wait(10)
            peer.send(*message(stored_article(title="cũ"))(stream))
            peer.closed()

        elsewhere = threading.Event()

        def other(peer):
            answering(message(stored_article(title="mới")))(peer)

        with ScriptedServer(leaving) as first, ScriptedServer(other) as second:
            async with AsyncClient(first.endpoint) as client:
                old = asyncio.ensure_future(get(client))
                while client._upstreams[0].connection is None or not client._upstreams[0].connection.draining:
                    await asyncio.sleep(0.01)
                client._upstreams[0].endpoint = AsyncClient(second.endpoint).endpoint
                self.assertEqual((await get(client)).title, "mới")
                elsewhere.set()
                self.assertEqual((await old).title, "cũ")

    async def test_a_write_that_fails_loses_nothing_that_came_before(self):
        taken, blocked, closed = threading.Event(), threading.Event(), threading.Event()

        def first(peer):
            peer.greet()
            _, stream, _ = peer.request()
            taken.set()
            blocked.wait(10)
            peer.send(*message(stored_article(title="cũ"))(stream), frame("GO_AWAY", status(14, "stopping")))
            peer.connection.close()
            closed.set()

        async def call(client):
            old = asyncio.ensure_future(get(client))
            while not taken.is_set():
                await asyncio.sleep(0.01)
            connection = client._upstreams[0].connection
            blocked.set()
            closed.wait(10)  # the event loop sees nothing of it meanwhile
            new = await get(client)  # written first: to a socket that nobody reads
            self.assertTrue(connection._output_failed)
            return (await old).title, new.title

        titles = await self.use(first, answering(message(stored_article(title="mới"))), call=call)
        self.assertEqual(titles, ("cũ", "mới"))

    async def test_a_list_goes_on_behind_its_last_cursor(self):
        seen = []

        def script(peer, titles, ends):
            peer.greet()
            _, stream, payload = peer.request()
            seen.append(pb.ListRequest.FromString(payload))
            for title in titles:
                item = pb.ListItem(article=stored_article(title=title), cursor=title.encode())
                peer.send(frame("MESSAGE", item, 0, stream))
            if ends:
                peer.send(frame("END", stream=stream))
                peer.closed()

        async def call(client):
            return [listed.article.title async for listed in client.list(topic="t", limit=4)]

        titles = await self.use(lambda p: script(p, "ab", False), lambda p: script(p, "cd", True), call=call)
        self.assertEqual(titles, list("abcd"))
        self.assertEqual([(one.topic, one.limit, one.cursor) for one in seen], [("t", 4, b""), ("t", 2, b"b")])


class UploadFaultTests(FaultCase):
    @staticmethod
    def results(peer, count, answered):
        """Takes `count` messages, and answers those whose index is in `answered`, in that order."""
        _, stream, _ = peer.request()
        taken = []
        while len(taken) < count:
            taken.append(PutRequest.FromString(peer.expect("MESSAGE")[4]))
        for index in answered:
            result = pb.PutManyResult(index=index, result=pb.PutResult(id=taken[index].article.id, revision=1))
            peer.send(frame("MESSAGE", result, 0, stream))
        return stream, taken

    async def test_only_what_has_no_result_is_sent_again(self):
        first, second = [], []

        def lost(peer):
            peer.greet()
            first.extend(self.results(peer, 5, [3, 0])[1])

        def rest(peer):
            peer.greet()
            stream, taken = self.results(peer, 3, [0, 1, 2])
            second.extend(taken)
            peer.send(frame("END", stream=stream))
            peer.closed()

        async def call(client):
            articles = [Article(title=f"{index}") for index in range(5)]
            return [(one.index, one.result.id) async for one in client.put_many(articles)]

        outcomes = await self.use(lost, rest, call=call)
        self.assertEqual([one.article.title for one in second], ["1", "2", "4"])
        self.assertEqual({one.article.id for one in second}, {first[index].article.id for index in (1, 2, 4)})
        self.assertEqual(dict(outcomes), {index: first[index].article.id for index in range(5)})

    async def test_a_put_with_a_revision_is_not_sent_again(self):
        def lost(peer):
            peer.greet()
            self.results(peer, 2, [])

        def rest(peer):
            peer.greet()
            stream, taken = self.results(peer, 1, [0])
            self.assertFalse(taken[0].HasField("expected_revision"))
            peer.send(frame("END", stream=stream))
            peer.closed()

        async def call(client):
            requests = [PutRequest(article=Article(url="a:b"), expected_revision=2), Article(title="x")]
            return {one.index: one async for one in client.put_many(requests)}

        outcomes = await self.use(lost, rest, call=call)
        self.assertTrue(outcomes[0].error.may_have_run)
        self.assertIsNone(outcomes[1].error)

    async def test_refused_articles_are_sent_again(self):
        ids = []

        def script(peer):
            peer.greet()
            _, stream, _ = peer.request()
            for index, code in enumerate((8, 18, 0)):
                ids.append(PutRequest.FromString(peer.expect("MESSAGE")[4]).article.id)
                result = pb.PutManyResult(index=index, result=pb.PutResult(revision=7))
                if code:
                    result = pb.PutManyResult(index=index, status=status(code))
                peer.send(frame("MESSAGE", result, 0, stream))
            peer.expect("END")
            peer.send(frame("END", stream=stream))
            peer.closed()

        async def call(client):
            stored = asyncio.Event()

            async def articles():  # has nothing more while the first one is sent again
                yield Article(title="x")
                await stored.wait()

            outcomes = []
            async for outcome in client.put_many(articles()):
                outcomes.append(outcome)
                stored.set()
            return outcomes

        outcomes = await self.use(script, call=call)
        self.assertEqual([(one.index, one.result.revision) for one in outcomes], [(0, 7)])
        self.assertEqual(len(set(ids)), 1)

    async def test_a_service_without_credit_is_waited_for(self):
        def script(peer):
            peer.greet(stream_window=1)
            _, stream, _ = peer.request()
            for index in range(20):
                kind, _, _, _, payload = peer.receive()
                self.assertEqual(kind, "MESSAGE")
                if index < 19:  # nothing more may come before credit does
                    peer.connection.settimeout(0.02)
                    with self.assertRaises(socket.timeout):
                        peer.connection.recv(1)
                    peer.connection.settimeout(20)
                result = pb.PutManyResult(index=index, result=pb.PutResult(revision=1))
                peer.send(
                    frame("MESSAGE", result, 0, stream),
                    frame("CREDIT", pb.Credit(bytes=len(payload) + 16), 0, stream),
                )
            peer.expect("END")
            peer.send(frame("END", stream=stream))
            peer.closed()

        async def call(client):
            return [one.index async for one in client.put_many(Article(title="x") for _ in range(20))]

        self.assertEqual(await self.use(script, call=call), list(range(20)))
