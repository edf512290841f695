"""`doctor` on reports: each day that is owed and not there, with the reason; reactions that came too late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from contactsync.cli.doctor import reports
from contactsync.cli.doctor.finding import Finding
from contactsync.database.connection import connect
from contactsync.reports import days, published_days
from contactsync.reports.folder import ReportFolder
from contactsync.reports.publish import publish
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins
from contactsync.telemetry.heartbeat import Sign
from tests.integration.cli.doctor.findings import Look, bad

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Site


def ago(site: Site, back: int) -> date:
    return days.today(datetime.now(UTC), days.zone_of(site.account)) - timedelta(days=back)


@pytest.fixture
def owed(site: Site, look: Look) -> Look:
    """`look`, for an account that is owed the reports of three days."""
    site.conn.execute(
        "UPDATE contactsync.account SET created_at = %s", [datetime.now(UTC) - timedelta(days=3)]
    )
    return look


@pytest.fixture
def running(site: Site, owed: Look) -> Callable[..., list[Finding]]:
    """What `doctor` finds while a daemon runs that waits for these reasons."""

    def found(**waiting: str) -> list[Finding]:
        data = site.root.parent / "data"
        settings = Settings(ftp_root=site.root, data_dir=data, database_url=site.url)
        sign = Sign("running", {"reports_waiting": waiting}, data)
        with connect(site.url) as conn:
            return list(reports.findings(conn, settings, [site.account], sign))

    return found


def put(site: Site, *backs: int) -> None:
    """Publish days as the daemon does."""
    settings = Settings(ftp_root=site.root, database_url=site.url)
    account = site.account
    pins = HomePins(site.root, site.root.parent / "data")
    with ReportFolder(site.root / "acme", pins) as folder, connect(site.url) as conn:
        for back in backs:
            day = days.bounded(ago(site, back), days.zone_of(account), published_days.known(conn, account))
            publish(conn, account, folder, day, settings)


def react(site: Site, back: int) -> None:
    site.conn.execute(
        "INSERT INTO contactsync.campaign (account_id, campaign_id, name, media, opened_on)"
        " SELECT account_id, 1, 'c', '{EMAIL}', %s FROM contactsync.account ON CONFLICT DO NOTHING",
        [ago(site, 1)],
    )
    site.conn.execute(
        "WITH c AS (INSERT INTO contactsync.contact (account_id, email) SELECT account_id, 'p@example.com'"
        " FROM contactsync.account RETURNING account_id, contact_id)"
        " INSERT INTO contactsync.reaction (account_id, campaign_id, contact_id, medium, kind, occurred_at)"
        " SELECT account_id, 1, contact_id, 'EMAIL', 'opened', %s FROM c",
        [days.day_of(ago(site, back), days.zone_of(site.account)).since + timedelta(hours=2)],
    )


def test_days_that_a_stopped_daemon_owes(owed: Look, site: Site) -> None:
    """One line names all days with the same reason. A day that is there is not owed."""
    put(site, 2)
    (finding,) = bad(owed(), "reports")
    assert finding.level == "warning"
    assert (
        f"the report of {ago(site, 3)}, {ago(site, 1)} is missing: the daemon is not running"
        in finding.message
    )
    assert finding.fix == "systemctl start contactsync"
    put(site, 1, 3)
    assert bad(owed(), "reports") == []


@pytest.mark.parametrize("kind", ["file", "link", "foreign"])
def test_a_day_whose_place_is_taken(running: Callable[..., list[Finding]], site: Site, kind: str) -> None:
    put(site, 3, 2, 1)
    day = site.root / "acme" / "reporting" / str(ago(site, 2))
    if kind == "foreign":
        (day / "notes.txt").write_text("mine")
        react(site, 2)
    else:
        for entry in day.iterdir():
            entry.unlink()
        day.rmdir()
        day.touch() if kind == "file" else day.symlink_to(site.root)
    (finding,) = running()
    assert finding.level == "error"
    assert "move it away" in finding.message
    assert str(ago(site, 2)) in finding.message
    assert finding.fix == f"ls -lA {day}"


def test_the_reason_that_a_running_daemon_gives(running: Callable[..., list[Finding]], site: Site) -> None:
    put(site, 2, 1)
    (finding,) = running(acme="No space left on device", other="x")
    assert (finding.level, finding.message) == (
        "error", f"acme: the report of {ago(site, 3)} is missing: No space left on device",
    )  # fmt: skip
    (finding,) = running()
    assert (finding.level, "gives no reason" in finding.message) == ("error", True)


def test_a_published_day_whose_reactions_changed(running: Callable[..., list[Finding]], site: Site) -> None:
    """The daemon publishes it again within an hour."""
    put(site, 3, 2, 1)
    react(site, 1)
    (finding,) = running()
    assert (finding.level, "is out of date" in finding.message) == ("note", True)


def test_reactions_that_came_after_the_retention(running: Callable[..., list[Finding]], site: Site) -> None:
    """The fix publishes the day by hand; then they are in a report."""
    put(site, 12, 3, 2, 1)
    react(site, 12)
    # It is earlier than the account, whose reports begin with it.
    found = [each for each in running() if each.level == "warning"]
    assert [each.fix for each in found] == [f"contactsync report --day {ago(site, 12)} --account acme"]
    assert f"1 reaction(s) of 1 day(s), such as {ago(site, 12)}" in found[0].message
    put(site, 12)
    assert [each for each in running() if each.level == "warning"] == []


def test_a_disabled_account_is_owed_nothing(running: Callable[..., list[Finding]], site: Site) -> None:
    assert [finding.level for finding in running()] == ["error"]
    site.conn.execute("UPDATE contactsync.account SET disabled_at = now()")
    assert [finding.level for finding in running()] == ["ok"]


def test_an_account_without_a_folder_or_with_an_unknown_zone(
    running: Callable[..., list[Finding]], site: Site
) -> None:
    """Each has the command that fixes it."""
    site.conn.execute("UPDATE contactsync.account SET time_zone = 'Europe/Nowhere'")
    (finding,) = running()
    assert finding.fix == "contactsync account set acme --time-zone Europe/Paris"
    site.conn.execute("UPDATE contactsync.account SET time_zone = 'Europe/Paris'")
    (site.root / "acme" / "reporting").rmdir()
    (finding,) = running()
    assert (finding.level, finding.fix) == ("error", "contactsync init acme")
