"""What is computed when Prometheus asks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contactsync.telemetry.backlog import Backlog
from contactsync.telemetry.gauges import Gauges
from contactsync.telemetry.metrics import Metrics
from tests.unit.telemetry.measured import NOW, STATUS, measured_daemon, value


@pytest.fixture
def measured() -> Metrics:
    """All metrics of a daemon that has settled one deposit."""
    return measured_daemon()


def test_gauges_show_the_status(measured: Metrics) -> None:
    """Queues, ages and the database are those of the moment of the scrape."""
    late = (datetime.now(UTC) - NOW).total_seconds()
    assert value(measured, "accounts") == 3
    assert value(measured, "accounts_queued") == 2
    assert value(measured, "accounts_in_trouble") == 1
    assert value(measured, "trouble_age_seconds") == pytest.approx(30 + late, abs=60)
    assert value(measured, "deposits_waiting") == 7
    assert value(measured, "oldest_deposit_age_seconds") == pytest.approx(90, abs=60)
    assert value(measured, "database_up") == 0
    assert value(measured, "database_away_seconds") == pytest.approx(60 + late, abs=60)
    assert value(measured, "last_rescan_timestamp_seconds") == 1e9


def test_the_folders_are_not_looked_at_at_each_scrape() -> None:
    """Several scrapers cost one look."""
    looks: list[int] = []

    def look() -> Backlog:
        looks.append(1)
        return Backlog(0, 0, None, is_whole=True)

    gauges = Gauges(lambda: STATUS, look, lambda: 0.0)
    for _ in range(3):
        assert {family.name for family in gauges.collect()} >= {"contactsync_accounts"}
    assert len(looks) == 1
