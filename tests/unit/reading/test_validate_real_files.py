"""Rows as spreadsheets leave them: destroyed references, guarded values, dates with the month first."""

from __future__ import annotations

import pytest

from contactsync.domain.columns import KEPT_BITS
from contactsync.domain.deposit import ACTIONS
from contactsync.reading.validate import validate
from tests.unit.reading.verdicts import GOOD, accepted, account, judge, rejects, rows_of, warned

BY_REFERENCE = account(dedup="reference")


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("1,23457E+15", "scientific_notation"),
        ("#N/A", "spreadsheet_error"),
        ("#VALEUR!", "spreadsheet_error"),
    ],
)
@pytest.mark.parametrize("action", ["import", "delete"])
def test_a_destroyed_reference_is_never_a_key(reference: str, code: str, action: str) -> None:
    """Three people with the same destroyed reference must not become one, nor be deleted."""
    rows = [{"reference": reference, "email": GOOD}, {"reference": "A1", "email": GOOD}]
    verdict = judge(*rows, of=BY_REFERENCE, action=action)
    assert rejects(verdict) == [(3, "Référence", code)]
    assert verdict.broken.tolist() == ([3] if action == "import" else [])


@pytest.mark.parametrize("dedup", ["none", "triplet"])
def test_a_destroyed_reference_that_is_no_key_is_stored(dedup: str) -> None:
    """Other accounts keep the text, and the answer says so."""
    rows = [{"reference": "1,23457E+15", "email": GOOD}, {"reference": "#REF!", "email": GOOD}]
    verdict = judge(*rows, of=account(dedup=dedup))
    assert accepted(verdict, "reference") == {3: "1,23457E+15", 4: "#REF!"}
    assert warned(verdict) == {"scientific_notation in_reference": [3], "spreadsheet_error": [4]}
    assert verdict.broken.tolist() == []


def test_a_reference_is_composed() -> None:
    """The same reference from macOS and from Windows is one contact."""
    verdict = judge({"reference": "Re\u0301f", "email": GOOD}, of=BY_REFERENCE)
    assert accepted(verdict, "identity") == {3: "Réf"}


def test_guards_are_no_part_of_a_value() -> None:
    """Apostrophes that spreadsheets need are removed from keys and addresses; a name keeps its own."""
    row = {
        "reference": "'00123",
        "last_name": "'Dupont",
        "email": "'a1@exemple.fr",
        "mobile": "'+33612345678",
    }
    verdict = judge(row, {"reference": '="00124"', "email": '="a2@exemple.fr"'}, of=BY_REFERENCE)
    assert accepted(verdict, "reference") == {3: "00123", 4: "00124"}
    assert accepted(verdict, "last_name")[3] == "'Dupont"
    assert accepted(verdict, "email") == {3: "a1@exemple.fr", 4: "a2@exemple.fr"}
    assert accepted(verdict, "mobile")[3] == "+33612345678"


@pytest.mark.parametrize(
    ("action", "key", "cell", "address"),
    [
        ("optoutEMAIL", "email", "'a1@exemple.fr", "a1@exemple.fr"),
        ("optoutSMS", "mobile", "'0612345678", "+33612345678"),
        ("optoutSMS", "mobile", "+262 692 12 34 56", "+262692123456"),
        ("optoutSMS", "mobile", "0692123456", "+262692123456"),
        ("optoutSMS", "mobile", "0612345678;0698765432", None),
        ("optoutSMS", "mobile", "06 12 34 56 7", None),
        ("optoutEMAIL", "email", "a1@exemple.fr, a2@exemple.fr", None),
        ("optoutEMAIL", "email", "Jean <a1@exemple.fr>", None),
    ],
)
def test_an_opt_out_reaches_the_address_or_is_rejected(
    action: str, key: str, cell: str, address: str | None
) -> None:
    """No opt-out is reported as done for an address that nobody has."""
    verdict = judge({key: cell}, of=account(), action=action)
    assert list(accepted(verdict, "key").values()) == ([address] if address else [])
    assert len(rejects(verdict)) == (0 if address else 1)


def test_a_decimal_number_has_its_own_reason() -> None:
    """The remedy of a number that became an amount differs from that of a typing error."""
    assert rejects(judge({"mobile": "612345678.0"})) == [(3, "Mobile", "decimal_number")]
    verdict = judge({"mobile": "33612345678.0", "email": GOOD})
    assert warned(verdict) == {"decimal_number": [3]}


def test_all_slashed_dates_are_dropped_where_the_month_is_first() -> None:
    """A wrong birthday is worse than none, and it never overwrites the one that is stored."""
    dates = ["12/31/1980", "01/02/1980", "1980-02-01", "x/y/1980", None]
    rows = [{"email": GOOD, "birth_date": date} for date in dates]
    verdict = validate(rows_of(*rows), account(), ACTIONS["import"], month_first=True)
    assert accepted(verdict, "birth_date") == {3: None, 4: None, 5: "1980-02-01", 6: None, 7: None}
    assert warned(verdict) == {"month_first_dates": [3, 4], "invalid_birth_date": [6]}
    bit = KEPT_BITS["birth_date"]
    assert accepted(verdict, "kept") == {3: bit, 4: bit, 5: 0, 6: bit, 7: 0}


def test_an_account_may_write_the_month_first() -> None:
    """Under `mdy` the dates are read as they are meant."""
    verdict = judge({"email": GOOD, "birth_date": "12/31/1980"}, of=account(date_order="mdy"))
    assert accepted(verdict, "birth_date") == {3: "1980-12-31"}


def test_the_filled_cells_of_each_means_are_counted() -> None:
    """The headline needs to know how many values there were, valid or not, in the rows that were applied."""
    rows = [{"email": GOOD, "mobile": "1"}, {"email": GOOD, "mobile": None}, {"email": "x", "mobile": "2"}]
    assert judge(*rows).given == {"email": 2, "mobile": 1}
