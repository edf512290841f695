"""Phone numbers: a column gives the library's answers, region by region, and the protocol's examples."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from contactsync.reading.values import phones

if TYPE_CHECKING:
    from contactsync.domain.account import PhoneCheck

# Plain ones, and those with a peculiarity: a country code that is shared (GB US IT RU RE MA VA KZ CA GG), no
# national prefix (IT ES PT) or one that is the country code (US), rewriting (BR AR LU), many lengths (DE AT).
REGIONS = [
    *("FR", "BE", "DE", "GB", "US", "IT", "ES", "CH", "RU", "BR", "AR", "MX", "MC", "LU", "RE", "MA", "AU"),
    *("CA", "PT", "NL", "PL", "AT", "IE", "SE", "HU", "GP", "KZ", "VA", "GG", "CR", "MG", "SM", "LT"),
]
BOTH: tuple[PhoneCheck, PhoneCheck] = ("possible", "valid")
DIGITS = st.text("0123456789", max_size=17)
HOSTILE = st.one_of(
    st.sampled_from([*"0123456789 .-/()+x~*#,;eE[]_é٣ⅷ²\uff13\uff0b\u00a0\u202f\u2010\u200b\n"]),
    st.sampled_from(
        [";ext=", "ext 5", "(0)", "tel:", "T: ", "ABC", "int", "~5", "\u2053", "\u223c", "++", "é"]
    ),
    st.characters(exclude_categories=["Cs"]),
)


@cache
def metadata(region: str) -> PhoneMetadata:
    found = PhoneMetadata.metadata_for_region(region)
    assert found is not None
    return found


@cache
def example_numbers(region: str) -> list[str]:
    found = metadata(region)
    kinds = [found.fixed_line, found.mobile, found.toll_free, found.premium_rate, found.voip]
    return [kind.example_number for kind in kinds if kind and kind.example_number]


@cache
def prefixes(region: str) -> list[str]:
    """Prefixes that a national number may have, and texts that only look like one."""
    code, national = str(metadata(region).country_code), metadata(region).national_prefix or "0"
    abroad = metadata(region).international_prefix or "00"
    idds = {"00", *([abroad] if abroad.isdigit() else [])}
    calls = [start + code for start in ("+", *idds)]
    plain = [*calls, *(call + national for call in calls), national, code, code + national, "", *idds]
    return [
        *plain,
        "+",
        "+1",
        "+44",
        "+800",
        "0",
        "8",
        national * 2,
        code * 2,
        national + code,
        f"+{code * 2}",
    ]


@st.composite
def texts(draw: st.DrawFn, region: str) -> str:
    """A number as people of the region write it, or nearly."""
    general = metadata(region).general_desc
    assert general is not None
    number = draw(
        st.one_of(
            st.sampled_from(example_numbers(region)),
            st.sampled_from(general.possible_length).flatmap(
                lambda n: st.text("0123456789", min_size=n, max_size=n)
            ),
            DIGITS,
        )
    )
    value = (
        draw(st.sampled_from(prefixes(region))) + draw(st.sampled_from(["", "", *prefixes(region)])) + number
    )
    mark = draw(st.sampled_from(["", "", " ", ".", "-", "/", "\u00a0", " (0) "]))
    places = draw(st.lists(st.integers(0, len(value)), max_size=4)) if mark else []
    for place in sorted(places, reverse=True):
        value = value[:place] + mark + value[place:]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(value)))
        value = value[:at] + draw(st.one_of(HOSTILE, st.just(""))) + value[at + draw(st.integers(0, 1)) :]
    return value.strip()


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[str | None]]:
    region = draw(st.sampled_from(REGIONS))
    return region, draw(st.lists(st.one_of(texts(region), st.text(max_size=12), st.none()), max_size=40))


def normalised(
    values: list[str | None], region: str = "FR", strictness: PhoneCheck = "possible"
) -> list[str | None]:
    return [*phones.normalise(pa.array(values, pa.string()), region, strictness).to_pylist()]


def one_by_one(values: list[str | None], region: str, strictness: PhoneCheck) -> list[str | None]:
    return [None if value is None else phones.normalise_one(value, region, strictness) for value in values]


@settings(max_examples=250, deadline=None)
@given(columns(), st.sampled_from(BOTH))
def test_a_column_has_the_librarys_answer_for_each_value(
    column: tuple[str, list[str | None]], strictness: PhoneCheck
) -> None:
    """Every value of a column gets the library's answer, in every region."""
    region, values = column
    assert normalised(values, region, strictness) == one_by_one(values, region, strictness)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_prefixes_of_every_region_are_read_as_the_library_does(region: str) -> None:
    """The patterns made from a region's metadata hold for its own numbers behind every prefix."""
    code = str(metadata(region).country_code)
    numbers: set[str] = set()
    for number in example_numbers(region):
        numbers |= {number, number[1:], number + "0", "0" + number[1:], code + number[len(code) :]}
    values: list[str | None] = [prefix + number for prefix in prefixes(region) for number in sorted(numbers)]
    assert normalised(values, region) == one_by_one(values, region, "possible")
    assert normalised(values[::3], region, "valid") == one_by_one(values[::3], region, "valid")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("0299415263", "+33299415263"),
        ("02.98.44.10.32", "+33298441032"),
        ("336 90 12 34 56", "+590690123456"),
        ("06 12 34 56 78", "+33612345678"),
        ("06\u00a012\u00a034\u00a056\u00a078", "+33612345678"),
        ("06/12/34/56/78", "+33612345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+33 (0)6-12-34-56-78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("299415263", "+33299415263"),
        ("0000000000", None),
        ("00 00 00 00 00", None),
        ("06 12 34 56 7", None),
        ("06\u202f12\u202f34\u202f56\u202f78", "+33612345678"),
        ("06\u200912\u200934\u200956\u200978", "+33612345678"),
        ("06\u201112\u201134\u201156\u201178", "+33612345678"),
        ("0612345678;0698765432", None),
        ("0612345678 / 0698765432", None),
        ("0612345678,0698765432", None),
        ("0612345678 ou 0698765432", None),
        ("0612345678 ext 0698765432", None),
        ("tel:0612345678;0698765432", None),
        ("tel:0612345678;ext=9", "+33612345678"),
        ("612345678.0", None),
        ("33612345678.0", None),
        ("61234567.0", None),
        ("612345678,00", None),
        ("0612345678" + "-" * 30, "+33612345678"),
        ("0612345678" + "-" * 31, None),
        ("+32 470 12 34 56", "+32470123456"),
        ("0612345678 ext. 9", "+33612345678"),
        ("٠٦١٢٣٤٥٦٧٨", "+33612345678"),
        ("06123", None),
        ("3.36E+10", None),
        ("3,36E+10", None),
        ("3.36e10", None),
        ("inconnu", None),
        ("+", None),
        ("0 6" + " " * 246 + "12345678", None),
        ("", None),
    ],
)
def test_examples(value: str, stored: str | None) -> None:
    """A number is read as in France and stored as E.164, or not at all."""
    assert normalised([value]) == [stored]


def test_valid_is_stricter_than_possible() -> None:
    """Under `valid`, a number is refused if its range is not assigned in any territory of the plan."""
    values = ["336 90 12 34 56", "0299415263", "0700000000"]
    assert normalised(values, strictness="valid") == ["+590690123456", "+33299415263", None]
    assert normalised(values)[2] == "+33700000000"


def test_two_numbers_are_recognised_where_the_plan_has_long_ones() -> None:
    """In Germany two short numbers have as many digits as one long number."""
    assert normalised(["030 12345 / 030 54321", "030 12345/67", "030/1234567"], "DE") == [
        None,
        "+49301234567",
        "+49301234567",
    ]


@pytest.mark.parametrize("strictness", BOTH)
def test_plain_numbers_do_not_call_the_library(
    monkeypatch: pytest.MonkeyPatch, strictness: PhoneCheck
) -> None:
    """The pattern alone reads French numbers in their usual spellings."""
    monkeypatch.setattr(phones, "normalise_one", lambda *_: pytest.fail("the library was asked"))
    values = "0612345678,06.12.34.56.78,06 12 34 56 78,+33 6 12 34 56 78,0033612345678,336 12 34 56 78"
    assert set(normalised([*values.split(","), "612345678"], strictness=strictness)) == {"+33612345678"}


def test_the_library_is_called_once_per_distinct_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library judges each distinct value that the pattern leaves, once."""
    asked: list[str] = []
    monkeypatch.setattr(phones, "normalise_one", lambda value, *_: asked.append(value))
    normalised(["0612345678;x", "06,12345678", "tel:0612345678", "0612345678;x", "inconnu", None])
    assert asked == ["0612345678;x", "06,12345678"]


def test_an_unknown_region_reads_international_numbers() -> None:
    """A number with a plus needs no region."""
    assert normalised(["+33612345678", "0612345678"], "ZZ") == ["+33612345678", None]


def test_an_empty_column_stays_empty() -> None:
    """An empty column gives an empty column."""
    assert normalised([]) == []
