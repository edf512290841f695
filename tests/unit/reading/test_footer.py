"""Lines with one cell at the end of a file, after a blank line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.reading.footer import MAX_FOOTER_LINES
from contactsync.reading.reader import Reader
from tests.unit.reading.tables import HEAD, RULES

ROW, BLANK, ONE = b"a;b;c\n", b"\n", b"Total\n"


def read(data: bytes, size: int = 1 << 20) -> tuple[list[int], list[int], list[int]]:
    """The lines of the good rows, of the malformed rows in the order given, and of the footer."""
    reader = Reader((data[place : place + size] for place in range(0, len(data), size)), ";", RULES)
    batches = list(reader)
    good = [batch.line(place) for batch in batches for place in batch.table.places]
    bad = [batch.line(place) for batch in batches for place, _ in (*batch.errors, *batch.ragged)]
    return good, bad, reader.footer_lines


@pytest.mark.parametrize(
    ("after", "bad", "footer"),
    [
        (BLANK + ONE, [], [4]),
        (BLANK + ONE + BLANK + BLANK + ONE + b"Copyright", [], [4, 7, 8]),
        (b";;\n" + ONE, [], [4]),
        (ONE, [3], []),
        (ONE + BLANK + ONE, [3], [5]),
        (BLANK + ONE + ROW, [4], []),
        (BLANK + ONE + ROW + BLANK + ONE, [4], [7]),
        (BLANK + b"a;b\n" + ONE, [4, 5], []),
        (BLANK + b"Total;;\n", [], []),
        (BLANK, [], []),
    ],
)
def test_what_is_a_footer(after: bytes, bad: list[int], footer: list[int]) -> None:
    """Only lines with one cell, only at the end, only after a blank line."""
    assert read(HEAD + ROW + after)[1:] == (bad, footer)


def test_a_file_with_one_column_has_no_footer() -> None:
    """Each of its rows has one cell."""
    assert read(b"Email;\na\n\nb\n") == ([2, 4], [], [])


def test_more_lines_than_a_footer_has_are_rows() -> None:
    """They are malformed rows, in the order of the file: what is kept back stays small."""
    lines = list(range(4, 5 + MAX_FOOTER_LINES))
    assert read(HEAD + ROW + BLANK + ONE * (MAX_FOOTER_LINES + 1))[1:] == (lines, [])
    assert read(HEAD + ROW + BLANK + ONE * MAX_FOOTER_LINES)[1:] == ([], lines[:-1])


@given(st.lists(st.sampled_from([ROW, BLANK, ONE, b"a;b\n", b" ; \n"]), max_size=12), st.integers(1, 200))
def test_the_footer_does_not_depend_on_blocks(lines: list[bytes], size: int) -> None:
    """The last blank lines and lines with one cell, from the first blank one on."""
    data = HEAD + b"".join(lines)
    run = len(lines)
    while run and lines[run - 1] in (BLANK, ONE, b" ; \n"):
        run -= 1
    first_blank = next((n for n in range(run, len(lines)) if lines[n] != ONE), len(lines))
    footer = [n + 2 for n in range(first_blank, len(lines)) if lines[n] == ONE]
    bad = [n + 2 for n, line in enumerate(lines) if line in (ONE, b"a;b\n") and n + 2 not in footer]
    good = [n + 2 for n, line in enumerate(lines) if line == ROW]
    # Two blocks at most are kept back; here each has few bytes.
    assert read(data) == (good, bad, footer)
    if size >= len(b"".join(lines[run:])):
        assert read(data, size) == (good, bad, footer)
