# SPDX-License-Identifier: Apache-2.0
"""The asyncio client and the real service: every method, its errors, deadlines, cancelling, GO_AWAY."""

import asyncio
import os
import signal
import time
import unicodedata
import unittest
import unittest.mock
import uuid

import articled
from articled import Article, AsyncClient, PutRequest, Topic
from articled import articles_pb2 as pb

from service import Service

TEXT = "Cần Thơ: Đẩy mạnh ứng dụng công nghệ thông tin"


class ServiceCase(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(tcp=True)
        cls.addClassCleanup(cls.service.close)

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it makes everything several times as slow
        self.client = AsyncClient(self.service.endpoint)

    async def asyncTearDown(self):
        await self.client.close()


class ArticleTests(ServiceCase):
    async def test_what_was_stored_comes_back_byte_for_byte(self):
        for form in ("NFC", "NFD"):
            text = unicodedata.normalize(form, TEXT)
            article = Article(
                url=f"https://mic.gov.vn/{form}",
                source="Mic.gov.vn",
                title=text,
                body=f"{text}\n\n{text}\u200b\U0001f33e",
                author="PQH",
                published_at=1254355200000,
                language="vi",
                topics=[Topic(slug="cong-nghe", score=0.5, name="Công nghệ")],
                attributes={text: form},
            )
            result = await self.client.put(article)
            self.assertEqual((result.outcome, result.revision), (articled.PUT_OUTCOME_CREATED, 1))
            self.assertEqual(uuid.UUID(bytes=result.id).version, 7)
            for key in (article.url, result.id, uuid.UUID(bytes=result.id), str(uuid.UUID(bytes=result.id))):
                fetched = await self.client.get(key)
                self.assertEqual(fetched.title.encode(), text.encode())
                self.assertEqual(fetched.body.encode(), article.body.encode())
                self.assertEqual(dict(fetched.attributes), {text: form})
                self.assertEqual(fetched.content_size, len(article.SerializeToString()))
            self.assertEqual((await self.client.put(article)).outcome, articled.PUT_OUTCOME_UNCHANGED)
            # What was fetched can be changed and put back as it is.
            fetched.summary = "tóm tắt"
            again = await self.client.put(fetched)
            self.assertEqual((again.outcome, again.id, again.revision), (articled.PUT_OUTCOME_UPDATED, result.id, 2))
        self.assertNotEqual(
            (await self.client.get("https://mic.gov.vn/NFC")).title,
            (await self.client.get("https://mic.gov.vn/NFD")).title,
        )

    async def test_an_article_without_a_name_gets_its_id_here(self):
        article = Article(title="Tin")
        result = await self.client.put(article)
        self.assertEqual(article.id, b"")
        self.assertEqual((await self.client.get(result.id)).title, "Tin")

    async def test_expected_revisions(self):
        article = Article(url="https://mic.gov.vn/expected", title="Một")
        await self.client.put(article, expected_revision=0)
        article.title = "Hai"
        with self.assertRaises(articled.Conflict) as caught:
            await self.client.put(article, expected_revision=0)
        self.assertFalse(caught.exception.may_have_run)
        self.assertEqual((await self.client.put(article, expected_revision=1)).revision, 2)
        with self.assertRaises(articled.Conflict):
            await self.client.delete(article.url, expected_revision=1)
        self.assertEqual((await self.client.delete(article.url, expected_revision=2)).revision, 2)
        with self.assertRaises(articled.NotFound):
            await self.client.delete(article.url)

    async def test_created_at(self):
        article = Article(url="https://mic.gov.vn/created", title="Một")
        self.assertEqual((await self.client.put(article, created_at=1_240_000_000_000)).created_at, 1_240_000_000_000)
        self.assertEqual((await self.client.put(article)).created_at, 1_240_000_000_000)
        async for outcome in self.client.put_many([PutRequest(article=article, created_at=5)]):
            self.assertIsNone(outcome.error)
        self.assertEqual((await self.client.get("HTTPS://MIC.gov.vn:443/./created")).created_at, 5)

    async def test_errors_have_codes_and_texts(self):
        await self.client.put(Article(url="https://mic.gov.vn/taken", title="x"))
        cases = [
            (articled.NotFound, "NOT_FOUND", lambda: self.client.get("https://mic.gov.vn/none")),
            (articled.InvalidArgument, "INVALID_ARGUMENT", lambda: self.client.put(Article(url="no url"))),
            (
                articled.AlreadyExists,
                "ALREADY_EXISTS",
                lambda: self.client.put(Article(id=articled.new_id(), url="https://mic.gov.vn/taken")),
            ),
            (articled.Unimplemented, "UNIMPLEMENTED", lambda: self.client.call("no.such.method")),
            (articled.InvalidArgument, "INVALID_ARGUMENT", lambda: self.client.call("fetch.get", b"\xff\xff")),
        ]
        for kind, name, call in cases:
            with self.assertRaises(kind) as caught:
                await call()
            self.assertEqual(caught.exception.code.name, name)
            self.assertTrue(str(caught.exception).startswith(f"{name}: "), str(caught.exception))
        with self.assertRaises(ValueError):
            await self.client.call("fetch.list")
        self.assertEqual((await self.client.ping(b"still there")).payload, b"still there")

    async def test_classifying(self):
        body = "Ngân hàng Nhà nước giảm lãi suất, thị trường chứng khoán và tỷ giá biến động."
        answer = await self.client.classify("Lãi suất", body, explain=True)
        self.assertEqual(answer.topics[0].slug, "kinh-doanh")
        self.assertTrue(answer.evidence)
        stored = await self.client.put(Article(title="Lãi suất", body=body))
        written = await self.client.classify_article(stored.id, write_back=True)
        self.assertEqual(written.stored.revision, 2)
        self.assertEqual((await self.client.get(stored.id)).topics[0].slug, "kinh-doanh")
        self.assertIn("kinh-doanh", [topic.slug for topic in (await self.client.topics()).topics])

    async def test_the_service_itself(self):
        status = await self.client.status()
        self.assertIn("store", [plugin.name for plugin in status.description.plugins])
        self.assertEqual(status.health.state, pb.HEALTH_STATE_HEALTHY)
        self.assertGreater(status.stats.connections, 0)
        self.assertIn("articled_requests_total", await self.client.metrics())
        hello = await self.client.hello()
        self.assertEqual((hello.protocol, hello.roles), (1, 7))

    async def test_any_plugins_method(self):
        self.assertEqual(await self.client.call("greeter.hello", "Thế giới".encode()), "Hello, Thế giới".encode())
        ping = await self.client.call("service.ping", pb.PingRequest(payload=b"x"), response=pb.PingResult)
        self.assertEqual(ping.payload, b"x")
        async with self.client.stream("store.putMany") as stream:
            for index in range(3):
                self.assertTrue(await stream.send(PutRequest(article=Article(title=f"Tin {index}"))))
            await stream.end()
            results = [pb.PutManyResult.FromString(message) async for message in stream]
        self.assertEqual(sorted(result.index for result in results), [0, 1, 2])
        async with self.client.stream("storage.verify", pb.VerifyRequest()) as stream:
            progress = [pb.VerifyProgress.FromString(message) async for message in stream]
        self.assertEqual(progress[-1].result.damaged, 0)

    async def test_over_tcp(self):
        async with AsyncClient(self.service.listeners[1]) as client:
            result = await client.put(Article(title="qua TCP", body="x" * 3_000_000))
            self.assertEqual(len((await client.get(result.id)).body), 3_000_000)


class ManyTests(ServiceCase):
    async def test_thousands_in_and_out(self):
        # Small windows, so that both sides run out of credit many times.
        async with AsyncClient(self.service.endpoint, stream_window=4096) as client:
            count = 3000

            async def articles():
                for index in range(count):
                    yield Article(
                        url=f"https://many/{index}", source="Nhiều", title=f"Tin {index}", body="Nội dung " * 40
                    )

            outcomes = [outcome async for outcome in client.put_many(articles())]
            self.assertEqual(sorted(outcome.index for outcome in outcomes), list(range(count)))
            self.assertEqual({outcome.result.revision for outcome in outcomes}, {1})

            listed = [listed async for listed in client.list(source="Nhiều")]
            self.assertEqual({one.article.title for one in listed}, {f"Tin {index}" for index in range(count)})
            cut = [one.article.url async for one in client.list(source="Nhiều", cursor=listed[99].cursor, limit=5)]
            self.assertEqual(cut, [one.article.url for one in listed[100:105]])

            keys = [f"https://many/{index}" for index in range(0, count, 7)] + ["https://many/none"]
            found = [found async for found in client.get_many(keys)]
            self.assertEqual([one.key for one in found], keys)
            self.assertEqual([one.article.url for one in found[:-1]], keys[:-1])
            self.assertIsInstance(found[-1].error, articled.NotFound)
            with self.assertRaises(articled.NotFound):
                found[-1].article

            seen, cursor = [], None
            while True:
                page = await client.page(700, source="Nhiều", cursor=cursor)
                seen += [one.article.url for one in page.items]
                cursor = page.cursor
                if cursor is None:
                    break
            self.assertEqual(seen, [one.article.url for one in listed])
            self.assertEqual(page.items[0].article.body, "")

    async def test_one_wrong_article_does_not_stop_the_others(self):
        articles = [Article(title="Tốt 1"), Article(url="sai"), Article(title="x" * 5000), Article(title="Tốt 2")]
        articles.append(PutRequest(article=Article(title="mới"), expected_revision=9))
        articles.append(Article(title="quá lớn", body="x" * (17 << 20)))  # above max_frame: it must not be sent at all
        outcomes = {outcome.index: outcome async for outcome in self.client.put_many(articles)}
        self.assertEqual(sorted(outcomes), [0, 1, 2, 3, 4, 5])
        self.assertEqual([outcomes[index].error for index in (0, 3)], [None, None])
        for index in (1, 2, 5):
            self.assertIsInstance(outcomes[index].error, articled.InvalidArgument)
        self.assertIsInstance(outcomes[4].error, articled.Conflict)

    async def test_a_source_that_fails(self):
        def articles():
            for index in range(50):
                yield Article(title=f"Tin {index}")
            raise LookupError("no more")

        outcomes = []
        with self.assertRaisesRegex(LookupError, "no more"):
            async for outcome in self.client.put_many(articles()):
                outcomes.append(outcome.result)
        self.assertEqual(len(outcomes), 50)

    async def test_a_source_that_waits_for_the_outcomes(self):
        answered = asyncio.Queue()

        async def articles():
            for index in range(20):
                yield Article(title=f"Tin {index}")
                await answered.get()

        count = 0
        async for outcome in self.client.put_many(articles()):
            answered.put_nowait(outcome.result)
            count += 1
        self.assertEqual(count, 20)

    async def test_a_list_that_is_left(self):
        await asyncio.gather(
            *(self.client.put(Article(source="Bỏ dở", title=f"{index}", body="x" * 9000)) for index in range(200))
        )
        for _ in range(20):
            listing = self.client.list(source="Bỏ dở")
            async for _ in listing:
                break
            await listing.aclose()
        end = time.monotonic() + 20
        while (await self.client.stats()).in_flight > 1:
            self.assertLess(time.monotonic(), end)
        self.assertEqual((await self.client.stats()).protocol_errors, 0)

    async def test_many_calls_at_once_share_one_connection(self):
        before = (await self.client.stats()).connections_accepted
        # More than the service takes on one connection.
        answers = await asyncio.gather(*(self.client.call("greeter.hello", b"%d" % index) for index in range(3000)))
        self.assertEqual(answers, [b"Hello, %d" % index for index in range(3000)])
        self.assertEqual((await self.client.stats()).connections_accepted, before)


class SearchTests(ServiceCase):
    async def test_what_was_stored_is_found(self):
        body = "Nước sông lên nhanh, hàng nghìn hộ dân ở vùng trũng phải di dời trong đêm, giao thông tê liệt."
        result = await self.client.put(Article(url="https://lu/1", title="Lũ lụt miền Trung", body=body, source="A"))
        copy = await self.client.put(Article(url="https://lu/2", title="Lũ lụt miền Trung", body=body, source="B"))
        await self.client.put(Article(url="https://lu/3", title="Giá vàng", body="Giá vàng tăng.", source="A"))
        end = time.monotonic() + 60
        while True:
            found = await self.client.search("lu lut", articles=True)
            copies = await self.client.duplicates(result.id)
            if len(found.hits) == 2 and copies.duplicates or time.monotonic() > end:
                break
            await asyncio.sleep(0.05)
        self.assertEqual({hit.id for hit in found.hits}, {result.id, copy.id})
        self.assertEqual(articled.decode_article(found.hits[0].article).body, body)
        self.assertEqual([hit.id for hit in (await self.client.search('"lũ lụt"', source="B")).hits], [copy.id])
        newest = await self.client.search("", order=pb.SEARCH_ORDER_NEWEST, limit=1, facets=True)
        self.assertEqual((len(newest.hits), newest.total), (1, 3))
        rest = await self.client.search("", order=pb.SEARCH_ORDER_NEWEST, cursor=newest.cursor)
        self.assertEqual(len(rest.hits), 2)
        self.assertEqual((await self.client.search("", since=0, until=1)).total, 0)
        self.assertIn("Lũ lụt miền", " ".join(await self.client.suggest("lu lu")))
        self.assertEqual([one.id for one in copies.duplicates], [copy.id])
        self.assertEqual(copies.first, result.id)
        self.assertEqual({one.id for one in (await self.client.duplicates(body=body)).duplicates}, {result.id, copy.id})
        self.assertEqual([hit.id for hit in (await self.client.related("https://lu/1")).hits][:1], [copy.id])
        with self.assertRaises(articled.NotFound):
            await self.client.duplicates("https://lu/none")


class TimeTests(ServiceCase):
    async def test_a_deadline_ends_a_call_here_and_there(self):
        begun = time.monotonic()
        with self.assertRaises(articled.DeadlineExceeded) as caught:
            await self.client.call("stubborn.wait", b"3000", deadline=0.2)
        self.assertLess(time.monotonic() - begun, 2)
        self.assertTrue(caught.exception.may_have_run)
        self.assertEqual((await self.client.ping(b"x")).payload, b"x")

    async def test_a_cancelled_task_cancels_the_call(self):
        task = asyncio.ensure_future(self.client.call("stubborn.wait", b"3000"))
        while (await self.client.stats()).in_flight < 2:  # with the one that asks
            await asyncio.sleep(0.01)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        end = time.monotonic() + 20
        while True:
            methods = {method.name: method for method in (await self.client.stats()).methods}
            codes = {status.code: status.count for status in methods["stubborn.wait"].statuses}
            if codes.get(articled.StatusCode.CANCELLED):
                break
            self.assertLess(time.monotonic(), end)
            await asyncio.sleep(0.05)

    async def test_a_long_list_goes_on_after_the_streams_deadline(self):
        puts = (self.client.put(Article(source="Chậm", title=f"{index}", body="x" * 3000)) for index in range(60))
        await asyncio.gather(*puts)
        async with AsyncClient(self.service.endpoint, deadline=0.5, stream_window=4096) as slow:
            titles = []
            async for listed in slow.list(source="Chậm"):
                titles.append(listed.article.title)
                if len(titles) % 20 == 0:
                    await asyncio.sleep(0.6)
        self.assertEqual(sorted(titles, key=int), [str(index) for index in range(60)])

    async def test_a_slow_source_outlasts_the_streams_deadline(self):
        async with AsyncClient(self.service.endpoint, deadline=0.6) as client:

            async def articles():
                for index in range(6):
                    await asyncio.sleep(0.35)
                    yield Article(title=f"{index}")

            outcomes = [outcome.result async for outcome in client.put_many(articles())]
            self.assertEqual(len(outcomes), 6)


class ConnectionTests(unittest.IsolatedAsyncioTestCase):
    async def test_a_service_that_is_not_there_is_reported_at_once(self):
        begun = time.monotonic()
        async with AsyncClient("unix:/nonexistent/articled.sock") as client:
            with self.assertRaisesRegex(articled.Unavailable, "no socket at /nonexistent/articled.sock"):
                await client.ping()
        self.assertLess(time.monotonic() - begun, 2)

    async def test_the_variable_that_named_the_place_is_named(self):
        text = "no socket at /nonexistent/articled.sock, which ARTICLED_ENDPOINT names"
        with unittest.mock.patch.dict(os.environ, ARTICLED_ENDPOINT="unix:/nonexistent/articled.sock"):
            async with AsyncClient() as client:
                with self.assertRaisesRegex(articled.Unavailable, text):
                    await client.ping()

    async def test_go_away_when_idle(self):
        with Service(idleTimeout="300 ms") as service:
            async with AsyncClient(service.endpoint) as client:
                for _ in range(3):
                    self.assertEqual((await client.ping(b"x")).payload, b"x")
                    await asyncio.sleep(0.9)
                # Two of Service, and one a ping; more if this process had to wait so long for a processor.
                self.assertGreaterEqual((await client.stats()).connections_accepted, 5)

    async def test_go_away_lets_what_is_in_flight_end(self):
        with Service() as service:
            async with AsyncClient(service.endpoint) as client:
                slow = asyncio.ensure_future(client.call("stubborn.wait", b"1500"))
                while (await client.stats()).in_flight < 2:
                    await asyncio.sleep(0.01)
                service.signal(signal.SIGTERM)

                async def restarted():
                    await asyncio.get_running_loop().run_in_executor(None, service.wait)
                    await asyncio.get_running_loop().run_in_executor(None, service.start)

                starting = asyncio.ensure_future(restarted())
                await asyncio.sleep(0.3)
                # The service is draining. This call waits for the next one, and comes back from there.
                article = Article(url="https://mic.gov.vn/drain", title="x")
                result = await client.put(article)
                self.assertTrue(slow.done())
                self.assertEqual(await slow, b"done")
                self.assertEqual(result.revision, 1)
                await starting

    async def test_a_user_without_the_role(self):
        with Service(tcp=True) as service:
            async with AsyncClient(service.listeners[1]) as client:
                with self.assertRaises(articled.PermissionDenied):
                    async with client.stream("storage.verify", pb.VerifyRequest()) as stream:
                        await stream.receive()

    def test_one_client_and_several_event_loops(self):
        with Service() as service:
            client = AsyncClient(service.endpoint)
            for _ in range(3):
                self.assertEqual(asyncio.run(client.ping(b"x")).payload, b"x")
            asyncio.run(client.close())
