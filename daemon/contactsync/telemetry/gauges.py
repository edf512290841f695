"""The metrics that are computed when Prometheus asks: queues, ages, the database, the main loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from contactsync.telemetry import log
from contactsync.telemetry.backlog import Backlog
from contactsync.telemetry.metrics import MAX_ACCOUNTS
from contactsync.telemetry.status import DaemonStatus

LOOK_SECONDS = 5.0
"""The folders are looked at this often at most, however often Prometheus asks: it takes 0.3 s for 1,000 accounts."""


Latest = Iterable[Mapping[str, Any]]
"""Per `account` and `action`, the times `ok` and `ko` of the last applied and the last refused deposit, or None."""


class Gauges(Collector):
    """Asks the daemon for its status at each scrape; used by one thread."""

    def __init__(
        self,
        status: Callable[[], DaemonStatus],
        backlog: Callable[[], Backlog],
        last_rescan: Callable[[], float],
        latest: Callable[[], Latest],
    ) -> None:
        """`backlog` looks at the folders; `last_rescan` returns seconds since 1970; `latest` reads the ledger."""
        self._status, self._look, self._last_rescan = status, backlog, last_rescan
        self._latest = latest
        self._backlog = Backlog(0, 0, None, is_whole=True)
        self._fresh_until = float("-inf")

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Every gauge, and what is counted elsewhere (docs/metrics.md)."""
        status, now = self._status(), datetime.now(UTC)
        for name, text, value in self._values(status, now):
            yield GaugeMetricFamily(f"contactsync_{name}", text, value)
        troubles = GaugeMetricFamily(
            "contactsync_account_trouble_age_seconds",
            "For how long an account has been failing; no sample if it is not.",
            labels=["account"],
        )
        for trouble in status.troubles[:MAX_ACCOUNTS]:
            troubles.add_metric([trouble.account], (now - trouble.since).total_seconds())
        yield troubles
        yield from self._last_deposits()
        yield CounterMetricFamily(
            "contactsync_log_lines_dropped",
            "Log lines that could not be written.",
            value=log.dropped_lines(),
        )

    def _last_deposits(self) -> Iterator[GaugeMetricFamily]:
        """Both are without samples while the ledger cannot be read."""
        labels = ["account", "action"]
        applied = GaugeMetricFamily(
            "contactsync_account_last_ok_timestamp_seconds",
            f"When a deposit was last applied; the first {MAX_ACCOUNTS} accounts.",
            labels=labels,
        )
        refused = GaugeMetricFamily(
            "contactsync_account_last_refused_timestamp_seconds",
            f"When a deposit was last refused; the first {MAX_ACCOUNTS} accounts.",
            labels=labels,
        )
        shown: set[str] = set()
        for row in self._latest():
            shown.add(row["account"])
            if len(shown) > MAX_ACCOUNTS:
                break
            for family, when in ((applied, row["ok"]), (refused, row["ko"])):
                if when is not None:
                    family.add_metric([row["account"], row["action"]], when.timestamp())
        yield from (applied, refused)

    def _values(self, status: DaemonStatus, now: datetime) -> Iterator[tuple[str, str, float]]:
        if time.monotonic() >= self._fresh_until:
            self._backlog = self._look()
            self._fresh_until = time.monotonic() + LOOK_SECONDS
        backlog = self._backlog
        away_since = status.database_away_since
        database_away = (now - away_since).total_seconds() if away_since else 0.0
        ages = [(now - trouble.since).total_seconds() for trouble in status.troubles]
        yield "accounts", "Accounts that the daemon serves.", status.accounts
        yield "accounts_queued", "Accounts that wait for a free worker.", len(status.queued)
        yield "accounts_in_work", "Accounts with a deposit in progress.", len(status.running)
        yield "accounts_in_trouble", "Accounts that cannot continue at the moment.", len(status.troubles)
        yield "trouble_age_seconds", "Age of the oldest account failure, in seconds.", max(ages, default=0.0)
        yield "disks_low", "File systems with too little free space to claim deposits.", len(status.low_disks)
        yield "deposits_waiting", "Files in the in folders, uploads in progress included.", backlog.waiting
        yield "deposits_in_work", "Files in the on folders.", backlog.in_progress
        yield "oldest_deposit_age_seconds", "Age of the oldest deposit that is not settled.", backlog.age
        yield "backlog_is_whole", "0 if there are more files than are counted.", backlog.is_whole
        yield "database_up", "Whether the database answered the last query.", status.database_away is None
        yield "database_away_seconds", "How long the database has been unreachable.", database_away
        yield (
            "last_rescan_timestamp_seconds",
            "When the main loop completed its last pass.",
            self._last_rescan(),
        )
        yield "longest_step_seconds", "Duration of the longest step in progress.", status.longest_step_seconds
