"""What is computed when Prometheus asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contactsync.telemetry import gauges
from contactsync.telemetry.backlog import Backlog
from contactsync.telemetry.gauges import Gauges
from contactsync.telemetry.metrics import Metrics
from tests.unit.telemetry.measured import NOW, STATUS, measured_daemon, value


@pytest.fixture
def measured() -> Metrics:
    """All metrics of a daemon that has settled one deposit."""
    return measured_daemon()


def test_gauges_show_the_status(measured: Metrics) -> None:
    """Queues and the database are those of the moment of the scrape."""
    assert value(measured, "accounts") == 3
    assert value(measured, "accounts_queued") == 2
    assert value(measured, "accounts_in_trouble") == 1
    assert value(measured, "deposits_waiting") == 7
    assert value(measured, "database_up") == 0
    assert value(measured, "last_rescan_timestamp_seconds") == 1e9


@pytest.mark.parametrize(
    ("name", "started"),
    [
        ("trouble_age_seconds", NOW - timedelta(seconds=30)),
        ("database_away_seconds", NOW - timedelta(seconds=60)),
        ("oldest_deposit_age_seconds", NOW - timedelta(seconds=90)),
    ],
)
def test_ages_count_up_to_the_scrape(measured: Metrics, name: str, started: datetime) -> None:
    """In seconds."""
    before = datetime.now(UTC)
    age = value(measured, name)
    after = datetime.now(UTC)
    # The age of a file comes from a float, which is exact to the microsecond.
    assert (before - started).total_seconds() - 1e-5 <= age <= (after - started).total_seconds() + 1e-5


def test_the_last_deposits_of_an_account(measured: Metrics) -> None:
    """When one was applied and one refused, by action, and for how long an account has been failing."""
    labels = {"account": "acme", "action": "import"}
    assert value(measured, "account_last_ok_timestamp_seconds", **labels) == NOW.timestamp()
    refused = value(measured, "account_last_refused_timestamp_seconds", **labels)
    assert refused == (NOW - timedelta(hours=1)).timestamp()
    assert value(measured, "account_trouble_age_seconds", account="a") >= 30


def test_the_number_of_accounts_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with many accounts does not flood Prometheus."""
    monkeypatch.setattr(gauges, "MAX_ACCOUNTS", 2)
    rows = [{"account": f"a{n}", "action": "import", "ok": NOW, "ko": None} for n in range(5)]
    collector = Gauges(lambda: STATUS, lambda: Backlog(0, 0, None, is_whole=True), lambda: 0.0, lambda: rows)
    families = {family.name: family for family in collector.collect()}
    assert len(families["contactsync_account_last_ok_timestamp_seconds"].samples) == 2
    assert families["contactsync_account_last_refused_timestamp_seconds"].samples == []


def test_not_every_scrape_looks_at_the_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several scrapes within LOOK_SECONDS cost one look."""
    monkeypatch.setattr(gauges, "LOOK_SECONDS", 3600.0)
    looks: list[int] = []

    def look() -> Backlog:
        looks.append(1)
        return Backlog(0, 0, None, is_whole=True)

    collector = Gauges(lambda: STATUS, look, lambda: 0.0, list)
    for _ in range(3):
        assert {family.name for family in collector.collect()} >= {"contactsync_accounts"}
    assert len(looks) == 1
