"""How a published day appears: whole or not at all, whatever fails or is killed."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import zipfile

import pytest

from contactsync.database.connection import connect
from contactsync.domain.errors import DatabaseAway
from contactsync.reports.days import day_of, zone_of
from contactsync.reports.folder import ReportFolder
from contactsync.reports.publish import publish
from contactsync.reports.writer import Interrupted
from tests.integration.reports.site import DAY, Site


def test_a_reader_of_an_old_file_keeps_it(site: Site) -> None:
    """A rebuilt day replaces the old one at once; a download in progress ends with the old bytes."""
    site.campaign(1)
    site.publish()
    with (site.reporting / "2015-04-27/2015-04-27_Daily.zip").open("rb") as download:
        begun = download.read(10)
        site.react(1, site.contact(), "EMAIL", "opened")
        site.publish()
        with zipfile.ZipFile(io.BytesIO(begun + download.read())) as old:
            assert old.read("EMAIL_opened.csv").count(b"\n") == 1
    assert len(site.rows("EMAIL_opened")) == 1
    assert os.listdir(site.reporting) == ["2015-04-27"]


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("limit", [100, 1 << 12, 1 << 16])
def test_a_full_disk_changes_nothing(site: Site, published: bool, limit: int) -> None:
    """Wherever in the zips the disk is full; a limit on the size of files has the same effect."""
    site.campaign(1)
    if published:
        site.publish()
    site.many(4_000, "md5(n::text) || md5((-n)::text)")
    before = [(path, path.stat().st_ino) for path in sorted(site.reporting.rglob("*"))]
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            site.publish()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert [(path, path.stat().st_ino) for path in sorted(site.reporting.rglob("*"))] == before
    assert site.publish().rows == 8_000


def test_a_database_lost_in_the_middle_of_a_day_changes_nothing(site: Site) -> None:
    """Its error holds no value of a contact."""
    site.campaign(1)
    site.many(4_000, "repeat('x', 200)")
    day, account = day_of(DAY, zone_of(site.account)), site.account

    def gone() -> bool:
        site.conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
        return False

    with ReportFolder(site.root / "acme", site.pins) as folder:
        with connect(site.url) as conn, pytest.raises(DatabaseAway) as caught:
            publish(conn, account, folder, day, site.settings, stopping=gone)
        assert "@" not in str(caught.value)
        assert os.listdir(site.reporting) == []
    assert site.publish().rows == 8_000


def test_a_stopping_daemon_does_not_finish_a_day(site: Site) -> None:
    day = day_of(DAY, zone_of(site.account))
    with (
        connect(site.url) as conn,
        ReportFolder(site.root / "acme", site.pins) as folder,
        pytest.raises(Interrupted),
    ):
        publish(conn, site.account, folder, day, site.settings, stopping=lambda: True)
    assert os.listdir(site.reporting) == []


KILLED = """
import os, sys

from tests.integration.reports.site import Site
name, nth = sys.argv[3], int(sys.argv[4])
def dying(*args, _call=getattr(os, name), _left=[nth], **named):
    _left[0] -= 1
    if not _left[0]:
        os.kill(os.getpid(), 9)
    return _call(*args, **named)
setattr(os, name, dying)
import contactsync.reports.folder as module
if name == "rename":
    exchange = module.rename_exchange
    module.rename_exchange = lambda *a: dying(*a, _call=exchange)
import psycopg
from pathlib import Path
from contactsync.settings.settings import Settings
site = Site.__new__(Site)
site.root, site.url = Path(sys.argv[1]), sys.argv[2]
site.reporting = site.root / "acme/reporting"
site.settings = Settings(ftp_root=site.root, database_url=site.url)
site.publish()
"""
"""Publishes the day and is killed before the nth call of one of `os`'s functions."""


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("call", ["mkdir", "fchmod", "fsync", "utime", "rename", "unlink", "rmdir"])
def test_a_build_killed_at_any_point_leaves_no_half_day(site: Site, call: str, published: bool) -> None:
    """Readers see the old day or the new one, whole. The next build completes it and removes what is left."""
    site.campaign(1)
    site.react(1, site.contact(), "EMAIL", "opened")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    nth, died = 0, True
    while died:
        nth += 1
        if published and not (site.reporting / str(DAY)).exists():
            site.publish()
        command = [sys.executable, "-c", KILLED, str(site.root), site.url, call, str(nth)]
        status = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        died = status.returncode == -9
        assert died or status.returncode == 0, status.stderr
        if (site.reporting / str(DAY)).exists():
            assert site.zips() == ["2015-04-27_1_c.zip", "2015-04-27_Daily.zip"]
            assert len(site.rows("EMAIL_opened")) == 1
        else:
            assert not published
        if not published and died:
            site.publish()
            assert os.listdir(site.reporting) == ["2015-04-27"]
            with ReportFolder(site.root / "acme", site.pins) as folder:
                folder.remove(DAY)
    site.publish()
    assert os.listdir(site.reporting) == ["2015-04-27"]
