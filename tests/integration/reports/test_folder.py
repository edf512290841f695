"""`reporting/` on disk: modes, unfinished days, entries that are not the daemon's, links, the lock."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contactsync.domain.errors import AccountBusy
from contactsync.reports import builds
from contactsync.reports import folder as module
from contactsync.reports.entries import NotOurs
from contactsync.reports.folder import ReportFolder
from contactsync.runtime.directories import opened
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
        assert made.name.startswith(".new-2015-04-27.")
        assert made.stat().st_mode & 0o777 == 0o700
        # It is no stray.
        assert folder.days() == {}
        assert folder.strays == []


def aged(folder: Path, seconds: float) -> Path:
    """Date a folder back."""
    os.utime(folder, (time.time() - seconds,) * 2)
    return folder


def test_leftovers_older_than_an_hour_are_removed(site: Site) -> None:
    """Of any daemon, also of an earlier version. Younger ones and other dot-folders are kept."""
    other = "0123456789ab.1.01234567"
    for name, age in {
        ".new-2015-04-26": 4000, ".old-2015-04-25": 4000, f".new-2015-04-24.{other}": 4000, ".new-2015-04-23": 10,
        f".old-2015-04-22.{other}": 10, ".mine": 4000,
    }.items():  # fmt: skip
        (site.reporting / name).mkdir()
        (site.reporting / name / f"{name[5:15]}_Daily.zip").write_bytes(b"PK")
        (site.reporting / name / f"{builds.SPOOL_PREFIX}x").touch()
        aged(site.reporting / name, age)
    site.publish()
    left = [".mine", ".new-2015-04-23", f".old-2015-04-22.{other}", "2015-04-27"]
    assert sorted(os.listdir(site.reporting)) == left
    with ReportFolder(site.root / "acme", site.pins) as folder:
        folder.days()
        assert folder.strays == [".mine"]


def test_leftovers_of_a_process_that_has_ended_are_removed_at_once(site: Site) -> None:
    """The process ids of another machine, or of a process that lives, prove nothing."""
    with subprocess.Popen(["true"]) as ended:
        pass
    mine, theirs = (builds.fresh_name(b".new-", b"2015-04-26").decode().split(".") for _ in range(2))
    mine[3], theirs[3] = str(ended.pid), str(ended.pid)
    theirs[2] = "0123456789ab"
    alive = builds.fresh_name(b".new-", b"2015-04-26").decode()
    for name in (".".join(mine), ".".join(theirs), alive):
        (site.reporting / name).mkdir()
    site.publish()
    assert sorted(os.listdir(site.reporting)) == sorted([".".join(theirs), alive, "2015-04-27"])


@pytest.mark.parametrize("kind", ["file", "link", "fifo", "folder", "closed", "full"])
@pytest.mark.parametrize(
    "name", [".new-2015-04-27", ".old-2015-04-27", ".new-2015-04-27.0123456789ab.1.01234567"]
)
def test_a_stray_in_the_place_of_a_build_stops_nothing(
    site: Site, kind: str, name: str, tmp_path: Path
) -> None:
    """Whatever it is. It is reported, and nothing foreign in it is deleted."""
    stray = site.reporting / name
    if kind == "file":
        stray.write_text("mine")
    elif kind == "link":
        stray.symlink_to(tmp_path)
    elif kind == "fifo":
        os.mkfifo(stray)
    else:
        stray.mkdir()
        if kind == "full":
            (stray / "more").mkdir()
            (stray / "notes.txt").write_text("mine")
            (stray / "other.zip").write_text("mine")
        aged(stray, 4000)
        stray.chmod(0o000 if kind == "closed" else 0o750)
    for _ in range(2):
        site.publish()
    gone = kind == "folder" or (kind == "closed" and os.geteuid() == 0)
    assert sorted(os.listdir(site.reporting)) == ([] if gone else [name]) + ["2015-04-27"]
    with ReportFolder(site.root / "acme", site.pins) as folder:
        folder.days()
        assert folder.strays == ([] if gone else [name])
        folder.remove(DAY)
    if kind == "full":
        assert sorted(os.listdir(stray)) == ["more", "notes.txt", "other.zip"]


def seen(site: Site) -> list[str] | None:
    """The zips of the day; None if the folder was replaced while it was read, and may have been half removed."""
    day = site.reporting / str(DAY)
    with opened(day) as fd:
        found = sorted(os.listdir(fd))
        return found if os.fstat(fd).st_ino == day.stat().st_ino else None


def test_daemons_whose_locks_do_not_exclude_each_other_publish_whole_days(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four of them, again and again. At every moment the day is there, with every zip."""
    monkeypatch.setattr(fcntl, "flock", lambda _fd, _how: None)
    site.campaign(1)
    site.publish()
    expected, ended, failed = site.zips(), threading.Event(), list[BaseException]()

    def publish() -> None:
        try:
            while not ended.is_set():
                site.publish()
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    daemons = [threading.Thread(target=publish) for _ in range(4)]
    for each in daemons:
        each.start()
    try:
        for _ in range(300):
            assert seen(site) in (expected, None)
    finally:
        ended.set()
        for each in daemons:
            each.join(60)
    assert failed == []
    assert os.listdir(site.reporting) == ["2015-04-27"]


def test_several_daemons_replace_a_day_on_a_file_system_that_cannot_exchange(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFS cannot. A reader may then find no day for a moment, but never half of one."""
    monkeypatch.setattr(module, "rename_exchange", lambda *_: False)
    monkeypatch.setattr(fcntl, "flock", lambda _fd, _how: None)
    monkeypatch.setattr(module, "REPLACE_TRIES", 1000)
    site.campaign(1)
    site.publish()
    expected, failed = site.zips(), list[BaseException]()

    def publish() -> None:
        try:
            for _ in range(10):
                site.publish()
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    daemons = [threading.Thread(target=publish) for _ in range(3)]
    for each in daemons:
        each.start()
    while any(each.is_alive() for each in daemons):
        with suppress(FileNotFoundError):
            assert seen(site) in (expected, None)
    assert failed == []
    assert os.listdir(site.reporting) == ["2015-04-27"]


@pytest.mark.parametrize("what", ["notes.txt", "more/", "link.zip", "mine.zip", "2015-04-26_Daily.zip"])
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
