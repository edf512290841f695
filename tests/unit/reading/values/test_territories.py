"""The French dialling plan: a number has one stored form, in whatever territory and way it is written."""

from __future__ import annotations

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactsync.reading.values import phones, territories

REGIONS = ("FR", "GP", "GF", "RE", "YT", "MQ", "PM")
NATIONAL = st.one_of(
    st.from_regex(r"[1-9][0-9]{8}", fullmatch=True),
    st.from_regex(r"(?:69[0-9]|26[0-9]|59[0-9]|70[89]|639|8[0-9]{2}|97[0-9])[0-9]{6}", fullmatch=True),
)


def stored(value: str, region: str) -> str | None:
    return phones.normalise_one(value, region, "possible")


@settings(max_examples=150, deadline=None)
@given(st.lists(NATIONAL, max_size=12), st.sampled_from([33, 590, 594, 262, 596, 508]))
def test_a_column_is_settled_as_each_number(numbers: list[str], code: int) -> None:
    """The patterns over a column give the library's answer for each number."""
    one_by_one = []
    for national in numbers:
        number = phonenumbers.PhoneNumber(country_code=code, national_number=int(national))
        settled = territories.settle_one(number)
        one_by_one.append(phonenumbers.format_number(settled, phonenumbers.PhoneNumberFormat.E164))
    settled_column = territories.settle(pa.array(numbers, pa.string()), str(code))
    assert settled_column is not None
    assert settled_column.to_pylist() == one_by_one


@settings(max_examples=60, deadline=None)
@given(NATIONAL, st.sampled_from(REGIONS), st.sampled_from(REGIONS))
def test_a_stored_number_is_read_as_itself(national: str, region: str, other: str) -> None:
    """A number from a report is the same address when it comes back, in every region of the plan."""
    first = stored(f"0{national}", region)
    assert first is not None
    assert stored(first, other) == first


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    "value", ["0692123456", "+262692123456", "+33692123456", "00262 692 12 34 56", "+590 692 12 34 56"]
)
def test_a_mobile_of_reunion_is_one_address(value: str, region: str) -> None:
    """The trunk form and every country code of the plan give the same address, so an opt-out reaches the person."""
    assert stored(value, region) == "+262692123456"
    assert phones.normalise(pa.array([value]), region, "possible").to_pylist() == ["+262692123456"]


@pytest.mark.parametrize("region", REGIONS)
def test_a_mobile_of_france_is_one_address(region: str) -> None:
    """A number that is valid only in France is stored under +33 in each region of the plan."""
    assert stored("0612345678", region) == "+33612345678"
    assert stored("06 90 12 34 56", region) == "+590690123456"


def test_other_countries_have_no_such_plan() -> None:
    """A number of another country is left as it is."""
    assert territories.settle(pa.array(["612345678"]), "32") is None


@pytest.mark.parametrize("region", [region for region in REGIONS if region != "PM"])
@pytest.mark.parametrize("value", ["41 22 33", "412233", "+33412233", "0033 41 22 33"])
def test_six_digits_are_no_number_outside_saint_pierre(value: str, region: str) -> None:
    """A number that lacks digits opts out no stranger in Saint-Pierre-et-Miquelon, where six digits are a number."""
    assert stored(value, region) is None
    assert phones.normalise(pa.array([value]), region, "possible").to_pylist() == [None]


def test_six_digits_are_a_number_of_saint_pierre() -> None:
    """In the territory itself, or with its country code, they are a number."""
    assert stored("41 22 33", "PM") == "+508412233"
    assert (
        phones.normalise(pa.array(["412233", "+508412233"]), "PM", "possible").to_pylist()
        == ["+508412233"] * 2
    )
    assert phones.normalise(pa.array(["+508 41 22 33"]), "FR", "possible").to_pylist() == ["+508412233"]
