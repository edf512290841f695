"""Which days a report has, and when they are due (protocol 6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.errors import ConfigurationError
from contactsync.reports.days import as_day, day_of, due_days, expired, next_night, today, zone_of
from tests.unit.reports.accounts import account

PARIS = ZoneInfo("Europe/Paris")


DAY = date(2015, 4, 27)


NO_DELAY = timedelta(0)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "since", "until"),
    [
        ("Europe/Paris", "2015-04-27", "2015-04-26T22:00", "2015-04-27T22:00"),
        ("Europe/Paris", "2024-03-31", "2024-03-30T23:00", "2024-03-31T22:00"),  # 23 hours
        ("Europe/Paris", "2024-10-27", "2024-10-26T22:00", "2024-10-27T23:00"),  # 25 hours
        ("Asia/Beirut", "2024-03-31", "2024-03-30T22:00", "2024-03-31T21:00"),  # midnight is skipped
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00", "2024-04-26T21:00"),  # likewise
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00", "2024-09-09T03:00"),  # likewise
        ("America/Havana", "2024-11-03", "2024-11-03T04:00", "2024-11-04T05:00"),  # 00:30 comes twice
        ("Asia/Beirut", "2024-10-26", "2024-10-25T21:00", "2024-10-26T22:00"),  # 23:30 comes twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", "2011-12-30T10:00"),  # there was no such day
        ("Asia/Kathmandu", "2024-01-01", "2023-12-31T18:15", "2024-01-01T18:15"),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight_where_the_account_is(
    zone: str, day: str, since: str, until: str
) -> None:
    found = day_of(date.fromisoformat(day), ZoneInfo(zone))
    assert (found.since, found.until) == (utc(since), utc(until))


@given(st.integers(315_532_800, 2_114_380_800), st.sampled_from(
    ("Europe/Paris", "America/Havana", "Asia/Beirut", "Pacific/Apia", "America/Santiago", "Asia/Kathmandu")
))  # fmt: skip
def test_each_moment_belongs_to_the_accounts_day(stamp: int, name: str) -> None:
    """Days follow each other without a gap."""
    now, zone = datetime.fromtimestamp(stamp, UTC), ZoneInfo(name)
    day = day_of(today(now, zone), zone)
    assert day.since <= now < day.until
    assert day_of(day.date + timedelta(days=1), zone).since == day.until
    night = next_night(now, zone, NO_DELAY)
    assert now < night <= now + timedelta(hours=48)
    assert today(night, zone) > today(night - timedelta(seconds=1), zone)


def test_the_next_night_includes_the_delay() -> None:
    delay = timedelta(seconds=60)
    assert next_night(utc("2015-04-27T21:00"), PARIS, delay) == utc("2015-04-27T22:01")
    assert next_night(utc("2015-04-27T22:00:30"), PARIS, delay) == utc("2015-04-27T22:01")
    assert next_night(utc("2015-04-27T22:01"), PARIS, delay) == utc("2015-04-28T22:01")


def test_missing_days_are_due_as_far_back_as_the_retention() -> None:
    now = utc("2015-05-05T08:00")
    whole = {date(2015, 5, 1): utc("2015-05-01T22:01")}
    due = due_days(now, PARIS, 7, NO_DELAY, whole)
    assert [day.date.day for day in due] == [28, 29, 30, 2, 3, 4]


def test_a_day_is_due_when_its_delay_is_over() -> None:
    minute = timedelta(minutes=1)
    built = {date(2015, 4, day): utc("2015-04-29T00:00") for day in (25, 26)}
    assert due_days(utc("2015-04-27T22:00:59"), PARIS, 2, minute, built) == []
    assert [d.date for d in due_days(utc("2015-04-27T22:01"), PARIS, 2, minute, built)] == [DAY]


def test_a_day_built_before_it_had_ended_is_due_again() -> None:
    """`report --day` may publish today; the time of the folder is the time at which the data were read."""
    now = utc("2015-04-28T08:00")
    early, late = {DAY: utc("2015-04-27T21:59:59")}, {DAY: utc("2015-04-27T22:00")}
    assert [day.date for day in due_days(now, PARIS, 1, NO_DELAY, early)] == [DAY]
    assert due_days(now, PARIS, 1, NO_DELAY, late) == []


def test_days_older_than_the_retention_have_expired() -> None:
    """With 7 days, the last seven days that have ended stay: a day that is due never expires."""
    days = [date(2015, 5, 5) - timedelta(days=back) for back in range(12)]
    assert expired(days, utc("2015-05-05T08:00"), PARIS, 7) == sorted(days[8:])


def test_an_unknown_time_zone_is_reported_with_its_fix() -> None:
    with pytest.raises(ConfigurationError, match="account set acme --time-zone"):
        zone_of(account(name="acme", time_zone="../etc/passwd"))
    with pytest.raises(ConfigurationError):
        zone_of(account(time_zone="Mars/Olympus"))


@pytest.mark.parametrize(
    "name", [b"2015-04-31", b"2015-4-27", b"2015-04-27 ", b"20150427", b".2015-04-27", b"\xff"]
)
def test_only_a_real_day_is_a_day(name: bytes) -> None:
    assert as_day(name) is None
    assert as_day(b"2015-04-27") == DAY
