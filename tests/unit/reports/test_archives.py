"""Which zips a day has, and their names (protocol 6)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.reports.archives import Campaign, archives, zip_name

DAY = date(2015, 4, 27)


EMAIL = ("EMAIL_clicked", "EMAIL_opened", "EMAIL_optout")


def campaign(
    number: int = 1, name: str = "c", media: tuple[str, ...] = ("EMAIL",), *recorded: str
) -> Campaign:
    return Campaign(number, name, media, frozenset(recorded))


def test_there_is_a_zip_per_campaign_and_one_with_all() -> None:
    """The example of protocol 6."""
    found = archives(DAY, [campaign(12345, "Campaign #1"), campaign(67891, "Campaign #2")], "{day}_Daily.zip")
    assert [archive.name for archive in found] == [
        "2015-04-27_Daily.zip", "2015-04-27_12345_Campaign #1.zip", "2015-04-27_67891_Campaign #2.zip",
    ]  # fmt: skip
    assert [archive.campaigns for archive in found] == [(12345, 67891), (12345,), (67891,)]


def test_a_medium_always_has_its_files_and_other_pairs_only_if_recorded() -> None:
    both = [campaign(1, "a", ("EMAIL",), "EMAIL_clicked", "SMS_answered"), campaign(2, "b", ("VOICEMAIL",))]
    daily, first, second = archives(DAY, both, "d.zip")
    assert first.files == (*EMAIL, "SMS_answered")
    assert second.files == ("VOICEMAIL_optout",)
    assert daily.files == (*EMAIL, "SMS_answered", "VOICEMAIL_optout")
    assert daily.recorded == {"EMAIL_clicked", "SMS_answered"}


def test_a_day_without_a_campaign_has_the_files_of_all_media() -> None:
    (daily,) = archives(DAY, [], "d.zip")
    assert daily.files == (*EMAIL, "SMS_optout", "VOICEMAIL_optout", "VOICE_optout")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Soldes d'été", "2015-04-27_7_Soldes d'été.zip"),
        ("a/b\\c", "2015-04-27_7_a_b_c.zip"),
        ('<a>:"b"|c?*', "2015-04-27_7__a___b__c__.zip"),
        ("a\nb\x00c\x7f\x85\u2028d", "2015-04-27_7_a_b_c___d.zip"),
        ("a\u202egpj\u2066x\u200f\u061c", "2015-04-27_7_a_gpj_x__.zip"),
        ("Soldes... ", "2015-04-27_7_Soldes.zip"),
        ("Soldes .\xa0", "2015-04-27_7_Soldes.zip"),
        ("e\u0301t\u00e9", "2015-04-27_7_été.zip"),
        ("CON", "2015-04-27_7_CON.zip"),
        ("👩\u200d👧 promo", "2015-04-27_7_👩\u200d👧 promo.zip"),
        ("..", "2015-04-27_7___.zip"),
        ("...hidden.x", "2015-04-27_7____hidden.x.zip"),
        ("../../etc", "2015-04-27_7____.._etc.zip"),
        ("", "2015-04-27_7_.zip"),
        ("x" * 300, f"2015-04-27_7_{'x' * 103}.zip"),
        ("x" * 101 + " .yz", f"2015-04-27_7_{'x' * 101}.zip"),
    ],
)
def test_the_name_of_a_campaign_is_made_safe(name: str, expected: str) -> None:
    """On Windows and macOS too. An emoji keeps its joiner."""
    assert zip_name(DAY, campaign(7, name)) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400), st.integers(-(2**63), 2**63 - 1))
def test_every_campaign_gets_a_valid_file_name_of_its_own(name: str, number: int) -> None:
    """At most 120 characters and 255 bytes, no folder, nothing that Windows forbids. Another id gives another name."""
    found = zip_name(DAY, campaign(number, name))
    assert len(found.encode()) <= 255
    assert len(found) <= 120
    assert re.fullmatch(
        r"2015-04-27_-?[0-9]+_[^<>:\"/\\|?*\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*\.zip", found
    )
    assert not found.removesuffix(".zip").endswith((".", " "))
    assert found.casefold() != zip_name(DAY, campaign(number + 1, name.swapcase())).casefold()
