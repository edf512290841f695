"""Reactions that are recorded, or erased, after their day was published: its report is published again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contactsync.database.connection import connect
from contactsync.reports import published_days
from contactsync.reports.days import day_of
from tests.integration.reports.nightly import PARIS
from tests.integration.reports.nights import Nights, react
from tests.integration.reports.site import DAY, Site

Begin = Callable[[str], Nights]


@pytest.fixture
def begin(site: Site, nights: Begin) -> Begin:
    """Starts the publisher of an account whose campaign is open from the day on."""
    site.campaign(1, closed_on=None)
    site.conn.execute("UPDATE contactsync.account SET created_at = '2015-04-27'")
    return nights


def late(here: Nights) -> float | None:
    return here.metrics.registry.get_sample_value("contactsync_reactions_unreported")


def test_a_late_reaction_is_in_the_report_within_an_hour(site: Site, begin: Begin) -> None:
    """The day is published once more, and then no more."""
    here = begin("2015-04-28 00:02+02")
    here.look()
    react(site, "2015-04-27 23:59+02")
    here.until("2015-04-28 01:02+02")
    assert here.opened() == 1
    here.hurry("2015-04-28 05:00+02")
    assert here.causes() == [(str(DAY), "ended"), (str(DAY), "changed")]


def test_a_reaction_of_another_day_changes_nothing(site: Site, begin: Begin) -> None:
    """Not even by a second."""
    here = begin("2015-04-28 00:02+02")
    here.look()
    react(site, "2015-04-28 00:00+02")
    react(site, "2015-04-26 23:59+02")
    here.hurry("2015-04-28 02:00+02")
    assert here.published().count(str(DAY)) == 1


def test_an_erased_reaction_leaves_the_report(site: Site, begin: Begin) -> None:
    """Also if another one is recorded at the same time."""
    react(site, "2015-04-27 12:00+02")
    here = begin("2015-04-28 00:02+02")
    here.look()
    (before,) = site.rows("EMAIL_opened")
    site.conn.execute("DELETE FROM contactsync.reaction")
    react(site, "2015-04-27 12:00+02")
    here.until("2015-04-28 01:02+02")
    (after,) = site.rows("EMAIL_opened")
    assert before != after


def test_a_reaction_that_comes_after_the_retention_is_counted(site: Site, begin: Begin) -> None:
    """Until an operator publishes the day. Nothing is published automatically."""
    here = begin("2015-04-28 00:02+02")
    here.look()
    here.times.set("2015-05-10 12:00+02")
    here.times.monotonic += 12 * 86_400
    here.look()
    assert late(here) == 0
    react(site, "2015-04-27 12:00+02")
    before = here.published()
    here.hurry("2015-05-10 13:10+02")
    assert (late(here), here.published()) == (1, before)
    site.publish(DAY)
    here.hurry("2015-05-10 14:20+02")
    assert late(here) == 0


def test_reactions_of_days_that_expired_without_a_record(site: Site, begin: Begin) -> None:
    """What was recorded before migration 0009 is taken for published. What came after the retention is counted."""
    react(site, "2015-04-27 12:00+02")
    site.conn.execute("UPDATE contactsync.reaction SET recorded_at = NULL")
    react(site, "2015-04-27 13:00+02")
    site.conn.execute(
        "UPDATE contactsync.reaction SET recorded_at = '2015-05-04 23:00+02' WHERE recorded_at IS NOT NULL"
    )
    react(site, "2015-04-27 14:00+02")
    here = begin("2015-05-10 00:02+02")
    here.look()
    assert late(here) == 1
    react(site, "2015-04-27 15:00+02")
    here.hurry("2015-05-10 01:10+02")
    assert late(here) == 2


def test_days_that_expired_while_there_was_no_daemon(site: Site, begin: Begin) -> None:
    """None of their reactions is in a report."""
    begin("2015-04-28 00:02+02").look()
    react(site, "2015-04-29 12:00+02")
    site.conn.execute("UPDATE contactsync.reaction SET recorded_at = occurred_at")
    here = begin("2015-05-10 00:02+02")
    here.look()
    assert late(here) == 1
    site.publish(date(2015, 4, 29))
    here.hurry("2015-05-10 01:10+02")
    assert late(here) == 0


def test_a_removed_account_is_not_counted(site: Site, begin: Begin) -> None:
    here = begin("2015-04-28 00:02+02")
    here.metrics.unreported("acme", 3)
    here.publisher.update([])
    assert late(here) == 0


def test_records_are_kept_for_three_months_after_the_retention(site: Site, begin: Begin) -> None:
    here = begin("2015-04-28 00:02+02")
    here.look()
    for text, left in (("2015-08-02 12:00+02", 1), ("2015-08-04 12:00+02", 0)):
        here.times.set(text)
        here.restart()
        here.look()
        found = site.conn.execute("SELECT FROM contactsync.report_day WHERE day = %s", [DAY]).fetchall()
        assert len(found) == left


def test_each_day_is_recorded_with_its_zone_its_bounds_and_its_time(site: Site, begin: Begin) -> None:
    react(site, "2015-04-27 12:00+02")
    begin("2015-04-28 00:02+02").look()
    row = site.conn.execute(
        "SELECT day, time_zone, since, until, published_at, reactions FROM contactsync.report_day WHERE day = %s",
        [DAY],
    ).fetchone()
    day = day_of(DAY, PARIS)
    when = datetime.fromisoformat("2015-04-28 00:02+02")
    assert row == (DAY, "Europe/Paris", day.since, day.until, when, 1)


def test_a_day_that_is_not_recorded_is_published_again(site: Site, begin: Begin) -> None:
    """An earlier version published it, or the daemon was killed before it recorded the day."""
    here = begin("2015-04-28 00:02+02")
    here.look()
    site.conn.execute("DELETE FROM contactsync.report_day")
    here.restart()
    here.hurry("2015-04-28 02:00+02")
    assert here.published() == [str(DAY)] * 2


def test_a_host_with_folders_of_its_own_publishes_late_reactions_too(
    site: Site, begin: Begin, tmp_path: Path
) -> None:
    """No matter which of the two notices them first. The hosts do not keep replacing each other's reports."""
    here = begin("2015-04-28 00:02+02")
    (tmp_path / "other/acme/reporting").mkdir(parents=True)
    there = Nights(site, "2015-04-28 00:03+02", tmp_path / "other")
    here.look()
    there.look()
    react(site, "2015-04-27 23:59+02")
    for minute in range(5, 300, 5):
        for each, offset in ((here, 0), (there, 60)):
            each.times.set("2015-04-28 00:00+02")
            each.times.advance(minute * 60 + offset)
            each.times.monotonic += minute * 60
            each.look()
    there.publisher._session.close()
    assert here.published() == there.published() == [str(DAY)] * 2
    one, other = (root / f"acme/reporting/{DAY}/{DAY}_Daily.zip" for root in (here.root, there.root))
    assert one.read_bytes() == other.read_bytes()
    assert here.opened() == 1


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("America/New_York", 3), ("Asia/Tokyo", 9), ("Pacific/Kiritimati", 20), ("Pacific/Pago_Pago", 20)],
)
def test_a_changed_time_zone_neither_loses_nor_repeats_a_reaction(
    site: Site, begin: Begin, zone: str, hour: int
) -> None:
    """One every other hour of five days, and the zone changes in the third: each is in exactly one report."""
    begun = datetime.fromisoformat("2015-04-27 00:30+02")
    hours = [begun + timedelta(hours=hours) for hours in range(0, 120, 2)]
    here = begin("2015-04-27 01:00+02")
    for moment in hours:
        react(site, moment.isoformat())
    here.hurry(f"2015-04-29 {hour:02}:00+02")
    site.set(time_zone=zone)
    here.publisher.update([site.account])
    here.hurry((hours[-1] + timedelta(hours=48)).isoformat())
    days = [DAY + timedelta(days=number) for number in range(-1, 6)]
    there = [day for day in days if (site.reporting / str(day)).is_dir()]
    found = [row["Email"] for day in there for row in site.rows("EMAIL_opened", f"{day}_Daily.zip", day)]
    assert sorted(found) == sorted(f"p{number}@example.com" for number in range(len(hours)))
    assert len(here.published()) == len(set(here.published()))


def test_a_day_that_is_published_again_keeps_its_bounds(site: Site, begin: Begin) -> None:
    """The account's zone was changed in between."""
    begin("2015-04-28 00:02+02").look()
    site.set(time_zone="America/New_York")
    react(site, "2015-04-27 12:00+02")
    react(site, "2015-04-28 00:30+02")
    here = begin("2015-04-28 02:00-04")
    here.look()
    changed = [day for day, cause in here.causes() if cause == "changed"]
    assert (changed, here.opened()) == ([str(DAY)], 1)
    with connect(site.url) as conn:
        known = published_days.known(conn, site.account)
    assert known[date(2015, 4, 27)].day == day_of(DAY, ZoneInfo("Europe/Paris"))
