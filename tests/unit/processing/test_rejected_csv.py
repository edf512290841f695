"""The rejected file: the rows as they were, which can be corrected and uploaded again."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contactsync.domain.headers.names import HeaderRules
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, row_error
from contactsync.domain.messages.words import NBSP
from contactsync.processing.rejected_csv import RejectedFile
from contactsync.reading.encoding import TextEncoding
from contactsync.reading.reader import Reader, cell_text
from contactsync.reading.verdict import Reject
from tests.messages import CLAIMED
from tests.unit.processing.rejects import UTF8, rejected
from tests.unit.processing.script import ACCOUNT

CONTEXT = Context(ACCOUNT, CLAIMED)
INVALID_EMAIL = row_error(ERRORS, "invalid_email", CONTEXT, "Email")


def test_a_rejected_file_has_the_header_and_the_rows_as_they_were() -> None:
    """Quotes and spaces are kept; line and reason follow the last named column."""
    data = b'\n"Reference" ; Email;Nom;\n1;x;"a;""b"";\n2"; \n3;y;z;\n'
    assert rejected(data, {3: "invalid_email", 5: "missing_means"}).decode() == (
        '"Reference" ; Email;Nom;Ligne;Motif\n'
        '1;x;"a;""b"";\n2";3;' + f"{INVALID_EMAIL}\n"
        f"3;y;z;5;Aucun moyen de contact{NBSP}: remplissez Email, Téléphone Fixe ou Mobile\n"
    )


def test_short_rows_are_padded_and_long_ones_are_kept() -> None:
    """Nothing of a ragged row is lost, except blank fields at its end."""
    data = b"Reference;Email;Nom\n1\n2;x;y;z\n3;x;y;;\n"
    lines = rejected(data, {2: "too_few_fields", 3: "too_many_fields", 4: "invalid_email"})
    assert lines.decode().split("\n")[1:4] == [
        f"1;;;2;{row_error(ERRORS, 'too_few_fields', CONTEXT, None)}",
        f"2;x;y;z;3;{row_error(ERRORS, 'too_many_fields', CONTEXT, None)}",
        f"3;x;y;4;{INVALID_EMAIL}",
    ]


def test_columns_without_a_name_at_the_right_are_left_out() -> None:
    """They mean nothing to an import, and 8 kB of them made 1.2 GB; one between named columns stays."""
    data = b"Email;;Nom" + b";" * 200 + b"\nx;y;z;w\nv" + b";" * 202 + b"\n"
    assert rejected(data, {2: "invalid_email", 3: "invalid_email"}).decode() == (
        f"Email;;Nom;Ligne;Motif\nx;y;z;2;{INVALID_EMAIL}\nv;;;3;{INVALID_EMAIL}\n"
    )


def test_columns_without_a_name_before_the_result_columns_are_left_out() -> None:
    """A rejected file that a spreadsheet gave empty columns does not grow with each round."""
    data = b"Email;Nom;;;Ligne;Motif\nx;y;;;7;z\n"
    assert rejected(data, {2: "invalid_email"}).decode() == f"Email;Nom;Ligne;Motif\nx;y;2;{INVALID_EMAIL}\n"


@pytest.mark.parametrize(
    ("limit", "value", "kept"),
    [("MAX_ROWS", 3, 3), ("MAX_ROWS", 7, 7), ("MAX_BYTES", 300, 2), ("MAX_BYTES", 10_000, 7)],
)
def test_the_file_is_limited_and_counts_what_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, value: int, kept: int
) -> None:
    """The first rows are in it, whatever batches they come in; a long row that finds no room ends it."""
    monkeypatch.setattr(f"contactsync.processing.rejected_csv.{limit}", value)
    path = tmp_path / "rejected"
    cells = ["a", "b", "c" * 150, "d", "e", "f", "g"]
    reader = Reader(["\n".join(["Email", *cells, ""]).encode()], ";", HeaderRules())
    file = RejectedFile(lambda: path.open("wb"), CONTEXT, UTF8, reader.header, reader.raw_header, defuse=True)
    for batch in reader:
        for place in batch.table.places:
            file.write(batch, [Reject(int(place), "Email", "invalid_email")])
    file.close()
    written = path.read_text().splitlines()[1:]
    assert [line.split(";")[0] for line in written] == cells[:kept]
    assert file.left_out == len(cells) - kept
    assert path.stat().st_size <= max(value, 2000)


def test_formulas_are_defused() -> None:
    """In cells and in unknown headers. Numbers in phone columns are none, and neither is the separator."""
    data = b'Reference;Email;Mobile;=cmd\n=1+1;"@x";+33 6 12;-2\n\'=1;a=b;"+1";" =2"\n'
    expected = (
        b"Reference;Email;Mobile;'=cmd;Ligne;Motif\n'=1+1;\"'@x\";+33 6 12;'-2;2;%b\n"
        b'\'=1;a=b;"+1";" \'=2";3;%b\n'
    ) % ((INVALID_EMAIL.encode(),) * 2)
    assert rejected(data, {2: "invalid_email", 3: "invalid_email"}) == expected
    as_it_was = rejected(data, {2: "invalid_email", 3: "invalid_email"}, defuse=False)
    assert as_it_was.splitlines()[1].startswith(b'=1+1;"@x";+33 6 12;-2;2;')


def test_an_accounts_own_label_is_not_changed() -> None:
    """A known column must be known again when the file comes back."""
    labels = ["=Total", *[None] * 14]
    reader = Reader([b"Email;=Total;=x\na;b;c\n"], ";", HeaderRules(tuple(labels)))
    file = RejectedFile(io.BytesIO, CONTEXT, UTF8, reader.header, reader.raw_header, defuse=True)
    assert file.header_line() == b"Email;=Total;'=x;Ligne;Motif"


def test_without_a_rejected_row_there_is_no_file() -> None:
    """The first rejected row creates it."""

    def never() -> Any:
        raise AssertionError

    reader = Reader([b"Email\na\n"], ";", HeaderRules())
    file = RejectedFile(never, CONTEXT, TextEncoding("utf-8"), reader.header, reader.raw_header, defuse=True)
    for batch in reader:
        file.write(batch, [])
    file.close()


def test_the_result_columns_of_an_earlier_round_are_replaced() -> None:
    """`Ligne` and `Motif` of an earlier round do not accumulate."""
    first = rejected(b"Reference;Email\n1;x\n2;y\n", {2: "invalid_email", 3: "invalid_email"})
    second = rejected(first, {3: "missing_means"}, language="en")
    assert second == (
        "Reference;Email;Ligne;Motif\n2;y;3;No means of contact: fill in Email, Téléphone Fixe or Mobile\n".encode()
    )


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_reason_breaks_the_row(separator: str, language: Any) -> None:
    """A reason that contains the separator is quoted."""
    codes = dict(enumerate(sorted(ERRORS), start=2))
    lines = [["Reference", "Email"], *(["a", "b"] for _ in codes)]
    data = "\n".join(separator.join(cells) for cells in lines).encode()
    (batch,) = Reader(
        [rejected(data, codes, separator=separator, language=language)], separator, HeaderRules()
    )
    assert (batch.errors, batch.ragged) == ((), ())
    found = [[cell_text(field) for field in batch.rows.fields(int(place))] for place in batch.table.places]
    where = Context(replace(ACCOUNT, separator=separator, language=language), CLAIMED)
    assert found == [["a", "b", str(n), row_error(ERRORS, code, where, None)] for n, code in codes.items()]


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        (
            TextEncoding("utf-8"),
            "Prénom;Email;Ligne;Motif\nœ€;x;2;Référence manquante\u00a0: remplissez la colonne Référence\n".encode(),
        ),
        (
            TextEncoding("utf-8", bom=True),
            "\ufeffPrénom;Email;Ligne;Motif\nœ€;x;2;Référence manquante\u00a0: remplissez la colonne Référence\n".encode(),
        ),
        (
            TextEncoding("iso-8859-1"),
            "Prénom;Email;Ligne;Motif\nœ€;x;2;Référence manquante\u00a0: remplissez la colonne Référence\n".encode(
                "cp1252"
            ),
        ),
    ],
)
def test_the_encoding_is_that_of_the_upload(encoding: TextEncoding, expected: bytes) -> None:
    """The same bytes as in the upload, including the BOM."""
    assert rejected("Prénom;Email\nœ€;x\n".encode(), {2: "missing_reference"}, encoding=encoding) == expected
