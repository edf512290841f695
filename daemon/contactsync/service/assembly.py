"""Builds the daemon's parts: what is built of what, and in which order the parts start and stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contactsync.database.connection import Session, Where
from contactsync.domain.account import Account
from contactsync.intake.rescan import Rescan
from contactsync.intake.upload_queue import UploadQueue
from contactsync.intake.watch import Watch
from contactsync.processing.attempts import Attempts
from contactsync.processing.isolation import Isolation
from contactsync.processing.pipeline import Pipeline
from contactsync.processing.pool import WorkerPool
from contactsync.processing.worker import DepositWorker, rules
from contactsync.reports.publisher import Publisher
from contactsync.retention.sweeper import Sweeper
from contactsync.runtime.attended import Attended
from contactsync.runtime.background import Background
from contactsync.service.monitoring import Pulse, monitoring
from contactsync.service.roster import HUNG_SECONDS, Roster
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins
from contactsync.telemetry.health import loop_limit
from contactsync.telemetry.heartbeat import Heartbeat
from contactsync.telemetry.metrics import Metrics

MAIN_PATIENCE_SECONDS = 5.0
"""The main thread only reads accounts, and must react to SIGTERM even if the database does not answer."""


WATCH_SECONDS = 2.0
"""How long a pass waits for the watch to be renewed; then it continues without it."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts of a running daemon. `background` is empty under `run --once`."""

    pool: WorkerPool
    watch: Watch
    roster: Roster
    background: tuple[Background[Account, Settings], ...]
    attended: Attended[Path]
    # Runs what the watch does: walking the folders may hang.
    watching: Attended[str] = field(default_factory=Attended)

    def start(self) -> None:
        """Start every thread."""
        self.pool.start()
        self.watch.start()
        for thread in self.background:
            thread.start()

    def stop(self, seconds: float) -> bool:
        """Stop every thread within `seconds`. Returns False if a deposit is still in progress."""
        deadline = time.monotonic() + seconds
        self.watching.over(["watch"], lambda _: self.watch.stop(), min(seconds, WATCH_SECONDS))
        self.pool.stop(0)
        for thread in self.background:
            thread.stop(deadline - time.monotonic())
        return self.pool.stop(max(0.0, deadline - time.monotonic()))

    def serve(self, accounts: list[Account]) -> None:
        """Serve these accounts from now on; the roster already does."""
        # Before the accounts are looked at: what comes later causes an event.
        self._watch()
        self.pool.update(accounts)
        for thread in self.background:
            thread.update(accounts)

    def configure(self, settings: Settings) -> None:
        """Apply new settings. The workers read them before each step; by the new ones, a file may be quiet already."""
        for thread in self.background:
            thread.configure(settings)
        self.pool.hint_all()

    def check(self) -> None:
        """Renew watches that were lost, and find out which homes hang: their accounts wait, and no others."""
        self._watch()
        self.roster.probe(self.pool.in_step_for(HUNG_SECONDS))
        self.roster.note_hung()
        self.pool.note_hung(self.roster.hung)
        for thread in self.background:
            thread.replace_hung()

    def _watch(self) -> None:
        # While a home hangs, what is watched stays watched. The rescan finds what comes elsewhere.
        if not self.roster.unanswered:
            folders = self.roster.watched_folders()
            done = self.watching.over(["watch"], lambda _: self._follow(folders), WATCH_SECONDS)
            # What it raises is a bug, and is logged as one.
            for answer in done.values():
                answer.get()

    def _follow(self, folders: set[Path]) -> None:
        self.watch.follow(folders)
        self.watch.check()

    def rescan(self) -> None:
        """Hint every idle account whose folders need work, and notice that a full disk has room again."""
        self.pool.watermark.look_again(self.attended)
        idle = {account.name for account in self.pool.idle_accounts()}
        for name in self.roster.rescan(idle):
            self.pool.hint(name)


def assemble(settings: Callable[[], Settings], url: Where, pulse: Pulse, *, once: bool) -> Assembly:
    """Build the parts, not started yet. `settings` returns the current settings, `url` names the database."""
    metrics = Metrics()
    pins = HomePins(settings().ftp_root, settings().data_dir)
    pool = _pool(settings, url, pins, metrics)
    session = Session(url, patience=MAIN_PATIENCE_SECONDS)
    attended: Attended[Path] = Attended()
    # Read from the settings each time: SIGHUP may change what is ignored.
    rescan = Rescan(lambda name: settings().ignores(name))
    roster = Roster(settings().ftp_root, pins, session, rescan, attended)

    def hint(folder: Path) -> None:
        if name := roster.account_of(folder):
            pool.hint(name)

    background: tuple[Background[Account, Settings], ...] = ()
    if not once:
        background = _background(settings(), url, pins, metrics, pool=pool, roster=roster, pulse=pulse)
    return Assembly(pool, Watch(hint, pool.hint_all), roster, background, attended)


def _pool(settings: Callable[[], Settings], url: Where, pins: HomePins, metrics: Metrics) -> WorkerPool:
    attempts = Attempts()
    isolation = Isolation()

    def make_worker() -> DepositWorker:
        pipeline = Pipeline(
            Session(url),
            rules(settings()),
            lambda: pool.stopping,
            attempts,
            isolation,
            metrics,
            pool.note_progress,
        )
        return DepositWorker(settings, pins, pipeline, pool.watermark)

    def make_queue() -> UploadQueue:
        now = settings()
        return UploadQueue(
            settle_seconds=now.settle_seconds,
            grace_seconds=now.grace_seconds,
            rescan_seconds=now.rescan_seconds,
        )

    pool = WorkerPool(settings().workers, make_worker, make_queue, metrics=metrics, abandon=isolation.abandon)
    return pool


def _background(
    settings: Settings,
    url: Where,
    pins: HomePins,
    metrics: Metrics,
    *,
    pool: WorkerPool,
    roster: Roster,
    pulse: Pulse,
) -> tuple[Background[Account, Settings], ...]:
    """Return the background threads in the order in which they stop."""

    def status() -> Mapping[str, Any]:
        """Return what other processes may know, with the homes that cannot be derived from `ftp_root`."""
        where = {"ftp_root": str(settings.ftp_root), "homes": roster.homes_elsewhere()}
        loop = {"looped_at": pulse.wall, "loop_limit": limit}
        return {**pool.status().as_mapping(), **where, **loop, "reports_waiting": publisher.waits()}

    limit = loop_limit(settings.rescan_seconds, embedded=settings.database_url is None)

    publisher = Publisher(settings, url, pins, metrics, hung=lambda: roster.hung)
    return (
        Heartbeat(settings.data_dir, status),
        publisher,
        Sweeper(settings, url, pins, metrics, hung=lambda: roster.hung),
        *monitoring(
            settings,
            metrics,
            pool.status,
            # A home that has never answered is not served yet, and its files are not counted either.
            lambda: roster.homes.keys() | roster.unanswered,
            pulse,
            session=Session(url, patience=MAIN_PATIENCE_SECONDS),
            # Its own: a look at thousands of files takes long, and is not a home that hangs.
            attended=Attended(),
        ),
    )
