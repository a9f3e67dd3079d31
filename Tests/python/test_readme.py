# SPDX-License-Identifier: Apache-2.0
"""The README's programs, as they stand there, against the real service."""

import os
import re
import subprocess
import sys
import unittest

from service import ROOT, Service


class ReadmeTests(unittest.TestCase):
    def test_its_programs_run(self):
        text = (ROOT / "Protocol/python/README.md").read_text("utf-8")
        blocks = re.findall(r"```python\n(.*?)```", text, re.S)
        self.assertEqual(len(blocks), 2)
        outputs = []
        with Service() as service:
            for block in blocks:
                environment = {**os.environ, "ARTICLED_ENDPOINT": service.endpoint, "PYTHONIOENCODING": "utf-8"}
                done = subprocess.run(
                    [sys.executable, "-W", "error", "-c", block], env=environment, capture_output=True, timeout=120
                )
                self.assertEqual(done.stderr.decode(), "")
                self.assertEqual(done.returncode, 0)
                outputs.append(done.stdout.decode())
        self.assertIn("1 Cần Thơ: Đẩy mạnh ứng dụng công nghệ thông tin\n", outputs[0])
        self.assertIn("https://mic.gov.vn/none NOT_FOUND: ", outputs[0])
        self.assertIn("kinh-doanh ", outputs[0])
        self.assertIn("\nNOT_FOUND: store.delete: there is no such article", outputs[0])
        self.assertEqual(outputs[1], "100 classified\n")
