"""What the database knows of an account's days: which is the first, the bounds of each, what its report contains."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from contactsync.database import statements
from contactsync.database.connection import Connection, patient
from contactsync.domain.account import Account
from contactsync.reports.days import Day, Published, today, zone_of
from contactsync.reports.writer import Contents


def first_day(conn: Connection, account: Account, since: datetime) -> date:
    """Return the day on which the account's reports begin; reactions before `since` are not considered."""
    what = {"account_id": account.account_id, "since": since}
    row = conn.execute(statements.get("reports/first_day"), what).fetchone()
    if row is None:
        # The account was removed.
        return date.max
    moments = (row["created_at"], row["first_reaction"])
    days = [today(moment, zone_of(account)) for moment in moments if moment is not None]
    return min([*days, row["first_opened"] or date.max])


def known(conn: Connection, account: Account) -> dict[date, Published]:
    """Return the days that were published."""
    rows = conn.execute(statements.get("reports/known_days"), {"account_id": account.account_id})
    return {
        row["day"]: Published(Day(row["day"], row["since"], row["until"]), row["published_at"])
        for row in rows
    }


def differences(conn: Connection, account: Account, first: date, end: date) -> Mapping[date, int]:
    """Return the days from `first` to before `end` whose reactions have changed, and how many more there are."""
    what = {"account_id": account.account_id, "first": first, "end": end}
    # A minute for a hundred million reactions.
    with patient(conn):
        return {row["day"]: row["more"] for row in conn.execute(statements.get("reports/compare_days"), what)}


def record(conn: Connection, account: Account, day: Day, begun: datetime, contents: Contents) -> None:
    """Record a day that was published; `begun` is when its data was read."""
    what = {
        "account_id": account.account_id,
        "day": day.date,
        "time_zone": account.time_zone,
        "since": day.since,
        "until": day.until,
        "published_at": begun,
        "reactions": contents.reactions,
        "reaction_ids": contents.reaction_ids,
    }
    conn.execute(statements.get("reports/record_day"), what)


def date_back(conn: Connection, account: Account, now: datetime) -> None:
    """Let no report be newer than now: the clock was ahead when it was published."""
    conn.execute(statements.get("reports/date_back"), {"account_id": account.account_id, "now": now})
