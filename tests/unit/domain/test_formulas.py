"""Formulas in a raw field are made harmless, and its value stays the same."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contactsync.domain.formulas import SIGNS, defused_field
from contactsync.reading.cells import cell_text
from contactsync.reading.guards import unguard_column

FIELD = st.tuples(
    st.sampled_from(["", " ", "\t", "\u00a0", "  "]),
    st.text("'\"=+-@\t\n\uff1d\uff0b\uff0d\uff20 1aé(", max_size=6),
    st.sampled_from(["", " "]),
    st.booleans(),
)


def value(field: bytes) -> str | None:
    """The value that an import reads."""
    (cell,) = unguard_column("city", pa.array([cell_text(field)], pa.string())).to_pylist()
    return cell


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"=1+1", b"'=1+1"),
        (b" =1", b" '=1"),
        (b'"=1"', b'"\'=1"'),
        (b' " @a" ', b' " \'@a" '),
        (b'"\t=1"', b'"\t\'=1"'),
        (b'"\n=1"', b'"\n\'=1"'),
        ("\uff1d1+1".encode(), "'\uff1d1+1".encode()),
        ('"\uff0b1"'.encode(), '"\'\uff0b1"'.encode()),
        ("\uff0d1".encode(), "'\uff0d1".encode()),
        ("\uff20a".encode(), "'\uff20a".encode()),
        ("\uff21".encode(), "\uff21".encode()),
        (b"-", b"'-"),
        (b"+33 6 12", b"'+33 6 12"),
        (b"'=1", b"'=1"),
        (b"''=1", b"''=1"),
        (b"a=1", b"a=1"),
        (b"", b""),
        (b'=""&A1&""', b'\'=""&A1&""'),
        (b'="00123"', b'="00123"'),
        (b'"=""00123"""', b'"=""00123"""'),
        (b'"=""0""&A1&"""""', b'"\'=""0""&A1&"""""'),
    ],
)
def test_a_formula_gets_an_apostrophe(field: bytes, expected: bytes) -> None:
    """Before its sign, inside its quotes; a text in a formula's form and a guarded cell have none to fear."""
    assert defused_field(field, may_be_number=False) == expected


@pytest.mark.parametrize(
    ("field", "is_number"),
    [
        (b"+33 6 12", True),
        (b' "+33 (0)6.12-34/5" ', True),
        (b"+1+cmd", False),
        (b"-33", False),
        (b"=33", False),
        (b"+33;@", False),
    ],
)
def test_a_phone_number_is_no_formula(field: bytes, is_number: bool) -> None:
    """A plus and then only what people write in numbers."""
    assert (defused_field(field, may_be_number=True) == field) == is_number


@given(FIELD, st.booleans())
@example(("", "'=1", "", True), False)
def test_the_value_stays_the_same_and_is_no_formula(
    parts: tuple[str, str, str, bool], may_be_number: bool
) -> None:
    """Whatever the field, an import reads the same from it, and a spreadsheet sees no sign first."""
    before, cell, after, quoted = parts
    text = f'{before}"{cell.replace(chr(34), chr(34) * 2)}"{after}' if quoted else f"{before}{cell}{after}"
    if not quoted and ('"' in cell or "\n" in cell):
        return
    defused = defused_field(text.encode(), may_be_number=may_be_number)
    assert value(defused) == value(text.encode())
    assert defused_field(defused, may_be_number=may_be_number) == defused
    cells = next(csv.reader(io.StringIO(defused.decode().strip(" \t")), strict=True), [""])
    if not may_be_number and not cells[0].startswith('="'):
        assert not cells[0].strip(" \t\n").startswith(tuple(sign for sign in SIGNS if not sign.isspace()))
