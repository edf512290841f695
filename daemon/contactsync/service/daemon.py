"""The running daemon: the main loop, signals, the embedded database, systemd, and a clean shutdown."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from contactsync.database import statements
from contactsync.database.connection import connect
from contactsync.database.embedded.server import EmbeddedServer, EmbeddedUnavailable
from contactsync.database.source import database, migrate_embedded
from contactsync.domain.errors import ConfigurationError, DatabaseRefuses, Retryable
from contactsync.runtime import gil
from contactsync.service.assembly import Assembly, assemble
from contactsync.service.exit_guard import ExitGuard
from contactsync.service.monitoring import Pulse
from contactsync.service.once import RunOnce
from contactsync.service.roster import SchemaRefused
from contactsync.service.systemd import Notifier
from contactsync.service.wakeup import Wakeup
from contactsync.settings.reload import taken_over
from contactsync.settings.settings import Settings
from contactsync.telemetry import health
from contactsync.telemetry.log_throttle import Doubling
from contactsync.telemetry.outage import MAIN_THREAD

EMBEDDED_PATIENCE_SECONDS = 5.0
"""How long a pass of the main loop waits for the embedded server to come back; the next pass continues."""

EMBEDDED_STOP_SECONDS = 70.0
"""What the embedded server's own end may take on top: two signals of 30 s each."""

END_SECONDS = 3.0
"""What is left of `shutdown_seconds` for the end itself, after the deposits in progress."""

ROOT_SECONDS = 2.0
"""How long ftp_root has to answer at the start."""

log = structlog.get_logger()


@dataclass(slots=True)
class Daemon:
    """One run of the daemon. `read_settings` reads the settings again, at SIGHUP."""

    settings: Settings
    once: bool = False
    read_settings: Callable[[], Settings] | None = None
    _wakeup: Wakeup = field(default_factory=Wakeup)
    _notifier: Notifier = field(default_factory=Notifier.from_environment)
    _pulse: Pulse = field(default_factory=Pulse)
    _parts: Assembly | None = None
    _stopped: bool = False
    _stopped_at: float | None = None
    _reload_wanted: bool = False
    _reload_refused: bool = False
    _hung: bool = False
    _bugs: Doubling = field(default_factory=Doubling)
    _restarts: Doubling = field(default_factory=Doubling)

    def run(self) -> int:
        """Work until SIGTERM or SIGINT, or with `once` until nothing is left. Returns the exit status (protocol 7)."""
        statements.check()
        gil.switch_often()
        self._handle_signals()
        if not self.settings.database_url:
            self._notifier.send_status("starting the embedded PostgreSQL")
        with database(*self.settings.database_source) as (url, server):
            if server is not None:
                with connect(url) as conn:
                    migrate_embedded(conn)
            # From here on, modes are given where files are created: a recreated folder keeps its scheme.
            os.umask(0)
            its_end = EMBEDDED_STOP_SECONDS if server else 0
            guard = ExitGuard(lambda: self.settings.shutdown_seconds + its_end)
            guard.start()
            parts = self._parts = assemble(lambda: self.settings, url, self._pulse, once=self.once)
            parts.start()
            self._log_start(parts)
            status = self._loop(parts, server)
            self._notifier.stopping()
            if not parts.stop(self._seconds_left()):
                log.warning("daemon.stopped_in_work", note="deposits in progress continue at the next start")
            log.info("daemon.stopped")
        return status

    def stop(self) -> None:
        """Let `run` end cleanly; may be called from anywhere."""
        self._stopped_at = self._stopped_at or time.monotonic()
        self._stopped = True
        if self._parts is not None:
            # At once: the main thread may be waiting for the database.
            self._parts.pool.take_no_more()
        self._wakeup.wake()

    def reload(self) -> None:
        """Read settings and accounts again, soon; may be called from anywhere."""
        self._reload_wanted = True
        self._wakeup.wake()

    def _seconds_left(self) -> float:
        """What is left of `shutdown_seconds` for an orderly end, less what the end itself takes."""
        waited = time.monotonic() - self._stopped_at if self._stopped_at is not None else 0.0
        return max(
            0.0,
            self.settings.shutdown_seconds - waited - min(END_SECONDS, self.settings.shutdown_seconds / 4),
        )

    def _handle_signals(self) -> None:
        # A broken lease is noticed by F_GETLEASE; the kernel's SIGIO would end the process.
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self.stop())
        if self.read_settings is not None:
            signal.signal(signal.SIGHUP, lambda *_: self.reload())

    def _log_start(self, parts: Assembly) -> None:
        root = self.settings.ftp_root
        answer = parts.attended.over([root], os.path.isdir, ROOT_SECONDS).get(root)
        if answer is None or not answer.get():
            log.warning("ftp_root.missing", path=str(root), fix="mount it, or set ftp_root")
        log.info("daemon.started", ftp_root=str(root), workers=self.settings.workers)

    # --- the main loop -------------------------------------------------------------------------------------

    def _loop(self, parts: Assembly, server: EmbeddedServer | None) -> int:
        once = RunOnce(lambda: self.settings, parts.pool) if self.once else None
        known = False
        # Sent after the first pass, even if the database is unreachable: STATUS= shows that.
        self._notifier.ready()
        while not self._stopped:
            known = self._attempt(parts, server, known=known)
            if once is None:
                self._rest(parts, self.settings.rescan_seconds)
            elif (status := once.status(known=known and not parts.roster.waits)) is not None:
                return status
            else:
                self._rest(parts, once.pause())
        return 0

    def _attempt(self, parts: Assembly, server: EmbeddedServer | None, *, known: bool) -> bool:
        """Make one pass; returns whether the accounts have been read, now or before (`known`).

        Every error ends here, because nothing ends the daemon (protocol 5.5). Only `run --once` ends with a schema that
        does not fit.
        """
        try:
            if self._reload_wanted:
                self._take_over_settings(parts)
            if server is not None:
                known = self._ensure_running(server) and known
            known = self._refresh(parts) or known
            parts.check()
            if not self.once:
                parts.rescan()
        except SchemaRefused:
            raise
        except Exception as error:
            if times := self._bugs.count(type(error).__qualname__):
                log.error("bug", where="main thread", failures=times, exc_info=error)
            return known
        self._pulse.beat()
        return known

    def _refresh(self, parts: Assembly) -> bool:
        """Serve the accounts that the database holds. Returns False if it gives no usable answer now."""
        try:
            changed = parts.roster.refresh()
        except (Retryable, SchemaRefused) as error:
            # A daemon waits until somebody migrates; `run --once` exits with status 2.
            if self.once and isinstance(error, SchemaRefused):
                raise
            fix = error.fix if isinstance(error, DatabaseRefuses | SchemaRefused) else None
            parts.pool.outage.failed(MAIN_THREAD, str(error), fix=fix)
            return False
        parts.pool.outage.answered(MAIN_THREAD)
        if changed is not None:
            parts.serve(changed)
        return True

    def _rest(self, parts: Assembly, seconds: float) -> None:
        """Sleep until the next pass, or until a wakeup; systemd gets the status meanwhile.

        The watchdog is fed here and nowhere else: a pass that does not end, or hung workers, let it starve.
        """
        until = time.monotonic() + seconds
        while not self._stopped:
            hung = parts.pool.are_hung()
            if hung and not self._hung:
                log.error("workers.hung", seconds=health.STEP_SECONDS)
            self._hung = hung
            self._notifier.pulse(lambda: self._status(parts), alive=not hung)
            left = until - time.monotonic()
            if left <= 0 or self._wakeup.wait(min(left, self._notifier.interval)):
                return

    def _status(self, parts: Assembly) -> str:
        refused = "the new configuration is invalid and was not applied (see the log); "
        return (refused if self._reload_refused else "") + parts.pool.status().summary

    def _take_over_settings(self, parts: Assembly) -> None:
        """SIGHUP: apply what can change live, from each account's next step on. This pass also reads the accounts."""
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
        parts.configure(found.settings)
        log.info("settings.reloaded", changed=found.changed)
        if found.need_restart:
            log.warning("settings.need_restart", keys=found.need_restart)

    def _ensure_running(self, server: EmbeddedServer) -> bool:
        """Restart the embedded server if it has ended. Returns False if it cannot be started now."""
        try:
            restarted = server.ensure(EMBEDDED_PATIENCE_SECONDS)
            if restarted and (times := self._restarts.count("database.restarted")):
                log.warning("database.restarted", times=times)
        except EmbeddedUnavailable as error:
            if times := self._restarts.count("database.unavailable"):
                log.error("database.unavailable", reason=str(error), times=times)
            return False
        return True
