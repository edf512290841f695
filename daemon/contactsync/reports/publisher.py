"""The daemon's nightly thread: publishes each account's days when they have ended, and removes the old ones (protocol 6).

What is owed is told by the folder alone: a day within the retention that is not there, or was built before it had
ended. So days missed while the daemon was down are made up, several daemons publish a day once (whoever locks
`reporting/` first), and a build that failed or was killed is simply owed still.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import structlog

from contactsync.database.connection import Connection, Session, errors_mean
from contactsync.domain.account import Account
from contactsync.domain.errors import AccountBusy, ContactsyncError, DatabaseAway, FoldersMissing
from contactsync.reports import days as reporting
from contactsync.reports.days import Day
from contactsync.reports.folder import NotOurs, ReportFolder
from contactsync.reports.writer import Contents, Interrupted, Writer
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.settings.settings import Settings
from contactsync.telemetry.log import reason_of
from contactsync.telemetry.metrics import Metrics

LOOK_SECONDS = 30.0
"""How often an account's folder is looked at between its midnights.

Somebody may have taken a day away, or told of a campaign of days past; and the host's clock may have been set.
"""

BUSY_SECONDS = 30.0
"""When to come again to an account whose folder another process has."""

MAX_BACKOFF_SECONDS = 300.0

log = structlog.get_logger()


def publish(
    conn: Connection,
    account: Account,
    folder: ReportFolder,
    day: Day,
    settings: Settings,
    *,
    stopping: Callable[[], bool] = lambda: False,
    clock: Clock = SYSTEM_CLOCK,
) -> Contents:
    """Make a day's directory, in place of the one that is there.

    Raises Retryable where the database is away, OSError, NotOurs, Interrupted: then nothing has changed.
    """
    writer = Writer(conn, account, settings.daily_zip_name, settings.defuse_formulas, stopping)
    with folder.build(day.date, clock.now()) as build, errors_mean():
        return writer.write(day, build)


@dataclass(slots=True)
class _Turn:
    """An account, when it is looked at next on the monotonic clock, and what was said of it."""

    account: Account
    due: float
    told: set[str] = field(default_factory=set)
    failures: int = 0
    failure: str | None = None
    swept: date | None = None


class Publisher:
    """One thread for all accounts."""

    def __init__(
        self, settings: Settings, url: str, metrics: Metrics | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """Prepare; `url` is any that `db.connect` takes."""
        self._settings = settings
        self._session = Session(url)
        self._metrics = metrics or Metrics()
        self._clock = clock
        self._turns: dict[str, _Turn] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._database_away = False
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Start the thread; a daemon thread, so one that hangs does not keep the process."""
        self._thread.start()

    def configure(self, settings: Settings) -> None:
        """Go on with these settings; every account is looked at under them at once."""
        with self._changed:
            self._settings = settings
            for turn in self._turns.values():
                turn.due = self._clock.monotonic()
            self._changed.notify()

    def update(self, accounts: Iterable[Account]) -> None:
        """Take over the accounts as they are now; a new or changed one is looked at at once."""
        with self._changed:
            current = {account.name: account for account in accounts}
            for name in self._turns.keys() - current.keys():
                del self._turns[name]
            for name, account in current.items():
                turn = self._turns.get(name)
                if turn is None or turn.account != account:
                    told = turn.told if turn else set[str]()
                    self._turns[name] = _Turn(account, self._clock.monotonic(), told)
                    self._changed.notify()

    def stop(self, seconds: float) -> bool:
        """End the thread, a day in the making with it; False where it still runs after so long."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    # --- the thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (turn := self._take()) is not None:
            turn.due = self._clock.monotonic() + self._attend(turn)
        self._session.close()

    def _take(self) -> _Turn | None:
        """The account that is due; None when the daemon stops."""
        with self._changed:
            while not self._stopping:
                turn = min(self._turns.values(), key=lambda turn: turn.due, default=None)
                wait = turn.due - self._clock.monotonic() if turn else LOOK_SECONDS
                if turn is not None and wait <= 0:
                    return turn
                self._changed.wait(min(wait, LOOK_SECONDS))
            return None

    def _attend(self, turn: _Turn) -> float:
        """Publish what the account is owed; returns in how many seconds to come again. What this raises ends here."""
        try:
            wait = self._publish_owed(turn)
        except (AccountBusy, Interrupted):
            return BUSY_SECONDS
        except DatabaseAway as error:
            if not self._database_away:
                log.warning("report.waits", reason=str(error))
            self._database_away = True
            self._metrics.trouble("report")
        except (ContactsyncError, OSError) as error:
            reason = reason_of(error)
            if reason != turn.failure:  # a line for each outage, not for each try
                log.warning("report.waits", account=turn.account.name, reason=reason)
            turn.failure = reason
            self._metrics.trouble("report")
        except Exception as error:
            if turn.failure != "bug":
                log.error("bug", account=turn.account.name, exc_info=error)
            turn.failure = "bug"
            self._metrics.trouble("bug")
        else:
            turn.failures, turn.failure = 0, None
            return wait
        turn.failures += 1
        return min(MAX_BACKOFF_SECONDS, 2.0 ** min(turn.failures, 10))

    def _publish_owed(self, turn: _Turn) -> float:
        account, retention = turn.account, self._settings.report_retention_days
        delay = timedelta(seconds=self._settings.report_delay_seconds)
        zone, now = reporting.zone_of(account), self._clock.now()
        home = account.home_under(self._settings.ftp_root)
        soon = min((reporting.next_night(now, zone, delay) - now).total_seconds(), LOOK_SECONDS)
        try:
            with ReportFolder(home) as folder:
                built = self._built(turn, folder, now)
                for stray in folder.strays:
                    self._tell_once(turn, "report.stray", path=f"reporting/{stray}")
                days = reporting.owed(now, zone, retention, delay, built)
                if days:
                    self._publish(turn, folder, days)
                # Once a night: an old day that ops have published again is there for the rest of the day.
                if turn.swept != reporting.today(now, zone):
                    for day in reporting.expired(built, now, zone, retention):
                        self._remove(turn, folder, day)
                    turn.swept = reporting.today(now, zone)
        except FoldersMissing:
            fix = f"contactsync init {account.name}"
            self._tell_once(turn, "report.no_folder", fix=fix)
            return soon
        return soon

    def _built(self, turn: _Turn, folder: ReportFolder, now: datetime) -> dict[date, datetime]:
        """The days that are there and when each was built, which was now at the latest.

        A time that lies ahead tells that the clock was set back since. It may come to that day's midnight a second
        time, and what is recorded until then belongs to the day, so the folder must not seem to be younger.
        """
        built = folder.days()
        for day in [day for day, begun in built.items() if begun > now]:
            folder.date_back(day, now)
            built[day] = now
            self._tell_once(turn, "report.clock_set_back", day=str(day))
        return built

    def _publish(self, turn: _Turn, folder: ReportFolder, days: list[Day]) -> None:
        """Publish the days from the account's first on."""
        account = turn.account
        with self._session() as conn:
            writer = Writer(conn, account, self._settings.daily_zip_name, defuse=False)
            first = writer.first_day(reporting.zone_of(account), days[0].since)
            self._database_away = False
            for day in days:
                if day.date >= first:
                    self._publish_day(conn, turn, folder, day)

    def _publish_day(self, conn: Connection, turn: _Turn, folder: ReportFolder, day: Day) -> None:
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
            self._tell_once(turn, "report.stray", reason=str(error))
            return
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

    def _remove(self, turn: _Turn, folder: ReportFolder, day: date) -> None:
        try:
            folder.remove(day)
        except NotOurs as error:
            self._tell_once(turn, "report.stray", reason=str(error))
        else:
            log.info("report.removed", account=turn.account.name, day=str(day))

    def _tell_once(self, turn: _Turn, event: str, **fields: str) -> None:
        line = f"{event} {fields}"
        if line not in turn.told:
            log.warning(event, account=turn.account.name, **fields)
        turn.told.add(line)
