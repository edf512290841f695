"""A CSV's rows as batches: header, blank and ragged rows, physical lines, limits."""

from __future__ import annotations

from itertools import islice, repeat

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.errors import FileRefused
from contactsync.reading.reader import MAX_CELL_CHARACTERS, MAX_ROW_BYTES, Batch, Reader, _values, cell_text

NO_LABELS = [None] * 15
HEAD = b"Reference;Nom;Email\n"


def reader(data: bytes | list[bytes], separator: str = ";") -> Reader:
    """A reader of one text, or of chunks."""
    return Reader([data] if isinstance(data, bytes) else data, separator, NO_LABELS)


def table(data: bytes | list[bytes], separator: str = ";") -> list[tuple[int, dict[str, str | None]]]:
    """(line, cells) of every good row."""
    return [
        (batch.line(place), {k: None if pd.isna(v) else v for k, v in row.items()})
        for batch in reader(data, separator)
        for place, row in zip(batch.frame.index, batch.frame.to_dict("records"), strict=True)
    ]


def bad(data: bytes | list[bytes]) -> list[tuple[int, str]]:
    """(line, code) of every row that is none."""
    return [(b.line(place), code) for b in reader(data) for place, code in sorted((*b.errors, *b.ragged))]


def refusal(data: bytes | list[bytes], separator: str = ";") -> FileRefused:
    """Why there is no usable header line."""
    with pytest.raises(FileRefused) as caught:
        reader(data, separator)
    return caught.value


def test_the_protocols_own_example() -> None:
    """Spaces around names and values, a quoted header and a nameless last column: all three rows are good."""
    data = (
        'Référence ;Civilité;Prénom;Nom;Email;"Téléphone Fixe";\n'
        "A10023;Mme;Hélène ;LEFÈVRE ;helene.lefevre@example-mail.fr ;0299415263\n"
        "B77410;M.;Yann;LE GOFF ;yann.legoff@example-mail.fr ;02.98.44.10.32\n"
        "C00519;Mme;Chloé ;MÜLLER;chloe.muller@example-mail.fr ;336 90 12 34 56\n"
    ).encode()
    rows = table(data)
    assert bad(data) == []
    assert [line for line, _ in rows] == [2, 3, 4]
    assert rows[0][1] == {
        "reference": "A10023",
        "civility": "Mme",
        "first_name": "Hélène",
        "last_name": "LEFÈVRE",
        "email": "helene.lefevre@example-mail.fr",
        "phone": "0299415263",
    }


def test_the_header_may_follow_blank_lines() -> None:
    """Blank lines before the header are nothing, but they count as lines."""
    assert table(b"\n;;\n\r\n  \nNom;Email\na;b\n") == [(6, {"last_name": "a", "email": "b"})]


def test_blank_rows_are_nothing() -> None:
    """Rows whose cells are all blank give no row and no error, however many cells they have."""
    data = HEAD + b'\n;;\n;\n   \n\xc2\xa0;\t;\n"";" "\n;;;;;;\na;b;c\n'
    assert table(data) == [(9, {"reference": "a", "last_name": "b", "email": "c"})]
    assert bad(data) == []


def test_a_row_with_values_in_unknown_columns_only_is_a_row() -> None:
    """What the protocol does not know is still no blank row."""
    assert table(b"Email;Shoe\n;42\n") == [(2, {"email": None})]


def test_blank_cells_past_the_end_are_forgiven() -> None:
    """A row may go on with blank fields."""
    assert table(HEAD + b'a;b;c;; ;""\n') == [(2, {"reference": "a", "last_name": "b", "email": "c"})]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"a;b;c;d", "too_many_fields"),
        (b"a;b;c;;d", "too_many_fields"),
        (b"a;b", "too_few_fields"),
        (b"a", "too_few_fields"),
        (b'a;"b;c', "unterminated_quote"),
        (b'a;"b"x;c', "text_after_quote"),
    ],
)
def test_ragged_rows_and_bad_quotes_are_told(row: bytes, code: str) -> None:
    """Each row of a wrong shape is told with its line, and is not among the good ones."""
    data = HEAD + b"a;b;c\n" + row + b"\n"
    assert bad(data) == [(3, code)]
    assert [line for line, _ in table(data)] == [2]


@pytest.mark.parametrize("tail", [b'"', b'"  \n\n', b'"\n', b'a;b;"'])
def test_an_open_quote_at_the_end_is_an_error_even_where_nothing_follows(tail: bytes) -> None:
    """A lone quote on the last line is an unterminated one, not a blank row."""
    assert bad(HEAD + b"a;b;c\n" + tail) == [(3, "unterminated_quote")]


def test_rows_may_end_before_nameless_last_columns() -> None:
    """Only named columns have to be there."""
    assert [line for line, _ in table(b"Nom;Email; ;\na;b\na;b;c\na;b;c;d\n")] == [2, 3, 4]
    assert bad(b"Nom;Email; ;\na;b;c;d;e\n") == [(2, "too_many_fields")]


def test_lines_are_physical() -> None:
    """Line breaks inside quotes count; a row's line is the one on which it begins."""
    data = HEAD + b'"a\nb";"\r\n";c\nd;e;f\r\n\r\ng;"\r";h\rx;y;z'
    assert [(line, row["reference"]) for line, row in table(data)] == [
        (2, "a\nb"),
        (5, "d"),
        (7, "g"),
        (9, "x"),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [True, False])
def test_every_line_end_is_one(end: bytes, last: bool) -> None:
    """LF, CRLF and lone CR end a line alike; the last line may lack it."""
    data = end.join([b"Nom;Email", b"a;b", b"c;d"]) + (end if last else b"")
    assert [(line, row["last_name"]) for line, row in table(data)] == [(2, "a"), (3, "c")]


def test_values_stay_text() -> None:
    """`NA`, `null` and leading zeros are ordinary text; blank is null."""
    assert table(HEAD + b"00123;NA;null\n1e5;;nan\n") == [
        (2, {"reference": "00123", "last_name": "NA", "email": "null"}),
        (3, {"reference": "1e5", "last_name": None, "email": "nan"}),
    ]


def test_a_batch_for_each_chunk_gives_the_same_rows() -> None:
    """Chunks cut anywhere give the same rows and lines."""
    data = HEAD + b'"a\r\n1";b;c\r\nd;"e""";f\n'
    whole = table(data)
    assert all(table([data[:cut], data[cut:]]) == whole for cut in range(len(data)))


# --- refusals of the header ------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"\n\n", b";;\n", b'""\n', b" "])
def test_a_file_of_blank_lines_is_empty(data: bytes) -> None:
    """Without any header line the file is refused as empty."""
    assert refusal(data).code == "empty_file"


def test_no_known_column() -> None:
    """A header line without any known name is refused."""
    assert refusal(b"foo;bar\n1;2\n").code == "no_known_column"


@pytest.mark.parametrize(
    ("found", "expected"), [(",", ";"), ("\t", ";"), ("|", ";"), (";", ","), (";", "\t")]
)
def test_a_wrong_separator_is_named(found: str, expected: str) -> None:
    """The reason tells which separator the file has and which one the account expects."""
    error = refusal(f"Référence{found}Nom{found}Email\n".encode(), expected)
    assert (error.code, dict(error.details)) == ("wrong_separator", {"found": found, "expected": expected})


def test_a_header_quoted_as_a_whole_is_not_told_to_use_its_own_separator() -> None:
    """Never: the columns are separated by X, but this account expects X."""
    error = refusal(b'"Reference;Nom;Email"\n"a;b;c"\n')
    assert error.details.get("found") != ";"


def test_a_known_column_named_twice() -> None:
    """Two headers of one column, in whatever language, refuse the file."""
    error = refusal("Prénom;Email;First name;E M A I L\n".encode())
    assert (error.code, error.details["variant"]) == ("duplicate_column", "several")
    assert error.details["columns"] == ["Prénom", "Email"]


def test_a_column_named_twice_is_shown_as_the_file_writes_it() -> None:
    """The protocol's name would not be found in the file."""
    error = refusal(b"Nom;Email;Last name;nom\n")
    assert (error.details["column"], error.details["headers"]) == ("Nom", ["Nom", "Last name", "nom"])


@pytest.mark.parametrize(
    ("header", "code"),
    [(b'"Nom"x;Email\n', "text_after_quote"), (b'Nom;"Email\na;b\n', "unterminated_quote")],
)
def test_bad_quotes_in_the_header(header: bytes, code: str) -> None:
    """The header line obeys the same grammar."""
    error = refusal(b"\n" + header)
    assert (error.code, error.errors[0].line) == (code, 2)


# --- limits ------------------------------------------------------------------------------------------------------


def test_256_columns_are_allowed_and_no_more() -> None:
    """The header may have 256 columns; one more refuses the file, with its line."""
    assert table(b"Email" + b";" * 255 + b"\na\n") == [(2, {"email": "a"})]
    error = refusal(b"\nEmail" + b";" * 256 + b"\na\n")
    assert (error.code, error.details["line"]) == ("too_many_columns", 2)


def test_a_row_of_more_than_256_columns() -> None:
    """Blank or not, what goes past 256 columns is too much."""
    assert bad(b"Email\na;" + b";" * 255 + b"x\n") == [(2, "too_many_columns")]


@pytest.mark.parametrize("char", ["x", "é", "€"])
def test_a_cell_may_have_32768_characters(char: str) -> None:
    """Characters count, not bytes."""
    fits, over = (
        HEAD + (f"a;b;{char * n}\n").encode() for n in (MAX_CELL_CHARACTERS, MAX_CELL_CHARACTERS + 1)
    )
    assert (bad(fits), bad(over)) == ([], [(2, "cell_too_long")])


def test_a_header_cell_has_the_same_limit() -> None:
    """A cell over 32,768 characters refuses the file wherever it stands."""
    data = b"Email;" + b"x" * (MAX_CELL_CHARACTERS + 1) + b"\na;b\n"
    try:
        found = [code for _, code in bad(data)]
    except FileRefused as error:
        found = [error.code]
    assert found == ["cell_too_long"]


def test_spaces_and_quotes_do_not_count_as_characters_of_a_cell() -> None:
    """It is the value that has the limit."""
    assert bad(HEAD + b'a;b;  "' + b'""' * MAX_CELL_CHARACTERS + b'"  \n') == []


def test_a_row_that_goes_on_for_ever_ends_the_file_early() -> None:
    """An unclosed quote is told on its line after 2 MiB, without reading the file to its end."""
    fed = []

    def chunks() -> object:
        yield HEAD + b'a;b;c\nd;"e\n'
        for block in islice(repeat((b"x" * 1023 + b"\n") * 1024), 50):
            fed.append(block)
            yield block

    batches = list(Reader(chunks(), ";", NO_LABELS))  # type: ignore[arg-type]  # a generator function
    assert [(b.line(p), code) for b in batches for p, code in b.errors] == [(3, "unterminated_quote")]
    assert len(fed) * len(fed[0]) <= MAX_ROW_BYTES + (3 << 20)


def test_a_long_row_whose_quotes_close_in_time_is_a_row() -> None:
    """A row of many cells with line breaks may be long."""
    cells = b";".join([b'"' + b"x\n" * 10_000 + b'"'] * 60)
    data = b"Email" + b";" * 59 + b"\n" + cells + b"\na\n"
    assert [line for line, _ in table([data[:1_000_000], data[1_000_000:]])] == [2, 600_003]


# --- values ------------------------------------------------------------------------------------------------------

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
    """Values cut out a column at a time are those cut out one by one; blank is null."""
    quoted = quoted or any('"' in field for field in fields)
    found = _values(pa.array(fields, pa.string()), quoted=quoted).to_pylist()
    assert found == [cell_text(field.encode()) or None for field in fields]


def test_trimming_means_the_same_white_space_as_python() -> None:
    """Arrow's idea of white space is Python's, for every character."""
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    found = _values(pa.array([f"{c}x{c}" for c in characters]), quoted=False).to_pylist()
    assert [c for c, value in zip(characters, found, strict=True) if value != f"{c}x{c}".strip()] == []


def test_lines_of_many_rows_are_those_of_each() -> None:
    """`lines` and `line` agree."""
    batch: Batch = next(iter(reader(b'\nNom;Email\n"a\n";b\n\nc;d\n')))
    places = batch.frame.index.to_numpy()
    assert batch.lines(places).tolist() == [batch.line(int(p)) for p in places] == [3, 6]
    assert batch.lines(places).dtype == np.int32
