"""Numbers that a spreadsheet shortened to scientific notation are recognised."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.reading.values import phones


@pytest.mark.parametrize(
    "value", ["3.36E+10", "3,36E+10", "3.36e10", "3E+10", "33.6E+9", "3.601E+010", "-3E-5"]
)
def test_scientific_notation_is_recognised(value: str) -> None:
    """A number that a spreadsheet shortened is recognised, and is not a number in any region."""
    assert phones.is_scientific(pa.array([value])).to_pylist() == [True]
    assert phones.normalise(pa.array([value]), "DE", "possible").to_pylist() == [None]


@pytest.mark.parametrize("value", ["0299415263", "3.36", "E10", "3.36E", "06E12345678", "3.36E+10 x", ""])
def test_other_texts_are_not_scientific(value: str) -> None:
    """Digits and an E are not enough."""
    assert phones.is_scientific(pa.array([value])).to_pylist() == [False]


@given(st.text("0123456789.,eE+- ", max_size=12))
def test_scientific_is_the_same_for_one_and_for_many(value: str) -> None:
    """The column's rule and the single value's are one rule."""
    one = phones._SCIENTIFIC_ONE.fullmatch(value) is not None
    assert phones.is_scientific(pa.array([value])).to_pylist() == [one]
