"""Phone numbers that are not plain ones of the region: a column gives the library's answers, and seldom asks it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactsync.reading.values import phones
from contactsync.reading.values.numbering_plan import country_code

if TYPE_CHECKING:
    from contactsync.domain.account import PhoneCheck

HOMES = ("FR", "RE", "DE", "IT", "US", "GB", "BR", "RU", "HU", "ZZ")
CHECKS: tuple[PhoneCheck, PhoneCheck] = ("possible", "valid")
CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
OTHER_DIGITS = "".join(
    character for character in map(chr, range(0x600, 0x20000)) if unicodedata.category(character) == "Nd"
)
MARKS = st.sampled_from(
    [
        *" .-/()[]",
        "\u00ad",
        "\u2011",
        "\u2013",
        "\u200b",
        "\u2212",
        "\uff0d",
        "\uff0e",
        "\uff08",
        "\u3000",
        "~",
        "\uff5e",
    ]
)
EXTENSIONS = st.builds(
    "{}{}{}{}".format,
    *(
        st.sampled_from(["", " ", "  ", ",", "-", "/"]),
        st.sampled_from(["x", "X", "#", "ext", "ext.", "Ext", "poste", ";ext="]),
    ),
    *(st.sampled_from(["", " ", ". ", "-"]), st.integers(0, 10**9).map(str)),
)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A number of any country, with marks, digits of other scripts or an extension."""
    code = draw(st.sampled_from(CODES))
    example = phonenumbers.example_number(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code][0])
    digits = str(example.national_number) if example else "123456789"
    digits = draw(
        st.sampled_from([digits, digits[:-1], digits + "0", f"0{digits}", digits[1:], "0" + digits[1:]])
    )
    start = draw(
        st.sampled_from(
            [
                f"+{code}",
                f"00{code}",
                f"+{code}0",
                str(code),
                f"011{code}",
                f"+00{code}",
                "\uff0b" + str(code),
                "",
                "0",
                "00",
            ]
        )
    )
    text = start + digits
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(MARKS) + text[place:]
    if draw(st.booleans()):
        zero = ord(draw(st.sampled_from([d for d in OTHER_DIGITS if unicodedata.digit(d) == 0])))
        text = "".join(chr(zero + int(c)) if c in "0123456789" and draw(st.booleans()) else c for c in text)
    return (text + draw(st.one_of(st.just(""), EXTENSIONS))).strip()


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers(), max_size=25), st.sampled_from(HOMES), st.sampled_from(CHECKS))
def test_a_column_has_the_librarys_answers(values: list[str], region: str, check: PhoneCheck) -> None:
    """Foreign numbers, numbers with extensions and those in other digits are read as the library reads each of them."""
    column = phones.normalise(pa.array(values, pa.string()), region, check)
    assert column.to_pylist() == [phones.normalise_one(value, region, check) for value in values]


@pytest.mark.parametrize("code", CODES)
def test_numbers_of_every_country_are_read_as_the_library_does(code: int) -> None:
    """A country's own number, too short, too long or behind its prefix, has the library's answer in France."""
    region = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code][0]
    example = phonenumbers.example_number(region) or phonenumbers.example_number_for_non_geo_entity(code)
    assert example is not None
    digits = str(example.national_number)
    variants = [
        digits,
        *(digits[:end] for end in range(1, len(digits))),
        digits + "1",
        digits + "12345",
        "0" + digits,
        "00" + digits,
        "8" + digits,
    ]
    values = [f"{start}{code}{variant}" for variant in variants for start in ("+", "00")]
    for check in CHECKS:
        column = phones.normalise(pa.array(values, pa.string()), "FR", check)
        assert column.to_pylist() == [phones.normalise_one(value, "FR", check) for value in values]


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("+49 30 1234567", "+49301234567"),
        ("0049301234567", "+49301234567"),
        ("+3212345", None),
        ("+32123456789012", None),
        ("\u0660\u0666\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "+33612345678"),
        ("06\u201112\u201134\u201156\u201178", "+33612345678"),
        ("0612345678 x123", "+33612345678"),
        ("0612345678#9", "+33612345678"),
        ("+49 30 1234567 ext. 12", "+49301234567"),
        ("+86 10 1234 5678", "+861012345678"),
        ("1612345678", None),
        ("06123456789", None),
    ],
)
def test_usual_forms_do_not_call_the_library(
    monkeypatch: pytest.MonkeyPatch, value: str, stored: str | None
) -> None:
    """A file full of such numbers takes no call for each of them."""
    monkeypatch.setattr(phones, "normalise_one", lambda *_: pytest.fail("the library was asked"))
    assert phones.normalise(pa.array([value]), "FR", "possible").to_pylist() == [stored]


def test_a_call_shows_its_country() -> None:
    """Country codes have one to three digits; none begins another, and none begins with a zero."""
    starts = ("336", "123", "262", "999", "210", "001")
    assert [country_code(digits) for digits in starts] == [33, 1, 262, None, None, None]


@pytest.mark.parametrize(
    "value", ["+49 30 1234 / 0301234", "+49 30 1234 - 0301234", "+49301234567.0", "+86 10 1234/0101234"]
)
def test_two_foreign_numbers_in_a_cell_are_none(value: str) -> None:
    """Their digits together might be one number."""
    assert phones.normalise_one(value, "FR", "possible") is None
    assert phones.normalise(pa.array([value]), "FR", "possible").to_pylist() == [None]
