# SPDX-License-Identifier: Apache-2.0
"""A client of several endpoints: scripted servers, which do what a test wants, and real services, which are killed."""

import asyncio
import signal
import unittest

import articled
from articled import Article, AsyncClient, Client
from articled import articles_pb2 as pb

from scripted import ScriptedServer, frame
from service import Service
from test_faults import answering, error, message, status, stored_article

GOOD = stored_article(title="Tin")


def answering_always(peer):
    """Greets, and answers every request until the client closes."""
    peer.greet()
    while True:
        _, stream, _ = peer.request()
        peer.send(*message(GOOD)(stream))


def mute(peer):
    peer.closed()


def get(client):
    return client.get("https://x/1")


class SeveralTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)

    def client(self, *servers, **options):
        return AsyncClient([server.endpoint for server in servers], **options)

    async def connect(self, client):
        """Calls until all endpoints are connected."""
        while not all(upstream.is_open for upstream in client._upstreams):
            await get(client)

    async def test_calls_go_to_all_endpoints(self):
        with ScriptedServer(answering_always) as first, ScriptedServer(answering_always) as second:
            async with self.client(first, second) as client:
                await self.connect(client)
                received = [upstream.connection.received for upstream in client._upstreams]
                for _ in range(10):
                    await get(client)
                after = [upstream.connection.received for upstream in client._upstreams]
                self.assertEqual(after, [count + 5 for count in received])

    async def test_the_first_of_an_order_is_preferred(self):
        with ScriptedServer(answering_always) as near, ScriptedServer() as far:
            async with self.client(near, far, load_balancing="priority") as client:
                first = client._upstreams[0]
                while not first.is_open:
                    await get(client)
                received = first.connection.received
                for _ in range(10):
                    await get(client)
                self.assertEqual(first.connection.received, received + 10)

    async def test_a_mute_first_endpoint_does_not_hold_up_the_order(self):
        with ScriptedServer(mute) as near, ScriptedServer(answering_always) as far:
            async with self.client(near, far, load_balancing="priority", connect_timeout=60) as client:
                self.assertEqual((await get(client)).title, "Tin")

    async def test_an_endpoint_that_fell_silent_must_answer_a_ping(self):
        def silent(peer):
            peer.greet()
            peer.closed()

        with ScriptedServer(silent, silent) as near, ScriptedServer(answering_always) as far:
            async with self.client(near, far, load_balancing="priority", keep_alive=0.3) as client:
                first = client._upstreams[0]
                self.assertEqual((await get(client)).title, "Tin")
                while not (first.is_open and first.is_silent):
                    await client.put(Article(title="x"), expected_revision=0)  # in doubt if it was sent there
                await client.put(Article(title="x"), expected_revision=0)

    async def test_a_lost_endpoint_costs_no_safe_call(self):
        def closing(peer):
            peer.greet()
            peer.request()

        with ScriptedServer(closing) as first, ScriptedServer(answering_always) as second:
            async with self.client(first, second) as client:
                for found in await asyncio.gather(*(get(client) for _ in range(20))):
                    self.assertEqual(found.title, "Tin")

    async def test_a_refused_call_goes_elsewhere(self):
        for code in (14, 8):

            def refusing(peer, code=code):
                peer.greet()
                while True:
                    _, stream, _ = peer.request()
                    peer.send(*error(code)(stream))

            with ScriptedServer(refusing) as first, ScriptedServer(answering_always) as second:
                async with self.client(first, second, attempts=3) as client:
                    for _ in range(20):
                        self.assertEqual((await get(client)).title, "Tin")

    async def test_garbage_from_one_endpoint(self):
        def garbled(peer):
            peer.greet()
            peer.request()
            peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        with ScriptedServer(garbled) as first, ScriptedServer(answering_always) as second:
            async with self.client(first, second) as client:
                for found in await asyncio.gather(*(get(client) for _ in range(20))):
                    self.assertEqual(found.title, "Tin")

    async def test_go_away_is_no_error(self):
        def leaving(peer):
            peer.greet()
            _, stream, _ = peer.request()
            peer.send(frame("GO_AWAY", status(14, "stopping")), *message(GOOD)(stream))
            peer.closed()

        with ScriptedServer(leaving) as first, ScriptedServer(answering_always) as second:
            async with self.client(first, second) as client:
                for _ in range(20):
                    await get(client)

    async def test_a_method_that_one_endpoint_lacks(self):
        def old(peer):
            peer.greet(methods=["fetch.get"])
            while True:
                _, stream, _ = peer.request()
                peer.send(*message(GOOD)(stream))

        with ScriptedServer(old) as first, ScriptedServer(answering_always) as second:
            async with self.client(first, second) as client:
                await self.connect(client)
                for _ in range(10):
                    await client.call("service.ping")
                with self.assertRaisesRegex(articled.Unimplemented, f"{second.endpoint} has: .*service.ping"):
                    await client.call("test.none")

    async def test_the_error_names_each_endpoint_and_why(self):
        async with AsyncClient("unix:/nonexistent/s, tcp:127.0.0.1:1") as client:
            for _ in range(2):
                with self.assertRaises(articled.Unavailable) as caught:
                    await get(client)
                text = caught.exception.message
                self.assertIn("none of the 2 endpoints can be reached: unix:/nonexistent/s: no socket at", text)
                self.assertIn("; tcp:127.0.0.1:1: cannot connect to tcp:127.0.0.1:1: Connection refused", text)

    async def test_a_list_goes_on_where_its_last_article_is(self):
        article = {"id": bytes(15) + b"\1", "revision": 3, "stored_at": 77}

        def beginning(peer):
            peer.greet()
            _, stream, _ = peer.request()
            item = pb.ListItem(article=Article(title="Một", **article).SerializeToString(), cursor=b"1")
            peer.send(frame("MESSAGE", item, 0, stream))

        def going_on(found):
            def script(peer):
                peer.greet()
                name, stream, _ = peer.request()
                self.assertEqual(name, "fetch.get")
                peer.send(*found(stream))
                name, stream, payload = peer.request()
                self.assertEqual((name, pb.ListRequest.FromString(payload).cursor), ("fetch.list", b"1"))
                item = pb.ListItem(article=Article(title="Hai").SerializeToString(), cursor=b"2")
                peer.send(frame("MESSAGE", item, 1, stream))
                peer.closed()

            return script

        async def titles(found):
            got = []
            with ScriptedServer(beginning) as first, ScriptedServer(going_on(found)) as second:
                async with self.client(first, second, load_balancing="priority", patience=2) as client:
                    async for listed in client.list():
                        got.append(listed.article.title)
                        if len(got) == 1:
                            first.stop()
            return got

        self.assertEqual(await titles(message(Article(**article))), ["Một", "Hai"])
        for foreign in (error(5), message(Article(**{**article, "stored_at": 78}))):
            with self.assertRaisesRegex(articled.Unavailable, "the list began at .* its storage is another one"):
                await titles(foreign)


class ServiceTests(unittest.TestCase):
    def test_puts_and_uploads_outlive_a_killed_service(self):
        with Service() as first, Service() as second:
            with Client([first.endpoint, second.endpoint], attempts=20) as client:
                ids = set()
                for number in range(400):
                    ids.add(bytes(client.put(Article(title=f"{number}")).id))
                    if number == 200:
                        first.signal(signal.SIGKILL)
                first.wait()
                first.start()
                outcomes = []
                for outcome in client.put_many(Article(title=f"{number}") for number in range(4000)):
                    self.assertIsNone(outcome.error)
                    outcomes.append(outcome)
                    if len(outcomes) == 1000:
                        first.kill()
                        first.start()
                        second.kill()
                        second.start()
                self.assertEqual(sorted(outcome.index for outcome in outcomes), list(range(4000)))
                ids |= {bytes(outcome.result.id) for outcome in outcomes}
            stored = set()
            for service in (first, second):
                with Client(service.endpoint) as client:
                    stored |= {bytes(listed.article.id) for listed in client.list(summary=True)}
            self.assertEqual(stored, ids)
