# SPDX-License-Identifier: Apache-2.0
"""TLS between the client and the real service, with certificates of the tests' own."""

import asyncio
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import unittest
from unittest import mock

from articled import Article, AsyncClient, Client, Unavailable

from service import ROOT, Service


class TLSTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="articled-tls-"))
        command = [ROOT / "deploy/make-certificates", "--server", "localhost", "--client", "portal", cls.directory]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        cls.tls = {"certificate": str(cls.directory / "server.pem"), "key": str(cls.directory / "server.key")}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    def service(self, **more):
        service = Service(tls={**self.tls, **more})
        self.addCleanup(service.close)
        port = service.listeners[1].rpartition(":")[2]
        return service, f"tls:localhost:{port}"

    def environment(self, **files):
        names = {f"ARTICLED_{name.upper()}": str(self.directory / file) for name, file in files.items()}
        return mock.patch.dict(os.environ, names)

    def required(self):
        return self.service(clientCertificates="required", trust=str(self.directory / "ca.pem"))

    def test_articles_go_both_ways(self):
        _, endpoint = self.service()
        with self.environment(ca="ca.pem"), Client(endpoint) as client:
            for size in (0, 1, 16383, 16384, 16385, 1 << 20, 8 << 20):
                stored = client.put(Article(title=str(size), body="x" * size))
                self.assertEqual(len(client.get(stored.id).body), size)
            outcomes = client.put_many(Article(title=str(number), body="y" * 5000) for number in range(2000))
            self.assertTrue(all(outcome.error is None for outcome in outcomes))
            self.assertEqual(sum(1 for _ in client.list()), 2007)

    def test_a_client_with_a_certificate(self):
        _, endpoint = self.required()
        with self.environment(ca="ca.pem", certificate="portal.pem", key="portal.key"), Client(endpoint) as client:
            self.assertEqual(client.put(Article(title="a")).revision, 1)

    def test_a_context_of_its_own(self):
        _, endpoint = self.required()
        context = ssl.create_default_context(cafile=self.directory / "ca.pem")
        context.load_cert_chain(self.directory / "portal.pem", self.directory / "portal.key")
        with Client(endpoint, tls=context) as client:
            self.assertEqual(client.put(Article(title="a")).revision, 1)

    def failure(self, endpoint, **files):
        with self.environment(**files), Client(endpoint) as client:
            with self.assertRaises(Unavailable) as caught:
                client.health()
        return str(caught.exception)

    def test_which_check_failed(self):
        service, endpoint = self.required()
        self.assertIn("is not trusted", self.failure(endpoint))
        self.assertIn("is not for 127.0.0.1", self.failure(endpoint.replace("localhost", "127.0.0.1"), ca="ca.pem"))
        self.assertIn("needs a client certificate", self.failure(endpoint, ca="ca.pem"))
        self.assertIn("cannot be used", self.failure(endpoint, ca="nothing.pem"))
        mismatch = self.failure(endpoint, ca="ca.pem", certificate="portal.pem", key="server.key")
        self.assertIn("cannot be used", mismatch)

    def test_a_service_without_tls(self):
        with Service(tcp=True) as service:
            endpoint = service.listeners[1].replace("tcp:127.0.0.1", "tls:localhost")
            self.assertIn("does not speak TLS there", self.failure(endpoint, ca="ca.pem"))

    def test_many_tasks(self):
        _, endpoint = self.service()

        async def run():
            async with AsyncClient(endpoint) as client:
                await asyncio.gather(*(client.put(Article(title=str(n), body="z" * n * 50)) for n in range(500)))
                return (await client.stats()).storage.records

        with self.environment(ca="ca.pem"):
            self.assertEqual(asyncio.run(run()), 500)


if __name__ == "__main__":
    unittest.main()
