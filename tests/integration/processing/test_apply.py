"""One file in one transaction: what refuses it as a whole, and files of several batches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from contactsync.processing.apply import Rules
from tests.integration.conftest import MAX_BYTES
from tests.integration.processing.deposits import GOOD, A, B, Logged, everything, zipped

if TYPE_CHECKING:
    from tests.integration.conftest import Site


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty_file"),
        ("Email\n", "no_rows"),
        ("Email\nnonsense\n", "no_valid_row"),
        ("foo\n1\n", "no_known_column"),
        ("Email,Nom\na,b\n", "wrong_separator"),
        ("Nom\nx\n", "missing_column"),
        (f"Email;Nom\n{A};x\n{B}\n", "missing_empty_cells"),
        (f"Email;Nom\n{A};x\nnonsense\n", "too_few_fields"),
        (f"Email\n{A}\n{B};x\n", "too_many_fields"),
        (f'Email\n{A}\n"{B}\n', "unterminated_quote"),
        (f'Email\n{A}\n"x"{B}\n', "text_after_quote"),
        (f"Email\n{A}\n\0\n", "nul_byte"),
    ],
)
def test_a_refused_file_leaves_nothing(site: Site, content: str, reason: str) -> None:
    """It goes to `ko/` with its result, however many good rows it had; nothing else changes."""
    site.apply(f"Email;Nom\n{B};x\n", name="before.csv")
    before = everything(site)
    row = site.apply(content)
    assert (row["state"], row["reason"], row["attempts"]) == ("ko", reason, 1)
    assert everything(site) == before
    result = site.result(row)
    assert (result["state"], result["reason"]) == ("ko", reason)
    assert result["message"]
    assert result["rows_applied"] == result["inserted"] == 0
    kept = [
        "list.csv",
        *(["list.csv.rejected.csv"] if reason == "no_valid_row" else []),
        "list.csv.result.html",
        "list.csv.result.json",
    ]
    assert site.boxes() | {"ok": []} == {"in": [], "on": [], "ok": [], "ko": kept}
    assert (site.folder(box="ko") / row["claimed_name"]).read_bytes() == content.encode()


def test_a_file_over_the_limit_is_not_copied(site: Site) -> None:
    """The uploader's own file is put away below `ko/`; nothing of it is applied."""
    content = b"Email\n" * 10 + b"x" * MAX_BYTES
    inode = site.drop(content).stat().st_ino
    (row,) = site.work()
    assert (row["state"], row["reason"], row["sha256"]) == ("ko", "file_too_large", None)
    kept = site.folder(box="ko") / ".unopened" / row["claimed_name"]
    assert (kept.stat().st_ino, kept.read_bytes()) == (inode, content)
    assert site.result(row)["reason"] == "file_too_large"


def test_every_bad_line_is_listed_up_to_a_hundred(site: Site) -> None:
    """By physical line; in a file that is refused as a whole, no row counts as rejected."""
    row = site.apply(f"Email;Nom\n{A};x\nnonsense;x\n" + f"{A}\n" * 150)
    result = site.result(row)
    assert [error["line"] for error in result["errors"]] == list(range(4, 104))
    assert "150" in result["message"]
    assert (row["rows_read"], row["rows_rejected"]) == (0, 0)


def test_ragged_rows_are_skipped_if_the_account_says_so(site: Site) -> None:
    """They are rejected like others, in the order of the file, and are in the rejected file."""
    site.set(syntax_errors="skip", language="en")
    row = site.apply(f"Email;Nom\n{A};x\n{B}\nnonsense;x\n{B};x;y\n")
    assert (row["state"], row["rows_read"], row["rows_applied"], row["rows_rejected"]) == ("ok", 4, 1, 3)
    (path,) = site.folder(box="ok").glob("*.rejected.csv")
    assert path.read_text() == (
        f"Email;Nom;Ligne;Motif\n"
        f"{B};;3;Fewer cells than headers: complete the row, or remove it if it is not a contact\n"
        f"nonsense;x;4;E-mail address not valid: write one address only, without name or angle brackets "
        f"(name@example.com)\n"
        f"{B};x;y;5;More cells than headers: put cells that contain a semicolon in double quotes\n"
    )


def test_skipping_ragged_rows_does_not_skip_bad_quotes(site: Site) -> None:
    """Other errors of structure still refuse the file."""
    site.set(syntax_errors="skip")
    row = site.apply(f'Email;Nom\n{A};x\n{B}\n{B};"x"y\n')
    assert (row["state"], row["reason"]) == ("ko", "text_after_quote")


def test_a_link_is_refused_and_not_followed(site: Site) -> None:
    """Its target is not read; the link itself is put away below `ko/`, and a note takes its place."""
    (site.folder(box="in") / "list.csv").symlink_to("/etc/passwd")
    (row,) = site.work()
    assert (row["state"], row["reason"], row["sha256"]) == ("ko", "not_a_file", None)
    assert not (site.folder(box="ko") / row["claimed_name"]).is_symlink()
    assert (site.folder(box="ko") / ".unopened" / row["claimed_name"]).is_symlink()


def test_a_file_whose_rows_the_database_refuses_is_refused(site: Site, logged: Logged) -> None:
    """SQLSTATE 23xxx is the file's fault: nothing is applied, and only the file itself holds values."""
    site.conn.execute("ALTER TABLE contactsync.contact ADD CONSTRAINT x CHECK (city <> 'Atlantis')")
    try:
        row = site.apply(f"Email;Ville\n{A};Brest\n{B};Atlantis\n")
    finally:
        site.conn.execute("ALTER TABLE contactsync.contact DROP CONSTRAINT x")
    assert (row["state"], row["reason"]) == ("ko", "database_refused")
    assert site.contacts("email") == []
    written = json.dumps(row, default=str) + json.dumps(site.result(row)) + json.dumps(logged(), default=str)
    assert "23514" in written
    assert not any(value in written for value in ("Atlantis", "Brest", A, B))
    assert site.apply(GOOD)["state"] == "ok"


def test_the_extremes_of_what_is_accepted_fit_their_columns(site: Site) -> None:
    """The database refuses no value that validation accepts."""
    row = site.apply(f"Email;Date de naissance\n{A};1/1/0001\n{B};31/12/9999\n")
    assert (row["state"], row["inserted"]) == ("ok", 2)


def test_a_file_of_several_batches_is_one_file(site: Site) -> None:
    """Rows are merged across batches, and line numbers are physical in the last one too."""
    site.set(dedup="reference")
    rows = [
        f"{n % 40_000};u{n % 40_000}@example-mail.fr;{'first' if n < 40_000 else 'second'}"
        for n in range(60_000)
    ]
    rows[59_000] = "x;nonsense;third"
    row = site.apply(
        zipped("\n".join(["Référence;Email;Ville", *rows, ""]).encode("latin-1")), name="big.zip"
    )
    assert (row["rows_read"], row["rows_applied"], row["rows_rejected"]) == (60_000, 59_999, 1)
    assert (row["inserted"], row["updated"], row["unchanged"]) == (40_000, 0, 0)
    assert site.rows("SELECT city, count(*) FROM contactsync.contact GROUP BY 1 ORDER BY 1") == [
        ("first", 20_001),
        ("second", 19_999),
    ]
    assert site.result(row)["errors"][0]["line"] == 59_002
    assert site.rows("SELECT count(*) FROM contactsync.list_member") == [(40_000,)]


def test_a_bad_line_in_the_last_batch_refuses_all_of_them(site: Site) -> None:
    """Rows staged before it are gone, and so is the unfinished rejected file."""
    rows = [f"u{n}@example-mail.fr;some text to fill the line" for n in range(60_000)]
    rows[10] = "nonsense;x"
    rows[59_990] = "a;b;c"
    row = site.apply(zipped("\n".join(["Email;Ville", *rows, ""]).encode()), name="big.zip")
    assert (row["state"], row["reason"], site.result(row)["errors"][0]["line"]) == (
        "ko",
        "too_many_fields",
        59_992,
    )
    assert everything(site) == [[]] * 5
    assert site.boxes()["ko"] == ["big.zip", "big.zip.result.html", "big.zip.result.json"]
    assert site.boxes()["on"] == []


def test_a_zip_over_the_inflated_limit_is_refused(site: Site) -> None:
    """While it inflates; nothing is applied."""
    site.pipeline.rules = Rules(2 << 20, MAX_BYTES, result_files=True)
    row = site.apply(zipped(GOOD.encode() + b"\n" * (3 << 20)), name="list.zip")
    assert (row["state"], row["reason"]) == ("ko", "inflated_too_large")
    assert "2\u00a0Mo" in site.result(row)["message"]
