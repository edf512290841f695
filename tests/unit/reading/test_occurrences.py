"""The rows of a file that name a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings
from contactsync.reading.occurrences import (
    Identifiers,
    lines_of,
    stored_email,
    stored_number,
    stored_reference,
)
from tests.unit.reading.verdicts import account

PERSON = Identifiers(frozenset(["a@b.fr"]), frozenset(["+33612345678"]), frozenset(["R1"]))


def lines(tmp_path: Path, text: str, action: str = "import", **settings: str) -> list[int]:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode())
    owner = account(syntax_errors="skip", **settings)
    examination = Examination(path, owner, ACTIONS[action], Findings(), max_inflated_bytes=1 << 20)
    return lines_of(examination, PERSON)


@pytest.mark.parametrize(
    "row",
    [
        "R1;;;",
        ";A@B.fr;;",
        "X;other@b.fr;06 12 34 56 78;",
        "X;other@b.fr;;+33 6.12.34.56.78",
        "X;a@b.fr, second@b.fr;;",
        "X;second@b.fr;;;a@b.fr",
        "X;no address;;0612345678",
    ],
)
def test_a_row_names_the_person_by_any_identifier(tmp_path: Path, row: str) -> None:
    """However it is written, in a row that is applied, rejected, or has too many cells."""
    text = f"Référence;Email;Téléphone Fixe;Mobile\nX;x@b.fr;;\n{row}\nY;y@b.fr;;\n"
    assert lines(tmp_path, text) == [3]


@pytest.mark.parametrize("row", ["R10;;;", "X;aa@b.fr;;", "X;x@b.fr;0612345679;", "X;x@b.fr;;;R11"])
def test_a_similar_value_is_somebody_else(tmp_path: Path, row: str) -> None:
    """Values are compared whole."""
    assert lines(tmp_path, f"Référence;Email;Téléphone Fixe;Mobile\nX;x@b.fr;;\n{row}\n") == []


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("optoutSMS", "Mobile\n0699999999\n0612345678\n"),
        ("optinEMAIL", "Email\nx@b.fr\nA@B.FR\n"),
        ("delete", "Référence\nX\nR1\n"),
    ],
)
def test_every_action(tmp_path: Path, action: str, text: str) -> None:
    """Files of consent and deletion name people too."""
    assert lines(tmp_path, text, action, dedup="reference") == [3]


def test_what_an_operator_types_is_read_like_a_cell() -> None:
    """Blanks around it do not count; what is none is None."""
    assert (stored_email(" A@b.fr "), stored_email("a@")) == ("a@b.fr", None)
    assert (stored_number("06 12 34 56 78", "FR"), stored_number("12", "FR")) == ("+33612345678", None)
    assert (stored_reference(" R 1 "), stored_reference("  ")) == ("R 1", None)
