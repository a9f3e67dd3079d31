# SPDX-License-Identifier: Apache-2.0
"""run.py [-k PATTERN]...: runs the tests of this directory, and says how many passed and how long the slowest took."""

import pathlib
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Result(unittest.TextTestResult):
    def startTest(self, test):
        self.begun = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        times.append((time.monotonic() - self.begun, test.id()))
        super().stopTest(test)


times = []
sys.path.insert(0, str(HERE))
loader = unittest.TestLoader()
patterns = [argument for argument in sys.argv[1:] if argument != "-k"]
if patterns:
    loader.testNamePatterns = [f"*{pattern}*" for pattern in patterns]
suite = loader.discover(str(HERE), top_level_dir=str(HERE))
result = unittest.TextTestRunner(resultclass=Result, warnings="error").run(suite)
bad = len(result.failures) + len(result.errors)
skipped = len(result.skipped)
print("slowest:", ", ".join(f"{name.split('.')[-1]} {seconds:.1f} s" for seconds, name in sorted(times)[:-4:-1]))
print(f"{result.testsRun - bad - skipped} passed, {bad} failed, {skipped} skipped")
sys.exit(0 if result.testsRun and result.wasSuccessful() else 1)
