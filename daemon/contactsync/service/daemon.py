"""The running daemon: signals, the database, watching, the periodic rescan, what systemd hears, an orderly end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from contactsync.accounts import homes, store
from contactsync.database import statements
from contactsync.database.connection import Connection, Session, connect
from contactsync.database.embedded.server import EmbeddedServer, EmbeddedUnavailable
from contactsync.database.migrations import MigrationError, migrate, pending
from contactsync.database.source import database
from contactsync.domain.account import Account
from contactsync.domain.errors import ConfigurationError, Retryable
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
from contactsync.service.monitoring import Pulse, monitor
from contactsync.service.systemd import Notifier
from contactsync.service.wakeup import Wakeup
from contactsync.settings.reload import taken_over
from contactsync.settings.settings import Settings
from contactsync.telemetry import health
from contactsync.telemetry.heartbeat import Heartbeat
from contactsync.telemetry.log_throttle import Doubling
from contactsync.telemetry.metrics import Metrics
from contactsync.telemetry.outage import MAIN_THREAD

DEEP_SCAN_SECONDS = 30.0
"""How often `on/` is looked at too, for what another daemon left when it was killed, and whose home is whose."""

ONCE_PATIENCE_SECONDS = 30.0
"""`run --once` gives up when nothing was settled for so long after the last upload must have become quiet."""

MAIN_PATIENCE_SECONDS = 5.0
"""The main thread asks for accounts only, and must hear SIGTERM even where the database is silent."""

EMBEDDED_PATIENCE_SECONDS = 5.0
"""How long a pass of the main loop waits for the embedded server to come back; then the next one goes on waiting."""

SWEEPER_PATIENCE_SECONDS = 1.0
"""A batch takes less, and one that is cut short is done again."""

log = structlog.get_logger()


class _SchemaRefused(ConfigurationError):  # noqa: N818 - it names a state of the database
    """The database answers, but this program cannot work with its schema as it is."""


@dataclass(slots=True)
class Daemon:
    """One run of the daemon; `read_settings` reads them again, at SIGHUP."""

    settings: Settings
    once: bool = False
    read_settings: Callable[[], Settings] | None = None
    _wakeup: Wakeup = field(default_factory=Wakeup)
    _notifier: Notifier = field(default_factory=Notifier.from_environment)
    _stopped: bool = False
    _reload_wanted: bool = False
    _reload_refused: bool = False
    _schema_is_right: bool = False
    _schema_problem: str | None = None
    _hung: bool = False
    _homes: dict[Path, str] = field(default_factory=dict)
    _fingerprint: str | None = None
    _accounts: list[Account] = field(default_factory=list)
    _refused: dict[str, str] = field(default_factory=dict)
    _homes_due: float = 0.0
    _deep_scan_at: float = 0.0
    _attempts: Attempts = field(default_factory=Attempts)
    _isolation: Isolation = field(default_factory=Isolation)
    _workers: WorkerPool | None = None
    _reporter: Publisher | None = None
    _keeper: Sweeper | None = None
    _repeats: Doubling = field(default_factory=Doubling)
    _metrics: Metrics = field(default_factory=Metrics)
    _pulse: Pulse = field(default_factory=Pulse)
    _folders: Rescan = field(init=False)

    def __post_init__(self) -> None:
        """Prepare what needs the settings."""
        self._folders = Rescan(self._ignores)

    def run(self) -> int:
        """Work until SIGTERM or SIGINT, or with `once` until nothing is left; returns the exit status (protocol 7)."""
        statements.check()
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # a broken lease tells so by F_GETLEASE
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stop())
        if self.read_settings is not None:
            signal.signal(signal.SIGHUP, lambda *_: self.reload())
        if not self.settings.database_url:
            self._notifier.tell("starting the embedded PostgreSQL")
        with database(*self.settings.database_source) as (url, server):
            if server is not None:
                with connect(url) as conn:
                    migrate(conn)
            os.umask(0)  # from here on modes are given where files are made: a healed folder keeps its scheme
            workers = WorkerPool(
                self.settings.workers,
                lambda: self._worker(url, workers),
                self._line,
                metrics=self._metrics,
            )
            self._workers = workers
            watch = Watch(lambda folder: self._hint(workers, folder), workers.hint_all)
            self._reporter = Publisher(self.settings, url, self._metrics)
            self._keeper = Sweeper(self.settings, url)
            heartbeat = Heartbeat(self.settings.data_dir, lambda: self._as_told(workers))
            shown = monitor(
                self.settings, self._metrics, workers.status, lambda: list(self._homes), self._pulse
            )
            workers.start()
            watch.start()
            if not self.once:
                self._reporter.start()
                self._keeper.start()
                heartbeat.start()
                if shown is not None:
                    shown.start()
            if not os.path.isdir(self.settings.ftp_root):
                log.warning(
                    "ftp_root.missing", path=str(self.settings.ftp_root), fix="mount it, or set ftp_root"
                )
            log.info("daemon.started", ftp_root=str(self.settings.ftp_root), workers=self.settings.workers)
            status = self._loop(workers, watch, Session(url, patience=MAIN_PATIENCE_SECONDS), server)
            self._notifier.stopping()
            deadline = time.monotonic() + self.settings.shutdown_seconds
            watch.stop()
            workers.stop(0)
            heartbeat.stop()
            self._reporter.stop(self.settings.shutdown_seconds)
            self._keeper.stop(SWEEPER_PATIENCE_SECONDS)
            if not workers.stop(max(0.0, deadline - time.monotonic())):
                log.warning("daemon.stopped_in_work", note="what was in work is taken up at the next start")
            if shown is not None:
                shown.stop()
            log.info("daemon.stopped")
        return status

    def stop(self) -> None:
        """End `run` in good order; may be called from anywhere."""
        self._stopped = True
        if self._workers is not None:  # at once: the main thread may be waiting for the database
            self._workers.take_no_more()
        self._wakeup.wake()

    def reload(self) -> None:
        """Read settings and accounts again, soon; may be called from anywhere."""
        self._reload_wanted = True
        self._wakeup.wake()

    def _as_told(self, workers: WorkerPool) -> Mapping[str, Any]:
        """What other processes may know: the condition, and where the homes are that ftp_root does not tell."""
        root = self.settings.ftp_root
        elsewhere = {name: str(home) for home, name in self._homes.items() if home != root / name}
        return {**workers.status().as_mapping(), "ftp_root": str(root), "homes": elsewhere}

    def _ignores(self, name: bytes) -> bool:
        return self.settings.ignores(name)  # which a reload may change

    def _worker(self, url: str, workers: WorkerPool) -> DepositWorker:
        pipeline = Pipeline(
            Session(url),
            rules(self.settings),
            lambda: workers.stopping,
            self._attempts,
            self._isolation,
            self._metrics,
            workers.note_progress,
        )
        return DepositWorker(lambda: self.settings, pipeline)

    def _line(self) -> UploadQueue:
        return UploadQueue(
            settle_seconds=self.settings.settle_seconds,
            grace_seconds=self.settings.grace_seconds,
            rescan_seconds=self.settings.rescan_seconds,
        )

    def _hint(self, workers: WorkerPool, folder: Path) -> None:
        """Something came to the folder `<home>/contacts/<action>/in`."""
        if name := self._homes.get(folder.parent.parent.parent):
            workers.hint(name)

    def _loop(
        self, workers: WorkerPool, watch: Watch, session: Session, server: EmbeddedServer | None
    ) -> int:
        known = False
        self._notifier.ready()  # is told after the first pass, even where the database is away: STATUS= says so
        while not self._stopped:
            if self._reload_wanted:
                self._take_over_settings(workers)
            if server is not None:
                known = self._keep(server) and known
            known = self._refresh(workers, watch, session) or known
            if not self.once:  # each account is looked at once at least, and until nothing is left
                self._rescan(workers)
            self._pulse.beat()
            if self.once and (status := self._once_status(workers, known=known)) is not None:
                return status
            self._rest(
                workers, min(0.1, self.settings.rescan_seconds) if self.once else self.settings.rescan_seconds
            )
        return 0

    def _rest(self, workers: WorkerPool, seconds: float) -> None:
        """Sleep until the next pass, or until somebody calls; systemd hears meanwhile how it goes.

        The watchdog is fed here and nowhere else: a pass that does not end, or workers that do not, let it starve.
        """
        until = time.monotonic() + seconds
        while not self._stopped:
            hung = workers.are_hung()
            if hung and not self._hung:
                log.error("workers.hung", seconds=health.STEP_SECONDS)
            self._hung = hung
            self._notifier.pulse(lambda: self._status(workers), alive=not hung)
            left = until - time.monotonic()
            if left <= 0 or self._wakeup.wait(min(left, self._notifier.interval)):
                return

    def _status(self, workers: WorkerPool) -> str:
        refused = "the new configuration is wrong and was not taken over (see the log); "
        return (refused if self._reload_refused else "") + workers.status().summary

    def _take_over_settings(self, workers: WorkerPool) -> None:
        """SIGHUP: what can change live changes, from each account's next step on; accounts are read in this pass."""
        self._reload_wanted = False
        assert self.read_settings is not None
        self._notifier.reloading()
        self._notifier.ready()
        try:
            found = taken_over(self.settings, self.read_settings())
        except ConfigurationError as error:
            self._reload_refused = True
            log.error("settings.refused", problems=str(error).splitlines())
            return
        self._reload_refused = False
        self.settings = found.settings
        if self._reporter is not None:
            self._reporter.configure(found.settings)
        if self._keeper is not None:
            self._keeper.configure(found.settings)
        workers.hint_all()  # a file may be quiet for long enough now
        log.info("settings.reloaded", changed=found.changed)
        if found.need_restart:
            log.warning("settings.need_restart", keys=found.need_restart)

    def _keep(self, server: EmbeddedServer) -> bool:
        """Have the embedded server running; False where it cannot be started now."""
        try:
            restarted = server.ensure(EMBEDDED_PATIENCE_SECONDS)
            if restarted and (times := self._repeats.count("database.restarted")):
                log.warning("database.restarted", times=times)
        except EmbeddedUnavailable as error:
            if times := self._repeats.count("database.unavailable"):
                log.error("database.unavailable", reason=str(error), times=times)
            return False
        return True

    def _refresh(self, workers: WorkerPool, watch: Watch, session: Session) -> bool:
        """Take over the accounts as the database has them; False where it has no answer now."""
        try:
            with session() as conn:
                self._look_at_schema(conn)
                fingerprint = store.fingerprint(conn)
                # Asked for after it: what changes in between changes it again.
                found = store.every(conn) if fingerprint != self._fingerprint else None
        except (Retryable, _SchemaRefused) as error:
            if self.once and isinstance(error, _SchemaRefused):
                raise
            workers.outage.failed(MAIN_THREAD, str(error))
            return False
        workers.outage.answered(MAIN_THREAD)
        if found is not None:
            self._accounts, self._fingerprint, self._homes_due = found, fingerprint, 0.0
        if time.monotonic() >= self._homes_due:
            self._homes_due = time.monotonic() + DEEP_SCAN_SECONDS
            self._take_over(self._trusted(self._accounts), workers, watch)
        watch.check()
        return True

    def _take_over(self, found: list[Account], workers: WorkerPool, watch: Watch) -> None:
        self._homes = {account.home_under(self.settings.ftp_root): account.name for account in found}
        watch.follow({self.settings.ftp_root, *(home / "contacts" for home in self._homes)})
        workers.update(found)
        self._folders.keep(set(self._homes))
        if self._reporter is not None:
            self._reporter.update(found)
        if self._keeper is not None:
            self._keeper.update(found)

    def _trusted(self, found: list[Account]) -> list[Account]:
        """Without the accounts whose home is not theirs; looked at anew when accounts change, and now and then."""
        refused = homes.refused(found, self.settings.ftp_root)
        for name, reason in refused.items():
            if self._refused.get(name) != reason:
                fix = f"contactsync account set {name} --home …"
                log.error("account.bad_home", account=name, reason=reason, fix=fix)
        self._refused = refused
        return [account for account in found if account.name not in refused]

    def _look_at_schema(self, conn: Connection) -> None:
        """Raise _SchemaRefused as long as the schema is not ours; somebody will migrate, or upgrade this program."""
        if self._schema_is_right:
            return
        try:
            missing = pending(conn)
            problem = f"it lacks {', '.join(missing)}: run `contactsync migrate`" if missing else None
        except MigrationError as error:
            problem = str(error)
        if problem is not None:
            if problem != self._schema_problem:
                log.error("database.schema", reason=problem)
            self._schema_problem = problem
            raise _SchemaRefused(problem)
        self._schema_is_right = True

    def _rescan(self, workers: WorkerPool) -> None:
        """The truth behind the events: hint every account whose folders hold something, or lack something."""
        deep = time.monotonic() >= self._deep_scan_at
        if deep:
            self._deep_scan_at = time.monotonic() + DEEP_SCAN_SECONDS
        idle = {account.name for account in workers.idle_accounts()}
        for home, name in self._homes.items():
            if name in idle and self._folders.needs_a_look(home, deep=deep):
                workers.hint(name)

    def _once_status(self, workers: WorkerPool, *, known: bool) -> int | None:
        """With `once`: the exit status, or None as long as there is something to wait for."""
        remaining = workers.unfinished()
        if known and not remaining:
            return 0
        patience = self.settings.settle_seconds + self.settings.grace_seconds + ONCE_PATIENCE_SECONDS
        stuck = (
            workers.outage.reason is not None and time.monotonic() - workers.progress > ONCE_PATIENCE_SECONDS
        )
        if not stuck and time.monotonic() - workers.progress < patience:
            return None
        log.error("once.gave_up", accounts=remaining, database=workers.outage.reason or "up")
        return 1
