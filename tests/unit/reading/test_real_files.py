"""Files as spreadsheets and other programs write them, read and judged as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS, Claimed, Mode
from contactsync.domain.errors import FileRefused
from contactsync.processing import result_json
from contactsync.processing.result_json import Subject
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings
from tests.cases.expectations import Case, Export, csv_cases, exports
from tests.unit.reading.verdicts import ACCOUNT

OF_FILES = ("e", "h", "s", "q", "x", "z", "d01", "d05")
"""Cases that no contact of the account decides."""


def examined(
    path: Path, account: Account, action: str = "import", mode: Mode | None = None
) -> tuple[list[dict[str, str | None]], Findings, FileRefused | None]:
    """The accepted rows, what was found out, and why the file is refused."""
    findings, rows = Findings(), []
    try:
        examination = Examination(
            path, account, ACTIONS[action], findings, max_inflated_bytes=1 << 28, mode=mode
        )
        for judged in examination:
            columns = {key: column.to_pylist() for key, column in judged.accepted.columns.items()}
            rows += [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    except FileRefused as refusal:
        return [], findings, refusal
    return rows, findings, None


def said(refusal: FileRefused, account: Account, action: str) -> str:
    """The message of the answer."""
    claimed = Claimed(ACTIONS[action], b"x.csv", b"1_x.csv", datetime.now(UTC), 1, None, None, None)
    result, _ = result_json.refused(Subject(account, claimed, 1, Findings()), refusal)
    return str(result["message"]).replace("\u00a0", " ")


@pytest.mark.parametrize(
    "case",
    [case for case in csv_cases() if case.id.startswith(OF_FILES)],
    ids=lambda case: case.id,
)
def test_a_file_of_a_spreadsheet_or_a_program(case: Case, tmp_path: Path) -> None:
    """State, counts, stored values and warnings with their lines are as expected."""
    path = tmp_path / "deposit"
    path.write_bytes(case.upload.content(tmp_path))
    options = dict(zip(case.options[::2], case.options[1::2], strict=True))
    chosen = {"dedup": options["--dedup"], "separator": options.get("--separator", ";")}
    rows, findings, refusal = examined(path, replace(ACCOUNT, **chosen), case.action)
    assert ("ko" if refusal else "ok") == case.state, refusal
    if refusal:
        assert refusal.code == (case.detail.diagnosis or case.detail.reason or refusal.code)
        assert case.detail.says in said(refusal, replace(ACCOUNT, **chosen), case.action)
        return
    assert (len(rows), findings.rows_rejected) == (case.rows_applied, case.rows_rejected)
    # Rows with the same identity become one contact.
    contacts = {row.get("identity") or place: row for place, row in enumerate(rows)}.values()
    stored = {key: tuple(row[key] for row in contacts) for key in case.detail.stored}
    assert stored == dict(case.detail.stored)
    assert {code: tuple(findings.lines[code]) for code in case.detail.warnings} == case.detail.warnings


@pytest.mark.parametrize("export", list(exports()), ids=lambda export: export.id)
def test_an_export_imports_completely(export: Export) -> None:
    """An account that only sets `separator = auto` gets every person with every means of contact."""
    rows, findings, refusal = examined(export.path, replace(ACCOUNT, separator="auto"))
    assert refusal is None
    assert findings.separator == export.separator
    found = [
        (row.get("email"), frozenset(row[key] for key in ("phone", "mobile") if row.get(key))) for row in rows
    ]
    assert found == export.people()


@pytest.mark.parametrize("export", list(exports()), ids=lambda export: export.id)
def test_an_exports_columns_are_read_as_what_they_mean(export: Export) -> None:
    """Each header that means a column fills it, but identifiers; the answer names those that are not the protocol's."""
    findings = Findings()
    account = replace(ACCOUNT, separator="auto")
    examination = Examination(export.path, account, ACTIONS["import"], findings, max_inflated_bytes=1 << 28)
    header = [field.decode().strip('"\ufeff') for field in examination.raw_header]
    read_as = {key: header[place] for key, place in examination.header.positions.items()}
    meant = {key: name for name, key in export.columns.items() if key != "reference"}
    if examination.header.any_number is not None:
        # SHAPES.json names one of the two columns that it fills.
        meant |= {key: read_as[key] for key in ("phone", "mobile")}
    assert {key: name for key, name in read_as.items() if key in meant} == meant


@pytest.mark.parametrize(("action", "mode"), [("delete", None), ("import", Mode.SYNC)])
def test_no_triplet_is_changed_by_a_header_that_is_not_taken(
    action: str, mode: Mode | None, tmp_path: Path
) -> None:
    """A file that removes contacts by their triplet is refused if a means may be missing from it."""
    path = tmp_path / "deposit"
    path.write_bytes(b"Email;Mobile;Portable\na@exemple.fr;0612345678;x\n")
    _, _, refusal = examined(path, replace(ACCOUNT, dedup="triplet"), action, mode)
    assert refusal is not None
    assert (refusal.code, refusal.details["header"]) == ("means_not_recognised", "Portable")
    assert examined(path, replace(ACCOUNT, dedup="triplet"), "import", Mode.ADD)[2] is None


def test_numbers_of_any_type_go_to_the_column_of_their_type(tmp_path: Path) -> None:
    """Mobiles fill Mobile; the others, also what is no number, Téléphone Fixe. The other column keeps its value."""
    path = tmp_path / "deposit"
    path.write_bytes(b"Email;Phone\na@b.fr;0612345678\nb@b.fr;0299415263\nc@b.fr;x\nd@b.fr;\n")
    rows, findings, _ = examined(path, ACCOUNT)
    assert [(row["mobile"], row["phone"], row["kept"]) for row in rows] == [
        ("+33612345678", None, 2),
        (None, "+33299415263", 4),
        (None, None, 6),
        (None, None, 6),
    ]
    assert findings.warnings["invalid_phone"] == 1
    rows, findings, _ = examined(path, ACCOUNT, "optoutSMS")
    assert ([row["key"] for row in rows], findings.rows_rejected) == (["+33612345678"], 3)
