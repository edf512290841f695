"""Metrics are what docs/metrics.md says, alerts and dashboard ask for nothing else, and labels are bounded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from contactsync.domain.deposit import ACTIONS
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.telemetry import backlog, metrics
from contactsync.telemetry.backlog import Backlog
from contactsync.telemetry.gauges import Gauges
from contactsync.telemetry.metrics import Metrics
from contactsync.telemetry.status import DaemonStatus, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
MONITORING = ROOT / "monitoring"
ROW = re.compile(r"^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\| .+ \|$", re.MULTILINE)
NAME = re.compile(r"\b(?:contactsync|process)_[a-z_]+\b")
SUFFIX = re.compile(r"_(bucket|sum|count)$")
PROMTOOL = shutil.which("promtool") or ""
HIDDEN = {"le"}

NOW = datetime.now(UTC)
CONDITION = DaemonStatus(
    NOW,
    "57P03",
    NOW - timedelta(seconds=60),
    3,
    ("a", "b"),
    ("c",),
    0,
    (Trouble("a", "disk full", NOW - timedelta(seconds=30), 2),),
)
OUTCOME: dict[str, Any] = {
    "account": "acme",
    "action": "import",
    "state": "ok",
    "reason": None,
    "rows_applied": 5,
    "rows_rejected": 3,
    "inserted": 2,
    "updated": 1,
    "unchanged": 1,
    "removed": 4,
}


@pytest.fixture
def measured() -> Metrics:
    """All metrics of a daemon, one deposit settled."""
    found = Metrics()
    found.registry.register(
        Gauges(lambda: CONDITION, lambda: Backlog(7, 1, time.time() - 90, is_whole=True), lambda: 1e9)
    )
    found.settled(OUTCOME, {"invalid_email": 2, "missing_means": 1}, queued=5.0, worked=0.02)
    return found


def samples(found: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Each sample by its name and labels."""
    families = text_string_to_metric_families(generate_latest(found.registry).decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def value(found: Metrics, name: str, **labels: str) -> float:
    """One sample."""
    return samples(found)[f"contactsync_{name}", tuple(sorted(labels.items()))]


# --- what is counted -----------------------------------------------------------------------------------------


def test_a_settled_deposit(measured: Metrics) -> None:
    """It is counted once by account, and its rows, their effects and rejects by what became of them."""
    assert value(measured, "deposits_total", account="acme", action="import", state="ok") == 1
    assert value(measured, "rows_total", action="import", result="applied") == 5
    assert value(measured, "rows_total", action="import", result="rejected") == 3
    assert value(measured, "effects_total", action="import", effect="removed") == 4
    assert value(measured, "rows_rejected_total", code="invalid_email") == 2
    assert value(measured, "queue_seconds_sum") == 5
    assert value(measured, "work_seconds_bucket", le="0.025") == 1
    assert value(measured, "work_seconds_bucket", le="0.01") == 0


def test_a_refused_deposit(measured: Metrics) -> None:
    """It is counted by its reason; rows that were judged before the refusal do not count."""
    refused = OUTCOME | {"state": "ko", "reason": "too_many_fields", "rows_applied": 0, "rows_rejected": 0}
    measured.settled(refused, {"invalid_email": 9}, queued=1, worked=1)
    assert value(measured, "deposits_refused_total", reason="too_many_fields") == 1
    assert value(measured, "rows_rejected_total", code="invalid_email") == 2


def test_a_stage_is_timed_however_it_ends(measured: Metrics) -> None:
    """What fails has taken time too."""
    with pytest.raises(ZeroDivisionError), measured.timed("merge"):
        _ = 1 / 0
    assert value(measured, "stage_seconds_count", stage="merge") == 1


def test_gauges_tell_the_condition(measured: Metrics) -> None:
    """Queues, ages and the database are those of the moment of asking."""
    late = (datetime.now(UTC) - NOW).total_seconds()
    assert value(measured, "accounts") == 3
    assert value(measured, "accounts_queued") == 2
    assert value(measured, "accounts_in_trouble") == 1
    assert value(measured, "trouble_age_seconds") == pytest.approx(30 + late, abs=5)
    assert value(measured, "deposits_waiting") == 7
    assert value(measured, "oldest_deposit_age_seconds") == pytest.approx(90, abs=20)
    assert value(measured, "database_up") == 0
    assert value(measured, "database_away_seconds") == pytest.approx(60 + late, abs=5)
    assert value(measured, "last_rescan_timestamp_seconds") == 1e9


def test_the_folders_are_not_looked_at_at_each_scrape() -> None:
    """Several scrapers cost one look."""
    looks: list[int] = []

    def look() -> Backlog:
        looks.append(1)
        return Backlog(0, 0, None, is_whole=True)

    gauges = Gauges(lambda: CONDITION, look, lambda: 0.0)
    for _ in range(3):
        assert {family.name for family in gauges.collect()} >= {"contactsync_accounts"}
    assert len(looks) == 1


# --- bounded -------------------------------------------------------------------------------------------------


def test_accounts_past_the_cap_share_a_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first accounts keep their series; the sum stays right."""
    monkeypatch.setattr(metrics, "MAX_ACCOUNTS", 2)
    found = Metrics()
    for account in ("a", "b", "c", "d", "a"):
        found.settled(OUTCOME | {"account": account}, {}, queued=0, worked=0)
    counted = {
        dict(labels)["account"]: number
        for (name, labels), number in samples(found).items()
        if name == "contactsync_deposits_total"
    }
    assert counted == {"a": 2, "b": 1, "other": 2}


def test_there_are_few_series(measured: Metrics) -> None:
    """What docs/metrics.md promises: some 240, and one for each account, action and state that occurred."""
    assert 200 < len(samples(measured)) < 260


def test_every_code_is_there_before_it_occurs(measured: Metrics) -> None:
    """So `increase()` sees the first one: reasons, codes and actions begin at 0."""
    found = samples(measured)
    for name, label, known in (
        ("deposits_refused_total", "reason", REASONS),
        ("rows_rejected_total", "code", ERRORS),
        ("rows_total", "action", ACTIONS),
    ):
        there = {dict(labels)[label] for (each, labels) in found if each == f"contactsync_{name}"}
        assert there == set(known)


def test_counting_is_cheap(measured: Metrics) -> None:
    """A small deposit takes some 6 ms in all: what is counted of it, from several threads, takes under a tenth."""

    def count() -> None:
        for _ in range(200):
            measured.settled(OUTCOME, {"invalid_email": 1}, queued=1, worked=1)
            for stage in metrics.STAGES:
                with measured.timed(stage):
                    pass

    started = time.thread_time()
    count()
    assert time.thread_time() - started < 200 * 0.0006
    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(measured, "deposits_total", account="acme", action="import", state="ok") == 1001


# --- the backlog ---------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An account's home with its folders."""
    for action in ACTIONS:
        for box in ("in", "on"):
            (tmp_path / "contacts" / action / box).mkdir(parents=True)
    return tmp_path


def _ignores(name: bytes) -> bool:
    return name.endswith(b".part")


def test_what_waits_and_what_is_in_work(home: Path) -> None:
    """Deposits are counted, and uploads in progress; ignored names, folders and results in the making are not."""
    for name in ("in/a.csv", "in/b.csv", "in/c.part", "on/1700000000_d.csv", "on/.copy.1700000000_d.csv"):
        (home / "contacts/import" / name).touch()
    (home / "contacts/delete/in/folder").mkdir()
    found = backlog.look([home], _ignores)
    assert (found.waiting, found.in_work, found.is_whole) == (2, 1, True)
    assert found.oldest == 1_700_000_000  # the deposit date is in the name of what was claimed
    assert found.age == pytest.approx(time.time() - 1_700_000_000, abs=60)


def test_the_age_of_a_file_in_in_is_since_its_ctime(home: Path) -> None:
    """As the deposit date is; an mtime that the uploader has set is none."""
    path = home / "contacts/optinSMS/in/a.csv"
    path.touch()
    os.utime(path, (0, 0))
    assert backlog.look([home], _ignores).age < 60


def test_nothing_waits(home: Path, tmp_path: Path) -> None:
    """No deposit has no age; a home without folders counts as empty."""
    found = backlog.look([home, tmp_path / "nowhere"], _ignores)
    assert (found.waiting, found.in_work, found.oldest, found.age) == (0, 0, None, 0.0)


def test_a_flood_is_told_as_such(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look is bounded."""
    monkeypatch.setattr(backlog, "MAX_FILES", 10)
    for number in range(30):
        (home / f"contacts/import/in/{number}.csv").touch()
    found = backlog.look([home], _ignores)
    assert (found.waiting, found.is_whole) == (10, False)


# --- page, alerts, dashboard ---------------------------------------------------------------------------------


def exposed(found: Metrics) -> dict[str, tuple[str, frozenset[str]]]:
    """Each metric's type and labels, by the name that queries use."""
    families: dict[str, tuple[str, set[str]]] = {}
    for family in text_string_to_metric_families(generate_latest(found.registry).decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - HIDDEN
        families[name] = (family.type, labels)
    return {name: (kind, frozenset(labels)) for name, (kind, labels) in families.items()}


def test_the_page_has_every_metric_with_its_labels(measured: Metrics) -> None:
    """And no other: name, type and labels."""
    told = {
        name: (kind, frozenset(re.findall(r"`([a-z_]+)`", labels)))
        for name, kind, labels in ROW.findall(PAGE)
    }
    measured.settled(OUTCOME | {"state": "ko", "reason": "no_rows"}, {}, queued=1, worked=1)
    assert told == exposed(measured)


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


def test_alerts_and_dashboard_ask_for_what_there_is(measured: Metrics) -> None:
    """A metric that was renamed does not leave a silent alert."""
    known = exposed(measured)
    asked = {SUFFIX.sub("", name) for text in queries() for name in NAME.findall(text)}
    assert asked <= set(known), asked - set(known)


def test_the_dashboard_shows_every_metric(measured: Metrics) -> None:
    """Each one that is ours can be seen somewhere."""
    shown = {SUFFIX.sub("", name) for name in NAME.findall(_text("dashboard.json"))}
    assert {name for name in exposed(measured) if name.startswith("contactsync_")} <= shown


def test_the_page_has_every_alert() -> None:
    """With its severity, in their order."""
    rules = re.findall(r"- alert: (\w+)\n.*?severity: (\w+)", _text("alerts.yml"), re.DOTALL)
    assert re.findall(r"^\| `(Contactsync\w+)` \| (\w+) \|", PAGE, re.MULTILINE) == rules


def test_every_alert_is_seen_to_fire() -> None:
    """The tests of the alerts name each of them."""
    tests = _text("alerts_test.yml")
    for alert in re.findall(r"- alert: (\w+)", _text("alerts.yml")):
        assert f'{{alertname="{alert}"}}' in tests or f"alertname: {alert}" in tests


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize("command", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_promtool_takes_the_rules(command: tuple[str, ...]) -> None:
    """Their grammar, and that each fires when it should and is silent when all is well."""
    ran = subprocess.run(
        [PROMTOOL, *command], cwd=MONITORING, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_takes_the_metrics(measured: Metrics) -> None:
    """Names, types and helps are as Prometheus wants them."""
    ran = subprocess.run(
        [PROMTOOL, "check", "metrics"],
        input=generate_latest(measured.registry),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, b"")


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_takes_the_dashboards_queries(tmp_path: Path) -> None:
    """Each panel's query is PromQL, its variables filled in as Grafana does."""
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
    return expr.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$account", ".*")
