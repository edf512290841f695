"""Which rows of delete files are valid, and the identities that they name."""

from __future__ import annotations

from tests.unit.reading.verdicts import GOOD, accepted, account, judge, rejects


def test_delete_by_reference_needs_only_the_reference() -> None:
    """Invalid means and long references do not matter."""
    verdict = judge(
        {"reference": "A", "email": "nonsense"},
        {"reference": None, "email": GOOD},
        {"reference": "r" * 300, "email": None},
        of=account(dedup="reference"),
        action="delete",
    )
    assert accepted(verdict, "key") == {3: "A", 5: "r" * 300}
    assert rejects(verdict) == [(4, "Référence", "missing_reference")]


def test_delete_by_triplet_rejects_invalid_means() -> None:
    """One means must be valid and none invalid: the row would match another contact."""
    verdict = judge(
        {"email": GOOD, "phone": None},
        {"email": GOOD, "phone": "12"},
        {"email": None, "phone": None, "city": "Brest"},
        {"email": "x", "phone": "0298441032"},
        of=account(dedup="triplet"),
        action="delete",
    )
    assert accepted(verdict, "key") == {3: f"{GOOD}||"}
    assert rejects(verdict) == [
        (4, "Téléphone Fixe", "invalid_phone"),
        (5, None, "missing_means"),
        (6, "Email", "invalid_email"),
    ]


def test_delete_and_import_use_the_same_triplet() -> None:
    """A row has the same identity in an import and a delete file, in any order of columns."""
    row = {"mobile": "0612345678", "email": "B@example-mail.fr", "phone": None}
    by = account(dedup="triplet")
    assert list(accepted(judge(row, of=by), "identity").values()) == list(
        accepted(judge(row, of=by, action="delete"), "key").values()
    )
