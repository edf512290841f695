"""Which columns a file must have, by action and criterion."""

from __future__ import annotations

from typing import Any

import pytest

from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import FileRefused
from contactsync.domain.headers.match import match_header
from contactsync.domain.headers.names import HeaderRules
from contactsync.reading.validate import check_header
from tests.unit.reading.verdicts import ACCOUNT, account


@pytest.mark.parametrize(
    ("action", "dedup", "header", "missing"),
    [
        ("import", "none", "Email", None),
        ("import", "none", "Mobile", None),
        ("import", "none", "Téléphone Fixe", None),
        ("import", "none", "Nom;Référence;Fax", "means"),
        ("import", "triplet", "Nom", "means"),
        ("import", "reference", "Email", "Référence"),
        ("import", "reference", "Référence", "means"),
        ("import", "reference", "Nom", "reference_and_means"),
        ("import", "reference", "Référence;Mobile", None),
        ("optoutEMAIL", "reference", "Email", None),
        ("optoutEMAIL", "none", "Mobile", "Email"),
        ("optoutSMS", "none", "Mobile", None),
        ("optoutSMS", "none", "Email", "Mobile"),
        ("optinVOICE", "none", "Téléphone Fixe", None),
        ("optinVOICE", "none", "Mobile", "Téléphone Fixe"),
        ("optinVOICEMAIL", "none", "Téléphone Fixe", "Mobile"),
        ("delete", "reference", "Référence", None),
        ("delete", "reference", "Email", "Référence"),
        ("delete", "triplet", "Email", None),
        ("delete", "triplet", "Référence", "means"),
    ],
)
def test_which_columns_must_be_there(action: str, dedup: Any, header: str, missing: str | None) -> None:
    """The action and the criterion decide which columns are required; the reason names the missing ones."""
    matched = match_header(header.split(";"), HeaderRules())
    if missing is None:
        check_header(matched, account(dedup=dedup), ACTIONS[action])
        return
    with pytest.raises(FileRefused) as caught:
        check_header(matched, account(dedup=dedup), ACTIONS[action])
    details = caught.value.details
    assert (caught.value.code, details.get("variant", details["column"])) == ("missing_column", missing)


def test_delete_needs_a_criterion() -> None:
    """Without a criterion, the whole file is refused, even with all columns."""
    with pytest.raises(FileRefused, match="no_criterion"):
        check_header(match_header(["Référence", "Email"], HeaderRules()), ACCOUNT, ACTIONS["delete"])
