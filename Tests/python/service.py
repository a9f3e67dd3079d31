# SPDX-License-Identifier: Apache-2.0
"""The real service for a test: its own process and directory, and the fixture plugins of this tree."""

import atexit
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ARTICLED_BIN") or ROOT / ".build/debug")
FIXTURES = ["greeter", "ignores-cancellation"]

_plugins = None


def plugins():
    """A directory with the built plugins and the fixtures, made once."""
    global _plugins
    if _plugins is None:
        _plugins = pathlib.Path(tempfile.mkdtemp(prefix="articled-plugins-"))
        atexit.register(shutil.rmtree, _plugins, ignore_errors=True)
        for name in ["Store", "Fetch", "Changes", "Classify", "Search", "Duplicates", "LMDBStorage"]:
            shutil.copy(BIN / f"lib{name}.so", _plugins)
        for name in FIXTURES:
            build = ROOT / "Tests/Fixtures/Plugins/build"
            subprocess.run(["sh", build, name, _plugins / f"{name}.so"], check=True)
    return _plugins


class Service:
    """articled on a Unix socket; with `tcp`, on a port of the loopback too; with `metrics`, one for Prometheus; with `tls`, the
    section of the configuration, that port has TLS."""

    def __init__(self, tcp=False, metrics=False, tls=None, **limits):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="articled-python-"))
        self.socket = self.directory / "articled.sock"
        self.endpoint = f"unix:{self.socket}"
        self.listeners = [self.endpoint]
        if tcp or tls:
            self.listeners.append(f"tcp:127.0.0.1:{_free_port()}")
        model = ROOT / "Plugins/Classify/Model/news-vi.topics"
        self.metrics = f"127.0.0.1:{_free_port()}" if metrics else None
        configuration = {
            "limits": limits,
            "tls": tls or {},
            "listenMetrics": [f"tcp:{self.metrics}"] if metrics else [],
            "plugins": {"directory": str(plugins()), "classify": {"model": str(model)}},
        }
        (self.directory / "articled.json5").write_text(json.dumps(configuration))
        self.process = None
        self.start()

    def start(self):
        """Starts it, and waits until it takes connections."""
        arguments = [BIN / "articled", "--configuration", self.directory / "articled.json5"]
        arguments += ["--state-directory", self.directory / "state"]
        for listener in self.listeners:
            arguments += ["--listen", listener]
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                arguments, stdout=log, stderr=log, env={**os.environ, "SWIFT_BACKTRACE": "enable=no"}
            )
        end = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("articled does not start:\n" + (self.directory / "log").read_text())
            time.sleep(0.02)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        self.process.wait(60)

    def kill(self):
        self.process.kill()
        self.process.wait(60)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _answers(self):
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(self.socket)) == 0


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
