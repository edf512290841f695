"""Which days are published, and when (protocol 6). Pure.

A day is the account's own, from midnight to midnight in its time zone. It may have 23 or 25 hours, and more or fewer
if the account's zone was changed: each day begins where the day before ended.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
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


@dataclass(frozen=True, slots=True)
class Published:
    """A day as it was published: its bounds, and when its data was read."""

    day: Day
    at: datetime

    @property
    def is_whole(self) -> bool:
        """Whether the day had ended."""
        return self.at >= self.day.until


MTIME_SECONDS = timedelta(seconds=2)
"""The coarsest file system keeps the time of a folder to this."""


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


def bounded(when: date, zone: ZoneInfo, known: Mapping[date, Published]) -> Day:
    """Return a day with the bounds that neither lose nor repeat a reaction, given the days that are recorded.

    A day that was published as a whole keeps its bounds. Another one begins where the day before ended, even if the
    account's zone was changed, and ends at its midnight.
    """
    whole = {each.day.date: each.day for each in known.values() if each.is_whole}
    if when in whole:
        return whole[when]
    plain, before = day_of(when, zone), whole.get(when - timedelta(days=1))
    since = max(
        [before.until if before else plain.since, *(day.until for day in whole.values() if day.date < when)]
    )
    until = min([plain.until, *(day.since for day in whole.values() if day.date > when)])
    return Day(when, since, max(since, until))


def due_days(
    now: datetime,
    zone: ZoneInfo,
    retention: int,
    delay: timedelta,
    *,
    built: Mapping[date, datetime],
    known: Mapping[date, Published],
    changed: Collection[date] = (),
) -> list[Day]:
    """Return the days that have ended and are due now, oldest first.

    A day is due if it is one of the last `retention` days and is not in `built` (day to start of its build), or
    was built before it had ended, or with other reactions than are recorded or there now.
    """
    current = today(now, zone)
    days = (bounded(current - timedelta(days=back), zone, known) for back in range(retention, 0, -1))
    return [
        day
        for day in days
        if day.until + delay <= now
        and (day.date in changed or _is_outdated(day, built.get(day.date), known.get(day.date)))
    ]


def _is_outdated(day: Day, built: datetime | None, recorded: Published | None) -> bool:
    """Whether a day that has ended lacks its report."""
    if built is None or built < day.until or recorded is None or not recorded.is_whole:
        return True
    # Another host has published it since, in a folder of its own; or this folder is an old copy.
    return built < recorded.at - MTIME_SECONDS


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
