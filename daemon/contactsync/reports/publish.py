"""Publishes one day of one account."""

from __future__ import annotations

from collections.abc import Callable

from contactsync.database.connection import Connection, errors_mean
from contactsync.domain.account import Account
from contactsync.reports import published_days
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
    """Build a day's folder, let it replace the existing one, if any, and record it. `folder` is open.

    Raises Retryable (the database is unreachable), OSError, NotOurs or Interrupted. Then nothing has changed, or the
    day is published but not recorded, so it is due again.
    """
    writer = Writer(
        conn,
        account,
        settings.daily_zip_name,
        settings.defuse_formulas,
        settings.report_phones == "international",
        stopping,
    )
    begun = clock.now()
    with folder.build(day.date, begun) as build, errors_mean():
        contents = writer.write(day, build)
    # Afterwards: what is recorded is visible. A reaction in the folder that is not recorded only costs another build.
    with errors_mean():
        published_days.record(conn, account, day, begun, contents)
    return contents
