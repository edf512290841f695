"""A bad row is rejected, a doubtful one is applied with a warning, and the rest of the file is applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.crowd import (
    assert_log_is_private,
    assert_memory_is_bounded,
    assert_only_log_lines,
    make_deposit,
    unused_account,
)
from tests.acceptance.hostile import CANARY, GOOD, raw, text
from tests.acceptance.program import Program
from tests.acceptance.tables import HEADER

if TYPE_CHECKING:
    from tests.acceptance.hostile import Put


@dataclass(frozen=True)
class Rejection:
    """A row that is rejected from a file whose other row is good."""

    name: str
    row: str
    column: str | None
    code: str
    action: str = "import"


REJECTIONS = [
    Rejection("no means", f"R2;{CANARY};;", None, "missing_means"),
    Rejection("no valid means", f"R2;{CANARY};{CANARY};12", "Email", "invalid_email"),
    Rejection("no reference", f";{CANARY};{CANARY}@example.com;", "Référence", "missing_reference"),
    Rejection("reference too long", f"{'R' * 256};;{CANARY}@example.com;", "Référence", "reference_too_long"),
    Rejection("scientific notation", f"R2;{CANARY};;3,36E+10", "Mobile", "scientific_notation"),
    Rejection(
        "no mobile to opt out", f"R2;{CANARY};{CANARY}@example.com;", "Mobile", "missing_mobile", "optoutSMS"
    ),
    Rejection("no mobile at all", f"R2;{CANARY};;0000", "Mobile", "invalid_mobile", "optoutVOICEMAIL"),
    Rejection("no reference to delete", f";{CANARY};;", "Référence", "missing_reference", "delete"),
]


@pytest.mark.parametrize("case", REJECTIONS, ids=lambda case: case.name.replace(" ", "-"))
def test_a_row_is_rejected_and_the_others_are_applied(eager: Program, case: Rejection) -> None:
    """The file goes to `ok/`. The result names the row's line, column and code, and the rejected file contains the row."""
    account = unused_account()
    content = GOOD + f"{case.row}\n".encode("latin-1")
    settled = make_deposit(eager, account, "list.csv", raw(content), case.action)
    assert settled.state == "ok", settled.result
    result = settled.result
    assert (result["rows_read"], result["rows_applied"], result["rows_rejected"]) == (2, 1, 1)
    (error,) = result["errors"]
    assert (error["line"], error["column"], error["code"]) == (3, case.column, case.code)
    header, rejected = settled.beside(".rejected.csv").read_text("latin-1").splitlines()
    assert header == HEADER.strip() + ";Ligne;Motif"
    assert rejected.startswith(f"{case.row};3;")
    assert CANARY not in settled.beside(".result.json").read_text()


WARNINGS = {
    "unknown columns": (
        text(f"R1;a@example.com;{CANARY}", header="Référence;Email;Loisirs"),
        "unknown_column",
    ),
    "invalid e-mail": (text("R1;a;sans-arobase;0600000001"), "invalid_email"),
    "invalid mobile": (text("R1;a;a@example.com;12"), "invalid_mobile"),
    "scientific": (text("R1;a;a@example.com;3.36E+10"), "scientific_notation"),
    "no such day": (
        text("R1;a@example.com;31/02/1980", header="Référence;Email;Date de naissance"),
        "invalid_birth_date",
    ),
}


@pytest.mark.parametrize(("put", "code"), WARNINGS.values(), ids=WARNINGS.keys())
def test_applied_with_a_warning(eager: Program, put: Put, code: str) -> None:
    """The file goes to `ok/`, every row applied, and the result warns once with a count."""
    account = unused_account()
    settled = make_deposit(eager, account, "list.csv", put, "import")
    assert settled.state == "ok", settled.result
    assert settled.result["rows_applied"] == 1
    assert [(each["code"], each["count"]) for each in settled.result["warnings"]] == [(code, 1)]


def test_the_log_contains_no_cell(eager: Program) -> None:
    """After all of these no cell and no address is in the log."""
    assert_log_is_private(eager)


def test_only_log_lines_are_written(eager: Program) -> None:
    """After all of these standard error is empty, and each line on standard output is an event in JSON."""
    assert_only_log_lines(eager)


def test_memory_stays_bounded(eager: Program) -> None:
    """After all of these the daemon never used more than 400 MB."""
    assert_memory_is_bounded(eager)
