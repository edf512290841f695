"""The rejected file: the rows as they were, which can be corrected and uploaded again."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.headers.match import match_header
from contactsync.domain.headers.names import HeaderRules
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, row_error
from contactsync.domain.messages.words import NBSP
from contactsync.processing.rejected_csv import RejectedFile
from contactsync.reading.encoding import TextEncoding
from contactsync.reading.guards import unguard_column
from contactsync.reading.reader import Reader, cell_text
from contactsync.reading.verdict import Reject
from tests.messages import CLAIMED
from tests.unit.processing.script import ACCOUNT

UTF8 = TextEncoding("utf-8")
CONTEXT = Context(ACCOUNT, CLAIMED)
INVALID_EMAIL = row_error(ERRORS, "invalid_email", CONTEXT, "Email")


def rejected(
    data: bytes,
    lines: dict[int, str],
    *,
    separator: str = ";",
    encoding: TextEncoding = UTF8,
    language: Any = "fr",
    defuse: bool = True,
) -> bytes:
    """The rejected file for the rows that begin on some physical lines of a CSV."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejected"
        reader = Reader([data], separator, HeaderRules())
        account = replace(ACCOUNT, separator=separator, language=language)
        file = RejectedFile(
            lambda: path.open("wb"),
            Context(account, CLAIMED),
            encoding,
            reader.header,
            reader.raw_header,
            defuse=defuse,
        )
        for batch in reader:
            places = {batch.line(place): place for place in range(len(batch.rows.first))}
            file.write(batch, [Reject(places[at], None, code) for at, code in lines.items() if at in places])
        file.close()
        return path.read_bytes()


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


def values(data: bytes) -> list[dict[str, str | None]]:
    """What an import reads from the rows of a CSV, by column."""
    rows = list[dict[str, str | None]]()
    for batch in Reader([data], ";", HeaderRules()):
        columns = {
            key: unguard_column(key, batch.table.columns[key]).to_pylist()
            for key in ("reference", "phone", "city")
        }
        rows += [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return rows


CELL = st.text("'\"=+-@\t\r\n\uff1d\uff0b\uff0d\uff20 0aé;", max_size=5).map(
    lambda text: '"' + text.replace('"', '""') + '"'
)


@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=4), st.booleans())
def test_a_rejected_row_is_read_again_as_it_was(rows: list[tuple[str, str, str]], defuse: bool) -> None:
    """Whatever its cells begin with: the importer removes exactly what the rejected file adds."""
    # The last column is not blank, so no row is ignored.
    lines = [";".join([*cells, "x"]) for cells in rows]
    data = "\n".join(["Reference;Phone;Ville;Nom", *lines, ""]).encode()
    (batch,) = Reader([data], ";", HeaderRules())
    codes = {batch.line(int(place)): "invalid_email" for place in batch.table.places}
    assert len(codes) == len(rows)
    assert values(rejected(data, codes, defuse=defuse)) == values(data)


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


FIELD = st.text('ab"\n é\r', max_size=5)


def _quoted(cell: str) -> str:
    return f'"{cell.replace(chr(34), chr(34) * 2)}"'


@given(
    st.lists(
        st.sampled_from(["Email", "Nom", "Référence", "Ville", "Shoe", ""]),
        min_size=1,
        max_size=5,
        unique=True,
    ),
    st.lists(st.lists(FIELD, min_size=1, max_size=6), min_size=1, max_size=4),
    st.sampled_from([";", ","]),
    st.integers(1, 3),
)
def test_a_rejected_file_can_be_read_again(
    header: list[str], table: list[list[str]], separator: str, rounds: int
) -> None:
    """The same known columns and the same cells under named ones, through any number of rounds."""
    if not {"Email", "Nom", "Référence", "Ville"} & set(header):
        header = ["Email", *header]
    named = max(place for place, name in enumerate(header, 1) if name)
    rows = [separator.join(map(_quoted, (row + [""] * len(header))[: len(header)])) for row in table]
    data = "\n".join([separator.join(header), *rows, ""]).encode()

    def read(text: bytes) -> tuple[dict[str, int], list[list[str]]]:
        reader = Reader([text], separator, HeaderRules())
        return dict(reader.header.positions), [
            [cell_text(field) for field in batch.rows.fields(int(place))][:named]
            for batch in reader
            for place in batch.table.places
        ]

    positions, cells = read(data)
    for _ in range(rounds):
        reader = Reader([data], separator, HeaderRules())
        lines = {batch.line(int(p)): "missing_email" for batch in reader for p in batch.table.places}
        if not lines:
            return
        data = rejected(data, lines, separator=separator)
    again = Reader([data], separator, HeaderRules()).header
    assert read(data) == (positions, cells)
    assert again.result_columns
    assert again.width == named + 2
    assert again.unknown == match_header(header, HeaderRules()).unknown
