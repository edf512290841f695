"""The running daemon: signals, the database, watching, the periodic rescan, and an orderly end."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from contactsync import accounts, statements
from contactsync.beacon import Beacon
from contactsync.config import Settings
from contactsync.database import database
from contactsync.db import Session, connect
from contactsync.embedded import EmbeddedServer, EmbeddedUnavailable
from contactsync.errors import ConfigurationError, Retryable
from contactsync.folders import AccountBusy
from contactsync.keeper import Keeper
from contactsync.line import Line
from contactsync.migrate import migrate, pending
from contactsync.model import ACTIONS
from contactsync.pipeline import Pipeline, Rules
from contactsync.quarantine import Quarantine
from contactsync.reporter import Reporter
from contactsync.spool import Spool
from contactsync.watch import Watch
from contactsync.workers import Lane, Workers

BUSY_SECONDS = 1.0
"""When to come again to an account that another daemon has."""

DEEP_SCAN_SECONDS = 30.0
"""How often `on/` is looked at too, for what another daemon left when it was killed."""

ONCE_PATIENCE_SECONDS = 30.0
"""`run --once` gives up when nothing was settled for so long after the last upload must have become quiet."""

MAIN_PATIENCE_SECONDS = 5.0
"""The main thread asks for accounts only, and must hear SIGTERM even where the database is silent."""

KEEPER_PATIENCE_SECONDS = 1.0
"""A batch takes less, and one that is cut short is done again."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Worker:
    """One thread's tools: a connection and the story of a deposit."""

    settings: Settings
    pipeline: Pipeline

    def work(self, lane: Lane) -> float | None:
        """Open the account's folders, finish what a restart left, then take the next deposit."""
        home = lane.account.home_under(self.settings.ftp_root)
        spool = Spool(home, max_bytes=self.settings.max_file_bytes, ignored=self.settings.ignores)
        try:
            with spool:
                if not lane.ledger_checked:
                    self.pipeline.bury_vanished(lane.account, spool)
                    self.pipeline.finish_retries(lane.account, spool)
                    lane.ledger_checked = True
                delay = self.pipeline.step(lane.account, lane.line, spool)
        except AccountBusy:
            return BUSY_SECONDS
        except FileNotFoundError as error:
            if error.filename not in (str(home), home, "contacts"):
                raise
            if not lane.told_missing:
                log.error(
                    "account.no_folders",
                    account=lane.account.name,
                    fix=f"contactsync init {lane.account.name}",
                )
                lane.told_missing = True
            return None
        if not spool.leases and not lane.told_no_lease:
            log.warning(
                "lease.unavailable",
                account=lane.account.name,
                note="a silent writer goes unnoticed: give the daemon CAP_LEASE, or raise settle_seconds",
            )
            lane.told_no_lease = True
        for stray in set(spool.strays) - lane.strays:
            log.warning("stray.folder", account=lane.account.name, path=stray)
        lane.strays |= set(spool.strays)
        lane.told_missing = False
        return delay

    def close(self) -> None:
        """Close the connection."""
        self.pipeline.session.close()


class Bell:
    """Wakes the main thread, from a signal handler or another thread, without locks."""

    def __init__(self) -> None:
        """A pipe of our own."""
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def ring(self) -> None:
        """Wake it, now or at its next `wait`."""
        with suppress(BlockingIOError):  # it rings already
            os.write(self._write, b"!")

    def wait(self, seconds: float) -> None:
        """Sleep until it rings, `seconds` at most."""
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 1 << 16)


@dataclass(slots=True)
class Daemon:
    """One run of the daemon."""

    settings: Settings
    once: bool = False
    _bell: Bell = field(default_factory=Bell)
    _stopped: bool = False
    _homes: dict[Path, str] = field(default_factory=dict)
    _deep_scan_at: float = 0.0
    _begun: set[tuple[int, str, bytes]] = field(default_factory=set)
    _quarantine: Quarantine = field(default_factory=Quarantine)
    _reporter: Reporter | None = None
    _keeper: Keeper | None = None

    def run(self) -> int:
        """Work until SIGTERM or SIGINT, or with `once` until nothing is left; returns the exit status (SPEC 7)."""
        statements.check()
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # a broken lease tells so by F_GETLEASE
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stop())
        with database(self.settings) as (url, server):
            if server is not None:
                with connect(url) as conn:
                    migrate(conn)
            os.umask(0)  # from here on modes are given where files are made: a healed folder keeps its scheme
            workers = Workers(self.settings.workers, lambda: self._worker(url, workers), self._line)
            watch = Watch(lambda folder: self._hint(workers, folder), workers.hint_all)
            self._reporter = Reporter(self.settings, url)
            self._keeper = Keeper(self.settings, url)
            beacon = Beacon(self.settings.data_dir, lambda: self._as_told(workers))
            workers.start()
            watch.start()
            if not self.once:
                self._reporter.start()
                self._keeper.start()
                beacon.start()
            if not os.path.isdir(self.settings.ftp_root):
                log.warning(
                    "ftp_root.missing", path=str(self.settings.ftp_root), fix="mount it, or set ftp_root"
                )
            log.info("daemon.started", ftp_root=str(self.settings.ftp_root), workers=self.settings.workers)
            status = self._loop(workers, watch, Session(url, patience=MAIN_PATIENCE_SECONDS), server)
            watch.stop()
            beacon.stop()
            self._reporter.stop(self.settings.shutdown_seconds)
            self._keeper.stop(KEEPER_PATIENCE_SECONDS)
            if not workers.stop(self.settings.shutdown_seconds):
                log.warning("daemon.stopped_in_work", note="what was in work is taken up at the next start")
            log.info("daemon.stopped")
        return status

    def stop(self) -> None:
        """End `run` in good order; may be called from anywhere."""
        self._stopped = True
        self._bell.ring()

    def _as_told(self, workers: Workers) -> Mapping[str, Any]:
        """What other processes may know: the condition, and where the homes are that ftp_root does not tell."""
        root = self.settings.ftp_root
        elsewhere = {name: str(home) for home, name in self._homes.items() if home != root / name}
        return {**workers.condition().as_mapping(), "ftp_root": str(root), "homes": elsewhere}

    def _worker(self, url: str, workers: Workers) -> _Worker:
        rules = Rules(
            self.settings.max_inflated_bytes,
            self.settings.max_file_bytes,
            result_files=self.settings.result_files,
            defused=self.settings.defuse_formulas,
        )
        pipeline = Pipeline(Session(url), rules, lambda: workers.stopping, self._begun, self._quarantine)
        return _Worker(self.settings, pipeline)

    def _line(self) -> Line:
        return Line(
            settle_seconds=self.settings.settle_seconds,
            grace_seconds=self.settings.grace_seconds,
            rescan_seconds=self.settings.rescan_seconds,
        )

    def _hint(self, workers: Workers, folder: Path) -> None:
        """Something came to the folder `<home>/contacts/<action>/in`."""
        if name := self._homes.get(folder.parent.parent.parent):
            workers.hint(name)

    def _loop(self, workers: Workers, watch: Watch, session: Session, server: EmbeddedServer | None) -> int:
        known = False
        while not self._stopped:
            if server is not None:
                known = self._keep(server) and known
            known = self._refresh(workers, watch, session) or known
            if not self.once:  # each account is looked at once at least, and until nothing is left
                self._rescan(workers)
            if self.once and (status := self._once_status(workers, known=known)) is not None:
                return status
            self._bell.wait(
                min(0.1, self.settings.rescan_seconds) if self.once else self.settings.rescan_seconds
            )
        return 0

    def _keep(self, server: EmbeddedServer) -> bool:
        try:
            if server.ensure():
                log.warning("database.restarted")
        except EmbeddedUnavailable as error:
            log.error("database.unavailable", reason=str(error))
            return False
        return True

    def _refresh(self, workers: Workers, watch: Watch, session: Session) -> bool:
        """Take over the accounts as the database has them; False where it has no answer now."""
        try:
            with session() as conn:
                missing = pending(conn) if not self._homes else []
                found = accounts.every(conn)
        except Retryable as error:
            workers.tell_database_away(str(error))
            return False
        if missing:
            raise ConfigurationError(f"the database lacks {', '.join(missing)}: run `contactsync migrate`")
        workers.tell_database_back()
        self._homes = {account.home_under(self.settings.ftp_root): account.name for account in found}
        for home in (self.settings.ftp_root, *self._homes):
            if os.path.isdir(home):  # False where it may not even be looked at
                watch.add(home)
        workers.update(found)
        if self._reporter is not None:
            self._reporter.update(found)
        if self._keeper is not None:
            self._keeper.update(found)
        return True

    def _rescan(self, workers: Workers) -> None:
        """The truth behind the events: hint every account whose folders hold something, or lack something."""
        deep = time.monotonic() >= self._deep_scan_at
        if deep:
            self._deep_scan_at = time.monotonic() + DEEP_SCAN_SECONDS
        boxes = ("in", "on") if deep else ("in",)
        for account in workers.idle_accounts():
            contacts = f"{account.home_under(self.settings.ftp_root)}/contacts"
            if any(_needs_a_look(f"{contacts}/{action}/{box}") for action in ACTIONS for box in boxes):
                workers.hint(account.name)

    def _once_status(self, workers: Workers, *, known: bool) -> int | None:
        """With `once`: the exit status, or None as long as there is something to wait for."""
        remaining = workers.unfinished()
        if known and not remaining:
            return 0
        patience = self.settings.settle_seconds + self.settings.grace_seconds + ONCE_PATIENCE_SECONDS
        stuck = (
            workers.database_away is not None and time.monotonic() - workers.progress > ONCE_PATIENCE_SECONDS
        )
        if not stuck and time.monotonic() - workers.progress < patience:
            return None
        log.error("once.gave_up", accounts=remaining, database=workers.database_away or "up")
        return 1


def _needs_a_look(folder: str) -> bool:
    """Whether a folder has an entry, or is not there."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return True
