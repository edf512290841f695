"""The publisher's thread: which days it publishes and removes, and when."""

from __future__ import annotations

import json
import os
import shutil
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contactsync.database.connection import connect
from contactsync.reports import nightly, publisher
from contactsync.reports.days import day_of
from contactsync.reports.folder import ReportFolder
from contactsync.reports.publish import publish
from contactsync.reports.writer import Contents
from tests.integration.reports.nightly import DEADLINE, PARIS, Run, ago, days, today
from tests.integration.reports.site import Site
from tests.polling import until


def test_missed_days_are_published_as_far_back_as_the_retention(
    site: Site, run: Run, lines: list[dict[str, Any]]
) -> None:
    site.campaign(1, opened_on=ago(30), closed_on=None)
    site.react(1, site.contact(), "EMAIL", "opened", f"{ago(3)} 12:00+00")
    run()
    wanted = [str(ago(back)) for back in range(7, 0, -1)]
    until(lambda: days(site) == wanted, "seven days")
    assert len(site.rows("EMAIL_opened", f"{ago(3)}_Daily.zip", ago(3))) == 1
    until(lambda: len(lines) == 7, "a line for each")
    assert [line["day"] for line in lines] == wanted
    assert {line["event"] for line in lines} == {"report.published"}
    assert {key: lines[4][key] for key in ("account", "campaigns", "files", "rows", "lossy")} == {
        "account": "acme", "campaigns": 1, "files": 6, "rows": 2, "lossy": 0,
    }  # fmt: skip
    assert "p@example.com" not in json.dumps(lines)


def test_no_day_before_the_account_is_published(site: Site, run: Run, lines: list[dict[str, Any]]) -> None:
    """The account begins with its creation, its first campaign or its first reaction: the earliest of them."""
    site.conn.execute(
        "UPDATE contactsync.account SET created_at = %s", [datetime.now(UTC) - timedelta(days=2)]
    )
    run()
    until(lambda: len(lines) == 2, "two days")
    assert days(site) == [str(ago(2)), str(ago(1))]
    site.campaign(1, opened_on=None, closed_on=None)
    site.react(1, site.contact(), "EMAIL", "opened", f"{ago(4)} 12:00+00")
    run()
    until(lambda: days(site) == [str(ago(back)) for back in (4, 3, 2, 1)], "from the first reaction on")


def test_only_expired_days_are_removed(site: Site, run: Run, lines: list[dict[str, Any]]) -> None:
    """Entries that are not the daemon's are kept, and each is logged once."""
    for back in (7, 8, 400):
        site.publish(ago(back))
    site.publish(ago(9))
    (site.reporting / str(ago(9)) / "notes.txt").write_text("mine")
    (site.reporting / "2015-02-31").mkdir()
    (site.reporting / "readme.txt").write_text("mine")
    here = run()
    until(lambda: not (site.reporting / str(ago(8))).exists(), "the expired day is removed")
    until(lambda: len(lines) == 5, "five lines")
    for _ in range(2):
        here.update([])
        here.update([site.account])
    assert days(site) == sorted([str(ago(7)), str(ago(9)), "2015-02-31", "readme.txt"])
    assert [line["day"] for line in lines if line["event"] == "report.removed"] == [
        str(ago(400)),
        str(ago(8)),
    ]
    strays = [line.get("path") or line["reason"] for line in lines if line["event"] == "report.stray"]
    assert strays[:2] == ["reporting/2015-02-31", "reporting/readme.txt"]
    assert strays[2].startswith(f"reporting/{ago(9)}/notes.txt is not contactsync's")


def test_an_expired_day_that_is_published_again_stays_until_the_next_night(
    site: Site, run: Run, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then, ops can pass it on."""
    for name in ("LOOK_SECONDS", "BUSY_SECONDS"):
        monkeypatch.setattr(publisher, name, 0.01)
    site.publish(ago(9))
    run()
    until(lambda: days(site) == [], "the expired day is removed")
    site.campaign(1, opened_on=ago(1), closed_on=None)
    until(lambda: days(site) == [str(ago(1))], "the folder is checked again")
    with ReportFolder(site.root / "acme", site.pins, wait=True) as folder, connect(site.url) as conn:
        day = day_of(ago(9), PARIS)
        publish(conn, site.account, folder, day, site.settings)
    shutil.rmtree(site.reporting / str(ago(1)))
    until(lambda: days(site) == [str(ago(9)), str(ago(1))], "the folder is checked once more")


def test_a_day_published_before_its_end_is_published_again(site: Site, run: Run) -> None:
    """`report --day` may have published it early; the time of its folder is the time of its data."""
    site.campaign(1, opened_on=ago(1), closed_on=None)
    site.publish(ago(1))
    folder = site.reporting / str(ago(1))
    begun = day_of(ago(1), PARIS).until - timedelta(seconds=1)
    os.utime(folder, (begun.timestamp(),) * 2)
    site.react(1, site.contact(), "EMAIL", "opened", f"{ago(1)} 12:00+00")
    run()
    until(lambda: len(site.rows("EMAIL_opened", f"{ago(1)}_Daily.zip", ago(1))) == 1, "published again")


def test_the_next_day_is_published_at_its_time(site: Site, run: Run) -> None:
    """Its time is the account's midnight plus the delay, which here ends in a second."""
    site.campaign(1, opened_on=ago(1), closed_on=None)
    midnight = day_of(today(), PARIS).since
    delay = (datetime.now(UTC) - midnight).total_seconds() + 1.0
    due = midnight + timedelta(seconds=delay)
    run(report_delay_seconds=delay)
    until(lambda: days(site), "the day is published")
    assert datetime.now(UTC) >= due
    assert days(site) == [str(ago(1))]


def test_several_daemons_publish_a_day_once(site: Site, run: Run, lines: list[dict[str, Any]]) -> None:
    site.campaign(1, opened_on=ago(30), closed_on=None)
    for _ in range(4):
        run()
    until(lambda: len(days(site)) == 7, "seven days")
    until(lambda: len(lines) == 7, "seven lines")
    for each in (run(), run()):
        assert each.stop(DEADLINE)
    assert len([line for line in lines if line["event"] == "report.published"]) == 7


def test_new_settings_during_a_check_are_applied_right_after_it(
    site: Site, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next regular check would be an hour away."""
    monkeypatch.setattr(publisher, "LOOK_SECONDS", 3600.0)
    monkeypatch.setattr(publisher, "MAX_BACKOFF_SECONDS", 3600.0)
    site.campaign(1, opened_on=ago(2), closed_on=None)
    begun, go_on = threading.Event(), threading.Event()

    def wait(*arguments: Any, **named: Any) -> Contents:
        begun.set()
        assert go_on.wait(DEADLINE)
        return publish(*arguments, **named)

    monkeypatch.setattr(nightly, "publish", wait)
    here = run(report_retention_days=1)
    assert begun.wait(DEADLINE)
    here.configure(here._settings.model_copy(update={"report_retention_days": 2}))
    go_on.set()
    until(lambda: days(site) == [str(ago(2)), str(ago(1))], "the second day")
