"""The limits of a row: 256 columns, 32,768 characters per cell, 2 MiB."""

from __future__ import annotations

from itertools import islice, repeat

import pytest

from contactsync.domain.errors import FileRefused
from contactsync.reading.reader import MAX_CELL_CHARACTERS, MAX_ROW_BYTES, Reader
from tests.unit.reading.tables import HEAD, RULES, bad, refusal, table


def test_256_columns_are_allowed_and_no_more() -> None:
    """The header may have 256 columns; a name after them refuses the file, with its line."""
    assert table(b"Email" + b";" * 255 + b"\na\n") == [(2, {"email": "a"})]
    error = refusal(b"\nEmail" + b";" * 256 + b"x\na\n")
    assert (error.code, error.details["line"]) == ("too_many_columns", 2)


def test_blank_columns_at_the_right_do_not_count() -> None:
    """A spreadsheet that saves 300 columns of which three have a name makes a good file."""
    blank = b"; ;" * 150
    assert table(b"Email" + blank + b"\na" + blank + b"\nb\n") == [(2, {"email": "a"}), (3, {"email": "b"})]


def test_a_row_of_more_than_256_columns() -> None:
    """A row with a value after 256 columns is an error, whether the header is as wide or not."""
    for header in (b"Email", b"Email" + b";" * 400):
        assert bad(header + b"\na;" + b";" * 255 + b"x\n") == [(2, "too_many_columns")]


@pytest.mark.parametrize("char", ["x", "é", "€"])
def test_a_cell_may_have_32768_characters(char: str) -> None:
    """The limit of a cell counts characters, not bytes."""
    fits, over = (
        HEAD + (f"a;b;{char * n}\n").encode() for n in (MAX_CELL_CHARACTERS, MAX_CELL_CHARACTERS + 1)
    )
    assert (bad(fits), bad(over)) == ([], [(2, "cell_too_long")])


def test_a_header_cell_has_the_same_limit() -> None:
    """A header cell over 32,768 characters is an error, even in an unknown column."""
    data = b"Email;" + b"x" * (MAX_CELL_CHARACTERS + 1) + b"\na;b\n"
    try:
        found = [code for _, code in bad(data)]
    except FileRefused as error:
        found = [error.code]
    assert found == ["cell_too_long"]


def test_spaces_and_quotes_do_not_count_as_characters_of_a_cell() -> None:
    """The limit applies to the value, without quotes and spaces."""
    assert bad(HEAD + b'a;b;  "' + b'""' * MAX_CELL_CHARACTERS + b'"  \n') == []


def test_an_endless_row_ends_the_file_early() -> None:
    """An unclosed quote is reported on its line after 2 MiB, without reading the rest of the file."""
    fed = []

    def chunks() -> object:
        yield HEAD + b'a;b;c\nd;"e\n'
        for block in islice(repeat((b"x" * 1023 + b"\n") * 1024), 50):
            fed.append(block)
            yield block

    batches = list(Reader(chunks(), ";", RULES))  # type: ignore[arg-type]  # a generator function
    assert [(b.line(p), code) for b in batches for p, code in b.errors] == [(3, "unterminated_quote")]
    assert len(fed) * len(fed[0]) <= MAX_ROW_BYTES + (3 << 20)


def test_a_long_row_whose_quotes_close_in_time_is_a_row() -> None:
    """A row of many cells with line breaks may be long."""
    cells = b";".join([b'"' + b"x\n" * 10_000 + b'"'] * 60)
    data = b"Email" + b";" * 59 + b"\n" + cells + b"\na\n"
    assert [line for line, _ in table([data[:1_000_000], data[1_000_000:]])] == [2, 600_003]
