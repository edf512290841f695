"""Which rows of an import are valid, how they are stored, and which invalid cells are dropped."""

from __future__ import annotations

from typing import Any

import pytest

from contactsync.domain.columns import KEPT_BITS
from contactsync.domain.deposit import ACTIONS
from contactsync.reading.validate import validate
from tests.unit.reading.verdicts import GOOD, accepted, account, judge, rejects, rows_of, warned


def test_values_are_stored_in_their_normal_form() -> None:
    """E-mail is lower-cased, phones are E.164 in the account's region, dates ISO; the rest stays as typed."""
    verdict = judge(
        {
            "email": "Yann.LeGoff@Example-Mail.FR",
            "phone": "02.98.44.10.32",
            "mobile": "336 90 12 34 56",
            "birth_date": "1/2/1980",
            "fax": "02 98",
            "city": "BREST",
        }
    )
    row = {
        key: accepted(verdict, key)[3] for key in ("email", "phone", "mobile", "birth_date", "fax", "city")
    }
    assert row == {
        "email": "yann.legoff@example-mail.fr",
        "phone": "+33298441032",
        "mobile": "+590690123456",
        "birth_date": "1980-02-01",
        "fax": "02 98",
        "city": "BREST",
    }


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ({"email": None, "phone": None, "mobile": None}, None, "missing_means"),
        ({"email": "x", "phone": None}, "Email", "invalid_email"),
        ({"email": None, "phone": "12"}, "Téléphone Fixe", "invalid_phone"),
        ({"mobile": "12"}, "Mobile", "invalid_mobile"),
        ({"mobile": "3.36E+10"}, "Mobile", "scientific_notation"),
        ({"phone": "3,36E+10"}, "Téléphone Fixe", "scientific_notation"),
        ({"email": "x", "phone": "12", "mobile": "12"}, "Email", "invalid_email"),
    ],
)
def test_a_row_without_a_valid_means_is_rejected(
    row: dict[str, str | None], column: str | None, code: str
) -> None:
    """The reason names the first invalid cell, or that all means are missing."""
    verdict = judge({**row, "city": "Brest"})
    assert rejects(verdict) == [(3, column, code)]
    assert len(verdict.accepted.places) == 0
    assert warned(verdict) == {}


@pytest.mark.parametrize(
    ("row", "warning", "bit"),
    [
        ({"email": GOOD, "phone": "12"}, "invalid_phone", KEPT_BITS["phone"]),
        ({"email": GOOD, "mobile": "12"}, "invalid_mobile", KEPT_BITS["mobile"]),
        ({"email": "x", "mobile": "0612345678"}, "invalid_email", KEPT_BITS["email"]),
        ({"email": GOOD, "mobile": "3.36E+10"}, "scientific_notation", KEPT_BITS["mobile"]),
        ({"email": GOOD, "birth_date": "31/4/1980"}, "invalid_birth_date", KEPT_BITS["birth_date"]),
    ],
)
def test_an_invalid_value_beside_a_valid_means_is_dropped(
    row: dict[str, str], warning: str, bit: int
) -> None:
    """It becomes null, counts as a warning, and gets its bit so that it overwrites nothing."""
    verdict = judge(row)
    bad = next(key for key, value in KEPT_BITS.items() if value == bit)
    assert rejects(verdict) == []
    assert warned(verdict) == {warning: [3]}
    assert accepted(verdict, bad)[3] is None
    assert accepted(verdict, "kept")[3] == bit


def test_blank_cells_are_not_kept() -> None:
    """Only a filled but invalid cell has its bit; a blank cell has none."""
    verdict = judge({"email": GOOD, "phone": None, "birth_date": None})
    assert accepted(verdict, "kept") == {3: 0}


def test_several_invalid_cells_add_up() -> None:
    """Each has its own bit and its own warning."""
    verdict = judge({"email": GOOD, "phone": "1", "mobile": "2", "birth_date": "x"})
    assert accepted(verdict, "kept") == {3: 2 + 4 + 8}
    assert warned(verdict) == {"invalid_phone": [3], "invalid_mobile": [3], "invalid_birth_date": [3]}


def test_the_account_may_ask_for_valid_numbers() -> None:
    """A number of a possible length may still be invalid."""
    row = {"mobile": "07 00 00 00 00"}
    assert rejects(judge(row)) == []
    assert rejects(judge(row, of=account(phone_check="valid"))) == [(3, "Mobile", "invalid_mobile")]


def test_the_region_is_the_accounts() -> None:
    """A national number is read in the account's region."""
    assert accepted(judge({"phone": "020 7946 0958"}, of=account(region="GB")), "phone") == {
        3: "+442079460958"
    }


def test_rejects_are_in_order_of_the_file_and_by_place() -> None:
    """Rejects are sorted by their place in the batch, not by rule."""
    verdict = judge(
        {"reference": "1", "email": GOOD},
        {"reference": None, "email": GOOD},
        {"reference": "3", "email": "x"},
        {"reference": "r" * 256, "email": GOOD},
        {"reference": "r" * 255, "email": GOOD},
        of=account(dedup="reference"),
    )
    assert rejects(verdict) == [
        (4, "Référence", "missing_reference"),
        (5, "Email", "invalid_email"),
        (6, "Référence", "reference_too_long"),
    ]
    assert list(accepted(verdict, "identity")) == [3, 7]


def test_a_row_is_rejected_once() -> None:
    """A row is rejected by the first rule that it breaks."""
    verdict = judge({"reference": None, "email": "x"}, of=account(dedup="reference"))
    assert rejects(verdict) == [(3, "Référence", "missing_reference")]


@pytest.mark.parametrize("dedup", ["none", "triplet"])
def test_the_reference_matters_under_its_criterion_only(dedup: Any) -> None:
    """Under other criteria a missing or long reference is valid."""
    verdict = judge(
        {"reference": None, "email": GOOD}, {"reference": "r" * 300, "email": GOOD}, of=account(dedup=dedup)
    )
    assert rejects(verdict) == []


def test_a_reference_has_255_characters_whatever_their_bytes() -> None:
    """The limit of a reference counts characters, not bytes."""
    assert rejects(judge({"reference": "é" * 255, "email": GOOD}, of=account(dedup="reference"))) == []


def test_identities() -> None:
    """An identity is null, the three means (blank if absent or invalid), or the exact reference."""
    rows = (
        {"reference": "a1", "email": "A@example-mail.fr", "mobile": "12"},
        {"reference": "A1", "mobile": "0612345678"},
    )
    assert accepted(judge(*rows), "identity") == {3: None, 4: None}
    assert accepted(judge(*rows, of=account(dedup="triplet")), "identity") == {
        3: "a@example-mail.fr||",
        4: "||+33612345678",
    }
    assert accepted(judge(*rows, of=account(dedup="reference")), "identity") == {3: "a1", 4: "A1"}


def test_references_of_rejected_rows_are_spared() -> None:
    """Under `reference`, the references of rejected rows are kept for mode 3, which must not remove them."""
    verdict = judge(
        {"reference": "ok", "email": GOOD},
        {"reference": "bad", "email": "x"},
        {"reference": None, "email": GOOD},
        of=account(dedup="reference"),
    )
    assert verdict.spared.to_pylist() == ["bad"]
    assert judge({"reference": "bad", "email": "x"}, of=account(dedup="triplet")).spared.to_pylist() == []


@pytest.mark.parametrize("action", ["import", "optoutEMAIL", "delete"])
def test_no_rows_at_all(action: str) -> None:
    """A batch of blank rows only gives an empty verdict."""
    nothing = rows_of({"reference": "x", "email": GOOD}).without([3])
    verdict = validate(nothing, account(dedup="reference"), ACTIONS[action])
    assert (len(verdict.accepted.places), rejects(verdict), verdict.warnings) == (0, [], {})
