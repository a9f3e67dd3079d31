# SPDX-License-Identifier: Apache-2.0
"""put_many while the service is restarted and killed: nothing is lost, nothing is there twice."""

import asyncio
import signal
import unittest

from articled import Article, AsyncClient

from service import Service


class RestartTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it makes everything several times as slow

    async def interrupted(self, end, named):
        """Puts some thousand articles and ends the service in the middle, twice."""
        count = 4000
        with Service() as service:
            loop = asyncio.get_running_loop()
            async with AsyncClient(service.endpoint, patience=30) as client:

                def articles():
                    for index in range(count):
                        article = Article(source="Nguồn", title=f"Tin {index}", body="Nội dung " * 30)
                        if named:
                            article.url = f"https://restart/{index}"
                        yield article

                outcomes = {}
                async for outcome in client.put_many(articles()):
                    self.assertNotIn(outcome.index, outcomes)
                    outcomes[outcome.index] = outcome.result
                    if len(outcomes) in (count // 4, count // 2):
                        end(service)
                        await loop.run_in_executor(None, service.wait)
                        await loop.run_in_executor(None, service.start)
                self.assertEqual(len(outcomes), count)
                titles = [listed.article.title async for listed in client.list(source="Nguồn")]
                self.assertEqual(len(titles), count)
                self.assertEqual(set(titles), {f"Tin {index}" for index in range(count)})
                found = client.get_many([outcomes[index].id for index in range(count)])
                index = 0
                async for one in found:
                    self.assertEqual(one.article.title, f"Tin {index}")
                    index += 1
                self.assertEqual((await client.stats()).storage.records, count)

    async def test_killed_with_ids(self):
        await self.interrupted(lambda service: service.signal(signal.SIGKILL), named=False)

    async def test_killed_with_urls(self):
        await self.interrupted(lambda service: service.signal(signal.SIGKILL), named=True)

    async def test_stopped(self):
        await self.interrupted(lambda service: service.signal(signal.SIGTERM), named=False)

    async def test_a_list_goes_on_after_a_kill(self):
        with Service() as service:
            async with AsyncClient(service.endpoint, patience=30, stream_window=8192) as client:
                articles = [Article(source="Nguồn", title=f"{index}", body="x" * 500) for index in range(500)]
                async for outcome in client.put_many(articles):
                    outcome.result
                titles = []
                async for listed in client.list(source="Nguồn"):
                    titles.append(listed.article.title)
                    if len(titles) == 250:
                        service.kill()
                        await asyncio.get_running_loop().run_in_executor(None, service.start)
                self.assertEqual(len(titles), 500)
                self.assertEqual(set(titles), {str(index) for index in range(500)})
