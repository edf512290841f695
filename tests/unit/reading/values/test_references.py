"""References: what a spreadsheet leaves of them, and which ones come again."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.reading.validate import MAX_REFERENCE_CHARACTERS
from contactsync.reading.values import references
from contactsync.reading.values.references import MAX_COMPOSED, Repeats


@pytest.mark.parametrize("value", ["1,23457E+15", "1.23457E+15", "1E+15", "-1.2e+10", "1,2E-05", "9.99E+100"])
def test_scientific_notation_is_recognised(value: str) -> None:
    """A spreadsheet writes one digit, a fraction and a signed exponent."""
    assert references.is_scientific(pa.array([value])).to_pylist() == [True]


@pytest.mark.parametrize("value", ["3E5", "12E+03", "1E10", "A1E+15", "1,23457E+15 ", "E+15", "2E-1", "1234"])
def test_other_references_are_not_scientific(value: str) -> None:
    """A reference with an E in it is a reference."""
    assert references.is_scientific(pa.array([value])).to_pylist() == [False]


@pytest.mark.parametrize(
    "value",
    [
        *(
            "#N/A",
            "#REF!",
            "#VALEUR!",
            "#VALUE!",
            "#NOM?",
            "#NAME?",
            "#DIV/0!",
            "#NUL!",
            "#NOMBRE!",
            "#NV",
            "#BEZUG!",
        ),
        *(
            "#¡REF!",
            "#¿NOMBRE?",
            "#RIF!",
            "#N/D",
            "#N/B",
            "#VERW!",
            "#WERT!",
            "#ÜBERLAUF!",
            "#SPILL!",
            "#CALC!",
        ),
        *(
            "#PROPAGATION!",
            "Err:502",
            "Err :502",
            "Err\u00a0:508",
            "#GETTING_DATA",
            "#####",
            "#ЗНАЧ!",
            "#I/T",
        ),
    ],
)
def test_the_errors_of_spreadsheets_are_recognised(value: str) -> None:
    """The error values of Excel and LibreOffice, in every language."""
    assert references.is_error(pa.array([value])).to_pylist() == [True]


@pytest.mark.parametrize(
    "value", ["#12", "#A", "#REF", "N/A", "NA", "null", "#a!", "# 5!", "##", "x#N/A", "Err:x"]
)
def test_other_references_are_no_errors(value: str) -> None:
    """`NA` and `null` are ordinary text (protocol 2), and so is a hash before a number."""
    assert references.is_error(pa.array([value])).to_pylist() == [False]


def test_references_are_composed() -> None:
    """An accent that macOS writes apart makes no other reference."""
    assert references.normalise(pa.array(["e\u0301a", None, "x"])).to_pylist() == ["éa", None, "x"]


def test_piled_up_marks_stay_as_they_are() -> None:
    """Putting thousands of marks in order takes 75 ms per cell: 5 s per MB. Long texts of any language are composed."""
    piled = "a" + "\u0315\u0300\u05ae\u0323" * 1_800
    accents = "e\u0301" * (MAX_COMPOSED // 2 + 1)
    assert len(piled) > MAX_COMPOSED < len(accents)
    found = references.normalise(pa.array([piled, accents, "e\u0301", None])).to_pylist()
    assert found == [piled, "\u00e9" * (len(accents) // 2), "\u00e9", None]


@given(
    st.text(st.characters(codec="utf-8"))
    | st.text("e\u0301\u1100\u1161\u11a8\u03b1\u0313\u0345", max_size=50)
)
def test_a_reference_that_is_not_composed_is_too_long_in_any_case(text: str) -> None:
    """NFC makes no text shorter than a quarter."""
    assert 4 * len(unicodedata.normalize("NFC", text)) >= len(text)
    assert MAX_COMPOSED >= 4 * MAX_REFERENCE_CHARACTERS


@given(st.lists(st.lists(st.sampled_from(["", "a", "b", "ab", "ba", "aab", "é", "1", "11", "111"]))))
def test_a_reference_repeats_if_it_came_before(batches: list[list[str]]) -> None:
    """Within a batch and across batches, every occurrence but the first is a repetition."""
    repeats, seen = Repeats(), set[str]()
    for batch in batches:
        column = pa.array(["before", *batch], pa.string()).slice(1)
        expected = []
        for reference in batch:
            expected.append(reference in seen)
            seen.add(reference)
        assert repeats.take(column).tolist() == expected


@given(st.sets(st.text(max_size=12), max_size=200))
def test_different_references_never_repeat(distinct: set[str]) -> None:
    """No two texts are taken for one."""
    assert not Repeats().take(pa.array(sorted(distinct), pa.string())).any()
