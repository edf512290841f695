"""A day from PostgreSQL to its directory: what is in the zips, how the day appears, and what the nightly thread does."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from psycopg import sql

from contactsync.accounts import store
from contactsync.database import connection
from contactsync.database.connection import connect
from contactsync.domain.account import Account
from contactsync.domain.columns import FRENCH
from contactsync.domain.errors import AccountBusy, DatabaseAway
from contactsync.reports import days as reporting
from contactsync.reports import publisher
from contactsync.reports.folder import NotOurs, ReportFolder
from contactsync.reports.publisher import Publisher
from contactsync.reports.writer import Contents, Interrupted
from contactsync.settings.settings import Settings

DAY = date(2015, 4, 27)
NOON = "2015-04-27 12:00+02"
DEADLINE = 20.0


class Site:
    """An account `acme` with its `reporting/`, and what the tests write for it."""

    def __init__(self, root: Path, url: str, conn: psycopg.Connection[Any]) -> None:
        self.root, self.url, self.conn = root, url, conn
        self.reporting = root / "acme/reporting"
        self.reporting.mkdir(parents=True, mode=0o750)
        self.settings = Settings(ftp_root=root, database_url=url)
        conn.execute("INSERT INTO contactsync.account (name) VALUES ('acme')")

    @property
    def account(self) -> Account:
        with connect(self.url) as conn:
            (found,) = store.every(conn)
        return found

    def set(self, **values: object) -> None:
        assigned = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(key), sql.Literal(value))
            for key, value in values.items()
        )
        self.conn.execute(sql.SQL("UPDATE contactsync.account SET {}").format(assigned))

    def campaign(self, number: int, name: str = "c", media: str = "{EMAIL}", **columns: object) -> int:
        columns = {"opened_on": "2015-04-27", "closed_on": "2015-04-27"} | columns
        self.conn.execute(
            "INSERT INTO contactsync.campaign (account_id, campaign_id, name, media, opened_on, closed_on)"
            " SELECT account_id, %s, %s, %s, %s, %s FROM contactsync.account",
            [number, name, media, columns["opened_on"], columns["closed_on"]],
        )
        return number

    def contact(self, **columns: object) -> int:
        columns = {"email": "p@example.com"} | columns
        statement = sql.SQL(
            "INSERT INTO contactsync.contact (account_id, {}) SELECT account_id, {} FROM contactsync.account"
            " RETURNING contact_id"
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(map(sql.Literal, columns.values())),
        )
        row = self.conn.execute(statement).fetchone()
        assert row
        return int(row[0])

    def react(self, campaign: int, contact: int, medium: str, kind: str, at: str = NOON) -> None:
        self.conn.execute(
            "SELECT contactsync.record_reaction(account_id, %s, %s, %s, %s, %s) FROM contactsync.account",
            [campaign, contact, medium, kind, at],
        )

    def many(self, count: int, address: str) -> None:
        """Contacts who opened campaign 1; of the last, the first name has a character without a byte."""
        self.conn.execute(
            "INSERT INTO contactsync.contact (account_id, email, first_name, address_1)"
            " SELECT account_id, 'p' || n || '@example.com', 'é' || CASE n WHEN %s THEN 'Ł' ELSE '' END, "
            + address
            + " FROM contactsync.account, generate_series(1, %s) AS n",
            [count, count],
        )
        self.conn.execute(
            "SELECT contactsync.record_reactions(account_id, jsonb_agg(jsonb_build_object('campaign_id', 1,"
            " 'contact_id', contact_id, 'medium', 'EMAIL', 'kind', 'opened', 'occurred_at', %s::text)"
            " ORDER BY contact_id)) FROM contactsync.contact GROUP BY account_id",
            [NOON],
        )

    def publish(self, day: date = DAY, **settings: Any) -> Contents:
        account = self.account
        chosen = self.settings.model_copy(update=settings)
        with ReportFolder(self.root / "acme") as folder, connect(self.url) as conn:
            wanted = reporting.day_of(day, reporting.zone_of(account))
            return publisher.publish(conn, account, folder, wanted, chosen)

    def zips(self, day: date = DAY) -> list[str]:
        return sorted(os.listdir(self.reporting / str(day)))

    def raw(self, pair: str, name: str = "2015-04-27_Daily.zip", day: date = DAY) -> bytes:
        with zipfile.ZipFile(self.reporting / str(day) / name) as archive:
            return archive.read(f"{pair}.csv")

    def rows(self, pair: str, name: str = "2015-04-27_Daily.zip", day: date = DAY) -> list[dict[str, str]]:
        text = io.StringIO(self.raw(pair, name, day).decode("cp1252"), newline="")
        return list(csv.DictReader(text, delimiter=";", strict=True))

    def emails(self, pair: str, name: str = "2015-04-27_Daily.zip") -> list[str]:
        return [row["Email"] for row in self.rows(pair, name)]


@pytest.fixture
def site(tmp_path: Path, database_url: str, conn: psycopg.Connection[Any]) -> Site:
    return Site(tmp_path / "ftp", database_url, conn)


# --- what is in the zips -----------------------------------------------------------------------------------


def test_campaigns_in_progress_have_a_zip_each(site: Site) -> None:
    """Open that day, or with a reaction that day (protocol 6); both bounds belong to it."""
    site.campaign(1, "open", opened_on="2015-04-01", closed_on=None)
    site.campaign(2, "last day", opened_on="2015-04-01", closed_on="2015-04-27")
    site.campaign(3, "over", opened_on="2015-04-01", closed_on="2015-04-26")
    site.campaign(4, "to come", opened_on="2015-04-28", closed_on=None)
    site.campaign(5, "over, but clicked", opened_on="2015-04-01", closed_on="2015-04-26")
    site.campaign(6, "being prepared", opened_on=None, closed_on=None)
    site.react(5, site.contact(), "EMAIL", "clicked")
    assert site.publish() == Contents(campaigns=3, files=12, rows=2, lossy=0)
    assert site.zips() == [
        "2015-04-27_1_open.zip", "2015-04-27_2_last day.zip", "2015-04-27_5_over, but clicked.zip",
        "2015-04-27_Daily.zip",
    ]  # fmt: skip


def test_files_are_there_though_nobody_reacted(site: Site) -> None:
    """Of the campaign's media, with the header line alone."""
    site.campaign(1, media="{EMAIL,VOICE}")
    site.publish()
    with zipfile.ZipFile(site.reporting / "2015-04-27/2015-04-27_1_c.zip") as archive:
        assert archive.namelist() == [
            "EMAIL_clicked.csv",
            "EMAIL_opened.csv",
            "EMAIL_optout.csv",
            "VOICE_optout.csv",
        ]
    assert site.raw("VOICE_optout").decode("latin-1").splitlines() == [";".join(FRENCH.values())]


def test_a_contact_is_in_a_file_once_as_at_its_last_reaction(site: Site) -> None:
    """Of that file's medium and kind: who opted out is opted out with the address of then."""
    site.campaign(1)
    who = site.contact(email="old@example.com")
    site.react(1, who, "EMAIL", "opened", "2015-04-27 09:00+02")
    site.react(1, who, "EMAIL", "optout", "2015-04-27 09:01+02")
    site.conn.execute("UPDATE contactsync.contact SET email = 'new@example.com'")
    site.react(1, who, "EMAIL", "opened", "2015-04-27 08:00+02")  # recorded late
    site.react(1, who, "EMAIL", "clicked", "2015-04-27 10:00+02")
    site.publish()
    assert site.emails("EMAIL_opened") == site.emails("EMAIL_optout") == ["old@example.com"]
    assert site.emails("EMAIL_clicked") == ["new@example.com"]


def test_the_daily_zip_joins_the_campaigns(site: Site) -> None:
    """A contact who reacted to two of them is in it once."""
    for number in (1, 2):
        site.campaign(number)
    both, other = site.contact(email="both@example.com"), site.contact(email="other@example.com")
    for number in (1, 2):
        site.react(number, both, "EMAIL", "opened")
    site.react(2, other, "EMAIL", "opened")
    site.react(2, other, "SMS", "answered")
    site.publish()
    assert site.emails("EMAIL_opened") == ["both@example.com", "other@example.com"]
    assert site.emails("EMAIL_opened", "2015-04-27_1_c.zip") == ["both@example.com"]
    assert (
        site.emails("SMS_answered")
        == site.emails("SMS_answered", "2015-04-27_2_c.zip")
        == ["other@example.com"]
    )


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Europe/Paris", "2015-04-26T22:00:00Z", DAY),
        ("Europe/Paris", "2015-04-26T21:59:59.999999Z", None),
        ("Europe/Paris", "2015-04-27T21:59:59.999999Z", DAY),
        ("Europe/Paris", "2015-04-27T22:00:00Z", None),
        ("America/Guadeloupe", "2015-04-28T03:59:59Z", DAY),
        ("Europe/Paris", "2015-10-25T22:30:00Z", date(2015, 10, 25)),  # in the 25th hour
        ("Europe/Paris", "2015-10-25T23:00:00Z", date(2015, 10, 26)),
    ],
)
def test_a_day_is_the_accounts_own(site: Site, zone: str, at: str, day: date | None) -> None:
    site.set(time_zone=zone)
    site.campaign(1, opened_on="2015-01-01", closed_on=None)
    site.react(1, site.contact(), "EMAIL", "opened", at)
    wanted = day or DAY
    site.publish(wanted)
    assert len(site.rows("EMAIL_opened", f"{wanted}_Daily.zip", wanted)) == (1 if day else 0)


def test_all_columns_are_written_as_the_importer_reads_them(site: Site) -> None:
    columns = {key: f"the {key}" for key in FRENCH} | {"birth_date": "1980-02-01", "phone": "+33299415263"}
    site.campaign(1)
    site.react(1, site.contact(**columns), "EMAIL", "opened")
    site.publish()
    (row,) = site.rows("EMAIL_opened")
    assert row == {FRENCH[key]: value for key, value in columns.items()} | {"Date de naissance": "01/02/1980"}


def test_cells_are_quoted_where_they_must_be(site: Site) -> None:
    """Lines end in LF, blank cells are empty."""
    site.campaign(1)
    who = site.contact(first_name='a;b "c"', last_name="one\ntwo\r\nthree", city="NULL", address_1="\\.")
    site.react(1, who, "EMAIL", "opened")
    site.publish()
    raw = site.raw("EMAIL_opened").split(b"\n", 1)[1]
    cells = b';"a;b ""c""";"one\ntwo\r\nthree";p@example.com;;;;\\.;;;NULL;'
    assert raw == cells + b";" * (30 - 11) + b"\n"


@pytest.mark.parametrize("encoding", ["auto", "iso-8859-1", "utf-8"])
@pytest.mark.parametrize("name", ["Hélène", "Œuf à 3 €", "Łódź"])
def test_the_encoding_is_each_files_own(site: Site, encoding: str, name: str) -> None:
    """And the account's pin where it has one: there `?` stands for what it lacks, which is told."""
    site.set(encoding=encoding)
    site.campaign(1)
    site.react(1, site.contact(first_name=name), "EMAIL", "opened")
    contents = site.publish()
    raw, other = site.raw("EMAIL_opened"), site.raw("EMAIL_clicked")
    western = name != "Łódź"
    if encoding == "utf-8":
        assert name in raw.decode("utf-8")
        assert raw.startswith(b"Civ")
    elif western or encoding == "iso-8859-1":
        assert name.encode("cp1252", "replace") in raw
    else:
        assert name in raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        assert raw.startswith(b"\xef\xbb\xbf")
    assert contents.lossy == (2 if encoding == "iso-8859-1" and not western else 0)
    assert other.decode("utf-8" if encoding == "utf-8" else "latin-1").startswith("Civilité;")


def test_many_rows_come_whole_and_in_order(site: Site) -> None:
    """More than one chunk, and more than is held in memory; a character without a byte at the end decides for all."""
    site.campaign(1)
    site.many(20_000, "repeat('é', 100)")
    assert site.publish().rows == 40_000
    lines = site.raw("EMAIL_opened").decode("utf-8-sig").splitlines()[1:]
    assert [line.split(";")[3] for line in lines] == [f"p{n}@example.com" for n in range(1, 20_001)]
    assert lines[-1].split(";")[1] == "éŁ"


def test_formulas_are_defused_when_it_is_set(site: Site) -> None:
    """Phone numbers are none; nor is a fax that was typed with a plus."""
    site.campaign(1)
    cells = {
        "first_name": "=1+1", "last_name": "'=1", "city": "-2", "company": "@SUM", "state": "+1", "country": "a=b",
        "phone": "+33299415263", "mobile": "+33690123456", "fax": "+33 (0)2-99", "reference": "\tx",
        "field_1": "'t Hart",
    }  # fmt: skip
    site.react(1, site.contact(**cells), "EMAIL", "opened")
    site.publish()
    (plain,) = site.rows("EMAIL_opened")
    assert {key: plain[FRENCH[key]] for key in cells} == cells
    site.publish(defuse_formulas=True)
    (defused,) = site.rows("EMAIL_opened")
    changed = {"first_name": "'=1+1", "last_name": "''=1", "city": "'-2", "company": "'@SUM", "state": "'+1"}
    assert {key: defused[FRENCH[key]] for key in cells} == cells | changed | {"reference": "'\tx"}


def test_the_same_data_give_the_same_bytes(site: Site) -> None:
    """Whenever they are written, and by whomever."""
    site.campaign(1)
    site.react(1, site.contact(), "EMAIL", "opened")
    site.publish()
    folder = site.reporting / str(DAY)
    first = {name: (folder / name).read_bytes() for name in site.zips()}
    site.publish()
    assert {name: (folder / name).read_bytes() for name in site.zips()} == first
    with zipfile.ZipFile(folder / "2015-04-27_Daily.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(2015, 4, 27, 0, 0, 0)}
        assert archive.testzip() is None


def test_the_daily_zips_name_is_a_setting(site: Site) -> None:
    site.publish(daily_zip_name="{day}.zip")
    assert site.zips() == ["2015-04-27.zip"]


# --- how a day appears -------------------------------------------------------------------------------------


def test_folders_and_files_are_read_only_for_the_ftp_user(site: Site) -> None:
    site.publish()
    folder = site.reporting / str(DAY)
    assert folder.stat().st_mode & 0o777 == 0o750
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o640}


def test_who_reads_an_old_file_keeps_it(site: Site) -> None:
    """A day that is built again takes its place at once; a download that has begun ends as it began."""
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
def test_a_disk_without_room_changes_nothing(site: Site, published: bool, limit: int) -> None:
    """Wherever in the zips it ends; a limit on the size of files stands for it."""
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


def test_a_database_that_goes_in_the_middle_leaves_nothing(site: Site) -> None:
    """And its error holds no value."""
    site.campaign(1)
    site.many(4_000, "repeat('x', 200)")
    day, account = reporting.day_of(DAY, reporting.zone_of(site.account)), site.account

    def gone() -> bool:
        site.conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
        return False

    with ReportFolder(site.root / "acme") as folder:
        with connect(site.url) as conn, pytest.raises(DatabaseAway) as caught:
            publisher.publish(conn, account, folder, day, site.settings, stopping=gone)
        assert "@" not in str(caught.value)
        assert os.listdir(site.reporting) == []
    assert site.publish().rows == 8_000


def test_half_a_day_cannot_be_entered(site: Site) -> None:
    """Its folder is the daemon's alone until it is complete."""
    with (
        ReportFolder(site.root / "acme") as folder,
        folder.build(DAY, datetime.now(UTC)) as build,
        build.create("x.zip"),
    ):
        (made,) = site.reporting.iterdir()
        assert (made.name, made.stat().st_mode & 0o777) == (".new-2015-04-27", 0o700)


def test_what_a_killed_build_left_is_cleared_away(site: Site) -> None:
    """Other dot-folders are not."""
    for name in (".new-2015-04-26", ".old-2015-04-25", ".mine"):
        (site.reporting / name).mkdir()
        (site.reporting / name / "half.zip").write_bytes(b"PK")
    site.publish()
    assert sorted(os.listdir(site.reporting)) == [".mine", "2015-04-27"]


@pytest.mark.parametrize("what", ["notes.txt", "more/", "link.zip"])
def test_a_day_that_holds_something_else_is_left_alone(site: Site, what: str, tmp_path: Path) -> None:
    """Neither built again nor removed."""
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
    with ReportFolder(site.root / "acme") as folder, pytest.raises(NotOurs):
        folder.remove(DAY)
    assert site.zips() == before


def test_links_and_files_are_no_days(site: Site, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (site.reporting / "2015-04-27").symlink_to(tmp_path / "elsewhere")
    (site.reporting / "2015-04-26").write_text("")
    with ReportFolder(site.root / "acme") as folder:
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
    with ReportFolder(site.root / "acme"), pytest.raises(AccountBusy), ReportFolder(site.root / "acme"):
        pass


def test_a_stopping_daemon_does_not_finish_a_day(site: Site) -> None:
    day = reporting.day_of(DAY, reporting.zone_of(site.account))
    with connect(site.url) as conn, ReportFolder(site.root / "acme") as folder, pytest.raises(Interrupted):
        publisher.publish(conn, site.account, folder, day, site.settings, stopping=lambda: True)
    assert os.listdir(site.reporting) == []


KILLED = """
import os, sys

from tests.integration.reports.test_publish import DAY, Site
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
"""Publishes the day and dies before the nth call of one of `os`'s functions."""


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize("call", ["mkdir", "fchmod", "fsync", "utime", "rename", "unlink", "rmdir"])
def test_killed_at_any_point_no_half_day_is_seen(site: Site, call: str, published: bool) -> None:
    """The old day or the new one, whole; and the next build completes it and clears away what is left."""
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
            with ReportFolder(site.root / "acme") as folder:
                folder.remove(DAY)
    site.publish()
    assert os.listdir(site.reporting) == ["2015-04-27"]


# --- the nightly thread ------------------------------------------------------------------------------------


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged."""
    before = structlog.get_config()
    log: list[dict[str, Any]] = []

    def keep(_logger: object, _method: str, event: dict[str, Any]) -> str:
        log.append(event)
        raise structlog.DropEvent

    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    publisher.log = structlog.get_logger()
    yield log
    structlog.configure(**before)
    publisher.log = structlog.get_logger()


@pytest.fixture
def run(site: Site) -> Iterator[Callable[..., Publisher]]:
    """Starts reporters on the site's account."""
    started: list[Publisher] = []

    def start(url: str | None = None, **settings: Any) -> Publisher:
        chosen = site.settings.model_copy(update={"report_delay_seconds": 0.0} | settings)
        started.append(Publisher(chosen, url or site.url))
        started[-1].update([site.account])
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        assert each.stop(DEADLINE)


def until(done: Callable[[], object], what: str) -> None:
    """Look until it is so."""
    end = datetime.now(UTC) + timedelta(seconds=DEADLINE)
    pause = threading.Event()
    while not done():
        assert datetime.now(UTC) < end, what
        pause.wait(0.01)


def today() -> date:
    return reporting.today(datetime.now(UTC), reporting.ZoneInfo("Europe/Paris"))


def ago(days: int) -> date:
    return today() - timedelta(days=days)


def days(site: Site) -> list[str]:
    return sorted(name for name in os.listdir(site.reporting) if not name.startswith("."))


def test_missed_days_are_made_up_as_far_back_as_they_are_kept(
    site: Site, run: Callable[..., Publisher], lines: list[dict[str, Any]]
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


def test_nothing_is_made_up_for_the_time_before_the_account(
    site: Site, run: Callable[..., Publisher], lines: list[dict[str, Any]]
) -> None:
    """Its creation, its first campaign, or its first reaction: whichever came first."""
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


def test_old_days_are_removed_and_nothing_else(
    site: Site, run: Callable[..., Publisher], lines: list[dict[str, Any]]
) -> None:
    """What is not the daemon's is left and mentioned once."""
    for back in (7, 8, 400):
        site.publish(ago(back))
    site.publish(ago(9))
    (site.reporting / str(ago(9)) / "notes.txt").write_text("mine")
    (site.reporting / "2015-02-31").mkdir()
    (site.reporting / "readme.txt").write_text("mine")
    here = run()
    until(lambda: not (site.reporting / str(ago(8))).exists(), "the old day goes")
    until(lambda: len(lines) == 5, "five lines")
    for _ in range(2):
        here.update([])
        here.update([site.account])
    assert days(site) == sorted([str(ago(7)), str(ago(9)), "2015-02-31", "readme.txt"])
    assert [line["day"] for line in lines if line["event"] == "report.removed"] == [
        str(ago(400)),
        str(ago(8)),
    ]
    told = [line.get("path") or line["reason"] for line in lines if line["event"] == "report.stray"]
    assert told[:2] == ["reporting/2015-02-31", "reporting/readme.txt"]
    assert told[2].startswith(f"reporting/{ago(9)}/notes.txt is not contactsync's")


def test_an_old_day_that_is_published_again_stays_till_the_next_night(
    site: Site, run: Callable[..., Publisher], lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ops can hand it over."""
    for name in ("LOOK_SECONDS", "BUSY_SECONDS"):
        monkeypatch.setattr(publisher, name, 0.01)
    site.publish(ago(9))
    run()
    until(lambda: days(site) == [], "the old day goes")
    site.campaign(1, opened_on=ago(1), closed_on=None)
    until(lambda: days(site) == [str(ago(1))], "it is looked at again")
    with ReportFolder(site.root / "acme", wait=True) as folder, connect(site.url) as conn:
        day = reporting.day_of(ago(9), reporting.ZoneInfo("Europe/Paris"))
        publisher.publish(conn, site.account, folder, day, site.settings)
    shutil.rmtree(site.reporting / str(ago(1)))
    until(lambda: days(site) == [str(ago(9)), str(ago(1))], "looked at once more")


def test_todays_report_is_made_again_when_the_day_has_ended(
    site: Site, run: Callable[..., Publisher]
) -> None:
    """`report --day` may have shown it early: its folder bears the time of its data."""
    site.campaign(1, opened_on=ago(1), closed_on=None)
    site.publish(ago(1))
    folder = site.reporting / str(ago(1))
    begun = reporting.day_of(ago(1), reporting.ZoneInfo("Europe/Paris")).until - timedelta(seconds=1)
    os.utime(folder, (begun.timestamp(),) * 2)
    site.react(1, site.contact(), "EMAIL", "opened", f"{ago(1)} 12:00+00")
    run()
    until(lambda: len(site.rows("EMAIL_opened", f"{ago(1)}_Daily.zip", ago(1))) == 1, "made again")


def test_the_next_day_comes_at_its_time(site: Site, run: Callable[..., Publisher]) -> None:
    """The account's midnight and the delay, which here ends in a second."""
    site.campaign(1, opened_on=ago(1), closed_on=None)
    midnight = reporting.day_of(today(), reporting.ZoneInfo("Europe/Paris")).since
    delay = (datetime.now(UTC) - midnight).total_seconds() + 1.0
    due = midnight + timedelta(seconds=delay)
    run(report_delay_seconds=delay)
    until(lambda: days(site), "the day is published")
    assert datetime.now(UTC) >= due
    assert days(site) == [str(ago(1))]


def test_several_daemons_publish_a_day_once(
    site: Site, run: Callable[..., Publisher], lines: list[dict[str, Any]]
) -> None:
    site.campaign(1, opened_on=ago(30), closed_on=None)
    for _ in range(4):
        run()
    until(lambda: len(days(site)) == 7, "seven days")
    until(lambda: len(lines) == 7, "seven lines")
    for each in (run(), run()):
        assert each.stop(DEADLINE)
    assert len([line for line in lines if line["event"] == "report.published"]) == 7


def test_a_database_that_is_away_is_told_once_and_waited_for(
    site: Site, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.campaign(1, opened_on=ago(1), closed_on=None)
    monkeypatch.setattr(publisher, "MAX_BACKOFF_SECONDS", 0.02)
    away: list[str] = []

    def tell(url: str, **options: Any) -> Any:
        away.append(url)
        if len(away) < 5:
            raise psycopg.OperationalError("away")
        return connect(url, **options)

    monkeypatch.setattr(connection, "connect", tell)
    here = Publisher(site.settings.model_copy(update={"report_delay_seconds": 0.0}), site.url)
    here.update([site.account])
    here.start()
    until(lambda: days(site), "it is published in the end")
    assert here.stop(DEADLINE)
    assert [line["event"] for line in lines] == ["report.waits", "report.published"]


def test_a_disk_that_is_full_is_told_once_and_waited_for(
    site: Site, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.campaign(1, opened_on=ago(1), closed_on=None)
    monkeypatch.setattr(publisher, "MAX_BACKOFF_SECONDS", 0.02)
    full: list[int] = []

    def sync(fd: int, really: Callable[[int], None] = os.fsync) -> None:
        full.append(fd)
        if len(full) < 5:
            raise OSError(28, "No space left on device")
        really(fd)

    monkeypatch.setattr(os, "fsync", sync)
    here = Publisher(site.settings.model_copy(update={"report_delay_seconds": 0.0}), site.url)
    here.update([site.account])
    here.start()
    until(lambda: days(site), "it is published in the end")
    assert here.stop(DEADLINE)
    assert [line["event"] for line in lines] == ["report.waits", "report.published"]
    assert lines[0]["reason"] == "No space left on device"


def test_an_account_without_folders_or_time_zone_holds_no_other_back(
    site: Site, run: Callable[..., Publisher], lines: list[dict[str, Any]]
) -> None:
    """Each is told once, with its mending."""
    site.campaign(1, opened_on=ago(1), closed_on=None)
    site.conn.execute(
        "INSERT INTO contactsync.account (name, time_zone) VALUES ('bare', 'Europe/Paris'), ('lost', 'Mars/Olympus')"
    )
    with closing(connect(site.url)) as conn:
        everyone = store.every(conn)
    here = Publisher(site.settings.model_copy(update={"report_delay_seconds": 0.0}), site.url)
    here.update(everyone[::-1])
    here.start()
    until(lambda: len(lines) == 3, "three lines")
    assert here.stop(DEADLINE)
    told = {line["account"]: line.get("fix") or line.get("reason") for line in lines}
    assert told["bare"] == "contactsync init bare"
    assert "contactsync account set lost --time-zone" in str(told["lost"])
    assert days(site) == [str(ago(1))]
