"""The values of cells: many at a time, and one at a time."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from contactsync.reading.cells import cell_text, column_values

CELL = st.text('ab" \t\n\u00a0é;\u2003', max_size=8)
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
    """Arrow and Python trim the same characters."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    found = column_values(pa.array([f"{c}x{c}" for c in characters]), quoted=False).to_pylist()
    assert [c for c, value in zip(characters, found, strict=True) if value != f"{c}x{c}".strip()] == []
