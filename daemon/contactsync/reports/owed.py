"""Which days an account is owed, and what stands in the way of each. Changes nothing: for `doctor`."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.reports import entries, published_days
from contactsync.reports.days import due_days, today, zone_of
from contactsync.reports.entries import NotOurs
from contactsync.runtime import directories
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins


@dataclass(frozen=True, slots=True)
class Owed:
    """A day that is due. `is_present`: there is a report, but not the one that there should be.

    `obstacle` is what in `reporting/` stands in its way, as a sentence, or None. `due_since` is when it was due.
    """

    day: date
    is_present: bool
    obstacle: str | None
    due_since: datetime


def owed_days(conn: Connection, account: Account, settings: Settings, pins: HomePins) -> list[Owed]:
    """Return the days that are due now.

    Raises FileNotFoundError if there is no `reporting/`, other OSError, HomeChanged and ConfigurationError.
    """
    zone, now = zone_of(account), datetime.now(UTC)
    delay, retention = timedelta(seconds=settings.report_delay_seconds), settings.report_retention_days
    reporting = _open(account, settings, pins)
    try:
        built = entries.built_days(reporting)
        oldest = today(now, zone) - timedelta(days=retention)
        changed = published_days.differences(conn, account, oldest, today(now, zone))
        known = published_days.known(conn, account)
        due = due_days(now, zone, retention, delay, built=built, known=known, changed=changed.keys())
        first = published_days.first_day(conn, account, due[0].since) if due else date.max
        return [
            Owed(day.date, day.date in built, _obstacle(reporting, day.date, settings), day.until + delay)
            for day in due
            if day.date >= first
        ]
    finally:
        os.close(reporting)


def _open(account: Account, settings: Settings, pins: HomePins) -> int:
    way = pins.open(account.home_under(settings.ftp_root))
    try:
        return directories.open_directory("reporting", way)
    finally:
        os.close(way)


def _obstacle(reporting: int, day: date, settings: Settings) -> str | None:
    try:
        with suppress(FileNotFoundError):
            entries.require_ours(reporting, str(day).encode(), settings.daily_zip_name)
    except NotOurs as error:
        return str(error)
    return None
