"""Where rows and fields are: the quick way, the exact grammar, Python's csv and any cutting into blocks agree."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from contactsync.reading.cells import cell_text
from contactsync.reading.reader import _blocks
from contactsync.reading.scan import Rows, _scan_exact, _scan_regular, scan

SEPARATORS = st.sampled_from([";", ",", "\t"])
TEXTS = st.text('ab;"\n\r é,\t', max_size=40).map(str.encode)
# Texts whose quotes are mostly where a writer of CSV puts them: the quick way has an answer for many of them.
TIDY = st.lists(
    st.sampled_from(["a", "é", "", '"x"', '"a;\n"', '"a""b"', '""', '"\r\n"', ";", ";", "\n", "\r\n", "\r"]),
    max_size=20,
).map(lambda parts: "".join(parts).encode())


def rows_of(rows: Rows) -> list[tuple[int, list[bytes]]]:
    """(line ends before it, fields) of each row."""
    return [(int(rows.lines[r]), rows.fields(r)) for r in range(len(rows.first))]


def blocks_of(
    chunks: list[bytes], separator: str
) -> tuple[list[tuple[int, list[bytes]]], list[tuple[int, str]]]:
    """(physical line, fields) of each row and (physical line, code) of each error, over all blocks."""
    found, errors = [], []
    for rows, first_line in _blocks(chunks, separator):
        found += [(first_line + line, fields) for line, fields in rows_of(rows)]
        errors += [(first_line + int(rows.lines[row]), code) for row, code in rows.errors]
    return found, errors


@given(st.one_of(TEXTS, TIDY), SEPARATORS)
@example(b'"a"\r', ";")
@example(b"\r\n", ";")
@example(b";", ";")
@example(b"", ";")
def test_quick_and_exact_agree_on_a_final_block(data: bytes, separator: str) -> None:
    """If the quick way has an answer for a whole file, it equals the grammar's."""
    quick = _scan_regular(data, ord(separator), final=True)
    assume(quick is not None)
    exact = _scan_exact(data, separator, final=True)
    assert rows_of(quick) == rows_of(exact)
    assert (quick.consumed, quick.line_ends, quick.errors) == (exact.consumed, exact.line_ends, exact.errors)


@given(st.one_of(TEXTS, TIDY), SEPARATORS)
@example(b'a "b\nc"\n', ";")
@example(b'a\n"b\n', ";")
@example(b"a\r", ";")
def test_quick_rows_of_an_open_block_are_a_prefix_of_the_exact_ones(data: bytes, separator: str) -> None:
    """On a block that is not the last, the quick way may use less of it, but its rows are right."""
    quick = _scan_regular(data, ord(separator), final=False)
    assume(quick is not None)
    exact = _scan_exact(data, separator, final=False)
    found = rows_of(quick)
    assert found == rows_of(exact)[: len(found)]
    assert quick.consumed <= exact.consumed
    assert quick.line_ends == exact.line_ends if quick.consumed == exact.consumed else True


@given(st.one_of(TEXTS, TIDY), SEPARATORS, st.booleans())
def test_an_open_block_gives_only_rows_that_the_whole_file_has(
    data: bytes, separator: str, crlf: bool
) -> None:
    """The rows of a block do not depend on the blocks that follow."""
    early = scan(data, separator, final=False)
    whole = scan(data + (b'\n"' if crlf else b";x\r\n"), separator, final=True)
    found = rows_of(early)
    assert found == rows_of(whole)[: len(found)]


@given(st.one_of(TEXTS, TIDY), SEPARATORS, st.lists(st.integers(0, 40), max_size=3))
@example(b"a\r\nb", ";", [2])
@example(b'"a""b"', ";", [3])
@example(b'"a"\r\n"b"', ";", [3, 4])
def test_cutting_anywhere_gives_the_same_rows(data: bytes, separator: str, cuts: list[int]) -> None:
    """Rows, physical lines and errors do not depend on how the file is cut into chunks."""
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in pairwise(places)]
    assert blocks_of(chunks, separator) == blocks_of([data], separator)


CELLS = st.text('ab;,"\n\r é\t', max_size=6)


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6),
    SEPARATORS,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_values_are_those_of_pythons_csv(
    table: list[list[str]], separator: str, line_end: str, quoting: int
) -> None:
    """A file that csv.writer wrote has the values that csv.reader finds, trimmed."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=line_end, quoting=quoting).writerows(table)
    text = out.getvalue()
    # What is written bare and begins with a space before a quote is another matter: csv has no such rule.
    assume(quoting == csv.QUOTE_ALL or not any(cell.strip(" \t") != cell for row in table for cell in row))
    expected = [
        [cell.strip() for cell in row]
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        if row
    ]
    rows = scan(text.encode(), separator, final=True)
    found = [[cell_text(field) for field in fields] for _, fields in rows_of(rows)]
    assert not rows.errors
    assert [row for row in found if row != [""]] == [row for row in expected if row != [""]]


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        (b'a;"b"c\nd\n', [(1, "text_after_quote")]),
        (b'a\n"b" ;c\n "d" e;f\n', [(3, "text_after_quote")]),
        (b'a\n"b\nc\n', [(2, "unterminated_quote")]),
        (b'a\n"b""\nc\n', [(2, "unterminated_quote")]),
        (b'"a"b\n"c"d\n', [(1, "text_after_quote"), (2, "text_after_quote")]),
        (b'a"b;c""d\n', []),
        (b'  "a" \t;b\n', []),
        (b'"a\n\nb"\n"c"d\n', [(4, "text_after_quote")]),
    ],
)
def test_errors_have_the_physical_line_of_their_row(data: bytes, errors: list[tuple[int, str]]) -> None:
    """Text after a closing quote and an open quote are errors of the line on which their row begins."""
    assert blocks_of([data], ";")[1] == errors


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b' "a" ', "a"),
        (b'\t"a;b"', "a;b"),
        (b'"a""b"', 'a"b'),
        (b'a"b', 'a"b'),
        (b'a""b', 'a""b'),
        (b'""', ""),
        (b'"  x "', "x"),
        ("\u00a0x\u2003".encode(), "x"),
        (b'"\n x\n"', "x"),
        (b'""""', '"'),
    ],
)
def test_field_values(field: bytes, value: str) -> None:
    """Cells are trimmed, also around quotes; doubled quotes are halved; a quote in an unquoted field stays."""
    assert cell_text(field) == value
    assert [cell_text(f) for _, fields in rows_of(scan(field + b"\n", ";", final=True)) for f in fields] == [
        value
    ]


def test_a_raw_row_has_the_bytes_of_the_file() -> None:
    """`raw` gives back a row's bytes without its line end, quotes and spaces included."""
    rows = scan(b'a; "b;\nc" ;d\r\ne;;\n', ";", final=True)
    assert [rows.raw(0), rows.raw(1)] == [b'a; "b;\nc" ;d', b"e;;"]


def test_tab_as_separator_is_no_space_around_quotes() -> None:
    """With TAB between fields, a TAB before a quoted field ends the field before it."""
    assert rows_of(scan(b'a\t"b\tc" \t\n', "\t", final=True)) == [(0, [b"a", b'"b\tc" ', b""])]


@pytest.mark.parametrize(
    "data",
    [b"a;b\n", b'"a""b";c\n', b'"";""\r\n', b'"""";"a;\n"\n', b'"a"\r"b"\r', b'a;"b"\n"c;d'[:-4] + b"\n"],
)
def test_what_a_writer_of_csv_writes_takes_the_quick_way(data: bytes) -> None:
    """The quick way reads quotes at the ends of fields, doubled quotes and line ends inside quotes."""
    assert _scan_regular(data, ord(";"), final=True) is not None


@pytest.mark.parametrize("data", [b'a "b\n' + b"c;d\n" * 100, b"x\n" * 3 + b'a "b\n' + b"c;d\n" * 100])
def test_an_ordinary_quote_does_not_hold_a_block_back(data: bytes) -> None:
    """Rows after a quote inside an unquoted field come with this block or the next, not at the end."""
    rows = scan(data, ";", final=False)
    assert len(rows.first)
    assert scan(data[rows.consumed :], ";", final=False).consumed or rows.consumed == len(data)
