"""Which row is the header line, and why a header line is refused."""

from __future__ import annotations

import pytest

from tests.unit.reading.tables import refusal, table


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
