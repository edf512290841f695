"""The model judged on the rules of protocol 3 and 4 that are new after version 0.1.0."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.model.dates import read_date
from tests.model.generate import ACCOUNTS, deposits
from tests.model.model import Model
from tests.model.names import list_name
from tests.model.one_account import column_of, deposit_in, one_account
from tests.model.phones import read_phone
from tests.model.references import is_destroyed
from tests.model.values import AccountRules


@pytest.mark.parametrize(
    ("text", "region", "stored"),
    [
        ("06\u202f12\u200934\xa056 78", "FR", "+33612345678"),
        ("06 12 34 56 7", "FR", None),
        ("0000000000", "FR", None),
        ("06" + " " * 40 + "12345678", "FR", None),
        ("0612345678;0698765432", "FR", None),
        ("tel:+33612345678;ext=5", "FR", "+33612345678"),
        ("3,36123E+10", "FR", None),
        ("33612345678.0", "FR", None),
        ("02.98.44.10.32", "FR", "+33298441032"),
        ("336 90 12 34 56", "FR", "+590690123456"),
        ("0692123456", "FR", "+262692123456"),
        ("+262692123456", "FR", "+262692123456"),
        ("0692123456", "GP", "+262692123456"),
        ("0612345678", "RE", "+33612345678"),
        ("0692123456", "RE", "+262692123456"),
        ("+39 02 1234 5678", "FR", "+390212345678"),
    ],
)
def test_phones(text: str, region: str, stored: str | None) -> None:
    assert read_phone(text, AccountRules("a", region=region)) == stored


@pytest.mark.parametrize(
    "text",
    ["1980-12-31 00:00:00", "31/12/1980 00:00", "1980-12-31T00:00:00Z", "1980-12-31T00:00:00.000Z"],
)
def test_a_midnight_after_the_date_is_ignored(text: str) -> None:
    found = read_date(text)
    assert found is not None
    assert found.isoformat() == "1980-12-31"
    assert read_date(text.replace("00:00", "00:01")) is None


def test_one_month_first_date_drops_all_slashed_dates() -> None:
    """Dates in other forms stay; under `mdy` the slashed ones are read."""
    text = "Référence;Email;Date de naissance\nA;a@b.fr;12/31/1980\nB;b@b.fr;1/2/1980\nC;c@b.fr;1-2-1980\n"
    model, account = one_account()
    outcome = deposit_in(model, text)
    assert [str(value) for value in column_of(account, "birth_date")] == ["None", "None", "1980-02-01"]
    assert outcome.warnings["month_first_dates"] == [2, 3]
    model, account = one_account(date_order="mdy")
    deposit_in(model, text)
    assert [str(value) for value in column_of(account, "birth_date")][:2] == ["1980-12-31", "1980-01-02"]


@pytest.mark.parametrize("reference", ["1,23457E+15", "1.2E-05", "1E+15", "#N/A", "#REF!", "#VALEUR!"])
def test_a_destroyed_reference_is_no_key(reference: str) -> None:
    """Its row is rejected under `reference`, stored otherwise, and in mode 3 the file removes nobody."""
    assert is_destroyed(reference)
    model, account = one_account()
    deposit_in(model, "Référence;Email\nA;a@b.fr\nB;b@b.fr\n")
    outcome = deposit_in(model, f"Référence;Email\nA;a@b.fr\n{reference};c@b.fr\n", ".syncExistingList")
    assert (outcome.rejected_lines, outcome.removed) == ([3], 0)
    assert "nobody_removed" in outcome.warnings
    assert len(account.lists[-1].members) == 2
    model, account = one_account(dedup="none")
    deposit_in(model, f"Référence;Email\n{reference};c@b.fr\n")
    assert column_of(account, "reference") == [reference]


@pytest.mark.parametrize("reference", ["0E5", "1E5", "12E+15", "N/A", "E+15"])
def test_an_odd_reference_is_a_key(reference: str) -> None:
    assert not is_destroyed(reference)


def test_a_means_that_was_not_taken_protects_triplets() -> None:
    """Mode 3 and delete are refused; mode 1 is not, nor another criterion."""
    text = "Référence;Email;Mobile;Portable\nA;a@b.fr;;0612345678\n"
    for dedup, markers, action, refused in (
        ("triplet", (".syncExistingList",), "import", True),
        ("triplet", (), "delete", True),
        ("triplet", (), "import", False),
        ("reference", (".syncExistingList",), "import", False),
    ):
        outcome = deposit_in(one_account(dedup=dedup)[0], text, *markers, action=action)
        assert outcome.refused == refused


@pytest.mark.parametrize(
    "name", ["1447797847_l.csv.rejected - Copie.csv", "1447797847_l.csv.rejected (1).csv"]
)
def test_a_copy_of_a_rejected_file_completes_the_original(name: str) -> None:
    assert list_name(name) == ("l", True)
    assert list_name("l (1).csv") == ("l (1)", False)


def test_a_corrected_row_keeps_its_reference() -> None:
    """A changed Référence is rejected, unless it was what the row was rejected for."""
    model, account = one_account()
    first = "Référence;Email\n00123;nope\n00124;nope\n;c@b.fr\nA;a@b.fr\n"
    deposit_in(model, first, name="l.csv", claimed_name=b"1447797847_l.csv")
    back = "Référence;Email;Ligne\n123;b@b.fr;2\n00124;d@b.fr;3\nC;c@b.fr;4\n"
    outcome = deposit_in(model, back, name="1447797847_l.csv.rejected.csv")
    assert outcome.rejected_for == {2: ("reference", "changed_reference")}
    assert column_of(account, "reference") == ["A", "00124", "C"]


def test_an_opt_in_removes_only_opt_outs_that_are_not_younger() -> None:
    model, account = one_account()
    for address, at in (("+33612345678", 10.0), ("+33698765432", 30.0)):
        model.campaign_opt_out("a", "SMS", address, at)
    text = "Mobile\n0612345678\n0698765432\n"
    outcome = deposit_in(model, text, action="optinSMS", at=20.0)
    assert (outcome.removed, outcome.unchanged, outcome.warnings["later_opt_out"]) == (1, 1, [3])
    assert set(account.opt_outs) == {("SMS", "+33698765432")}


def test_a_second_opt_out_is_the_newest_event() -> None:
    """An opt-in from between the two stays without effect."""
    model, account = one_account()
    for at in (10.0, 30.0):
        deposit_in(model, "Email\na@b.fr\n", action="optoutEMAIL", at=at)
    deposit_in(model, "Email\na@b.fr\n", action="optinEMAIL", at=20.0)
    assert len(account.opt_outs) == 1


def test_rows_that_match_no_contact_are_located() -> None:
    model, _ = one_account()
    deposit_in(model, "Référence;Email\nA;a@b.fr\n")
    outcome = deposit_in(model, "Référence\nA\nB\nC\n", action="delete")
    assert (outcome.removed, outcome.warnings["met_nobody"]) == (1, [3, 4])


def test_random_deposits_keep_the_promises() -> None:
    """Refused files change nothing, counts add up, and an opt-out address is never active."""
    model = Model()
    kinds = set()
    for step in islice(deposits(11), 40 * ACCOUNTS):
        account = model.add_account(step.account)
        before = (account.rows(), dict(account.opt_outs), len(account.lists))
        outcome = model.deposit(step.account.name, step.action, step.name, step.content, set(step.markers))
        assert outcome.rows_read == outcome.rows_applied + outcome.rows_rejected
        if outcome.refused:
            assert before == (account.rows(), dict(account.opt_outs), len(account.lists))
        else:
            assert outcome.rows_applied > 0
            kinds |= set(step.story.split(", "))
    assert {"footer", "sep line", "mixed", "title", "any number", "PK00", "blank columns"} <= kinds
