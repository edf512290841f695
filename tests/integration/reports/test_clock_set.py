"""Reports while the clock is set, and on days of a DST change: each day is published once, and whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from contactsync.reports import publisher
from contactsync.reports.days import zone_of
from contactsync.reports.publisher import Publisher
from contactsync.runtime.clock import Clock
from tests.conftest import Databases
from tests.integration.reports.nightly import DEADLINE
from tests.integration.reports.nights import Nights, Times, react
from tests.integration.reports.site import DAY, Site
from tests.polling import until


@pytest.fixture
def site(tmp_path: Path, databases: Databases) -> Iterator[Site]:
    with databases() as url, psycopg.connect(url, autocommit=True) as conn:
        found = Site(tmp_path, url, conn)
        found.campaign(1, closed_on=None)
        yield found


def test_a_clock_set_back_over_midnight_loses_nothing_of_the_day(
    site: Site, nights: Callable[[str], Nights]
) -> None:
    """What is recorded until the day ends for the second time is in its report."""
    here = nights("2015-04-27 23:50+02")
    react(site, "2015-04-27 23:40+02")
    here.until("2015-04-28 00:01:20+02")
    assert (here.published(), here.opened()) == ([str(DAY)], 1)
    here.times.set("2015-04-27 23:51:20+02")
    here.look()
    react(site, "2015-04-27 23:55+02")
    here.until("2015-04-28 00:10+02")
    assert (here.published(), here.opened()) == ([str(DAY)] * 2, 2)
    assert [line["day"] for line in here.lines if line["event"] == "report.clock_set_back"] == [str(DAY)]


def test_a_clock_that_was_ahead_for_a_while_leaves_no_half_day(
    site: Site, nights: Callable[[str], Nights]
) -> None:
    """A day that seemed to have ended is published again when it has, even by a restarted daemon."""
    here = nights("2015-04-27 20:00+02")
    here.look()
    here.times.set("2015-04-28 03:00+02")
    here.look()
    assert here.published() == [str(DAY)]
    here.times.set("2015-04-27 20:05+02")
    here.restart()
    react(site, "2015-04-27 22:00+02")
    here.look()
    here.times.set("2015-04-28 00:02+02")
    here.look()
    assert (here.published(), here.opened()) == ([str(DAY)] * 2, 1)


def test_a_clock_set_back_after_midnight_publishes_nothing_twice(
    site: Site, nights: Callable[[str], Nights]
) -> None:
    """The day has ended both times."""
    here = nights("2015-04-27 23:59+02")
    here.until("2015-04-28 02:00+02")
    here.times.set("2015-04-28 00:00:30+02")
    here.until("2015-04-28 03:00+02")
    assert here.published() == [str(DAY)]


def test_a_clock_that_was_ahead_by_years_costs_no_day(site: Site, nights: Callable[[str], Nights]) -> None:
    """Days that were removed as expired are published again; days in the future are kept until they have ended."""
    here = nights("2015-04-28 01:00+02")
    react(site, "2015-04-27 12:00+02")
    here.look()
    here.times.set("2017-01-10 01:00+01")
    here.look()
    assert min(os.listdir(site.reporting)) == "2017-01-03"
    here.times.set("2015-04-28 02:00+02")
    here.look()
    assert (site.reporting / str(DAY)).is_dir()
    assert here.opened() == 1
    here.times.set("2017-01-06 12:00+01")
    here.look()
    # Seven days that had not been, once each.
    assert here.published().count("2017-01-05") == 2
    assert here.published().count("2017-01-07") == 1


@pytest.mark.parametrize("jump", ["1970-01-02 00:00+00", "2015-04-20 12:00+02", "2106-02-07 00:00+00"])
def test_the_next_check_comes_in_time_wherever_the_clock_is_set(
    site: Site, nights: Callable[[str], Nights], jump: str
) -> None:
    """Waits use the monotonic clock: one check per 30 s."""
    here = nights("2015-04-27 12:00+02")
    assert here.look() == publisher.LOOK_SECONDS
    here.times.set(jump)
    assert 0 < here.look() <= publisher.LOOK_SECONDS
    assert "bug" not in {line["event"] for line in here.lines}


def test_the_thread_waits_by_the_monotonic_clock(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall clock set back by a year during a wait does not delay the day by a year."""
    monkeypatch.setattr(publisher, "LOOK_SECONDS", 0.02)
    times = Times("2015-04-27 23:00+02")
    here = Publisher(site.settings, site.url, site.pins, clock=Clock(wall=times.wall))
    here.update([site.account])
    here.start()
    try:
        looked = here._turns["acme"].due
        until(lambda: here._turns["acme"].due > looked, "a check")
        times.set("2014-04-27 12:00+02")
        looked = here._turns["acme"].due
        until(lambda: here._turns["acme"].due > looked, "a check under the clock that was set back")
        times.set("2015-04-28 00:02+02")
        until((site.reporting / str(DAY)).is_dir, "the day")
    finally:
        assert here.stop(DEADLINE)


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Paris", "2024-03-31"),  # 23 hours
        ("Europe/Paris", "2024-10-27"),  # 25 hours
        ("Asia/Beirut", "2024-03-31"),  # midnight is skipped
        ("Asia/Beirut", "2024-10-26"),  # 23:30 comes twice
        ("America/Havana", "2024-11-03"),  # 00:30 comes twice
        ("Pacific/Apia", "2011-12-29"),  # the calendar skips the next day
    ],
)
def test_a_day_on_which_the_clocks_change_is_published_once_and_whole(
    site: Site, nights: Callable[[str], Nights], zone: str, changes: str
) -> None:
    """So are its neighbours: each of the hourly reactions is in the report of its own day."""
    site.set(time_zone=zone)
    begin = datetime.fromisoformat(f"{changes} 00:00+00:00") - timedelta(days=1)
    site.conn.execute("UPDATE contactsync.campaign SET opened_on = %s", [begin.date() - timedelta(days=1)])
    account_zone = zone_of(site.account)
    hours = [begin + timedelta(hours=hour) for hour in range(72)]
    for hour in hours:
        react(site, hour.isoformat())
    here = nights((begin - timedelta(hours=30)).isoformat())
    while here.times.now < hours[-1] + timedelta(hours=30):
        here.times.advance(min(1800, max(here.look(), 0.001) * 60))
    expected: dict[date, int] = {}
    for hour in hours:
        day = hour.astimezone(account_zone).date()
        expected[day] = expected.get(day, 0) + 1
    assert {day: here.opened(day) for day in expected} == expected
    published = here.published()
    assert len(published) == len(set(published))
