"""The daily report as its readers meet it: `reporting/` filled by a real daemon, and its files dropped back into `in/`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from psycopg import sql

from contactsync.domain.deposit import MEANS_OF
from tests.acceptance.program import DEADLINE, Program
from tests.model.drive import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Databases

WESTERN = {"first_name": "Hélène", "last_name": "LEFÈVRE", "company": "Œufs à 3 €"}
OTHER = {"first_name": "Łukasz", "last_name": "Ξένος", "company": "株式会社"}
AWKWARD = {
    "address_1": 'a;b,c|d\te "f"', "address_2": "one\ntwo", "city": '"', "postal_code": "00123", "state": "NA",
    "country": "null", "fax": "+33 2 99 41 52 64", "birth_date": "1980-02-01", "field_1": "=1+1", "field_2": "'=1",
    "field_3": "-3", "field_15": "@x",
}  # fmt: skip
LABELS = ["Magasin", 'Prix; "net"', *[None] * 12, "Ville, code|x"]
GREEK = ["Κατάστημα", *[None] * 14]
PARIS = ZoneInfo("Europe/Paris")


def today() -> date:
    return datetime.now(UTC).astimezone(PARIS).date()


def ago(days: int) -> str:
    return str(today() - timedelta(days=days))


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "defused"])
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[Program]:
    """A running daemon that publishes a day as soon as it has ended."""
    settings = {"report_delay_seconds": 0, "rescan_seconds": 0.3, "defuse_formulas": request.param}
    folder = tmp_path_factory.mktemp("reporting")
    with databases() as url, closing(Program(folder, url, **settings)) as running, running:
        yield running


def insert(program: Program, table: str, **columns: object) -> dict[str, Any]:
    statement = sql.SQL("INSERT INTO contactsync.{} ({}) VALUES ({}) RETURNING *").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Literal, columns.values())),
    )
    row = program.connection.execute(statement).fetchone()
    assert row
    return row


def add_account(program: Program, name: str, **columns: object) -> int:
    """An account with its whole tree, which the daemon sees from now on."""
    (program.ftp / name / "reporting").mkdir(parents=True)
    program.add_account(name, **columns)
    (row,) = program.rows("SELECT account_id FROM account WHERE name = %s", name)
    return int(row["account_id"])


def seed(program: Program, account: int, people: list[dict[str, Any]], media: list[str]) -> None:
    """A campaign of yesterday, whose contacts clicked, and opted out of all its media."""
    contacts = [insert(program, "contact", account_id=account, **person) for person in people]
    program.rows("UPDATE contact SET identity = reference WHERE account_id = %s RETURNING 1", account)
    campaign = insert(
        program,
        "campaign",
        account_id=account,
        name="Été / 1",
        media=media,
        opened_on=ago(1),
        closed_on=ago(1),
    )["campaign_id"]
    noon = f"{ago(1)} 12:00 Europe/Paris"
    pairs = [("EMAIL", "clicked"), *((medium, "optout") for medium in media)]
    for contact in contacts:
        for medium, kind in pairs:
            program.rows(
                "SELECT record_reaction(%s, %s, %s, %s, %s, %s)",
                account, campaign, contact["contact_id"], medium, kind, noon,
            )  # fmt: skip


def published(program: Program, name: str, day: str) -> dict[str, bytes]:
    """The day's daily zip, unpacked, as soon as the day is there."""
    folder = program.ftp / name / "reporting" / day
    program.until(folder.exists, f"{folder} appears")
    with zipfile.ZipFile(folder / f"{day}_Daily.zip") as archive:
        assert archive.testzip() is None
        return {entry: archive.read(entry) for entry in archive.namelist()}


ACCOUNTS = {
    "auto-western": ({"separator": ";"}, WESTERN, LABELS),
    "auto-other": ({"separator": ","}, OTHER, LABELS),
    "tab": ({"separator": "\t"}, WESTERN, LABELS),
    "pipe": ({"separator": "|"}, OTHER, [None] * 15),
    "greek-labels": ({"separator": ";"}, WESTERN, GREEK),
    "utf-8": ({"encoding": "utf-8", "separator": ","}, OTHER, GREEK),
    "iso-8859-1": ({"encoding": "iso-8859-1"}, WESTERN, LABELS),
}


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_what_was_reported_can_be_deposited_as_it_is(program: Program, kind: str) -> None:
    """Of every medium, without a warning, and nothing has changed on the way."""
    rules, names, labels = ACCOUNTS[kind]
    people = [
        names | AWKWARD | {
            "reference": f"R{n};{n}", "email": f"p{n}@example.com", "phone": f"+3329941526{n}", "mobile": f"+3369012345{n}",
        }
        for n in range(3)
    ]  # fmt: skip
    with program.connection.transaction():  # the daemon sees all of it at once
        account = add_account(program, kind, field_labels=labels, **rules)
        seed(program, account, people, list(MEANS_OF))
    files = published(program, kind, ago(1))
    assert sorted(files) == [
        "EMAIL_clicked.csv", "EMAIL_opened.csv", "EMAIL_optout.csv", "SMS_optout.csv", "VOICEMAIL_optout.csv",
        "VOICE_optout.csv",
    ]  # fmt: skip
    before = program.contacts(kind)

    program.drop(kind, "EMAIL_clicked.csv", files["EMAIL_clicked.csv"])
    result = program.settled(kind, "EMAIL_clicked.csv").result
    assert (result["state"], result["warnings"], result["errors"]) == ("ok", [], [])
    assert (result["rows_read"], result["unchanged"], result["inserted"]) == (3, 3, 0)
    assert program.contacts(kind) == before
    assert program.lists(kind) == [("EMAIL_clicked", 3)]

    by_campaign = program.opt_outs(kind)
    assert len(by_campaign) == 12
    program.rows("DELETE FROM opt_out WHERE account_id = %s RETURNING 1", account)
    for medium in MEANS_OF:
        name, action = f"{medium}_optout.csv", f"optout{medium}"
        program.drop(kind, name, files[name], action)
        result = program.settled(kind, name, action).result
        assert (result["state"], result["warnings"], result["errors"]) == ("ok", [], [])
        assert (result["rows_read"], result["inserted"]) == (3, 3)
    assert program.opt_outs(kind) == by_campaign


def test_a_file_without_rows_is_refused_when_it_comes_back(program: Program) -> None:
    """As any such file is."""
    with program.connection.transaction():
        seed(program, add_account(program, "nobody"), [], ["EMAIL"])
    files = published(program, "nobody", ago(1))
    program.drop("nobody", "EMAIL_optout.csv", files["EMAIL_optout.csv"], "optoutEMAIL")
    settled = program.settled("nobody", "EMAIL_optout.csv", "optoutEMAIL")
    assert (settled.state, settled.result["reason"]) == ("ko", "no_rows")


def test_no_log_line_holds_anything_of_a_contact(program: Program) -> None:
    """Nor the daemon's words on stderr."""
    account = add_account(program, "private")
    seed(
        program,
        account,
        [{"reference": "R1", "email": "secret@example.com", "first_name": "Geheim"}],
        ["EMAIL"],
    )
    published(program, "private", ago(1))
    program.until(
        lambda: any(line["account"] == "private" for line in program.events("report.published")),
        "it is logged",
    )
    said = program.log() + program.stderr.read_text()
    assert "secret@example.com" not in said
    assert "Geheim" not in said


def test_days_missed_while_the_daemon_was_down_are_published(down: Program) -> None:
    """The day that has just ended follows at its time: the account's midnight plus the delay.

    SIGHUP brings that time near, so that the order of the two does not depend on the machine's speed.
    """
    account = add_account(down, "acme", created_at=datetime.now(UTC) - timedelta(days=3))
    seed(down, account, [{"reference": "R1", "email": "p@example.com"}], ["EMAIL"])
    midnight = datetime.combine(today(), datetime.min.time(), PARIS)
    file = down.folder / "contactsync.toml"

    def set_due(due: datetime) -> None:
        delay = (due - midnight).total_seconds()
        file.write_text(f"report_delay_seconds = {delay}\n", encoding="utf-8")

    set_due(datetime.now(UTC) + timedelta(hours=1))
    down.start("--config", str(file))
    down.started()
    published(down, "acme", ago(2))
    assert sorted(os.listdir(down.ftp / "acme/reporting")) == [ago(3), ago(2)]
    due = datetime.now(UTC) + timedelta(seconds=1)
    set_due(due)
    down.send_signal(signal.SIGHUP)
    assert published(down, "acme", ago(1))["EMAIL_clicked.csv"].count(b"\n") == 2
    assert datetime.now(UTC) >= due


# --- contactsync report ------------------------------------------------------------------------------------


class Command:
    """`contactsync report` on the test's database."""

    def __init__(self, down: Program) -> None:
        self.down = down

    def __call__(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "contactsync", "report", *options],
            env=self.down._environment | {"PYTHONPATH": str(ROOT / "daemon")},
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )


@pytest.fixture
def report(down: Program) -> Command:
    account = add_account(down, "acme", separator=",")
    seed(down, account, [{"reference": "R1", "email": "p@example.com"}], ["EMAIL"])
    return Command(down)


def test_report_publishes_yesterday_for_every_account(report: Command) -> None:
    add_account(report.down, "beta")
    done = report("--json")
    assert (done.returncode, done.stderr) == (0, "")
    root = report.down.ftp
    assert json.loads(done.stdout) == [
        {"account": "acme", "day": ago(1), "campaigns": 1, "files": 6, "rows": 4,
         "folder": str(root / "acme/reporting" / ago(1))},
        {"account": "beta", "day": ago(1), "campaigns": 0, "files": 6, "rows": 0,
         "folder": str(root / "beta/reporting" / ago(1))},
    ]  # fmt: skip
    assert sorted(os.listdir(root / "acme/reporting" / ago(1)))[1:] == [f"{ago(1)}_Daily.zip"]


def test_report_builds_a_day_again(report: Command) -> None:
    """Reactions that were recorded after it was published are then in it."""
    day = ago(20)
    assert report("--day", day, "--account", "acme").returncode == 0
    (campaign,) = report.down.rows("SELECT account_id, campaign_id FROM campaign")
    (contact,) = report.down.rows("SELECT contact_id FROM contact")
    report.down.rows(
        "SELECT record_reaction(%s, %s, %s, 'EMAIL', 'opened', %s)",
        *campaign.values(), contact["contact_id"], f"{day} 12:00+00",
    )  # fmt: skip
    done = report("--day", day, "--account", "acme")
    assert "older than report_retention_days" in done.stderr
    assert done.stdout.splitlines()[1].split()[:5] == ["acme", day, "1", "6", "2"]
    assert published(report.down, "acme", day)["EMAIL_opened.csv"].count(b"\n") == 2


def test_report_shows_today_so_far(report: Command) -> None:
    assert report("--day", str(today())).returncode == 0
    assert os.listdir(report.down.ftp / "acme/reporting") == [str(today())]


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--day", "27/04/2015"], 2, "--day: '27/04/2015' is not a day such as 2015-04-27"),
        (["--day", "9999-12-31"], 1, "acme: 9999-12-31 has not begun in Europe/Paris"),
        (["--account", "nobody"], 1, "there is no account 'nobody'; the accounts are acme"),
    ],
)
def test_report_says_why_not(report: Command, options: list[str], status: int, says: str) -> None:
    done = report(*options)
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr


def test_report_names_what_is_missing_and_does_the_rest(report: Command) -> None:
    report.down.add_account("bare")
    done = report()
    assert done.returncode == 1
    assert "bare: there is no" in done.stderr
    assert "contactsync init bare" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["account", "acme"]
    assert Path(report.down.ftp / "acme/reporting" / ago(1)).is_dir()
