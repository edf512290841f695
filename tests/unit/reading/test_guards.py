"""The guards that spreadsheets and people put before values, and that the importer takes away."""

from __future__ import annotations

import pyarrow as pa
import pytest

from contactsync.domain.formulas import SIGNS
from contactsync.reading.guards import unguard_column


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
