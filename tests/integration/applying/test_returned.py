"""A corrected rejected file that comes back: its list, and the references that a spreadsheet changed (protocol 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.applying.samples import A, B, C

if TYPE_CHECKING:
    from tests.integration.conftest import Site

ORIGINAL = f"Référence;Nom;Email\n00123;Anne;nonsense\n00124;Bob;nonsense\nT;Carl;{C}\n"


def rejected(site: Site, row: dict[str, Any]) -> str:
    """The rejected file of a deposit."""
    return (site.folder(box=row["state"]) / f"{row['claimed_name']}.rejected.csv").read_text("latin-1")


def errors(site: Site, row: dict[str, Any]) -> list[tuple[int, str, str]]:
    """The rejected rows in a deposit's result."""
    return [(each["line"], each["column"], each["code"]) for each in site.result(row)["errors"]]


@pytest.fixture
def original(site: Site) -> dict[str, Any]:
    """A list of one contact; two rows were rejected for their address."""
    site.set(dedup="reference")
    return site.apply(ORIGINAL.encode("latin-1"), name="liste.csv")


def send_back(site: Site, row: dict[str, Any], text: str, suffix: str = ".rejected.csv") -> dict[str, Any]:
    """Upload a corrected rejected file of a deposit."""
    return site.apply(text.encode("latin-1"), name=row["claimed_name"] + suffix)


def test_a_corrected_file_completes_the_list(site: Site, original: dict[str, Any]) -> None:
    """Only the addresses were corrected: both contacts join the list of the original."""
    corrected = rejected(site, original).replace("nonsense", A, 1).replace("nonsense", B, 1)
    row = send_back(site, original, corrected)
    assert (row["state"], row["rows_applied"], row["mode"]) == ("ok", 2, 2)
    assert site.members("liste") == [[A, B, C]]


@pytest.mark.parametrize(
    "suffix", [".rejected - Copie.csv", ".rejected (1).csv", ".rejected - Kopie (2).csv"]
)
def test_a_copy_of_it_completes_the_list(site: Site, original: dict[str, Any], suffix: str) -> None:
    """What a file manager adds to the name makes no difference."""
    site.marker(".syncExistingList")
    row = send_back(site, original, rejected(site, original).replace("nonsense", A, 1), suffix)
    assert (row["state"], row["rows_applied"], row["rows_rejected"], row["mode"]) == ("ok", 1, 1, 2)
    assert site.members("liste") == [[A, C]]


def test_a_changed_reference_rejects_its_row(site: Site, original: dict[str, Any]) -> None:
    """A spreadsheet dropped the zeros of one: no stranger is made, and the row says what to put back."""
    corrected = rejected(site, original).replace("nonsense", A, 1).replace("nonsense", B, 1)
    row = send_back(site, original, corrected.replace("00123", "123"))
    assert (row["rows_applied"], row["rows_rejected"]) == (1, 1)
    assert errors(site, row) == [(2, "Référence", "reference_changed")]
    assert sorted(site.contacts("reference")) == [("00124",), ("T",)]
    assert "Référence différente de celle de la ligne d'origine" in rejected(site, row)


def test_a_changed_reference_counts_before_other_faults(site: Site, original: dict[str, Any]) -> None:
    """Otherwise the next correction would be compared with the changed one."""
    row = send_back(
        site, original, rejected(site, original).replace("00123", "123").replace("nonsense", B, 2)
    )
    assert errors(site, row) == [(2, "Référence", "reference_changed")]
    row = site.apply(
        f"Référence;Email;Ligne;Motif\n123;{A};2;\n00124;no;3;\n",
        name=f"{original['claimed_name']}.rejected.csv",
    )
    assert (row["state"], row["reason"]) == ("ko", "no_valid_row")
    assert errors(site, row) == [(2, "Référence", "reference_changed"), (3, "Email", "invalid_email")]


def test_the_columns_may_move(site: Site, original: dict[str, Any]) -> None:
    """`Ligne` is found by its header, wherever a spreadsheet put it, and rows in any order."""
    row = send_back(site, original, f"Ligne;Motif;Référence;Email\n3;;124;{B}\n2;;00123;{A}\n")
    assert errors(site, row) == [(2, "Référence", "reference_changed")]
    assert site.members("liste") == [[A, C]]


def test_a_reference_that_was_at_fault_may_change(site: Site) -> None:
    """A row that was rejected for its Référence is corrected there."""
    site.set(dedup="reference")
    row = site.apply(f"Référence;Email\n;{A}\n{'x' * 256};{B}\nT;{C}\n".encode("latin-1"), name="liste.csv")
    corrected = rejected(site, row).replace("x" * 256, "S").replace(f"\n;{A}", f"\nR;{A}")
    row = send_back(site, row, corrected)
    assert (row["rows_applied"], row["rows_rejected"]) == (2, 0)
    assert sorted(site.contacts("reference")) == [("R",), ("S",), ("T",)]


def test_a_changed_reference_may_be_put_back(site: Site, original: dict[str, Any]) -> None:
    """The rejected file of a corrected file is itself corrected: its rows were rejected for their Référence."""
    corrected = rejected(site, original).replace("nonsense", A, 1).replace("nonsense", B, 1)
    again = send_back(site, original, corrected.replace("00123", "123"))
    row = send_back(site, again, rejected(site, again).replace("123", "00123", 1))
    assert (row["state"], row["rows_applied"], row["rows_rejected"]) == ("ok", 1, 0)
    assert site.members("liste") == [[A, B, C]]


def test_all_rows_changed(site: Site, original: dict[str, Any]) -> None:
    """A file of which no row is left is refused, and nothing has changed."""
    row = send_back(site, original, f"Référence;Email;Ligne;Motif\n123;{A};2;\n124;{B};3;\n")
    assert (row["state"], row["reason"], row["rows_rejected"]) == ("ko", "no_valid_row", 2)
    assert site.members("liste") == [[C]]


def test_the_original_may_be_refused(site: Site) -> None:
    """An original in `ko/` is compared too: its rejected file may come back although the message advises otherwise."""
    site.set(dedup="reference")
    row = site.apply("Référence;Email\n00123;x\n".encode("latin-1"), name="liste.csv")
    assert row["state"] == "ko"
    row = send_back(site, row, f"Référence;Email;Ligne;Motif\n123;{A};2;\n")
    assert errors(site, row) == [(2, "Référence", "reference_changed")]


@pytest.mark.parametrize("named", ["", "x", "99", "2,0", "-2", "9999999999999999999999", "²"])
def test_a_row_that_names_no_line_is_not_compared(site: Site, original: dict[str, Any], named: str) -> None:
    """There is nothing to compare it with."""
    row = send_back(site, original, f"Référence;Email;Ligne;Motif\n123;{A};{named};\n")
    assert (row["state"], row["rows_applied"]) == ("ok", 1)


def test_without_its_original_nothing_is_compared(site: Site, original: dict[str, Any]) -> None:
    """The original was removed, or never was: the file is an ordinary one that adds to the list of its name."""
    (site.folder(box="ok") / original["claimed_name"]).unlink()
    assert send_back(site, original, f"Référence;Email;Ligne;Motif\n123;{A};2;\n")["rows_applied"] == 1
    row = site.apply(f"Référence;Email;Ligne;Motif\n124;{B};3;\n", name="1447797847_liste.csv.rejected.csv")
    assert row["rows_applied"] == 1
    assert site.members("liste") == [[A, B, C]]


def test_no_reference_is_in_the_ledger(site: Site, original: dict[str, Any]) -> None:
    """What is compared is read from the original itself (protocol 5.7)."""
    row = send_back(site, original, f"Référence;Email;Ligne;Motif\n123;{A};2;\n00124;{B};3;\n")
    assert row["rows_rejected"] == 1
    assert "00123" not in str(site.ledger())
    assert "00124" not in str(site.ledger())
