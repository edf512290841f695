"""What is done for an account's reports at each check: publish what is due, remove what has expired (protocol 6).

Folder and database decide what is due: a day within the retention that does not exist, was built before it had ended,
or whose reactions have changed since. So days missed while the daemon was down are published later, late reactions
come into their report, and a day whose build failed or was killed is still due.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta

import structlog

from contactsync.database.connection import Connection
from contactsync.domain.errors import FoldersMissing
from contactsync.reports import late_reactions, published_days
from contactsync.reports.days import Day, due_days, expired, next_night, today, zone_of
from contactsync.reports.entries import NotOurs
from contactsync.reports.folder import ReportFolder
from contactsync.reports.publish import publish
from contactsync.reports.turn import Turn
from contactsync.runtime.clock import Clock
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins
from contactsync.telemetry.log_throttle import Once
from contactsync.telemetry.metrics import Metrics

COMPARE_SECONDS = 1200.0
"""How often the published days are compared with their reactions: protocol 6 allows an hour."""

COUNT_SECONDS = 3600.0
"""How often the reactions that came after the retention are counted: it reads the reactions of three months."""

log = structlog.get_logger()


class Nightly:
    """Publishes and removes the days of one account after the other."""

    def __init__(
        self,
        session: Callable[[], AbstractContextManager[Connection]],
        pins: HomePins,
        metrics: Metrics,
        clock: Clock,
        *,
        stopping: Callable[[], bool],
        outage: Once,
    ) -> None:
        """`session` connects to the database, `pins` recognise the homes, `outage` is the database's."""
        self._session, self._pins, self._metrics, self._clock = session, pins, metrics, clock
        self._stopping, self._outage = stopping, outage

    def check(self, turn: Turn, settings: Settings) -> float:
        """Do what is due now. Returns in how many seconds the next day is due."""
        account, retention = turn.account, settings.report_retention_days
        delay = timedelta(seconds=settings.report_delay_seconds)
        zone, now = zone_of(account), self._clock.now()
        home = account.home_under(settings.ftp_root)
        soon = (next_night(now, zone, delay) - now).total_seconds()
        oldest = today(now, zone) - timedelta(days=retention)
        try:
            with ReportFolder(home, self._pins, daily_name=settings.daily_zip_name) as folder:
                turn.faults.news("folder", None)
                built = self._built(turn, folder, now)
                self._report_strays(turn, frozenset(folder.strays))
                self._compare(turn, oldest, today(now, zone))

                def due() -> list[Day]:
                    return due_days(
                        now, zone, retention, delay, built=built, known=turn.known, changed=turn.changed
                    )

                if due():
                    self._publish(turn, folder, due, settings)
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
        ahead = [day for day, begun in built.items() if begun > now]
        if ahead:
            with self._session() as conn:
                published_days.date_back(conn, turn.account, now)
            turn.compare_at = float("-inf")
        for day in ahead:
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

    def _compare(self, turn: Turn, oldest: date, current: date) -> None:
        """Compare the recorded days with their reactions, if it is time; `oldest` is the first day of the retention."""
        now = self._clock.monotonic()
        if now < turn.compare_at:
            return
        account = turn.account
        with self._session() as conn:
            self._outage.news("database", None)
            turn.known = published_days.known(conn, account)
            turn.changed = published_days.differences(conn, account, oldest, current).keys()
            if now >= turn.count_at:
                retention = (current - oldest).days
                late_reactions.tidy(conn, account, oldest, retention)
                late = late_reactions.unreported(conn, account, oldest, retention)
                self._metrics.unreported(account.name, sum(late.values()))
                turn.count_at = now + COUNT_SECONDS
        turn.compare_at = now + COMPARE_SECONDS

    def _publish(
        self, turn: Turn, folder: ReportFolder, due: Callable[[], list[Day]], settings: Settings
    ) -> None:
        """Publish the days that are due, from the account's first one on."""
        account = turn.account
        with self._session() as conn:
            # Another process may have published some of them, with other bounds.
            turn.known = published_days.known(conn, account)
            self._outage.news("database", None)
            days = due()
            if not days:
                return
            first = published_days.first_day(conn, account, days[0].since)
            for day in days:
                if day.date >= first:
                    self._publish_day(conn, turn, folder, day, settings)
            turn.known = published_days.known(conn, account)

    def _publish_day(
        self, conn: Connection, turn: Turn, folder: ReportFolder, day: Day, settings: Settings
    ) -> None:
        started = time.monotonic()
        try:
            contents = publish(
                conn,
                turn.account,
                folder,
                day,
                settings,
                stopping=self._stopping,
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
            cause="changed" if day.date in turn.changed else "ended",
            campaigns=contents.campaigns,
            files=contents.files,
            rows=contents.rows,
            lossy=contents.lossy,
            duration_ms=round((time.monotonic() - started) * 1000),
        )
        turn.changed = frozenset(turn.changed) - {day.date}

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
