"""Publishes one day of one account."""

from __future__ import annotations

from collections.abc import Callable

from contactsync.database.connection import Connection, errors_mean
from contactsync.domain.account import Account
from contactsync.reports.days import Day
from contactsync.reports.folder import ReportFolder
from contactsync.reports.writer import Contents, Writer
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.settings.settings import Settings


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
    """Build a day's folder and let it replace the existing one, if any. `folder` is open.

    Raises Retryable (the database is unreachable), OSError, NotOurs or Interrupted. Then nothing has changed.
    """
    writer = Writer(
        conn,
        account,
        settings.daily_zip_name,
        settings.defuse_formulas,
        settings.report_phones == "international",
        stopping,
    )
    with folder.build(day.date, clock.now()) as build, errors_mean():
        return writer.write(day, build)
