"""What is in a day's zips: which campaigns, files, rows, bytes (protocol 6)."""

from __future__ import annotations

import itertools
import zipfile
from datetime import date
from typing import Literal

import pyarrow as pa
import pytest

from contactsync.domain.columns import FRENCH
from contactsync.domain.formulas import SIGNS
from contactsync.domain.headers.names import HeaderRules
from contactsync.reading.guards import unguard_column
from contactsync.reading.reader import Reader
from tests.integration.reports.site import DAY, Site


def test_campaigns_in_progress_have_a_zip_each(site: Site) -> None:
    """In progress: open that day, first and last day included, or with a reaction that day (protocol 6)."""
    site.campaign(1, "open", opened_on="2015-04-01", closed_on=None)
    site.campaign(2, "last day", opened_on="2015-04-01", closed_on="2015-04-27")
    site.campaign(3, "over", opened_on="2015-04-01", closed_on="2015-04-26")
    site.campaign(4, "to come", opened_on="2015-04-28", closed_on=None)
    site.campaign(5, "over, but clicked", opened_on="2015-04-01", closed_on="2015-04-26")
    site.campaign(6, "being prepared", opened_on=None, closed_on=None)
    site.react(5, site.contact(), "EMAIL", "clicked")
    found = site.publish()
    assert (found.campaigns, found.files, found.rows, found.lossy, found.reactions) == (3, 12, 2, 0, 1)
    assert site.zips() == [
        "2015-04-27_1_open.zip", "2015-04-27_2_last day.zip", "2015-04-27_5_over, but clicked.zip",
        "2015-04-27_Daily.zip",
    ]  # fmt: skip


def test_a_medium_has_its_files_even_without_a_reaction(site: Site) -> None:
    """Such a file has only its header line."""
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


def test_a_file_lists_a_contact_once_as_of_its_last_reaction(site: Site) -> None:
    """The last reaction of that file's medium and kind: an opt-out names the address of that time."""
    site.campaign(1)
    who = site.contact(email="old@example.com")
    site.react(1, who, "EMAIL", "opened", "2015-04-27 09:00+02")
    site.react(1, who, "EMAIL", "optout", "2015-04-27 09:01+02")
    site.conn.execute("UPDATE contactsync.contact SET email = 'new@example.com'")
    # Recorded late.
    site.react(1, who, "EMAIL", "opened", "2015-04-27 08:00+02")
    site.react(1, who, "EMAIL", "clicked", "2015-04-27 10:00+02")
    site.publish()
    assert site.emails("EMAIL_opened") == site.emails("EMAIL_optout") == ["old@example.com"]
    assert site.emails("EMAIL_clicked") == ["new@example.com"]


def test_the_daily_zip_joins_the_campaigns(site: Site) -> None:
    """A contact who reacted to two campaigns is listed once."""
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
    columns = {key: f"the {key}" for key in FRENCH} | {"birth_date": "1980-02-01"}
    site.campaign(1)
    site.react(1, site.contact(**columns), "EMAIL", "opened")
    site.publish()
    (row,) = site.rows("EMAIL_opened")
    assert row == {FRENCH[key]: value for key, value in columns.items()} | {"Date de naissance": "01/02/1980"}


@pytest.mark.parametrize(
    ("setting", "phone", "mobile"),
    [
        ("international", "+33 2 99 41 52 63", "+687 75.12.34"),
        ("e164", "+33299415263", "+687751234"),
    ],
)
def test_phone_numbers_are_spaced_unless_the_setting_is_e164(
    site: Site, setting: Literal["international", "e164"], phone: str, mobile: str
) -> None:
    """A spreadsheet would take `+687751234` for a number and drop its plus; fax numbers stay as they were typed."""
    site.campaign(1)
    cells = {"phone": "+33299415263", "mobile": "+687751234", "fax": "+33299415264", "city": "+33299415265"}
    site.react(1, site.contact(**cells), "EMAIL", "opened")
    site.publish(report_phones=setting, defuse_formulas=False)
    (row,) = site.rows("EMAIL_opened")
    found = [row[FRENCH[key]] for key in cells]
    assert found == [phone, mobile, "+33299415264", "+33299415265"]


def test_numbers_that_sql_wrote_are_left_alone(site: Site) -> None:
    """A phone that is not E.164 is written as it is, quoted if need be, and blank ones stay blank."""
    site.campaign(1)
    for phone in ("06;12", 'a"b', "\x02", "+33\n6"):
        site.react(1, site.contact(phone=phone), "EMAIL", "opened")
    site.publish()
    assert [row["Téléphone Fixe"] for row in site.rows("EMAIL_opened")] == ["06;12", 'a"b', "\x02", "+33\n6"]
    assert {row["Mobile"] for row in site.rows("EMAIL_opened")} == {""}


def test_cells_are_quoted_only_where_needed(site: Site) -> None:
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
def test_each_file_has_its_own_encoding(site: Site, encoding: str, name: str) -> None:
    """A pinned encoding is kept: `?` replaces what it lacks, and the file counts as lossy."""
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


def test_many_rows_are_complete_and_in_order(site: Site) -> None:
    """More than one chunk, and more than fits in memory; one character at the end decides the file's encoding."""
    site.campaign(1)
    site.many(20_000, "repeat('é', 100)")
    assert site.publish().rows == 40_000
    lines = site.raw("EMAIL_opened").decode("utf-8-sig").splitlines()[1:]
    assert [line.split(";")[3] for line in lines] == [f"p{n}@example.com" for n in range(1, 20_001)]
    assert lines[-1].split(";")[1] == "éŁ"


def test_formulas_are_defused_unless_the_setting_is_off(site: Site) -> None:
    """Phone numbers are not formulas, nor is a fax number that was typed with a plus."""
    site.campaign(1)
    cells = {
        "first_name": "=1+1", "last_name": "'=1", "city": "-2", "company": "@SUM", "state": "+1", "country": "a=b",
        "phone": "+33299415263", "mobile": "+33690123456", "fax": "+33 (0)2-99", "reference": "\tx",
        "field_1": "'t Hart",
    }  # fmt: skip
    site.react(1, site.contact(**cells), "EMAIL", "opened")
    site.publish(defuse_formulas=False)
    cells |= {"phone": "+33 2 99 41 52 63", "mobile": "+33 6 90 12 34 56"}
    (plain,) = site.rows("EMAIL_opened")
    assert {key: plain[FRENCH[key]] for key in cells} == cells
    site.publish()
    (defused,) = site.rows("EMAIL_opened")
    changed = {"first_name": "'=1+1", "last_name": "''=1", "city": "'-2", "company": "'@SUM", "state": "'+1"}
    assert {key: defused[FRENCH[key]] for key in cells} == cells | changed | {"reference": "'\tx"}


def test_an_import_reads_from_a_report_what_was_stored(site: Site) -> None:
    """Every beginning of a cell, in every column of text: apostrophes, signs, and what follows them."""
    site.campaign(1)
    keys = [key for key in FRENCH if key not in ("email", "phone", "mobile", "birth_date")]
    values = ["".join(each) for length in (1, 2, 3, 4) for each in itertools.product("'=+-@a", repeat=length)]
    # Every sign, alone and behind apostrophes. The end of a cell is trimmed.
    values += [f"{before}{sign}a" for sign in SIGNS for before in ("", "'", "''")]
    stored = [
        dict(zip(keys, cells, strict=False))
        for cells in (values[at : at + len(keys)] for at in range(0, len(values), len(keys)))
    ]
    for cells in stored:
        site.react(1, site.contact(**cells), "EMAIL", "opened")
    site.publish()
    text = site.raw("EMAIL_opened").decode("utf-8-sig")
    reader = Reader([text.encode()], ";", HeaderRules())
    read = [batch.table.columns for batch in reader]
    for key in keys:
        column = unguard_column(key, pa.concat_arrays([columns[key] for columns in read])).to_pylist()
        assert column == [cells.get(key) for cells in stored]


def test_the_same_data_give_the_same_bytes(site: Site) -> None:
    """Whenever the day is built: readers can compare zips byte by byte."""
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
