"""docs/metrics.md, the alerts and the dashboard know exactly the metrics that the daemon has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from contactsync.telemetry.metrics import Metrics
from tests.unit.telemetry.measured import OUTCOME, measured_daemon

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
MONITORING = ROOT / "monitoring"
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\| .+ \|$", re.MULTILINE)
NAME = re.compile(r"\b(?:contactsync|process)_[a-z_]+\b")
SUFFIX = re.compile(r"_(bucket|sum|count)$")
PROMTOOL = shutil.which("promtool") or ""
HIDDEN = {"le"}


@pytest.fixture
def measured() -> Metrics:
    """All metrics of a daemon that has settled one deposit."""
    return measured_daemon()


def exposed(found: Metrics) -> dict[str, tuple[str, frozenset[str]]]:
    """Type and labels of each metric, by the name that queries use."""
    families: dict[str, tuple[str, set[str]]] = {}
    for family in text_string_to_metric_families(generate_latest(found.registry).decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - HIDDEN
        families[name] = (family.type, labels)
    return {name: (kind, frozenset(labels)) for name, (kind, labels) in families.items()}


def test_the_page_has_every_metric_with_its_labels(measured: Metrics) -> None:
    """And no other one: name, type and labels."""
    documented = {
        name: (kind, frozenset(re.findall(r"`([a-z_]+)`", labels)))
        for name, kind, labels in ROW.findall(PAGE)
    }
    measured.settled(OUTCOME | {"state": "ko", "reason": "no_rows"}, {}, queued=1, worked=1)
    assert documented == exposed(measured)


def queries() -> Iterator[str]:
    """Every query of the alerts, their tests and the dashboard."""
    yield re.sub(r"^ *(- alert|summary|action):.*$|#.*$", "", _text("alerts.yml"), flags=re.MULTILINE)
    yield re.sub(r"summary.*$|#.*$", "", _text("alerts_test.yml"), flags=re.MULTILINE)
    board = json.loads(_text("dashboard.json"))
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    yield from (each["query"]["query"] for each in board["templating"]["list"] if each["type"] == "query")
    yield from (each["expr"] for each in board["annotations"]["list"])


def _text(name: str) -> str:
    return (MONITORING / name).read_text(encoding="utf-8")


def test_alerts_and_dashboard_query_existing_metrics(measured: Metrics) -> None:
    """A renamed metric leaves no alert that never fires."""
    known = exposed(measured)
    queried = {SUFFIX.sub("", name) for text in queries() for name in NAME.findall(text)}
    assert queried <= set(known), queried - set(known)


def test_the_dashboard_shows_every_metric(measured: Metrics) -> None:
    """Every `contactsync_` metric is on some panel."""
    shown = {SUFFIX.sub("", name) for name in NAME.findall(_text("dashboard.json"))}
    assert {name for name in exposed(measured) if name.startswith("contactsync_")} <= shown


def test_the_page_has_every_alert() -> None:
    """With its severity, in the order of alerts.yml."""
    rules = re.findall(r"- alert: (\w+)\n.*?severity: (\w+)", _text("alerts.yml"), re.DOTALL)
    assert re.findall(r"^\| `(Contactsync\w+)` \| (\w+) \|", PAGE, re.MULTILINE) == rules


def test_every_alert_has_a_test() -> None:
    """alerts_test.yml names each of them."""
    tests = _text("alerts_test.yml")
    for alert in re.findall(r"- alert: (\w+)", _text("alerts.yml")):
        assert f'{{alertname="{alert}"}}' in tests or f"alertname: {alert}" in tests


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize("command", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_promtool_accepts_the_rules(command: tuple[str, ...]) -> None:
    """The grammar is right, and each alert fires when it should and only then."""
    ran = subprocess.run(
        [PROMTOOL, *command], cwd=MONITORING, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_accepts_the_metrics(measured: Metrics) -> None:
    """Names, types and help texts follow Prometheus' conventions."""
    ran = subprocess.run(
        [PROMTOOL, "check", "metrics"],
        input=generate_latest(measured.registry),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, b"")


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_accepts_the_dashboards_queries(tmp_path: Path) -> None:
    """Each panel's query is PromQL once its variables are filled in as Grafana does."""
    board = json.loads(_text("dashboard.json"))
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    rules = [{"record": f"r{n}", "expr": _filled(expr)} for n, expr in enumerate(found)]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    ran = subprocess.run(
        [PROMTOOL, "check", "rules", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _filled(expr: str) -> str:
    return (
        expr.replace("$__rate_interval", "5m")
        .replace("$__range", "6h")
        .replace("$instance", ".*")
        .replace("$account", ".*")
    )
