"""Which days are published, and when (protocol 6). Pure.

A day is the account's own, from midnight to midnight in its time zone. It may have 23 or 25 hours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contactsync.domain.account import Account
from contactsync.domain.errors import ConfigurationError

_DAY = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day, with its bounds in UTC: a moment t belongs to it if `since` ≤ t < `until`."""

    date: date
    since: datetime
    until: datetime


def zone_of(account: Account) -> ZoneInfo:
    """Return the account's time zone. Raises ConfigurationError if no zone has that name."""
    try:
        return ZoneInfo(account.time_zone)
    # The command line refuses such a name; SQL from outside may have written it.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            f"there is no time zone {account.time_zone!r}: contactsync account set {account.name} --time-zone …"
        ) from None


def day_of(when: date, zone: ZoneInfo) -> Day:
    """Return the day with its bounds. If the clocks skip midnight, it begins right after the gap."""
    return Day(when, _midnight(when, zone), _midnight(when + timedelta(days=1), zone))


def _midnight(when: date, zone: ZoneInfo) -> datetime:
    # fold=0: the first of a midnight that occurs twice; the moment of the skip for one that is skipped.
    return datetime.combine(when, time(), zone).astimezone(UTC)


def today(now: datetime, zone: ZoneInfo) -> date:
    """Return the account's day at `now`."""
    return now.astimezone(zone).date()


def next_night(now: datetime, zone: ZoneInfo, delay: timedelta) -> datetime:
    """Return when, after `now`, the next day is due: its midnight plus the delay, in UTC."""
    day = day_of(today(now - delay, zone), zone)
    # The calendar may skip a day, such as 30 December 2011 in Samoa.
    while day.until + delay <= now:
        day = day_of(day.date + timedelta(days=1), zone)
    return day.until + delay


def due_days(
    now: datetime, zone: ZoneInfo, retention: int, delay: timedelta, built: Mapping[date, datetime]
) -> list[Day]:
    """Return the days that have ended and are due now, oldest first.

    A day is due if it is one of the last `retention` days and is not in `built` (day to start of its build), or
    was built before it had ended.
    """
    current = today(now, zone)
    days = (day_of(current - timedelta(days=back), zone) for back in range(retention, 0, -1))
    return [
        day
        for day in days
        if day.until + delay <= now and (day.date not in built or built[day.date] < day.until)
    ]


def expired(days: Iterable[date], now: datetime, zone: ZoneInfo, retention: int) -> list[date]:
    """Return the days that are older than the retention, oldest first."""
    oldest = today(now, zone) - timedelta(days=retention)
    return sorted(day for day in days if day < oldest)


def as_day(name: bytes) -> date | None:
    """Return the day that a folder is named after, or None."""
    if not _DAY.fullmatch(name):
        return None
    try:
        return date.fromisoformat(name.decode())
    except ValueError:
        # Such as 31 April.
        return None
