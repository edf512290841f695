"""What is counted and timed on the way of a deposit, for Prometheus. docs/metrics.md explains each of them.

The one object of a daemon is handed to whoever has something to tell; a call costs some microseconds. What can be
told only at the moment of asking (queues, ages, the database) is in `gauges.py`.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)

from contactsync import __version__
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS

MAX_ACCOUNTS = 500
"""So many accounts have series of their own, at most 20 each (10 actions × 2 states); later ones share `other`."""

OTHER = "other"

Stage = Literal["admit", "read", "merge", "settle"]
Trouble = Literal["database", "deposit", "report", "retention", "bug"]

STAGES: tuple[Stage, ...] = ("admit", "read", "merge", "settle")
TROUBLES: tuple[Trouble, ...] = ("database", "deposit", "report", "retention", "bug")
EFFECTS = ("inserted", "updated", "unchanged", "removed")

WORK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 900)
QUEUE_SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14_400, 86_400)

disable_created_metrics()  # type: ignore[no-untyped-call]  # half the series, and nobody asks when a counter was made


class Metrics:
    """The counters and histograms of one daemon, in a registry of their own."""

    def __init__(self) -> None:
        """All at nought; labels whose values are known beforehand are there at once, so that a rate sees the first."""
        registry = self.registry = CollectorRegistry(auto_describe=True)
        self._lock = threading.Lock()
        self._accounts: set[str] = set()
        self._deposits = Counter(
            "contactsync_deposits",
            f"Settled deposits; accounts after the first {MAX_ACCOUNTS} share account={OTHER!r}.",
            ["account", "action", "state"],
            registry=registry,
        )
        self._refused = Counter(
            "contactsync_deposits_refused",
            "Deposits that went to ko, by reason code.",
            ["reason"],
            registry=registry,
        )
        self._rows = Counter(
            "contactsync_rows", "Rows of settled deposits.", ["action", "result"], registry=registry
        )
        self._effects = Counter(
            "contactsync_effects",
            "What applied rows did to contacts, members and addresses (protocol 7, counts).",
            ["action", "effect"],
            registry=registry,
        )
        self._rejects = Counter(
            "contactsync_rows_rejected", "Rejected rows, by reason code.", ["code"], registry=registry
        )
        self._queued = Histogram(
            "contactsync_queue_seconds",
            "From the deposit date to the beginning of work, the settle time included.",
            buckets=QUEUE_SECONDS,
            registry=registry,
        )
        self._worked = Histogram(
            "contactsync_work_seconds",
            "From the beginning of work to ok or ko.",
            buckets=WORK_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "contactsync_stage_seconds",
            "Each stage of the work, however it ended.",
            ["stage"],
            buckets=WORK_SECONDS,
            registry=registry,
        )
        self._reports = Counter(
            "contactsync_reports_published", "Days of an account that were published.", registry=registry
        )
        self._troubles = Counter(
            "contactsync_troubles",
            "Tries that failed and are made again; kind=bug is the program's own fault.",
            ["kind"],
            registry=registry,
        )
        for action in ACTIONS:
            for result in ("applied", "rejected"):
                self._rows.labels(action, result)
            for effect in EFFECTS:
                self._effects.labels(action, effect)
        for reason in REASONS:
            self._refused.labels(reason)
        for code in ERRORS:
            self._rejects.labels(code)
        for stage in STAGES:
            self._stages.labels(stage)
        for kind in TROUBLES:
            self._troubles.labels(kind)
        build = Info("contactsync_build", "Which contactsync, on which Python.", registry=registry)
        build.info({"version": __version__, "python": platform.python_version()})
        ProcessCollector(registry=registry)

    def settled(
        self, outcome: Mapping[str, Any], rejects: Mapping[str, int], *, queued: float, worked: float
    ) -> None:
        """A deposit has come to `ok/` or `ko/`.

        `outcome` is the content of its result.json, `rejects` how many rows were rejected by code; seconds.
        """
        action = outcome["action"]
        self._deposits.labels(self._label(outcome["account"]), action, outcome["state"]).inc()
        if outcome["reason"]:
            self._refused.labels(outcome["reason"]).inc()
        self._rows.labels(action, "applied").inc(outcome["rows_applied"])
        self._rows.labels(action, "rejected").inc(outcome["rows_rejected"])
        for effect in EFFECTS:
            self._effects.labels(action, effect).inc(outcome[effect])
        if outcome["rows_rejected"]:  # a file refused as a whole has no rejected rows
            for code, count in rejects.items():
                self._rejects.labels(code).inc(count)
        self._queued.observe(queued)
        self._worked.observe(worked)

    def _label(self, account: str) -> str:
        with self._lock:
            if len(self._accounts) < MAX_ACCOUNTS:
                self._accounts.add(account)
            return account if account in self._accounts else OTHER

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        """The time that the block takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._stages.labels(stage).observe(time.perf_counter() - started)

    def published(self) -> None:
        """A day of an account was published."""
        self._reports.inc()

    def trouble(self, kind: Trouble) -> None:
        """A try has failed and will be made again."""
        self._troubles.labels(kind).inc()
