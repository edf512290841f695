"""A daemon with metrics to look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from contactsync.telemetry.backlog import Backlog
from contactsync.telemetry.gauges import Gauges
from contactsync.telemetry.metrics import Metrics
from contactsync.telemetry.status import DaemonStatus, Trouble

NOW = datetime.now(UTC)
STATUS = DaemonStatus(
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


def measured_daemon() -> Metrics:
    """All metrics of a daemon that has settled one deposit."""
    found = Metrics()
    found.registry.register(
        Gauges(
            lambda: STATUS,
            lambda: Backlog(7, 1, NOW.timestamp() - 90, is_whole=True),
            lambda: 1e9,
            lambda: [{"account": "acme", "action": "import", "ok": NOW, "ko": NOW - timedelta(hours=1)}],
        )
    )
    found.settled(OUTCOME, {"invalid_email": 2, "missing_means": 1}, queued=5.0, worked=0.02)
    return found


def samples(found: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The value of each sample, by its name and labels."""
    families = text_string_to_metric_families(generate_latest(found.registry).decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def value(found: Metrics, name: str, **labels: str) -> float:
    """The value of one sample."""
    return samples(found)[f"contactsync_{name}", tuple(sorted(labels.items()))]
