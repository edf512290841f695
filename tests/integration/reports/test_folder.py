"""`reporting/` on disk: modes, unfinished days, entries that are not the daemon's, links, the lock."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contactsync.domain.errors import AccountBusy
from contactsync.reports.folder import NotOurs, ReportFolder
from tests.integration.reports.site import DAY, Site


def test_folders_and_files_are_read_only_for_the_ftp_user(site: Site) -> None:
    site.publish()
    folder = site.reporting / str(DAY)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}


def test_an_unfinished_day_cannot_be_entered(site: Site) -> None:
    """Its folder belongs to the daemon alone until the day is complete."""
    with (
        ReportFolder(site.root / "acme", site.pins) as folder,
        folder.build(DAY, datetime.now(UTC)) as build,
        build.create("x.zip"),
    ):
        (made,) = site.reporting.iterdir()
        assert (made.name, made.stat().st_mode & 0o777) == (".new-2015-04-27", 0o700)


def test_leftovers_of_a_killed_build_are_removed(site: Site) -> None:
    """Other dot-folders are kept."""
    for name in (".new-2015-04-26", ".old-2015-04-25", ".mine"):
        (site.reporting / name).mkdir()
        (site.reporting / name / "half.zip").write_bytes(b"PK")
    site.publish()
    assert sorted(os.listdir(site.reporting)) == [".mine", "2015-04-27"]


@pytest.mark.parametrize("what", ["notes.txt", "more/", "link.zip"])
def test_a_day_that_holds_a_foreign_entry_is_left_unchanged(site: Site, what: str, tmp_path: Path) -> None:
    """It is neither rebuilt nor removed."""
    site.publish()
    place = site.reporting / str(DAY) / what
    if what.endswith("/"):
        place.mkdir()
    elif what == "link.zip":
        place.symlink_to(tmp_path)
    else:
        place.write_text("mine")
    before = site.zips()
    with pytest.raises(NotOurs, match="move it away"):
        site.publish()
    with ReportFolder(site.root / "acme", site.pins) as folder, pytest.raises(NotOurs):
        folder.remove(DAY)
    assert site.zips() == before


def test_links_and_files_are_not_days(site: Site, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (site.reporting / "2015-04-27").symlink_to(tmp_path / "elsewhere")
    (site.reporting / "2015-04-26").write_text("")
    with ReportFolder(site.root / "acme", site.pins) as folder:
        assert folder.days() == {}
        assert folder.strays == ["2015-04-26", "2015-04-27"]
    for day in (DAY, date(2015, 4, 26)):
        with pytest.raises(NotOurs):
            site.publish(day)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_reporting_folder_that_is_a_link_is_not_followed(site: Site, tmp_path: Path) -> None:
    site.reporting.rmdir()
    (tmp_path / "elsewhere").mkdir()
    site.reporting.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):  # noqa: PT011 - ENOTDIR or ELOOP
        site.publish()


def test_one_process_publishes_an_account_at_a_time(site: Site) -> None:
    with (
        ReportFolder(site.root / "acme", site.pins),
        pytest.raises(AccountBusy),
        ReportFolder(site.root / "acme", site.pins),
    ):
        pass
