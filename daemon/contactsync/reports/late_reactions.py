"""Reactions that came after the report of their day had left the retention: no report contains them.

A recorded day is compared with its reactions. A day that expired without a record was either published by a version
that recorded none, or fell into a time without a daemon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contactsync.database import statements
from contactsync.database.connection import Connection, patient
from contactsync.domain.account import Account
from contactsync.reports import published_days
from contactsync.reports.days import bounded, zone_of

KEPT_DAYS = 90
"""How long after the retention a day is looked at; later, nobody passes a report on."""


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A day that expired without a record. `late` of its reactions are in no report."""

    day: date
    since: datetime
    until: datetime
    reactions: int
    late: int


def unreported(conn: Connection, account: Account, oldest: date, retention: int) -> Mapping[date, int]:
    """Return how many reactions came too late for each day before `oldest`, the first one of the retention."""
    changed = published_days.differences(conn, account, oldest - timedelta(days=KEPT_DAYS), oldest)
    found = {day: more for day, more in changed.items() if more > 0}
    return found | {
        each.day: each.late for each in _unrecorded(conn, account, oldest, retention) if each.late
    }


def tidy(conn: Connection, account: Account, oldest: date, retention: int) -> None:
    """Record the days that expired without a record, and delete the records that are too old."""
    for each in _unrecorded(conn, account, oldest, retention):
        if not each.reactions:
            continue
        what = {
            "account_id": account.account_id,
            "day": each.day,
            "time_zone": account.time_zone,
            "since": each.since,
            "until": each.until,
            "reactions": each.reactions - each.late,
        }
        conn.execute(statements.get("reports/assume_day"), what)
    end = oldest - timedelta(days=KEPT_DAYS)
    conn.execute(statements.get("reports/forget_days"), {"account_id": account.account_id, "end": end})


def _unrecorded(conn: Connection, account: Account, oldest: date, retention: int) -> list[Unrecorded]:
    zone, known = zone_of(account), published_days.known(conn, account)
    days = [bounded(oldest - timedelta(days=back), zone, known) for back in range(KEPT_DAYS, 0, -1)]
    first = min(known, default=date.max)
    what = {
        "account_id": account.account_id,
        "days": [day.date for day in days],
        "since": [day.since for day in days],
        "until": [day.until for day in days],
        # After the first record, only a time without a daemon leaves a day without one.
        "expired": [
            "-infinity" if day.date > first else (day.until + timedelta(days=retention)).isoformat()
            for day in days
        ],
    }
    # It reads the reactions of three months once, and only the days without a record later.
    with patient(conn):
        rows = conn.execute(statements.get("reports/count_unrecorded"), what).fetchall()
    return [Unrecorded(**row) for row in rows]
