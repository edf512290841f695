"""Which days, zips and files a report has, what they are called, and in which bytes they are written (protocol 6)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.account import Account
from contactsync.domain.columns import FRENCH, match_header
from contactsync.domain.errors import ConfigurationError
from contactsync.reading.examination import undo_formulas
from contactsync.reports import days as reporting
from contactsync.reports.days import Campaign
from contactsync.settings.field_types import daily_name_problem

PARIS = ZoneInfo("Europe/Paris")
DAY = date(2015, 4, 27)
NO_DELAY = timedelta(0)
EMAIL = ("EMAIL_clicked", "EMAIL_opened", "EMAIL_optout")


def account(**columns: Any) -> Account:
    plain = {
        "account_id": 1, "name": "a", "home": None, "unix_user": None, "unix_group": None, "separator": ";",
        "dedup": "none", "field_labels": (None,) * 15, "region": "FR", "time_zone": "Europe/Paris",
        "encoding": "auto", "blank_cells": "keep", "phone_check": "possible", "syntax_errors": "refuse",
        "language": "fr", "revision": 1,
    }  # fmt: skip
    return Account(**(plain | columns))


def campaign(
    number: int = 1, name: str = "c", media: tuple[str, ...] = ("EMAIL",), *recorded: str
) -> Campaign:
    return Campaign(number, name, media, frozenset(recorded))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- days --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "day", "since", "until"),
    [
        ("Europe/Paris", "2015-04-27", "2015-04-26T22:00", "2015-04-27T22:00"),
        ("Europe/Paris", "2024-03-31", "2024-03-30T23:00", "2024-03-31T22:00"),  # 23 hours
        ("Europe/Paris", "2024-10-27", "2024-10-26T22:00", "2024-10-27T23:00"),  # 25 hours
        ("Asia/Beirut", "2024-03-31", "2024-03-30T22:00", "2024-03-31T21:00"),  # midnight is skipped
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00", "2024-04-26T21:00"),  # likewise
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00", "2024-09-09T03:00"),  # likewise
        ("America/Havana", "2024-11-03", "2024-11-03T04:00", "2024-11-04T05:00"),  # 00:30 comes twice
        ("Asia/Beirut", "2024-10-26", "2024-10-25T21:00", "2024-10-26T22:00"),  # 23:30 comes twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", "2011-12-30T10:00"),  # there was no such day
        ("Asia/Kathmandu", "2024-01-01", "2023-12-31T18:15", "2024-01-01T18:15"),
    ],
)
def test_a_day_lasts_from_midnight_to_midnight_where_the_account_is(
    zone: str, day: str, since: str, until: str
) -> None:
    found = reporting.day_of(date.fromisoformat(day), ZoneInfo(zone))
    assert (found.since, found.until) == (utc(since), utc(until))


@given(st.integers(315_532_800, 2_114_380_800), st.sampled_from(
    ("Europe/Paris", "America/Havana", "Asia/Beirut", "Pacific/Apia", "America/Santiago", "Asia/Kathmandu")
))  # fmt: skip
def test_each_moment_is_in_the_day_that_the_account_calls_it(stamp: int, name: str) -> None:
    """And days join without a gap."""
    now, zone = datetime.fromtimestamp(stamp, UTC), ZoneInfo(name)
    day = reporting.day_of(reporting.today(now, zone), zone)
    assert day.since <= now < day.until
    assert reporting.day_of(day.date + timedelta(days=1), zone).since == day.until
    night = reporting.next_night(now, zone, NO_DELAY)
    assert now < night <= now + timedelta(hours=48)
    assert reporting.today(night, zone) > reporting.today(night - timedelta(seconds=1), zone)


def test_the_next_night_comes_with_its_delay() -> None:
    delay = timedelta(seconds=60)
    assert reporting.next_night(utc("2015-04-27T21:00"), PARIS, delay) == utc("2015-04-27T22:01")
    assert reporting.next_night(utc("2015-04-27T22:00:30"), PARIS, delay) == utc("2015-04-27T22:01")
    assert reporting.next_night(utc("2015-04-27T22:01"), PARIS, delay) == utc("2015-04-28T22:01")


def test_days_that_are_missing_are_owed_as_far_back_as_they_are_kept() -> None:
    now = utc("2015-05-05T08:00")
    whole = {date(2015, 5, 1): utc("2015-05-01T22:01")}
    owed = reporting.owed(now, PARIS, 7, NO_DELAY, whole)
    assert [day.date.day for day in owed] == [28, 29, 30, 2, 3, 4]


def test_a_day_is_owed_when_its_delay_is_over() -> None:
    minute = timedelta(minutes=1)
    built = {date(2015, 4, day): utc("2015-04-29T00:00") for day in (25, 26)}
    assert reporting.owed(utc("2015-04-27T22:00:59"), PARIS, 2, minute, built) == []
    assert [d.date for d in reporting.owed(utc("2015-04-27T22:01"), PARIS, 2, minute, built)] == [DAY]


def test_a_day_built_before_it_had_ended_is_owed_again() -> None:
    """`report --day` may show today; its folder bears the time at which the data were read."""
    now = utc("2015-04-28T08:00")
    early, late = {DAY: utc("2015-04-27T21:59:59")}, {DAY: utc("2015-04-27T22:00")}
    assert [day.date for day in reporting.owed(now, PARIS, 1, NO_DELAY, early)] == [DAY]
    assert reporting.owed(now, PARIS, 1, NO_DELAY, late) == []


def test_days_older_than_the_retention_have_expired() -> None:
    """With 7 days, the seven that have ended last stay: what is owed never expires."""
    days = [date(2015, 5, 5) - timedelta(days=back) for back in range(12)]
    assert reporting.expired(days, utc("2015-05-05T08:00"), PARIS, 7) == sorted(days[8:])


def test_a_time_zone_that_others_wrote_wrong_is_told_with_its_mending() -> None:
    with pytest.raises(ConfigurationError, match="account set acme --time-zone"):
        reporting.zone_of(account(name="acme", time_zone="../etc/passwd"))
    with pytest.raises(ConfigurationError):
        reporting.zone_of(account(time_zone="Mars/Olympus"))


@pytest.mark.parametrize(
    "name", [b"2015-04-31", b"2015-4-27", b"2015-04-27 ", b"20150427", b".2015-04-27", b"\xff"]
)
def test_only_a_real_day_is_a_day(name: bytes) -> None:
    assert reporting.as_day(name) is None
    assert reporting.as_day(b"2015-04-27") == DAY


# --- zips and files ----------------------------------------------------------------------------------------


def test_there_is_a_zip_per_campaign_and_one_with_all() -> None:
    """protocol 6's example."""
    found = reporting.archives(
        DAY, [campaign(12345, "Campaign #1"), campaign(67891, "Campaign #2")], "{day}_Daily.zip"
    )
    assert [archive.name for archive in found] == [
        "2015-04-27_Daily.zip", "2015-04-27_12345_Campaign #1.zip", "2015-04-27_67891_Campaign #2.zip",
    ]  # fmt: skip
    assert [archive.campaigns for archive in found] == [(12345, 67891), (12345,), (67891,)]


def test_a_medium_has_its_files_always_and_other_pairs_when_they_were_recorded() -> None:
    both = [campaign(1, "a", ("EMAIL",), "EMAIL_clicked", "SMS_answered"), campaign(2, "b", ("VOICEMAIL",))]
    daily, first, second = reporting.archives(DAY, both, "d.zip")
    assert first.files == (*EMAIL, "SMS_answered")
    assert second.files == ("VOICEMAIL_optout",)
    assert daily.files == (*EMAIL, "SMS_answered", "VOICEMAIL_optout")
    assert daily.recorded == {"EMAIL_clicked", "SMS_answered"}


def test_a_day_without_a_campaign_has_the_files_of_all_media() -> None:
    (daily,) = reporting.archives(DAY, [], "d.zip")
    assert daily.files == (*EMAIL, "SMS_optout", "VOICEMAIL_optout", "VOICE_optout")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Soldes d'été", "2015-04-27_7_Soldes d'été.zip"),
        ("a/b\\c", "2015-04-27_7_a_b\\c.zip"),
        ("a\nb\x00c\x7f\x85\u2028d", "2015-04-27_7_a_b_c___d.zip"),
        ("..", "2015-04-27_7___.zip"),
        ("...hidden.x", "2015-04-27_7____hidden.x.zip"),
        ("../../etc", "2015-04-27_7____.._etc.zip"),
        ("", "2015-04-27_7_.zip"),
    ],
)
def test_the_name_of_a_campaign_is_made_safe(name: str, expected: str) -> None:
    assert reporting.zip_name(DAY, campaign(7, name)) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.integers(-(2**63), 2**63 - 1))
def test_every_name_is_one_file_of_its_own(name: str, number: int) -> None:
    """At most 255 bytes, no folder, no control character; and another id gives another name."""
    found = reporting.zip_name(DAY, campaign(number, name))
    assert len(found.encode()) <= 255
    assert re.fullmatch(r"2015-04-27_-?[0-9]+_[^/\x00-\x1f\x7f-\x9f]*\.zip", found)
    assert found != reporting.zip_name(DAY, campaign(number + 1, name))


@pytest.mark.parametrize("name", ["{day}_Daily.zip", "{day}.zip", "Daily.zip", "Tous les jours {day}.zip"])
def test_names_for_the_daily_zip(name: str) -> None:
    assert daily_name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "{day}",
        "../{day}.zip",
        ".{day}.zip",
        "{day}_1_x.zip",
        "{date}.zip",
        "a\n.zip",
        "é" * 126 + ".zip",
        "{day}_-7_.zip",
    ],
)
def test_names_that_the_daily_zip_cannot_have(name: str) -> None:
    """The last ones could be a campaign's zip."""
    assert daily_name_problem(name)


# --- the text of a file ------------------------------------------------------------------------------------


def test_the_header_line_has_all_columns_and_the_accounts_own_labels() -> None:
    labels = ("Magasin", None, 'a;"b"', *(None,) * 12)
    line = reporting.header_line(account(field_labels=labels))
    assert line.startswith("Civilité;Prénom;Nom;Email;Téléphone Fixe;Mobile;Fax;Adresse 1;")
    assert line.endswith(
        'Référence;Magasin;Champ 2;"a;""b""";' + ";".join(f"Champ {n}" for n in range(4, 16)) + "\n"
    )


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
def test_the_header_line_comes_back(separator: str) -> None:
    line = reporting.header_line(account(separator=separator)).rstrip("\n")
    header = match_header(line.split(separator), (None,) * 15)
    assert list(header.positions) == list(FRENCH)
    assert not header.unknown
    assert not header.doubled


def test_labels_that_no_file_may_have_are_left_out() -> None:
    """Others' SQL may have written them; a header line with two columns `Email` would be refused."""
    line = reporting.header_line(account(field_labels=("Email", *(None,) * 14)))
    assert ";Champ 1;" in line


def test_the_encoding_is_the_pin_or_what_can_hold_all() -> None:
    western, other = "œuf à 3 €".encode(), "Łódź".encode()
    assert reporting.has_western_bytes(western)
    assert not reporting.has_western_bytes(other)
    assert reporting.file_encoding("auto", western=True).encode(western) == "œuf à 3 €".encode("cp1252")
    utf8 = reporting.file_encoding("auto", western=False)
    assert (utf8.bom, utf8.encode(other)) == (b"\xef\xbb\xbf", other)
    for fits in (True, False):
        pinned = reporting.file_encoding("utf-8", western=fits)
        assert (pinned.bom, pinned.encode(other), pinned.lossy) == (b"", other, False)


def test_a_pin_is_kept_and_what_it_lacks_becomes_a_question_mark() -> None:
    pinned = reporting.file_encoding("iso-8859-1", western=False)
    assert (pinned.bom, pinned.encode("Łódź".encode()), pinned.lossy) == (b"", b"?\xf3d?", True)
    assert not reporting.file_encoding("iso-8859-1", western=True).lossy


def test_control_characters_that_stand_where_windows_1252_has_letters_have_no_byte() -> None:
    """U+0085 would come back as `…`; U+0081 has its own byte."""
    assert not reporting.has_western_bytes("\u0085".encode())
    assert reporting.has_western_bytes("\u0081".encode())


# --- formulas ----------------------------------------------------------------------------------------------


def test_undoing_takes_one_apostrophe_from_before_a_formula() -> None:
    cells = ["'=1+1", "''=1+1", "'+a", "'-a", "'@a", "'\ta", "'\ra", "=1", "'t Hart", "'", "a'=1", "", None]
    undone = undo_formulas(pa.array(cells, pa.string())).to_pylist()
    assert undone == ["=1+1", "'=1+1", "+a", "-a", "@a", "\ta", "\ra", "=1", "'t Hart", "'", "a'=1", "", None]


def test_a_column_without_an_apostrophe_is_not_even_copied() -> None:
    for cells in (["a", None], [], [None]):
        column = pa.array(cells, pa.string())
        assert undo_formulas(column) is column
