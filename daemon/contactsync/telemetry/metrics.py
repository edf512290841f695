"""Counters and histograms of a deposit's way, for Prometheus. docs/metrics.md explains each of them.

A daemon has one `Metrics` object, which every part that counts gets; a call costs some microseconds. What is
computed when Prometheus asks (queues, ages, the database) is in `gauges.py`.
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
    Gauge,
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
"""This many accounts have their own series, at most 20 each (10 actions × 2 states); later ones share `other`."""

OTHER = "other"

Stage = Literal["admit", "read", "merge", "settle"]
Trouble = Literal["database", "deposit", "report", "retention", "bug"]

STAGES: tuple[Stage, ...] = ("admit", "read", "merge", "settle")
TROUBLES: tuple[Trouble, ...] = ("database", "deposit", "report", "retention", "bug")
EFFECTS = ("inserted", "updated", "unchanged", "removed")

WORK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 900)
QUEUE_SECONDS = (1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14_400, 86_400)

# Otherwise every counter has a second series: when it was created.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types for it


class Metrics:
    """The counters and histograms of one daemon, in a registry of their own."""

    def __init__(self) -> None:
        """Everything at 0. Labels whose values are known exist at once, so that `increase()` sees the first event."""
        registry = self.registry = CollectorRegistry(auto_describe=True)
        self._lock = threading.Lock()
        self._accounts: set[str] = set()
        self._deposits = Counter(
            "contactsync_deposits",
            f"Settled deposits; accounts after the first {MAX_ACCOUNTS} share account={OTHER!r}.",
            ["account", "action", "state"],
            registry=registry,
        )
        self._checks = Counter(
            "contactsync_checks",
            "Deposits that were only checked (x.check.csv); no other counter of deposits or rows has them.",
            ["action", "state"],
            registry=registry,
        )
        self._refused = Counter(
            "contactsync_deposits_refused",
            "Deposits settled in ko, by reason code.",
            ["reason"],
            registry=registry,
        )
        self._rows = Counter(
            "contactsync_rows", "Rows of settled deposits.", ["action", "result"], registry=registry
        )
        self._effects = Counter(
            "contactsync_effects",
            "What applied rows did to contacts, members and addresses (the counts of result.json).",
            ["action", "effect"],
            registry=registry,
        )
        self._rejects = Counter(
            "contactsync_rows_rejected", "Rejected rows, by reason code.", ["code"], registry=registry
        )
        self._queued = Histogram(
            "contactsync_queue_seconds",
            "From the deposit date to the start of processing, including the settle time.",
            buckets=QUEUE_SECONDS,
            registry=registry,
        )
        self._worked = Histogram(
            "contactsync_work_seconds",
            "From the start of processing to ok or ko.",
            buckets=WORK_SECONDS,
            registry=registry,
        )
        self._stages = Histogram(
            "contactsync_stage_seconds",
            "Duration of a processing stage, however it ended.",
            ["stage"],
            buckets=WORK_SECONDS,
            registry=registry,
        )
        self._reports = Counter(
            "contactsync_reports_published", "Published reports, one per account and day.", registry=registry
        )
        self._late: dict[str, int] = {}
        self._unreported = Gauge(
            "contactsync_reactions_unreported",
            "Reactions recorded after the report of their day had left the retention.",
            registry=registry,
        )
        self._troubles = Counter(
            "contactsync_troubles",
            "Failed attempts that the daemon retries; kind=bug is a fault of the program.",
            ["kind"],
            registry=registry,
        )
        for action in ACTIONS:
            for state in ("ok", "ko"):
                self._checks.labels(action, state)
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
        """Count a deposit that reached `ok/` or `ko/`.

        `outcome` is the content of its result.json, `rejects` the number of rejected rows per code; times in seconds.
        """
        action = outcome["action"]
        if outcome.get("dry_run"):
            self._checks.labels(action, outcome["state"]).inc()
            return
        self._deposits.labels(self._label(outcome["account"]), action, outcome["state"]).inc()
        if outcome["reason"]:
            self._refused.labels(outcome["reason"]).inc()
        self._rows.labels(action, "applied").inc(outcome["rows_applied"])
        self._rows.labels(action, "rejected").inc(outcome["rows_rejected"])
        for effect in EFFECTS:
            self._effects.labels(action, effect).inc(outcome[effect])
        # A file refused as a whole has no rejected rows.
        if outcome["rows_rejected"]:
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
    def timed(self, stage: Stage, into: dict[str, int] | None = None) -> Iterator[None]:
        """Time the block; with `into`, also keep the milliseconds there."""
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            self._stages.labels(stage).observe(seconds)
            if into is not None:
                into[stage] = round(seconds * 1000)

    def published(self) -> None:
        """Count a report that was published."""
        self._reports.inc()

    def unreported(self, account: str, reactions: int) -> None:
        """Note how many of an account's reactions came too late for any report."""
        with self._lock:
            self._late[account] = reactions
            self._unreported.set(sum(self._late.values()))

    def trouble(self, kind: Trouble) -> None:
        """Count a failed attempt that will be retried."""
        self._troubles.labels(kind).inc()
