"""What uploaders are told: sentences, result.json, and a rejected file that can come back."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.columns import match_header
from contactsync.domain.deposit import Counts, Mode
from contactsync.domain.errors import FileRefused, LineError
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, row_error
from contactsync.domain.messages.words import NBSP
from contactsync.processing import result_json
from contactsync.processing.result_json import RejectedFile, Subject
from contactsync.reading.encoding import TextEncoding
from contactsync.reading.findings import Findings
from contactsync.reading.reader import Reader, cell_text
from contactsync.reading.validate import Reject
from tests import messages
from tests.messages import ACCOUNT

CLAIMED = replace(messages.CLAIMED, name=b"a\xe9.csv", claimed_name=b"1447797847_a\xe9.csv", mode=Mode.ADD)
UTF8 = TextEncoding("utf-8")
CONTEXT = Context(ACCOUNT, CLAIMED)
INVALID_EMAIL = row_error(ERRORS, "invalid_email", CONTEXT, "Email")
TOO_FEW_FIELDS = row_error(ERRORS, "too_few_fields", CONTEXT, None)


def subject(findings: Findings | None = None, **changed: Any) -> Subject:
    """The deposit that is told about."""
    return Subject(replace(ACCOUNT, **changed), CLAIMED, 7, findings or Findings())


# --- result.json ---------------------------------------------------------------------------------------------------

KEYS = [
    "deposit_id",
    "account",
    "action",
    "file",
    "claimed_name",
    "deposited_at",
    "finished_at",
    "state",
    "reason",
    "message",
    "mode",
    "list",
    "encoding",
    "rows_read",
    "rows_applied",
    "rows_rejected",
    "inserted",
    "updated",
    "unchanged",
    "removed",
    "warnings",
    "errors",
]


def test_the_result_of_an_applied_file() -> None:
    """Every key of the protocol; names that are not UTF-8 as text; counts in the message."""
    findings = Findings(
        5, 2, Counter(invalid_phone=3), [LineError(4, "Email", "invalid_email")], (), "iso-8859-1"
    )
    counts = Counts(5, 3, 2, 1, 1, 1, 0)
    told = json.loads(result_json.as_json(result_json.applied(subject(findings), counts, "a")))
    assert list(told) == KEYS
    assert told | {"finished_at": "", "message": "", "warnings": [], "errors": []} == {
        "deposit_id": 7, "account": "acme", "action": "import", "file": "aé.csv",
        "claimed_name": "1447797847_aé.csv", "deposited_at": "2015-11-17T22:04:07+00:00", "finished_at": "",
        "state": "ok", "reason": None, "message": "", "mode": 2, "list": "a", "encoding": "iso-8859-1",
        "rows_read": 5, "rows_applied": 3, "rows_rejected": 2, "inserted": 1, "updated": 1, "unchanged": 1,
        "removed": 0, "warnings": [], "errors": [],
    }  # fmt: skip
    assert told["message"].replace(NBSP, " ") == (
        "La liste « aé » contient maintenant les 3 contacts du fichier ; un contact est nouveau ; "
        "un contact a été mis à jour ; un contact était déjà à jour. 2 lignes sur 5 ont été rejetées. "
        "Corrigez-les dans le fichier des rejets et déposez-le dans le même in/. "
        "3 numéros de téléphone fixe n'ont pas été enregistrés, car ils ne sont pas valides."
    )
    assert told["errors"] == [
        {"line": 4, "column": "Email", "code": "invalid_email", "message": INVALID_EMAIL}
    ]
    (warning,) = told["warnings"]
    assert (warning["code"], warning["count"]) == ("invalid_phone", 3)
    assert warning["message"].startswith("3 numéros de la colonne Téléphone Fixe ne sont pas valides")


def test_the_language_is_the_accounts() -> None:
    """English where it asks for it."""
    told = result_json.applied(subject(language="en"), Counts(2, 2, 0, 2), None)
    assert told["message"] == 'The list "aé" now holds the 2 contacts of the file; 2 contacts are new.'


def test_a_refused_file_counts_no_rows() -> None:
    """Nothing was applied: its errors are the bad lines, not the rows that had been rejected until then."""
    findings = Findings(5, 2, errors=[LineError(2, "Email", "invalid_email")], encoding="utf-8")
    refusal = FileRefused("too_few_fields", {"count": 1, "line": 9}, [LineError(9, None, "too_few_fields")])
    told, counts = result_json.refused(subject(findings), refusal)
    assert counts == Counts()
    assert (told["state"], told["reason"], told["rows_read"], told["list"]) == (
        "ko",
        "too_few_fields",
        0,
        None,
    )
    assert [(e["line"], e["code"]) for e in told["errors"]] == [(9, "too_few_fields")]
    assert told["errors"][0]["message"] == TOO_FEW_FIELDS


def test_a_file_without_a_valid_row_counts_them_all_as_rejected() -> None:
    """Here each row was judged, so the counts and the errors are those of the rows."""
    findings = Findings(2, 2, errors=[LineError(2, "Email", "invalid_email")])
    told, counts = result_json.refused(subject(findings), FileRefused("no_valid_row", {"rows": 2}))
    assert counts == Counts(2, 0, 2)
    assert (told["rows_read"], told["rows_rejected"], len(told["errors"])) == (2, 2, 1)


@pytest.mark.parametrize("code", sorted(ERRORS.keys() | {"invalid_utf8"}))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_listed_error_has_a_message(code: str, language: Any) -> None:
    """Never the bare code."""
    refusal = FileRefused("empty_file", {}, [LineError(1, None, code)])
    told, _ = result_json.refused(subject(language=language), refusal)
    assert " " in told["errors"][0]["message"]


def test_unknown_columns_are_named() -> None:
    """Ten at most, each shortened: a header line may be anything."""
    findings = Findings(
        1, 0, Counter(unknown_column=12), unknown_columns=("Pointure", "x" * 50, *"abcdefghijk")
    )
    told = result_json.applied(subject(findings), Counts(1, 1), None)
    message = told["warnings"][0]["message"].replace(NBSP, " ")
    assert "« Pointure »" in message
    assert "x" * 41 not in message
    assert "« h »" in message
    assert "« i »" not in message


# --- rejected.csv --------------------------------------------------------------------------------------------------


def rejected(
    data: bytes,
    lines: dict[int, str],
    *,
    separator: str = ";",
    encoding: TextEncoding = UTF8,
    language: Any = "fr",
) -> bytes:
    """The rejected file for the rows that begin on some physical lines of a CSV."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejected"
        reader = Reader([data], separator, [None] * 15)
        account = replace(ACCOUNT, separator=separator, language=language)
        file = RejectedFile(
            lambda: path.open("wb"), Context(account, CLAIMED), encoding, reader.header, reader.raw_header
        )
        for batch in reader:
            places = {batch.line(place): place for place in range(len(batch.rows.first))}
            file.write(batch, [Reject(places[at], None, code) for at, code in lines.items() if at in places])
        file.close()
        return path.read_bytes()


def test_a_rejected_file_has_the_header_and_the_rows_as_they_were() -> None:
    """Quotes, spaces and all, padded to the header's width, with the line and the reason."""
    data = b'\n"Reference" ; Email;Nom;\n1;x;"a;""b"";\n2"; \n3;y;z;\n'
    assert rejected(data, {3: "invalid_email", 5: "missing_means"}).decode() == (
        '"Reference" ; Email;Nom;;Ligne;Motif\n'
        '1;x;"a;""b"";\n2"; ;3;' + INVALID_EMAIL + "\n"
        f"3;y;z;;5;Aucun moyen de contact{NBSP}: remplissez Email, Téléphone Fixe ou Mobile\n"
    )


def test_short_rows_are_padded_and_long_ones_stay() -> None:
    """Ragged rows come back as they were: nothing of them may be lost, blank ends apart."""
    data = b"Reference;Email;Nom\n1\n2;x;y;z\n3;x;y;;\n"
    told = rejected(data, {2: "too_few_fields", 3: "too_many_fields", 4: "invalid_email"})
    assert told.decode().split("\n")[1:4] == [
        f"1;;;2;{TOO_FEW_FIELDS}",
        f"2;x;y;z;3;{row_error(ERRORS, 'too_many_fields', CONTEXT, None)}",
        f"3;x;y;4;{INVALID_EMAIL}",
    ]


def test_no_rejected_row_no_file() -> None:
    """It is made with the first of them."""

    def never() -> Any:
        raise AssertionError

    reader = Reader([b"Email\na\n"], ";", [None] * 15)
    file = RejectedFile(
        never, Context(ACCOUNT, CLAIMED), TextEncoding("utf-8"), reader.header, reader.raw_header
    )
    for batch in reader:
        file.write(batch, [])
    file.close()


def test_a_second_time_round_the_columns_are_replaced() -> None:
    """`Ligne` and `Motif` of an earlier round do not pile up."""
    first = rejected(b"Reference;Email\n1;x\n2;y\n", {2: "invalid_email", 3: "invalid_email"})
    second = rejected(first, {3: "missing_means"}, language="en")
    assert second == (
        "Reference;Email;Ligne;Motif\n2;y;3;No means of contact: fill in Email, Téléphone Fixe or Mobile\n".encode()
    )


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_reason_breaks_the_row(separator: str, language: Any) -> None:
    """A reason that holds the separator is quoted."""
    codes = dict(enumerate(sorted(ERRORS), start=2))
    lines = [["Reference", "Email"], *(["a", "b"] for _ in codes)]
    data = "\n".join(separator.join(cells) for cells in lines).encode()
    (batch,) = Reader([rejected(data, codes, separator=separator, language=language)], separator, [None] * 15)
    assert (batch.errors, batch.ragged) == ((), ())
    found = [[cell_text(field) for field in batch.rows.fields(int(place))] for place in batch.frame.index]
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
def test_the_encoding_is_the_files(encoding: TextEncoding, expected: bytes) -> None:
    """The same bytes as came, BOM too."""
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
    """The same known columns and the same cells, through any number of rounds."""
    if not {"Email", "Nom", "Référence", "Ville"} & set(header):
        header = ["Email", *header]
    rows = [separator.join(map(_quoted, (row + [""] * len(header))[: len(header)])) for row in table]
    data = "\n".join([separator.join(header), *rows, ""]).encode()

    def read(text: bytes) -> tuple[dict[str, int], list[list[str]]]:
        reader = Reader([text], separator, [None] * 15)
        return dict(reader.header.positions), [
            [cell_text(field) for field in batch.rows.fields(int(place))][: len(header)]
            for batch in reader
            for place in batch.frame.index
        ]

    positions, cells = read(data)
    for _ in range(rounds):
        reader = Reader([data], separator, [None] * 15)
        lines = {batch.line(int(p)): "missing_email" for batch in reader for p in batch.frame.index}
        if not lines:
            return
        data = rejected(data, lines, separator=separator)
    again = Reader([data], separator, [None] * 15).header
    assert read(data) == (positions, cells)
    assert again.result_columns
    assert again.width == len(header) + 2
    assert again.unknown == match_header(header, [None] * 15).unknown
