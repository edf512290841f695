"""The model that judges the program, judged in turn on the text of the protocol."""

from __future__ import annotations

import copy
from itertools import islice

import pytest

from tests.model.accounts import Account
from tests.model.dates import read_date
from tests.model.expected import Expected
from tests.model.generate import ACCOUNTS, deposits
from tests.model.model import Model
from tests.model.names import list_name
from tests.model.refusal import Refused
from tests.model.tokens import tokenize
from tests.model.values import AccountRules

EXAMPLE = (
    'Référence ;Civilité;Prénom;Nom;Email;"Téléphone Fixe";\n'
    "A10023;Mme;Hélène ;LEFÈVRE ;helene.lefevre@example-mail.fr ;0299415263\n"
    "B77410;M.;Yann;LE GOFF ;yann.legoff@example-mail.fr ;02.98.44.10.32\n"
    "C00519;Mme;Chloé ;MÜLLER;chloe.muller@example-mail.fr ;336 90 12 34 56\n"
)


def _account(**settings: str) -> tuple[Model, Account]:
    model = Model()
    return model, model.add_account(AccountRules("a", **settings))  # type: ignore[arg-type]  # settings are of several types


def _import(model: Model, text: str, *markers: str, name: str = "x.csv", action: str = "import") -> Expected:
    return model.deposit("a", action, name.encode(), text.encode("cp1252"), set(markers))


def _column(account: Account, column: str) -> list[object]:
    return [contact[column] for contact in account.contacts.values()]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-8-sig"])
def test_the_example_is_good(encoding: str) -> None:
    """All three rows of the protocol's example are applied, trimmed, with phones in E.164.

    The third phone is not valid in France, but in Guadeloupe, which shares the numbering plan.
    """
    model, account = _account()
    outcome = model.deposit("a", "import", b"1447797847_mylist.CSV.zip", EXAMPLE.encode(encoding), set())
    assert (outcome.state, outcome.rows_read, outcome.inserted, outcome.list_name) == ("ok", 3, 3, "mylist")
    assert _column(account, "phone") == ["+33299415263", "+33298441032", "+590690123456"]
    assert _column(account, "last_name") == ["LEFÈVRE", "LE GOFF", "MÜLLER"]
    assert len(account.lists[0].members) == 3


def test_possible_but_not_valid() -> None:
    """Under `valid`, a number that is only possible is dropped, and its contact stays for its e-mail."""
    text = "Référence;Email;Mobile\nA;a@b.fr;0710123456\n"
    for phone_check, mobile in (("possible", "+33710123456"), ("valid", None)):
        model, account = _account(phone_check=phone_check)
        assert _import(model, text).rows_applied == 1
        assert _column(account, "mobile") == [mobile]


def test_blank_cells() -> None:
    """A blank cell keeps or clears by setting; an absent column and an invalid value always keep."""
    for blank_cells, kept in (("keep", "Brest"), ("clear", None)):
        model, account = _account(blank_cells=blank_cells)
        _import(model, "Référence;Email;Mobile;Ville;Nom\nR;a@b.fr;0612345678;Brest;N\n")
        outcome = _import(model, "Référence;Email;Mobile;Ville\nR;nope;0612345678; \n")
        assert outcome.updated == (0 if kept else 1)
        assert (_column(account, "city"), _column(account, "email")) == ([kept], ["a@b.fr"])
        assert _column(account, "last_name") == ["N"]


def test_counts_are_net() -> None:
    """There and back is unchanged; made and changed by one file is inserted."""
    model, _ = _account()
    _import(model, "Référence;Email;Nom\nR;a@b.fr;1\n")
    outcome = _import(model, "Référence;Email;Nom\nR;a@b.fr;2\nR;a@b.fr;1\nS;a@b.fr;1\nS;a@b.fr;2\n")
    assert (outcome.inserted, outcome.updated, outcome.unchanged, outcome.rows_applied) == (1, 0, 1, 4)


def test_triplet_takes_invalid_as_blank() -> None:
    """Same mobile, one e-mail invalid, the other blank: one contact. A valid e-mail makes another."""
    model, account = _account(dedup="triplet")
    outcome = _import(model, "Email;Mobile\nnope;0612345678\n;+33612345678\na@b.fr;0612345678\n")
    assert (outcome.inserted, len(account.contacts)) == (2, 2)


def test_sync_keeps_members_of_rejected_rows() -> None:
    """Mode 3 leaves exactly the file's contacts, and those whose Référence is in a rejected row."""
    model, account = _account()
    _import(model, "Référence;Email\nA;a@b.fr\nB;b@b.fr\nC;c@b.fr\n")
    outcome = _import(model, "Référence;Email\nA;a@b.fr\nB;nope\n", ".syncExistingList")
    assert (outcome.removed, outcome.rejected_lines, len(account.lists), len(account.contacts)) == (
        1,
        [3],
        1,
        3,
    )
    assert {account.contacts[m]["reference"] for m in account.lists[0].members} == {"A", "B"}


def test_opt_outs_outlive_contacts() -> None:
    """Opt-outs belong to the address, for one medium; a delete keeps them."""
    model, account = _account()
    _import(model, "Référence;Mobile\nR;0612345678\n")
    outcome = _import(model, "Mobile\n06 12 34 56 78\n+33612345678\n0600000000\n", action="optoutSMS")
    assert (outcome.inserted, outcome.rows_applied) == (2, 3)
    outcome = _import(model, "Référence\nR\nR\nS\n", action="delete")
    assert (outcome.removed, outcome.rows_applied, account.contacts) == (1, 3, {})
    assert set(account.opt_outs) == {("SMS", "+33612345678"), ("SMS", "+33600000000")}
    outcome = _import(model, "Mobile\n0612345678\n", action="optinVOICEMAIL")
    assert (outcome.removed, outcome.unchanged) == (0, 1)


def test_a_ragged_row_refuses_or_is_skipped() -> None:
    """Too long or too short rows refuse the file, or are rejected alone; blank surplus is forgiven."""
    text = "Référence;Email;;\nA;a@b.fr;;;;\nB\nC;c@b.fr;;;x\nD;d@b.fr\n;\n"
    assert _import(_account()[0], text).refused
    outcome = _import(_account(syntax_errors="skip")[0], text)
    assert (outcome.rows_read, outcome.rows_applied, outcome.rejected_lines) == (4, 2, [3, 4])


def test_tokens() -> None:
    """Quotes, spaces around them, line ends of three kinds and physical lines."""
    records = tokenize(' "a;""b" ;x"y\r"1\r\n2"; c \r\n\nlast;""', ";")
    assert [(r.line, r.cells) for r in records] == [
        (1, ['a;"b', 'x"y']),
        (2, ["1\r\n2", " c "]),
        (4, [""]),
        (5, ["last", ""]),
    ]
    for broken in ('a;"b', '"a"b', '"a" "b"'):
        with pytest.raises(Refused):
            tokenize(broken, ";")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("clients.csv", ("clients", False)),
        ("clients.CSV.Zip", ("clients", False)),
        ("clients.txt", ("clients.txt", False)),
        ("1447797847_.csv", ("1447797847_.csv", False)),
        ("144779784_x.csv", ("144779784_x", False)),
        ("1447797847_clients.csv.rejected.csv", ("clients", True)),
        ("1447797847_1447000000_x.csv.rejected.csv", ("x", True)),
        ("1500000000_1447797847_x.csv.rejected.csv.rejected.csv", ("x", True)),
    ],
)
def test_list_names(name: str, expected: tuple[str, bool]) -> None:
    assert list_name(name) == expected


@pytest.mark.parametrize("text", ["29/2/2000", "29-02-2000", "29.2.2000", "2000-2-29"])
def test_dates(text: str) -> None:
    found = read_date(text)
    assert found is not None
    assert found.isoformat() == "2000-02-29"


@pytest.mark.parametrize("text", ["30/2/2000", "1/2/99", "2000/2/29", "1/2-2000", "1 / 2 / 2000"])
def test_what_is_no_date(text: str) -> None:
    assert read_date(text) is None


def test_random_deposits_keep_the_promises() -> None:
    """Refused files change nothing, counts add up, the same seed gives the same files."""
    model = Model()
    refused = 0
    for step in islice(deposits(7), 40 * ACCOUNTS):
        account = model.add_account(step.account)
        before = copy.deepcopy(account)
        outcome = model.deposit(step.account.name, step.action, step.name, step.content, set(step.markers))
        assert outcome.rows_read == outcome.rows_applied + outcome.rows_rejected
        assert outcome.rows_rejected == len(outcome.rejected_lines)
        if outcome.refused:
            refused += 1
            assert account == before
        else:
            assert outcome.rows_applied > 0
        assert all(each.members <= set(account.contacts) for each in account.lists)
    assert 0.1 < refused / (40 * ACCOUNTS) < 0.4
    assert list(islice(deposits(3), 50)) == list(islice(deposits(3), 50))
