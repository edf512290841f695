"""What only the whole file shows about its values: lines, repeated references, dates with the month first."""

from __future__ import annotations

from pathlib import Path

from contactsync.domain.deposit import ACTIONS
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings
from tests.unit.reading.verdicts import account


def examined(path: Path, lines: list[str], **changed: str) -> tuple[Findings, list[str | None]]:
    """The findings and the stored birth dates."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    findings = Findings()
    dates: list[str | None] = []
    for judged in Examination(
        path, account(**changed), ACTIONS["import"], findings, max_inflated_bytes=1 << 28
    ):
        if "birth_date" in judged.accepted.columns:
            dates += judged.accepted.columns["birth_date"].to_pylist()
    return findings, dates


def test_a_late_date_with_the_month_first_drops_the_early_ones(tmp_path: Path) -> None:
    """The first batch is judged by a date that only the last one has."""
    rows = [f"a{n}@example-mail.fr;01/02/1980" for n in range(60_000)]
    lines = ["Email;Date de naissance", *rows, "b@example-mail.fr;12/31/1980", "c@example-mail.fr;1980-12-31"]
    findings, dates = examined(tmp_path / "x.csv", lines)
    assert set(dates[:-1]) == {None}
    assert dates[-1] == "1980-12-31"
    assert findings.warnings["month_first_dates"] == 60_001
    assert findings.lines["month_first_dates"] == [*range(2, 102)]
    assert examined(tmp_path / "x.csv", lines, date_order="mdy")[1][0] == "1980-01-02"


def test_another_column_may_hold_what_looks_like_such_a_date(tmp_path: Path) -> None:
    """Only the column of birth dates counts."""
    lines = ["Email;Date de naissance;Champ 1", "a@example-mail.fr;31/12/1980;12/31/1980"]
    findings, dates = examined(tmp_path / "x.csv", lines)
    assert dates == ["1980-12-31"]
    assert +findings.warnings == {}


def test_repeated_references_and_dropped_values_have_lines(tmp_path: Path) -> None:
    """The uploader finds each row in a text editor."""
    lines = [
        "Référence;Email;Mobile",
        "A;a@example-mail.fr;x",
        "B;b@example-mail.fr;",
        "A;c@example-mail.fr;06",
    ]
    findings, _ = examined(tmp_path / "x.csv", lines, dedup="reference")
    assert findings.lines == {"invalid_mobile": [2, 4], "repeated_reference": [4]}
    assert (findings.given["mobile"], findings.dropped["mobile"]) == (2, 2)
    assert "repeated_reference" not in examined(tmp_path / "x.csv", lines)[0].warnings


def test_destroyed_references_are_exposed_to_mode_3(tmp_path: Path) -> None:
    """The merge must know that the file does not name everybody."""
    lines = [
        "Référence;Email",
        "A;a@example-mail.fr",
        "1,23457E+15;b@example-mail.fr",
        "#N/A;c@example-mail.fr",
    ]
    findings, _ = examined(tmp_path / "x.csv", lines, dedup="reference")
    assert findings.broken_references == 2
    assert findings.lines["nobody_removed"] == [3, 4]
