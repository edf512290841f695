"""The daily report as its readers meet it: `reporting/` filled by a real daemon, and its files dropped back into `in/`."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from contactsync.domain.deposit import MEANS_OF
from tests.acceptance.program import Program
from tests.acceptance.reporting import PARIS, add_account, ago, published, seed, today

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Databases

WESTERN = {"first_name": "Hélène", "last_name": "LEFÈVRE", "company": "Œufs à 3 €"}
OTHER = {"first_name": "Łukasz", "last_name": "Ξένος", "company": "株式会社"}
AWKWARD = {
    "address_1": 'a;b,c|d\te "f"', "address_2": "one\ntwo", "city": '"', "postal_code": "00123", "state": "NA",
    "country": "null", "fax": "+33 2 99 41 52 64", "birth_date": "1980-02-01", "field_1": "=1+1", "field_2": "'x",
    "field_3": "-3", "field_15": "@x",
}  # fmt: skip
LABELS = ["Magasin", 'Prix; "net"', *[None] * 12, "Ville, code|x"]
GREEK = ["Κατάστημα", *[None] * 14]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "defused"])
def program(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[Program]:
    """A running daemon that publishes a day as soon as it has ended."""
    settings = {"report_delay_seconds": 0, "rescan_seconds": 0.3, "defuse_formulas": request.param}
    folder = tmp_path_factory.mktemp("reporting")
    with databases() as url, closing(Program(folder, url, **settings)) as running, running:
        yield running


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
            "reference": f"R{n};{n}", "email": f"p{n}@example.com", "phone": f"+3329941526{n}", "mobile": f"+3361234567{n}",
        }
        for n in range(3)
    ]  # fmt: skip
    # The daemon sees all of it at once.
    with program.connection.transaction():
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
    """Nor what the daemon prints on stderr."""
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
    output = program.log() + program.stderr.read_text()
    assert "secret@example.com" not in output
    assert "Geheim" not in output


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
