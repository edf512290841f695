"""Which days a report has, and when they are due (protocol 6)."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.errors import ConfigurationError
from contactsync.reports.days import (
    Day,
    Published,
    as_day,
    bounded,
    day_of,
    due_days,
    expired,
    next_night,
    today,
    zone_of,
)
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


def recorded(built: dict[date, datetime], zone: ZoneInfo = PARIS) -> dict[date, Published]:
    """The days as they were recorded when they were built."""
    return {day: Published(day_of(day, zone), at) for day, at in built.items()}


def due(now: datetime, retention: int, built: dict[date, datetime], **known: object) -> list[date]:
    """The days that are due a minute after midnight in Paris."""
    minute = timedelta(minutes=1)
    what = {"known": recorded(built)} | known
    return [day.date for day in due_days(now, PARIS, retention, minute, built=built, **what)]  # type: ignore[arg-type]  # a mapping


def test_missing_days_are_due_as_far_back_as_the_retention() -> None:
    whole = {date(2015, 5, 1): utc("2015-05-01T22:01")}
    assert [day.day for day in due(utc("2015-05-05T08:00"), 7, whole)] == [28, 29, 30, 2, 3, 4]


def test_a_day_is_due_when_its_delay_is_over() -> None:
    built = {date(2015, 4, day): utc("2015-04-29T00:00") for day in (25, 26)}
    assert due(utc("2015-04-27T22:00:59"), 2, built) == []
    assert due(utc("2015-04-27T22:01"), 2, built) == [DAY]


def test_a_day_built_before_it_had_ended_is_due_again() -> None:
    """`report --day` may publish today; the time of the folder is the time at which the data were read."""
    now = utc("2015-04-28T08:00")
    early, late = {DAY: utc("2015-04-27T21:59:59")}, {DAY: utc("2015-04-27T22:00")}
    assert due(now, 1, early) == [DAY]
    assert due(now, 1, late) == []
    # Recorded by a process that was faster.
    assert due(now, 1, late, known=recorded(early)) == [DAY]


def test_a_day_whose_reactions_changed_or_are_unknown_is_due_again() -> None:
    """Nothing is recorded of days that an earlier version published."""
    now, built = utc("2015-04-28T08:00"), {DAY: utc("2015-04-27T22:01")}
    assert due(now, 1, built, changed={DAY, date(2015, 4, 20)}) == [DAY]
    assert due(now, 1, built, known={}) == [DAY]


def test_a_folder_that_is_older_than_the_report_is_due_again() -> None:
    """Another host has published the day since, in a folder of its own. File systems keep times to two seconds."""
    now, built = utc("2015-04-28T08:00"), {DAY: utc("2015-04-27T22:01")}
    assert due(now, 1, built, known=recorded({DAY: utc("2015-04-27T22:01:02")})) == []
    assert due(now, 1, built, known=recorded({DAY: utc("2015-04-28T03:00")})) == [DAY]


@pytest.mark.parametrize(
    ("before", "after", "since", "until"),
    [
        ("Europe/Paris", "America/New_York", "2015-04-26T22:00", "2015-04-28T04:00"),
        ("Europe/Paris", "Asia/Tokyo", "2015-04-26T22:00", "2015-04-27T15:00"),
        ("Pacific/Kiritimati", "Pacific/Pago_Pago", "2015-04-26T10:00", "2015-04-28T11:00"),
        # It had ended before the day before it did: it is empty.
        ("Pacific/Pago_Pago", "Pacific/Kiritimati", "2015-04-27T11:00", "2015-04-27T11:00"),
    ],
)
def test_a_day_begins_where_the_last_published_one_ended(
    before: str, after: str, since: str, until: str
) -> None:
    """The account's zone was changed in between; a published day keeps its bounds."""
    last = DAY - timedelta(days=1)
    known = recorded({last: utc("2015-04-28T00:00")}, ZoneInfo(before))
    assert bounded(DAY, ZoneInfo(after), known) == Day(DAY, utc(since), utc(until))
    assert bounded(last, ZoneInfo(after), known) == day_of(last, ZoneInfo(before))


ZONES = ("Europe/Paris", "America/Havana", "Pacific/Pago_Pago", "Pacific/Kiritimati", "Asia/Kathmandu")


@given(
    st.lists(st.sampled_from(ZONES), min_size=10, max_size=10),
    st.permutations(range(10)),
    st.sets(st.integers(0, 9)),
)
def test_whatever_zones_an_account_has_no_moment_is_lost_or_in_two_days(
    zones: list[str], order: list[int], missing: set[int]
) -> None:
    """Each day is published under another zone. In order, days follow each other; in any other, they never overlap."""
    known: dict[date, Published] = {}
    for number, name in enumerate(zones):
        day = bounded(DAY + timedelta(days=number), ZoneInfo(name), known)
        known[day.date] = Published(day, day.until)
    days = [known[DAY + timedelta(days=number)].day for number in range(10)]
    assert all(one.until == other.since for one, other in itertools.pairwise(days))
    known.clear()
    for number in order:
        if number not in missing:
            day = bounded(DAY + timedelta(days=number), ZoneInfo(zones[number]), known)
            known[day.date] = Published(day, day.until)
    days = [known[when].day for when in sorted(known)]
    assert all(
        one.until <= other.since or other.since == other.until or one.since == one.until
        for one, other in itertools.pairwise(days)
    )


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
