"""`check` shows what the daemon would do with a file."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.cli.command import Run

GOOD = "Référence ;Nom;Email;Mobile;\nA1;LEFÈVRE ;h@example.org ;336 90 12 34 56\nA2;GOFF;y@example.org;\nA3;X;no;\n"


def test_check_shows_what_would_be_applied(contactsync: Run, acme: int, tmp_path: Path) -> None:
    """A file that would be applied: its counts, list and rejected rows, and each row's fate."""
    file = tmp_path / "1447797847_my list.csv"
    file.write_bytes(GOOD.encode("latin-1"))
    done = contactsync("check", file, "--account", "acme", "--rows")
    assert done.returncode == 0, done.stderr
    assert "would be applied" in done.stdout
    assert "this file would be applied, except 1 row" in done.stdout
    assert "'my list'" in done.stdout
    assert done.stdout.splitlines()[:2] == ["line 2  ok", "line 3  ok"]
    shown = json.loads(contactsync("check", file, "--account", "acme", "--json", "--rows").stdout)
    assert (shown["state"], shown["reason"], shown["rows_read"], shown["rows_rejected"]) == ("ok", None, 3, 1)
    (error,) = shown["errors"]
    assert (error["line"], error["column"], error["code"]) == (4, "Email", "invalid_email")
    assert error["message"].startswith("E-mail address not valid: write one address only")
    assert [row["state"] for row in shown["rows"]] == ["ok", "ok", "rejected"]
    assert "no_criterion" in contactsync("check", file, "--account", "acme", "--action", "delete").stdout
    assert contactsync("check", file, "--account", "acme", "--action", "optout").returncode == 2
    assert contactsync("check", tmp_path / "none.csv", "--account", "acme").returncode == 2


def test_check_compares_a_corrected_file_with_its_original(
    contactsync: Run, acme: int, tmp_path: Path
) -> None:
    """A Référence that a spreadsheet has changed rejects its row, as the daemon would."""
    assert contactsync("account", "set", "acme", "--dedup", "reference").returncode == 0
    assert contactsync("init").returncode == 0
    folder = tmp_path / "ftp" / "acme" / "contacts" / "import"
    (folder / "in" / "liste.csv").write_text("Reference;Email\n00123;nonsense\nA2;a2@example.org\n")
    assert contactsync("run", "--once").returncode == 0
    (original,) = (folder / "ok").glob("*.rejected.csv")
    text = original.read_text("latin-1").replace("nonsense", "a1@example.org")
    corrected = tmp_path / original.name
    for reference, rejected in (("00123", 0), ("123", 1)):
        corrected.write_text(text.replace("00123", reference), "latin-1")
        shown = json.loads(contactsync("check", corrected, "--account", "acme", "--json").stdout)
        assert shown["rows_rejected"] == rejected
        assert [error["code"] for error in shown["errors"]] == ["reference_changed"] * rejected


def test_check_shows_why_a_file_would_be_refused(contactsync: Run, acme: int, tmp_path: Path) -> None:
    """Exit status 1, the sentence, and every bad line; what is no plain file is refused as the daemon does."""
    bad = tmp_path / "bad.csv"
    bad.write_text("Email;Nom\na@example.org;A;B\nb@example.org\n")
    done = contactsync("check", bad, "--account", "acme")
    assert done.returncode == 1
    assert "would be refused (too_many_fields)" in done.stdout
    assert "line 3: Empty cells missing at the end of the line" in done.stdout
    link, none_valid = tmp_path / "link.csv", tmp_path / "none_valid.csv"
    link.symlink_to(bad)
    none_valid.write_text("Email\n" + "no\n" * 150)
    for file, code, lines in ((link, "not_a_file", 0), (none_valid, "no_valid_row", 150)):
        done = contactsync("check", file, "--account", "acme", "--json")
        shown = json.loads(done.stdout)
        assert (done.returncode, shown["state"], shown["reason"], len(shown["errors"])) == (
            1,
            "ko",
            code,
            lines,
        )
