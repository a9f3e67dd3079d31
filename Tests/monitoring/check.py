# SPDX-License-Identifier: Apache-2.0
"""Checks the alert rules and the dashboard of deploy/ against the metrics of the real service, and in a real Prometheus."""

import contextlib
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from articled import Article, Client, NotFound
from service import ROOT, Service, _free_port

RULES = ROOT / "deploy/prometheus/articled.rules.yml"
EXAMPLE = ROOT / "deploy/prometheus/prometheus.yml"
DASHBOARD = ROOT / "deploy/grafana/articled.json"
# What Prometheus has of itself.
FOREIGN = {"up"}
FOREIGN_LABELS = {"job", "instance"}
# Of no interest by itself.
UNUSED = {"process_virtual_memory_bytes"}

counts = {"passed": 0, "failed": 0, "skipped": 0}


def check(what, problems):
    """`problems`: what is wrong; nothing if all is well."""
    counts["failed" if problems else "passed"] += 1
    print(f"FAILED  {what}: {problems}" if problems else f"ok      {what}", flush=True)


def skip(what):
    counts["skipped"] += 1
    print(f"skipped: {what}")


def read(url):
    with contextlib.closing(urllib.request.urlopen(url, timeout=10)) as answer:
        return answer.read().decode()


def within(seconds, what, condition):
    """Waits until the condition gives something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.1)


def series(text):
    """Of each metric's name, the names of its labels."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ", line)
        if match and not line.startswith("#"):
            found.setdefault(match[1], set()).update(re.findall(r'(\w+)="', match[2] or ""))
    return found


def dashboard_expressions():
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for annotation in dashboard["annotations"]["list"]:
        if "expr" in annotation:
            yield annotation["name"], annotation["expr"]
    for variable in dashboard["templating"]["list"]:
        match = re.fullmatch(r"label_values\((.*), \w+\)", variable.get("definition", ""))
        if match:
            yield variable["name"], match[1]


def rule_expressions():
    """The expressions of the rules, by the alerts' names; without a YAML library: they are folded blocks or one line."""
    text = re.sub(r"^\s*#.*\n", "", RULES.read_text("utf-8"), flags=re.M)
    for alert in re.split(r"^\s*- alert: ", text, flags=re.M)[1:]:
        name = alert.split("\n", 1)[0]
        body = re.search(r"^        expr: (?:>-\n((?:          .*\n)+)|(.*)\n)", alert, re.M)
        yield name, " ".join((body[1] or body[2]).split())


def concrete(expression):
    """An expression of the dashboard as Grafana asks it."""
    expression = expression.replace("$__rate_interval", "1m").replace("$job", "articled")
    return expression.replace("$instance", ".*")


def unknown_names(expressions, known):
    """Metrics and labels that the service does not have."""
    problems = []
    for where, expression in expressions:
        for name, labels in re.findall(r"\b((?:articled|process|node)_\w+|up)\b(?:\{([^}]*)\})?", expression):
            if name not in known and name not in FOREIGN:
                problems.append(f"{where}: {name}")
            for label in re.findall(r"(\w+)(?:=|!)", re.sub(r'"[^"]*"', '""', labels)):
                if label not in known.get(name, set()) | FOREIGN_LABELS:
                    problems.append(f"{where}: {name} has no label {label}")
    return problems


def use(service):
    """Some of everything, so that there is something to see."""
    with Client(service.endpoint) as client:
        for outcome in client.put_many(Article(title=f"Tin {number}") for number in range(50)):
            outcome.result
        for _ in range(20):
            stored = client.put(Article(title="Tin"))
            client.get(stored.id)
        client.classify("Bóng đá", "Trận chung kết bóng đá")
        try:
            client.get("https://mic.gov.vn/none")
        except NotFound:
            pass


class Prometheus:
    """A real Prometheus with the example configuration: the same but for ports, and times of a second."""

    def __init__(self, target, directory):
        self.address = f"127.0.0.1:{_free_port()}"
        text = EXAMPLE.read_text("utf-8")
        for old, new in {"127.0.0.1:7451": target, "15s": "1s", "articled.rules.yml": str(RULES)}.items():
            assert old in text, old
            text = text.replace(old, new)
        (directory / "prometheus.yml").write_text(text)
        self.log = open(directory / "log", "w+")
        self.process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={directory}/prometheus.yml",
                f"--storage.tsdb.path={directory}/data",
                f"--web.listen-address={self.address}",
            ],
            stdout=self.log,
            stderr=self.log,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()

    def get(self, path, **parameters):
        try:
            answer = json.loads(read(f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"))
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        return self.get("query", query=expression)["result"]

    def ready(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            raise AssertionError("prometheus does not run:\n" + self.log.read())
        try:
            return read(f"http://{self.address}/-/ready")
        except OSError:
            return None

    def alerts(self):
        """Each rule's health, error and state, by its name."""
        groups = self.get("rules")["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}


def in_prometheus(service):
    with tempfile.TemporaryDirectory(prefix="articled-prometheus-") as name:
        with Prometheus(service.metrics, pathlib.Path(name)) as prometheus:
            within(60, "prometheus is ready", prometheus.ready)
            within(60, "articled is scraped", lambda: prometheus.query('up{job="articled"} == 1'))
            use(service)  # between two scrapes, so that rates are not 0
            fetched = 'rate(articled_requests_total{method="fetch.get",code="OK"}[1m]) > 0'
            within(60, "a rate is seen", lambda: prometheus.query(fetched))

            def evaluated():
                rules = prometheus.alerts().values()
                return rules and all(rule["health"] != "unknown" for rule in rules) and list(rules)

            rules = within(60, "all rules were evaluated", evaluated)
            check(
                f"Prometheus loads and evaluates the {len(rules)} rules",
                [f"{rule['name']}: {rule['lastError']}" for rule in rules if rule["health"] != "ok"]
                or {rule["name"] for rule in rules} ^ {name for name, _ in rule_expressions()},
            )
            # This machine's disk may be full.
            alerts = [rule["name"] for rule in rules if rule["state"] != "inactive"]
            check("no alert about a sound service", [name for name in alerts if name != "ArticledDiskNearlyFull"])

            empty = []
            # A new service has neither checked its articles nor made a backup, and was started once.
            absent = {"Last check", "Last backup", "Starts"}
            for title, expression in dashboard_expressions():
                if not prometheus.query(concrete(expression)) and title not in absent:
                    empty.append(f"{title}: {expression}")
            check("each panel of the dashboard has something to show", empty)

            service.signal(signal.SIGKILL)
            service.wait()
            state = within(60, "the alert", lambda: prometheus.alerts()["ArticledDown"]["state"] != "inactive")
            check("a killed service is noticed", [] if state else ["inactive"])


def main():
    json.loads(DASHBOARD.read_text("utf-8"))
    with Service(metrics=True) as service:
        use(service)
        known = series(read(f"http://{service.metrics}/metrics"))
        check("the service has metrics", [] if len(known) > 30 else sorted(known))
        rules, panels = list(rule_expressions()), list(dashboard_expressions())
        check("the rules were read", [] if len(rules) > 10 else rules)
        check("the rules' metrics and labels are there", unknown_names(rules, known))
        check("the dashboard's metrics and labels are there", unknown_names(panels, known))
        shown = " ".join(expression for _, expression in rules + panels)
        check(
            "each metric is used somewhere",
            [name for name in known if re.sub("_(count|sum)$", "_bucket", name) not in shown and name not in UNUSED],
        )
        if not shutil.which("promtool"):
            skip("promtool and Prometheus, as the package prometheus is not installed")
            return
        for what, *command in [
            ("promtool check rules", "check", "rules", RULES),
            ("promtool check config", "check", "config", EXAMPLE),
            ("promtool test rules", "test", "rules", *sorted((ROOT / "Tests/monitoring").glob("*.test.yml"))),
        ]:
            done = subprocess.run(["promtool", *command], capture_output=True, text=True)
            check(what, done.stdout + done.stderr if done.returncode else "")
        in_prometheus(service)


if __name__ == "__main__":
    main()
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    sys.exit(1 if counts["failed"] else 0)
