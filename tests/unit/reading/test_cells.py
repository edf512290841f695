"""The values of cells: many at a time, and one at a time."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from contactsync.reading.cells import TRIMMED, Cells, cell_text, column_values
from contactsync.reading.scan import scan

CELL = st.text('ab" \t\n\u00a0é;\u2003\u200b\ufeff\u00ad', max_size=8)
FIELD = st.one_of(
    CELL.map(lambda text: text.replace('"', "")),
    CELL.map(lambda text: "x" + text),
    st.tuples(st.text(" \t", max_size=2), CELL, st.text(" \t", max_size=2)).map(
        lambda parts: f'{parts[0]}"{parts[1].replace(chr(34), chr(34) * 2)}"{parts[2]}'
    ),
)


@given(st.lists(FIELD, max_size=6), st.booleans())
def test_the_columns_values_are_each_cells_value(fields: list[str], quoted: bool) -> None:
    """Values read a column at a time equal those read one by one; blank is null."""
    quoted = quoted or any('"' in field for field in fields)
    found = column_values(pa.array(fields, pa.string()), quoted=quoted).to_pylist()
    assert found == [cell_text(field.encode()) or None for field in fields]


def test_trimming_means_the_same_white_space_as_python() -> None:
    """Arrow and Python trim the same characters, where format characters may occur and where they do not."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    for invisible, trimmed in ((True, TRIMMED), (False, None)):
        column = pa.array([f"{c}x{c}" for c in characters])
        found = column_values(column, quoted=False, invisible=invisible).to_pylist()
        assert [c for c, v in zip(characters, found, strict=True) if v != f"{c}x{c}".strip(trimmed)] == []


def test_all_white_space_and_format_characters_are_trimmed() -> None:
    """No invisible character is missing, in whatever block Unicode has it."""
    every = map(chr, range(0x110000))
    assert set(TRIMMED) == {c for c in every if c.isspace() or unicodedata.category(c) == "Cf"}


def test_every_block_with_a_format_character_is_recognised() -> None:
    """Only a block that has none may skip the work on them."""
    for character in TRIMMED:
        if not character.isspace():
            rows = scan(f"a;{character}b{character};é\n".encode(), ";", final=True)
            values = Cells.of(rows).columns(np.array([0]), (0, 1, 2)).to_pylist()
            assert values == ["a", "b", "é"], hex(ord(character))
