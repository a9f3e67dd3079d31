# SPDX-License-Identifier: Apache-2.0
"""The blocking client and the real service: threads, iterators, forks."""

import gc
import inspect
import os
import threading
import time
import unicodedata
import unittest

import articled
from articled import Article, AsyncClient, Client
from articled import articles_pb2 as pb

from service import Service


class BlockingTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service()
        cls.addClassCleanup(cls.service.close)

    def setUp(self):
        self.client = Client(self.service.endpoint)
        self.addCleanup(self.client.close)

    def test_it_has_the_methods_of_the_other(self):
        def methods(kind):
            return {name: inspect.signature(getattr(kind, name)) for name in dir(kind) if not name.startswith("_")}

        blocking, other = methods(Client), methods(AsyncClient)
        self.assertEqual(set(blocking), set(other))
        for name in blocking:
            self.assertEqual(list(blocking[name].parameters), list(other[name].parameters), name)

    def test_each_call(self):
        title = unicodedata.normalize("NFD", "Đoạn một")
        result = self.client.put(Article(url="https://blocking/1", title=title))
        self.assertEqual(self.client.get(result.id).title.encode(), title.encode())
        self.assertEqual(self.client.get("https://blocking/1", summary=True).body, "")
        found = list(self.client.get_many([result.id, "https://blocking/none"]))
        self.assertEqual(found[0].article.title, title)
        self.assertIsInstance(found[1].error, articled.NotFound)
        self.assertEqual([listed.article.id for listed in self.client.page(5).items][:1], [result.id])
        self.assertTrue(self.client.classify("Bóng đá", "Đội tuyển thắng trận chung kết bóng đá").topics)
        self.assertTrue(self.client.classify_article(result.id).classification.topics)
        self.assertTrue(self.client.topics().topics)
        self.assertEqual(self.client.ping(b"x").payload, b"x")
        self.assertTrue(self.client.status().description.version)
        self.assertEqual(self.client.hello().protocol, 1)
        self.assertIn("articled_requests_total", self.client.metrics())
        self.assertEqual(self.client.call("greeter.hello", b"you"), b"Hello, you")
        with self.client.stream("store.putMany") as stream:
            stream.send(pb.PutRequest(article=Article(title="x")))
            stream.end()
            self.assertEqual(len(list(stream)), 1)
        self.client.delete(result.id)
        with self.assertRaises(articled.NotFound):
            self.client.get(result.id)
        with self.assertRaises(articled.DeadlineExceeded):
            self.client.call("stubborn.wait", b"2000", deadline=0.1)

    def test_a_source_that_uses_the_client_itself(self):
        articles = (Article(url=f"https://source/{index}", source="A", title=f"{index}") for index in range(1500))
        self.assertEqual(sum(outcome.result.revision for outcome in self.client.put_many(articles)), 1500)

        def copies():
            for listed in self.client.list(source="A"):
                article = Article(source="B", title=listed.article.title)
                yield article

        self.assertEqual(sum(1 for outcome in self.client.put_many(copies()) if outcome.result), 1500)
        titles = {listed.article.title for listed in self.client.list(source="B")}
        self.assertEqual(titles, {str(index) for index in range(1500)})

    def test_a_source_that_fails_and_one_that_is_left(self):
        def articles():
            yield Article(title="x")
            raise LookupError("no more")

        outcomes = []
        with self.assertRaisesRegex(LookupError, "no more"):
            for outcome in self.client.put_many(articles()):
                outcomes.append(outcome.result)
        self.assertEqual(len(outcomes), 1)
        for outcome in self.client.put_many(Article(title="x") for _ in range(1000)):
            break
        self.assertEqual(list(self.client.put_many([])), [])
        self.assertEqual(self.client.ping(b"x").payload, b"x")

    def test_iterators_that_are_dropped(self):
        for outcome in self.client.put_many(Article(source="C", title="x", body="x" * 2000) for _ in range(500)):
            outcome.result
        for _ in range(10):
            next(iter(self.client.list(source="C")))
            gc.collect()
        end = time.monotonic() + 20
        while self.client.stats().in_flight > 1:
            self.assertLess(time.monotonic(), end)

    def test_threads_share_one_connection(self):
        before = self.client.stats().connections_accepted
        problems = []

        def work(number):
            try:
                for index in range(50):
                    text = b"%d %d" % (number, index)
                    if self.client.call("greeter.hello", text) != b"Hello, " + text:
                        problems.append(text)
            except Exception as error:
                problems.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(problems, [])
        self.assertEqual(self.client.stats().connections_accepted, before)

    def test_a_fork(self):
        self.client.ping()
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if self.client.ping(b"child").payload == b"child" else 1)
            except BaseException:
                os._exit(2)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(self.client.ping(b"parent").payload, b"parent")

    def test_a_closed_client(self):
        client = Client(self.service.endpoint)
        client.ping()
        listing = client.list()
        client.close()
        client.close()
        with self.assertRaises(articled.Cancelled):
            client.ping()
        with self.assertRaises(articled.Cancelled):
            next(listing)

    def test_a_client_that_is_dropped_ends_its_thread(self):
        def named():
            return sum(thread.name == "articled" for thread in threading.enumerate())

        before = named()
        client = Client(self.service.endpoint)
        client.ping()
        self.assertEqual(named(), before + 1)
        del client
        gc.collect()
        self.assertEqual(named(), before)
