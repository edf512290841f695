"""The thread that publishes each account's days when they have ended, and removes expired ones (protocol 6).

The folder alone decides what is due: a day within the retention that does not exist, or was built before it had
ended. So days missed while the daemon was down are published later, several daemons publish a day only once (the
first one to lock `reporting/`), and a day whose build failed or was killed is still due.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import structlog

from contactsync.database.connection import Connection, Session
from contactsync.database.thread_sessions import ThreadSessions
from contactsync.domain.account import Account
from contactsync.domain.errors import AccountBusy, ContactsyncError, DatabaseAway, FoldersMissing
from contactsync.reports.days import Day, due_days, expired, next_night, today, zone_of
from contactsync.reports.folder import NotOurs, ReportFolder
from contactsync.reports.publish import publish
from contactsync.reports.turn import Turn
from contactsync.reports.writer import Interrupted, Writer
from contactsync.runtime.background import Background
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins
from contactsync.telemetry.log import bare, reason_of
from contactsync.telemetry.log_throttle import Once
from contactsync.telemetry.metrics import Metrics

LOOK_SECONDS = 30.0
"""How often an account's folder is checked between two midnights.

Somebody may have removed a day or recorded a campaign of a past day, or the host's clock may have been set.
"""

BUSY_SECONDS = 30.0
"""When to retry an account whose folder another process holds."""

MAX_BACKOFF_SECONDS = 300.0

log = structlog.get_logger()


class Publisher(Background[Account, Settings]):
    """One thread for all accounts. `stop` abandons the day being built, which stays due."""

    def __init__(
        self,
        settings: Settings,
        url: str,
        pins: HomePins,
        metrics: Metrics | None = None,
        clock: Clock = SYSTEM_CLOCK,
        *,
        hung: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """Prepare the thread; `url` is any that `connect` takes, `hung` returns accounts whose home does not answer."""
        super().__init__("publisher")
        self._settings = settings
        self._pins = pins
        self._sessions, self._hung = ThreadSessions(lambda: Session(url)), hung
        # The account whose folder the thread is in.
        self._attending: str | None = None
        self._metrics = metrics or Metrics()
        self._clock = clock
        self._turns: dict[str, Turn] = {}
        self._outage = Once()

    def configure(self, settings: Settings) -> None:
        """Apply new settings; every account is checked under them at once."""
        with self._changed:
            self._settings = settings
            for turn in self._turns.values():
                turn.due = self._clock.monotonic()
            self._changed.notify()

    def update(self, accounts: Iterable[Account]) -> None:
        """Apply the current list of accounts; a new or changed one is checked at once."""
        with self._changed:
            current = {account.name: account for account in accounts}
            for name in self._turns.keys() - current.keys():
                del self._turns[name]
            for name, account in current.items():
                turn, now = self._turns.get(name), self._clock.monotonic()
                if turn is None:
                    self._turns[name] = Turn(account, now)
                elif turn.account != account:
                    self._turns[name] = replace(turn, account=account, due=now, failures=0, expired_on=None)
            self._changed.notify()

    # --- the thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (turn := self._take()) is not None:
            due = turn.due
            wait = LOOK_SECONDS if turn.account.name in self._hung() else self._attend(turn)
            with self._changed:
                # Otherwise `configure` wants the account checked again at once.
                if turn.due == due:
                    turn.due = self._clock.monotonic() + wait
        self._session.close()

    @property
    def _session(self) -> Session:
        return self._sessions.current

    def _hangs(self) -> bool:
        return self._attending in self._hung()

    def _take(self) -> Turn | None:
        """Return the next account that is due, or None when the daemon stops."""
        with self._changed:
            while not self._is_over:
                self._attending = None
                turn = min(self._turns.values(), key=lambda turn: turn.due, default=None)
                wait = turn.due - self._clock.monotonic() if turn else LOOK_SECONDS
                if turn is not None and wait <= 0:
                    self._attending = turn.account.name
                    return turn
                self._changed.wait(min(wait, LOOK_SECONDS))
            return None

    def _attend(self, turn: Turn) -> float:
        """Publish the account's due days. Returns in how many seconds to come back; every exception ends here."""
        try:
            wait = self._publish_due(turn)
        except (AccountBusy, Interrupted):
            return BUSY_SECONDS
        except DatabaseAway as error:
            # One line per outage, not one per account: the publisher has one connection.
            if self._outage.news("database", "away"):
                log.warning("report.waits", reason=str(error))
            self._metrics.trouble("report")
        except (ContactsyncError, OSError) as error:
            reason = reason_of(error)
            if turn.faults.news("failure", reason):
                log.warning("report.waits", account=turn.account.name, reason=reason)
            self._metrics.trouble("report")
        except Exception as error:
            if turn.faults.news("failure", bare(error)):
                log.error("bug", account=turn.account.name, exc_info=error)
            self._metrics.trouble("bug")
        else:
            turn.faults.news("failure", None)
            turn.failures = 0
            return wait
        turn.failures += 1
        return min(MAX_BACKOFF_SECONDS, 2.0 ** min(turn.failures, 10))

    def _publish_due(self, turn: Turn) -> float:
        account, retention = turn.account, self._settings.report_retention_days
        delay = timedelta(seconds=self._settings.report_delay_seconds)
        zone, now = zone_of(account), self._clock.now()
        home = account.home_under(self._settings.ftp_root)
        soon = min((next_night(now, zone, delay) - now).total_seconds(), LOOK_SECONDS)
        try:
            with ReportFolder(home, self._pins) as folder:
                turn.faults.news("folder", None)
                built = self._built(turn, folder, now)
                self._report_strays(turn, frozenset(folder.strays))
                days = due_days(now, zone, retention, delay, built)
                if days:
                    self._publish(turn, folder, days)
                # Once per night: an expired day that ops have published again stays for the rest of the day.
                if turn.expired_on != today(now, zone):
                    for day in expired(built, now, zone, retention):
                        self._remove(turn, folder, day)
                    turn.expired_on = today(now, zone)
        except FoldersMissing:
            if turn.faults.news("folder", "missing"):
                log.warning("report.no_folder", account=account.name, fix=f"contactsync init {account.name}")
        return soon

    def _built(self, turn: Turn, folder: ReportFolder, now: datetime) -> dict[date, datetime]:
        """Return the days that exist and when each was built, which is never later than now.

        A build time in the future means that the clock has been set back since. The day's midnight may then come a
        second time, and what is recorded until then belongs to the day. So the folder must not look newer than that.
        """
        built = folder.days()
        for day in [day for day, begun in built.items() if begun > now]:
            folder.date_back(day, now)
            built[day] = now
            if turn.faults.news(f"{day} clock", "set back"):
                log.warning("report.clock_set_back", account=turn.account.name, day=str(day))
        return built

    def _report_strays(self, turn: Turn, strays: frozenset[str]) -> None:
        """Log each entry that is not the daemon's when it appears; one that comes back is logged again."""
        for name in sorted(strays - turn.strays):
            log.warning("report.stray", account=turn.account.name, path=f"reporting/{name}")
        turn.strays = strays

    def _publish(self, turn: Turn, folder: ReportFolder, days: list[Day]) -> None:
        """Publish the days, from the account's first one on."""
        account = turn.account
        with self._session() as conn:
            writer = Writer(conn, account, self._settings.daily_zip_name, defuse=False)
            first = writer.first_day(zone_of(account), days[0].since)
            self._outage.news("database", None)
            for day in days:
                if day.date >= first:
                    self._publish_day(conn, turn, folder, day)

    def _publish_day(self, conn: Connection, turn: Turn, folder: ReportFolder, day: Day) -> None:
        started = time.monotonic()
        try:
            contents = publish(
                conn,
                turn.account,
                folder,
                day,
                self._settings,
                stopping=lambda: self._stopping,
                clock=self._clock,
            )
        except NotOurs as error:
            self._report_foreign(turn, day.date, error)
            return
        turn.faults.news(f"{day.date} foreign", None)
        turn.faults.news(f"{day.date} clock", None)
        self._metrics.published()
        log.info(
            "report.published",
            account=turn.account.name,
            day=str(day.date),
            campaigns=contents.campaigns,
            files=contents.files,
            rows=contents.rows,
            lossy=contents.lossy,
            duration_ms=round((time.monotonic() - started) * 1000),
        )

    def _remove(self, turn: Turn, folder: ReportFolder, day: date) -> None:
        try:
            folder.remove(day)
        except NotOurs as error:
            self._report_foreign(turn, day, error)
        else:
            turn.faults.news(f"{day} foreign", None)
            log.info("report.removed", account=turn.account.name, day=str(day))

    def _report_foreign(self, turn: Turn, day: date, error: NotOurs) -> None:
        """Log that a day's folder holds something that is not the daemon's."""
        if turn.faults.news(f"{day} foreign", str(error)):
            log.warning("report.stray", account=turn.account.name, reason=str(error))
