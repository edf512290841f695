"""Our own files survive a spreadsheet: opened in a real LibreOffice, saved as CSV, and dropped back (protocol 4, 6)."""

from __future__ import annotations

import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from contactsync.domain.deposit import MEANS_OF
from tests.acceptance.program import Program
from tests.acceptance.spreadsheet import needs_libreoffice, opened_and_saved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.settled import Settled
    from tests.conftest import Databases

pytestmark = needs_libreoffice

YESTERDAY = (datetime.now(UTC).astimezone(ZoneInfo("Europe/Paris")) - timedelta(days=1)).date()

PHONES = ["+33299415263", "+687751234", "+262262123456", "+4930123456", "+12015550123", "+390612345678"]
"""Of six dialling plans. `687751234` and `262262123456` are other people's numbers in France."""

REFERENCES = ["00123", "1234567890123456", "MARS1", "1/2", "0E5", "É-7"]
"""What a spreadsheet takes for numbers and dates, and two that it leaves alone."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A running daemon that publishes a day as soon as it has ended."""
    folder = tmp_path_factory.mktemp("spreadsheet")
    with databases() as url, closing(Program(folder, url, report_delay_seconds=0)) as running, running:
        yield running


def report(program: Program, account: str) -> dict[str, bytes]:
    """The files of a daily report on contacts who opted out of every medium yesterday; their opt-outs are in SQL."""
    (program.ftp / account / "reporting").mkdir(parents=True)
    # The daemon sees all of it at once.
    with program.connection.transaction():
        program.add_account(account)
        program.connection.execute(
            "WITH a AS (SELECT account_id FROM account WHERE name = %(name)s),"
            " p AS (INSERT INTO contact (account_id, identity, reference, email, phone, mobile)"
            "       SELECT account_id, 'R' || n, 'R' || n, 'p' || n || '@example.com', phone, phone"
            "       FROM a, unnest(%(phones)s::text[]) WITH ORDINALITY AS u (phone, n) RETURNING account_id),"
            " c AS (INSERT INTO campaign (account_id, name, media, opened_on, closed_on)"
            "       SELECT account_id, 'c', %(media)s, %(day)s, %(day)s FROM a RETURNING account_id)"
            " SELECT count(*) FROM p, c",
            {"name": account, "phones": PHONES, "media": list(MEANS_OF), "day": YESTERDAY},
        )
        program.connection.execute(
            "SELECT record_reaction(p.account_id, c.campaign_id, p.contact_id, m, 'optout', %(noon)s)"
            " FROM account AS a JOIN contact AS p USING (account_id) JOIN campaign AS c USING (account_id),"
            " unnest(c.media) AS m WHERE a.name = %(name)s",
            {"name": account, "noon": f"{YESTERDAY} 12:00 Europe/Paris"},
        )
    folder = program.ftp / account / "reporting" / str(YESTERDAY)
    program.until(folder.exists, f"{folder} appears")
    with zipfile.ZipFile(folder / f"{YESTERDAY}_Daily.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_report_opts_out_the_same_people_after_a_spreadsheet(program: Program, tmp_path: Path) -> None:
    """Opened as a spreadsheet opens it by default, every medium's file still opts out exactly its own addresses."""
    files = report(program, "plain")
    reported = program.opt_outs("plain")
    assert len(reported) == len(MEANS_OF) * len(PHONES)
    program.connection.execute("DELETE FROM opt_out USING account AS a WHERE a.name = 'plain'")
    for medium in MEANS_OF:
        name = f"{medium}_optout.csv"
        saved = opened_and_saved(files[name], tmp_path, "standard")
        program.drop("plain", name, saved, f"optout{medium}")
        result = program.settled("plain", name, f"optout{medium}").result
        assert (result["state"], result["rows_applied"], result["rows_rejected"]) == ("ok", len(PHONES), 0)
    assert program.opt_outs("plain") == reported


def test_a_report_imports_unchanged_after_a_spreadsheet(program: Program, tmp_path: Path) -> None:
    """The contacts are the same as before."""
    files = report(program, "imported")
    before = program.contacts("imported")
    program.drop("imported", "back.csv", opened_and_saved(files["EMAIL_optout.csv"], tmp_path, "standard"))
    result = program.settled("imported", "back.csv").result
    assert (result["state"], result["unchanged"], result["warnings"]) == ("ok", len(PHONES), [])
    assert program.contacts("imported") == before


def rejected(program: Program, account: str) -> tuple[Settled, bytes]:
    """A deposit whose addresses are all wrong but one, and its rejected file with the addresses corrected."""
    program.add_account(account)
    rows = [f"{reference};Zoé {n};x" for n, reference in enumerate(REFERENCES)]
    content = "\n".join(["Référence;Prénom;Email", *rows, "good;Anne;anne@example.com", ""])
    program.drop(account, "liste.csv", content.encode("latin-1"))
    settled = program.settled(account, "liste.csv")
    assert settled.result["rows_rejected"] == len(REFERENCES)
    text = settled.beside(".rejected.csv").read_text("latin-1")
    for n in range(len(REFERENCES)):
        text = text.replace(f"Zoé {n};x;", f"Zoé {n};p{n}@example.com;")
    return settled, text.encode("latin-1")


def references(program: Program, account: str) -> set[str]:
    """The references of an account's contacts."""
    return {row["reference"] for row in program.contacts(account)}


def test_a_rejected_file_completes_the_list_after_a_spreadsheet(program: Program, tmp_path: Path) -> None:
    """Opened with every column as text, as the uploader page says: every contact is there."""
    settled, corrected = rejected(program, "as-text")
    name = f"{settled.path.name}.rejected.csv"
    program.drop("as-text", name, opened_and_saved(corrected, tmp_path, "text"))
    result = program.settled("as-text", name).result
    assert (result["rows_applied"], result["rows_rejected"], result["list"]) == (len(REFERENCES), 0, "liste")
    assert references(program, "as-text") == {*REFERENCES, "good"}
    assert program.lists("as-text") == [("liste", len(REFERENCES) + 1)]


def test_a_spreadsheet_makes_no_stranger_of_a_rejected_row(program: Program, tmp_path: Path) -> None:
    """Opened as by default, its changed references are rejected; put back, nobody is lost."""
    settled, corrected = rejected(program, "by-default")
    saved = opened_and_saved(corrected, tmp_path, "standard")
    name = f"{settled.path.name}.rejected - Copie.csv"
    program.drop("by-default", name, saved)
    again = program.settled("by-default", name)
    result = again.result
    assert (result["rows_applied"], result["list"]) == (3, "liste")
    assert {(error["column"], error["code"]) for error in result["errors"]} == {
        ("Référence", "reference_changed")
    }
    assert references(program, "by-default") == {"1234567890123456", "MARS1", "É-7", "good"}

    lines = again.beside(".rejected.csv").read_text("latin-1").splitlines()
    places = {"p0@": "00123", "p3@": "1/2", "p4@": "0E5"}
    for n, line in enumerate(lines):
        for address, reference in places.items():
            if address in line:
                lines[n] = ";".join([reference, *line.split(";")[1:]])
    name = f"{again.path.name}.rejected.csv"
    put_back = "\n".join([*lines, ""]).encode("latin-1")
    program.drop("by-default", name, opened_and_saved(put_back, tmp_path, "text"))
    assert program.settled("by-default", name).result["rows_rejected"] == 0
    assert references(program, "by-default") == {*REFERENCES, "good"}
    assert program.lists("by-default") == [("liste", len(REFERENCES) + 1)]
