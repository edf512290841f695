"""Which row is the header line, and why a header line is refused."""

from __future__ import annotations

import pytest

from contactsync.reading.reader import Reader
from tests.unit.reading.tables import RULES, reader, refusal, table


def test_the_header_may_follow_blank_lines() -> None:
    """Blank lines before the header are skipped, but they count as lines."""
    assert table(b"\n;;\n\r\n  \nNom;Email\na;b\n") == [(6, {"last_name": "a", "email": "b"})]


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
    """The reason names the separator of the file and the one that the account expects."""
    error = refusal(f"Référence{found}Nom{found}Email\n".encode(), expected)
    assert (error.code, dict(error.details)) == ("wrong_separator", {"found": found, "expected": expected})


def test_a_header_quoted_as_a_whole_is_not_blamed_on_its_separator() -> None:
    """The reason never names the same separator as found and as expected."""
    error = refusal(b'"Reference;Nom;Email"\n"a;b;c"\n')
    assert error.details.get("found") != ";"


def test_a_known_column_named_twice() -> None:
    """Two headers of one column refuse the file, also in two languages."""
    error = refusal("Prénom;Email;First name;E M A I L\n".encode())
    assert (error.code, error.details["variant"]) == ("duplicate_column", "several")
    assert error.details["columns"] == ["Prénom", "Email"]


def test_a_column_named_twice_is_shown_as_the_file_writes_it() -> None:
    """The uploader would not find the protocol's name in the file."""
    error = refusal(b"Nom;Email;Last name;nom\n")
    assert (error.details["column"], error.details["headers"]) == ("Nom", ["Nom", "Last name", "nom"])


@pytest.mark.parametrize(
    ("header", "code"),
    [(b'"Nom"x;Email\n', "text_after_quote"), (b'Nom;"Email\na;b\n', "unterminated_quote")],
)
def test_bad_quotes_in_the_header(header: bytes, code: str) -> None:
    """Misplaced quotes in the header line refuse the file, with its line."""
    error = refusal(b"\n" + header)
    assert (error.code, error.errors[0].line) == (code, 2)


@pytest.mark.parametrize("line", [b"sep=;", b'"sep=;"', b"sep=;  "])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_sep_line_of_excel_is_skipped(line: bytes, end: bytes, size: int) -> None:
    """The lines keep their numbers."""
    data = line + end + b"Nom;Email" + end + b"a;b" + end
    chunks = [data[place : place + size] for place in range(0, len(data), size)]
    assert table(chunks) == [(3, {"last_name": "a", "email": "b"})]


@pytest.mark.parametrize("line", [b"sep=;x", b"SEP=;", b'"sep=;', b"sep=", b"\nsep=;", b"sep=:"])
def test_what_is_no_sep_line_is_the_header_line(line: bytes) -> None:
    """Only the first line, and only if it is nothing else."""
    assert refusal(line + b"\nNom;Email\na;b\n").code in ("no_known_column", "unterminated_quote")


def test_a_sep_line_that_names_another_separator() -> None:
    """The account's counts; the reason names both."""
    error = refusal(b"sep=,\r\nNom,Email\r\na,b\r\n")
    assert (error.code, dict(error.details)) == ("wrong_separator", {"found": ",", "expected": ";"})


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
@pytest.mark.parametrize("before", [b"", b"\n  \n\r\n", b"sep=%s\n"])
@pytest.mark.parametrize("size", [1, 9, 1000])
def test_the_header_line_decides_under_auto(separator: str, before: bytes, size: int) -> None:
    """The separator by which it has the most known columns, or that of the `sep=` line."""
    sep = separator.encode()
    before = before.replace(b"%s", sep)
    data = (
        before
        + sep.join([b'"Nom"', b"Adresse, ligne 2;x|y", b"Email"])
        + b"\n"
        + sep.join([b"a", b"b", b"c"])
        + b"\n"
    )
    data = data.replace(b"Adresse, ligne 2;x|y", b'"Adresse, ligne 2;x|y\nz"')
    reader = Reader([data[place : place + size] for place in range(0, len(data), size)], "auto", RULES)
    assert (reader.separator, dict(reader.header.positions)) == (separator, {"last_name": 0, "email": 2})


def test_under_auto_the_first_of_equals_wins() -> None:
    """A header line with one column has any separator, and one without known columns is refused."""
    assert Reader([b"Email\na@b.fr\n"], "auto", RULES).separator == ";"
    assert refusal(b"foo,bar\n1,2\n", "auto").code == "no_known_column"
    assert refusal(b"sep=,\nNom;Email\na;b\n", "auto").code == "wrong_separator"


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"\x00", b'"', b'"\n"', b"sep=;", b'"sep=;"\n', b"\xff" * 70, b";" * 300]
)
def test_any_bytes_are_read_or_refused_under_auto(data: bytes) -> None:
    """A file without a header line is refused with a reason."""
    assert refusal(data, "auto").code


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_the_last_row_counts_for_the_header_even_without_a_line_end(end: bytes) -> None:
    """Whether `Title` has civilities, and which candidate is filled, is judged by all rows of a small file."""
    positions = reader(b"Title;Email\nCEO;a\nMme;b\nM.;c" + end).header.positions
    assert positions == {"civility": 0, "email": 1}
    positions = reader("Nom;Courriel;E-mail privé\nx;;a".encode() + end).header.positions
    assert positions == {"last_name": 0, "email": 2}
