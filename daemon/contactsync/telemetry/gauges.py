"""What Prometheus is told at the moment of asking: queues, ages, the database, the main loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from contactsync.telemetry.backlog import Backlog
from contactsync.telemetry.status import DaemonStatus

LOOK_SECONDS = 5.0
"""The folders are looked at once in so long, however often somebody asks: 0.3 s for 1,000 accounts."""


class Gauges(Collector):
    """Asks the daemon; used by one thread."""

    def __init__(
        self,
        condition: Callable[[], DaemonStatus],
        backlog: Callable[[], Backlog],
        last_rescan: Callable[[], float],
    ) -> None:
        """`last_rescan` tells seconds since 1970; `backlog` looks at the folders."""
        self._condition, self._look, self._last_rescan = condition, backlog, last_rescan
        self._backlog = Backlog(0, 0, None, is_whole=True)
        self._fresh_until = float("-inf")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every gauge (docs/metrics.md)."""
        now, is_now = self._condition(), datetime.now(UTC)
        for name, text, value in self._values(now, is_now):
            yield GaugeMetricFamily(f"contactsync_{name}", text, value)

    def _values(self, now: DaemonStatus, is_now: datetime) -> Iterator[tuple[str, str, float]]:
        if time.monotonic() >= self._fresh_until:
            self._backlog = self._look()
            self._fresh_until = time.monotonic() + LOOK_SECONDS
        found = self._backlog
        away_since = now.database_away_since
        stuck = [(is_now - trouble.since).total_seconds() for trouble in now.troubles]
        yield "accounts", "Accounts that are served.", now.accounts
        yield "accounts_queued", "Accounts whose turn comes when a worker is free.", len(now.queued)
        yield "accounts_in_work", "Accounts with a deposit in work.", len(now.running)
        yield "accounts_in_trouble", "Accounts that cannot go on just now.", len(now.troubles)
        yield (
            "trouble_age_seconds",
            "For how long the longest trouble of an account has lasted.",
            max(stuck, default=0.0),
        )
        yield "deposits_waiting", "Files in the in folders, uploads in progress included.", found.waiting
        yield "deposits_in_work", "Files in the on folders.", found.in_work
        yield "oldest_deposit_age_seconds", "Age of the oldest deposit that is not settled.", found.age
        yield "backlog_is_whole", "0 where there are more files than are counted.", found.is_whole
        yield (
            "database_up",
            "Whether the database answered when it was last asked.",
            now.database_away is None,
        )
        yield (
            "database_away_seconds",
            "For how long it has not answered.",
            ((is_now - away_since).total_seconds() if away_since else 0.0),
        )
        yield "last_rescan_timestamp_seconds", "When all folders were last looked at.", self._last_rescan()
        yield (
            "longest_step_seconds",
            "For how long the longest work has been going on.",
            (now.longest_step_seconds),
        )
