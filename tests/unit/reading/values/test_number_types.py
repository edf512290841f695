"""Types of phone numbers: a column gives the library's answers, country by country."""

from __future__ import annotations

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from contactsync.reading.values.number_types import can_be_mobile

MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "voip", "pager", "uan", "personal_number")


def by_library(number: str) -> bool:
    return phonenumbers.number_type(phonenumbers.parse(number)) in MOBILE


def is_e164(number: str) -> bool:
    """Whether the library leaves a number as it is; from some it takes a 0 that is dialled only inside the country."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) == number


def examples(code: int) -> list[str]:
    """The library's example numbers of all types and regions of a country code, in E.164 form."""
    found = []
    for region in COUNTRY_CODE_TO_REGION_CODE[code]:
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        kinds = [getattr(metadata, kind) for kind in KINDS]
        found += [f"+{code}{kind.example_number}" for kind in kinds if kind and kind.example_number]
    return found


@pytest.mark.parametrize("code", COUNTRY_CODE_TO_REGION_CODE)
def test_examples_of_every_country(code: int) -> None:
    """Each type's example, of each region that shares a code, has the library's answer."""
    numbers = examples(code)
    assert can_be_mobile(pa.array(numbers, pa.string())).to_pylist() == [by_library(n) for n in numbers]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_numbers_of_mixed_countries(data: st.DataObject) -> None:
    """Examples with changed digits, of several countries in one column, have the library's answers."""

    def changed(number: str) -> str:
        place = data.draw(st.integers(4, len(number) - 1))
        return number[:place] + data.draw(st.sampled_from("0123456789")) + number[place + 1 :]

    codes = data.draw(st.lists(st.sampled_from([*COUNTRY_CODE_TO_REGION_CODE]), min_size=1, max_size=4))
    changes = [changed(number) for code in codes for number in examples(code)]
    numbers = [number for number in changes if is_e164(number)]
    assert can_be_mobile(pa.array(numbers, pa.string())).to_pylist() == [by_library(n) for n in numbers]


def test_null_is_no_mobile() -> None:
    """A cell without a number is no mobile, also in a column without numbers."""
    assert can_be_mobile(pa.array([None, "+33612345678"], pa.string())).to_pylist() == [False, True]
    assert can_be_mobile(pa.array([None], pa.string())).to_pylist() == [False]
    assert can_be_mobile(pa.array([], pa.string())).to_pylist() == []
