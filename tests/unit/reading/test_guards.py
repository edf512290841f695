"""The guards that spreadsheets and people put before values, and that the importer takes away."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.formulas import SIGNS
from contactsync.reading.guards import may_have_guards, unguard_column


def unguarded(key: str, *cells: str | None) -> list[str | None]:
    return [*unguard_column(key, pa.array(cells, pa.string())).to_pylist()]


def test_one_apostrophe_before_a_formula_is_removed() -> None:
    """A report puts exactly one apostrophe before a formula; other apostrophes are text."""
    cells = ["'=1+1", "''=1+1", "'+a", "'-a", "'@a", "'\ta", "'\ra", "=1", "'t Hart", "'", "a'=1", "'7", None]
    undone = ["=1+1", "'=1+1", "+a", "-a", "@a", "\ta", "\ra", "=1", "'t Hart", "'", "a'=1", "'7", None]
    assert unguarded("city", *cells) == undone


@pytest.mark.parametrize("sign", SIGNS)
def test_each_sign_that_is_defused_is_restored(sign: str) -> None:
    """Nothing that a report or a rejected file adds stays in a value."""
    assert unguarded("city", f"'{sign}a", f"''{sign}a", f"{sign}a") == [f"{sign}a", f"'{sign}a", f"{sign}a"]


@pytest.mark.parametrize("key", ["email", "phone", "mobile"])
def test_no_address_begins_with_an_apostrophe(key: str) -> None:
    """An opt-out of a guarded address reaches the address itself."""
    assert unguarded(key, "'a1@exemple.fr", "''+33612345678", "' 06", "'", "o'neil@x.fr", None) == [
        *("a1@exemple.fr", "+33612345678", "06", None, "o'neil@x.fr", None),
    ]


@pytest.mark.parametrize("key", ["reference", "postal_code"])
def test_an_apostrophe_before_a_digit_keeps_leading_zeros(key: str) -> None:
    """What a person typed to keep the zeros of a code is not part of it."""
    assert unguarded(key, "'00123", "'A1", "'=1", "1'2") == ["00123", "'A1", "=1", "1'2"]


def test_a_quoted_formula_is_its_value() -> None:
    """Programs write `="00123"` so that a spreadsheet keeps the zeros."""
    cells = ['="00123"', '=""', '="a""b"', '="a"&"b"', '="a', "=1+1", '=" 7 "']
    assert unguarded("reference", *cells) == ["00123", None, 'a"b', '="a"&"b"', '="a', "=1+1", "7"]


def test_a_column_without_guards_is_not_even_copied() -> None:
    """A column that has none costs only the look."""
    for cells in (["a", None], [], [None]):
        column = pa.array(cells, pa.string())
        assert unguard_column("reference", column) is column


@given(
    st.sampled_from(["city", "email", "postal_code", "reference"]),
    st.lists(
        st.text(st.sampled_from(["'", "=", '"', "a", "7", "é", "+", " "]), max_size=6), min_size=1, max_size=4
    ),
    st.sampled_from(["{}", '"{}"', " {}", "\u00a0{}", "\u200b{}", '" {}"']),
)
def test_the_look_at_the_bytes_misses_no_guard(key: str, cells: list[str], written: str) -> None:
    """Where the bytes of the file show no guard, no cell has one, however the cells are written."""
    data = ("a@x.fr;" + ";".join(written.format(cell.replace('"', '""')) for cell in cells)).encode()
    values = pa.array(cells, pa.string())
    if not may_have_guards(data):
        assert unguard_column(key, values).equals(values)


def test_an_apostrophe_in_a_word_is_no_guard() -> None:
    """Streets and addresses of a big file cost no look at each of its columns."""
    assert not may_have_guards(b"rue de l'Eglise;o'neil@x.fr;a=b\n")
    assert may_have_guards(b"'06;a")
    assert may_have_guards(b"a;'06")
    assert may_have_guards(b'a;"=""00123"""')
