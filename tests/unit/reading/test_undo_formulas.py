"""Taking back the apostrophe that reports put before formulas."""

from __future__ import annotations

import pyarrow as pa

from contactsync.reading.examination import undo_formulas


def test_undo_removes_one_apostrophe_before_a_formula() -> None:
    cells = ["'=1+1", "''=1+1", "'+a", "'-a", "'@a", "'\ta", "'\ra", "=1", "'t Hart", "'", "a'=1", "", None]
    undone = undo_formulas(pa.array(cells, pa.string())).to_pylist()
    assert undone == ["=1+1", "'=1+1", "+a", "-a", "@a", "\ta", "\ra", "=1", "'t Hart", "'", "a'=1", "", None]


def test_a_column_without_an_apostrophe_is_not_even_copied() -> None:
    for cells in (["a", None], [], [None]):
        column = pa.array(cells, pa.string())
        assert undo_formulas(column) is column
