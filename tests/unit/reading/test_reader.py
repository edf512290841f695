"""The rows of a CSV as batches: blank rows, malformed rows and physical lines."""

from __future__ import annotations

import numpy as np
import pytest

from contactsync.reading.batch import Batch
from tests.unit.reading.tables import HEAD, bad, reader, table


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


def test_blank_rows_are_skipped() -> None:
    """Rows whose cells are all blank give no row and no error, however many cells they have."""
    data = HEAD + b'\n;;\n;\n   \n\xc2\xa0;\t;\n"";" "\n;;;;;;\na;b;c\n'
    assert table(data) == [(9, {"reference": "a", "last_name": "b", "email": "c"})]
    assert bad(data) == []


def test_a_row_with_values_in_unknown_columns_only_is_a_row() -> None:
    """A value in an unknown column makes the row a row."""
    assert table(b"Email;Shoe\n;42\n") == [(2, {"email": None})]


def test_blank_cells_past_the_end_are_forgiven() -> None:
    """A row may have extra blank fields at its end."""
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
def test_ragged_rows_and_bad_quotes_are_reported(row: bytes, code: str) -> None:
    """Each malformed row is reported with its line, and is not among the good rows."""
    data = HEAD + b"a;b;c\n" + row + b"\n"
    assert bad(data) == [(3, code)]
    assert [line for line, _ in table(data)] == [2]


@pytest.mark.parametrize("tail", [b'"', b'"  \n\n', b'"\n', b'a;b;"'])
def test_an_open_quote_at_the_end_is_an_error_even_if_nothing_follows(tail: bytes) -> None:
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


def test_lines_of_many_rows_are_those_of_each() -> None:
    """`lines` gives the same numbers as `line`."""
    batch: Batch = next(iter(reader(b'\nNom;Email\n"a\n";b\n\nc;d\n')))
    places = batch.table.places
    assert batch.lines(places).tolist() == [batch.line(int(p)) for p in places] == [3, 6]
    assert batch.lines(places).dtype == np.int32
