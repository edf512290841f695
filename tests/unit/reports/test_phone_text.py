"""Phone numbers in reports are spaced as libphonenumber spaces them, and survive the way back (protocol 6)."""

from __future__ import annotations

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from contactsync.reading.values import phones
from contactsync.reports import phone_text
from contactsync.reports.phone_text import Formatted, international

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


def by_the_library(e164: str) -> str:
    """The same number, formatted by libphonenumber itself."""
    return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)


def examples(region: str) -> list[str]:
    """The library's sample numbers of a region, in E.164."""
    found = (phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values())
    return [phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in found if number]


@pytest.mark.parametrize("region", REGIONS)
def test_the_sample_numbers_of_every_region(region: str) -> None:
    """The text is the library's, and the importer reads the same number from it."""
    for e164 in examples(region):
        text = international(e164)
        assert text == by_the_library(e164)
        assert " " in text
        assert phones.normalise(pa.array([text]), "FR", "possible").to_pylist() == [e164]


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS))
def test_the_sample_numbers_of_no_region(code: int) -> None:
    """International services have formats of their own."""
    number = phonenumbers.example_number_for_non_geo_entity(code)
    assert number is not None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    assert international(e164) == by_the_library(e164)


@given(
    code=st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)),
    rest=st.from_regex(r"[0-9]{4,12}", fullmatch=True),
)
def test_any_number(code: int, rest: str) -> None:
    """Every number that the importer stores is spaced as the library does it."""
    (e164,) = phones.normalise(pa.array([f"+{code}{rest}"]), "FR", "possible").to_pylist()
    if e164 is not None:
        assert international(e164) == by_the_library(e164)


@pytest.mark.parametrize(
    "text", ["", "+", "0612345678", "+33 6 12", "+999123456", "+0123456", "+33abc", "été"]
)
def test_what_is_no_number_stays_as_it_is(text: str) -> None:
    """Rows that were written by SQL may hold anything."""
    assert international(text) == text


def test_no_more_than_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the number of contacts."""
    monkeypatch.setattr(phone_text, "MAX_KEPT", 100)
    formatted = Formatted()
    texts = [formatted[b"+336%08d" % number] for number in range(1_000)]
    assert texts[999] == b"+33 6 00 00 09 99"
    assert len(formatted) <= 100
