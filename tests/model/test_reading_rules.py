"""The model judged on the rules of protocol 2 that are new after version 0.1.0."""

from __future__ import annotations

import pytest

from tests.model.breaking import zipped
from tests.model.cells import clean_cell
from tests.model.encoding import decode
from tests.model.headers import match_headers
from tests.model.one_account import column_of, deposit_in, one_account
from tests.model.refusal import Refused
from tests.model.values import AccountRules


@pytest.mark.parametrize(
    ("content", "text", "mixed"),
    [
        (b"\xc3\xa9\xc3\xa8\n\xe9", "éè\né", [2]),
        (b"\xc3\xa9\n\xe9", "é\né", [2]),
        (b"\xc3\xa9\n\xe9\xe9", "Ã©\néé", []),
        (b"\xc3\xa9\r\xc3\xa8\r\n\xe9\xc3\xa9", "é\rè\r\néé", [3]),
        (b"\xef\xbb\xbf\xc3\xa9", "é", []),
        (b"\x80", "€", []),
    ],
)
def test_as_many_sequences_as_stray_bytes_make_a_file_mixed(
    content: bytes, text: str, mixed: list[int]
) -> None:
    decoded = decode(content, "auto")
    assert (decoded.text, decoded.mixed) == (text, mixed)


@pytest.mark.parametrize("text", ["LefÃ¨vre", "L‚f", "MÃ¼ller"])
def test_text_that_looks_misread_is_suspect(text: str) -> None:
    assert decode(f"ok\n{text}".encode(), "auto").suspect == [2]


@pytest.mark.parametrize(
    ("first", "separator", "state"),
    [
        ("sep=;", ";", "ok"),
        ('"sep=;"', ";", "ok"),
        ("\ufeffsep=;", ";", "ok"),
        ("sep=,", ";", "ko"),
        ("sep=;", "auto", "ok"),
    ],
)
def test_a_sep_line_is_skipped_and_counted_as_a_line(first: str, separator: str, state: str) -> None:
    """Line numbers stay those of the file; another separator than the account's refuses it."""
    model, _ = one_account(separator=separator)
    outcome = deposit_in(model, f"{first}\r\nRéférence;Email\r\nA;a@b.fr\r\nB;nope\r\n")
    assert (outcome.state, outcome.rejected_lines) == (state, [4] if state == "ok" else [])
    assert outcome.reason in ("", "wrong_separator")


def test_the_header_decides_the_separator_under_auto() -> None:
    for separator in ";,|\t":
        model, account = one_account(separator="auto")
        deposit_in(model, separator.join(("Référence", '"Email"')) + "\n" + separator.join(("A", "a@b.fr")))
        assert column_of(account, "email") == ["a@b.fr"]


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["E-mail", "Téléphone_Fixe", "Nom*", "Mo\xadbile :"], ["email", "phone", "last_name", "mobile"]),
        (["Courriel", "Portable"], ["email", "mobile"]),
        (["Portable", "Mobile"], [None, "mobile"]),
        (["GSM", "Portable", "Email"], [None, "mobile", "email"]),
        (["Phone"], ["any_number"]),
        (["Phone", "Mobile"], ["phone", "mobile"]),
        (["Default Address Phone", "Phone"], ["phone", "mobile"]),
        (["Phone", "Mobile", "Téléphone Fixe"], [None, "mobile", "phone"]),
        (["ID", "Record ID", "N° client", "Email"], [None, None, None, "email"]),
        (["billing_email", "Ville (bureau)", "Mailing Zip"], ["email", "city", "postal_code"]),
        (["Business Street", "Home Street", "Email"], [None, "address_1", "email"]),
    ],
)
def test_headers_of_known_programs(names: list[str], columns: list[str | None]) -> None:
    assert match_headers(names, [], AccountRules("a")).columns == columns


def test_the_table_can_be_turned_off_and_the_account_maps_its_own_headers() -> None:
    rules = AccountRules("a", headers="protocol", header_names={"Portable": "Mobile"})
    found = match_headers(["Courriel", "Portable", "Nom"], [], rules)
    assert found.columns == [None, "mobile", "last_name"]
    assert (found.mapped, found.untaken_means) == (["Portable"], ["Courriel"])


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["M.", "Acheteuse"], "civility"),
        (["M.", "Acheteuse", "CEO", ""], None),
        (["Mrs", "", ""], "civility"),
    ],
)
def test_the_values_of_title_decide(values: list[str], column: str | None) -> None:
    """At least half of the values that are not blank must be civilities."""
    rows = [[value, "a@b.fr"] for value in values]
    for title in ("Title", "Titre"):
        assert match_headers([title, "Email"], rows, AccountRules("a")).columns == [column, "email"]


def test_a_column_for_any_number_is_sorted_by_type() -> None:
    model, account = one_account(dedup="none")
    deposit_in(model, "Phone\n0612345678\n0299415263\n")
    assert column_of(account, "mobile") == ["+33612345678", None]
    assert column_of(account, "phone") == [None, "+33299415263"]


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        ('="00123"', "last_name", "00123"),
        ("'=1+1", "last_name", "=1+1"),
        ("'Dupont", "last_name", "'Dupont"),
        ("'0035", "last_name", "'0035"),
        ("'0035", "reference", "0035"),
        ("'0035", "postal_code", "0035"),
        ("'a@b.fr", "email", "a@b.fr"),
        ("'0612345678", "mobile", "0612345678"),
        ("'+33 6 12 34 56 78", "fax", "+33 6 12 34 56 78"),
    ],
)
def test_guards_of_a_spreadsheet_are_removed(text: str, column: str, value: str) -> None:
    assert clean_cell(text, column, AccountRules("a")) == value


def test_footers_follow_a_blank_line_and_have_one_cell() -> None:
    model, _ = one_account()
    text = "Référence;Email\nA;a@b.fr\n"
    assert deposit_in(model, f"{text}\nTotal\n\n12\n").warnings["footer"] == [4, 6]
    assert deposit_in(model, f"{text}Total\n").reason == "too_few_fields"
    model, account = one_account()
    assert not deposit_in(model, "Email\na@b.fr\n\nb@b.fr\n", action="optoutEMAIL").refused
    assert len(account.opt_outs) == 2


def test_zips_of_other_tools() -> None:
    csv = "Référence;Email\nA;a@b.fr\n".encode()
    good = zipped([("a.csv", csv)])
    accepted = [
        good,
        b"PK00" + good,
        b"PK\x07\x08" + good,
        b"\xef\xbb\xbf" + good,
        b"HTTP/1.1 200 OK\n" + good,
    ]
    accepted.append(zipped([("x\\", b""), ("x\\a.csv", csv), ("x\\Thumbs.db", b"\0"), ("._a", b"\0")]))
    for content in accepted:
        assert deposit_in(one_account()[0], content).inserted == 1
    for method in (12, 14):
        assert deposit_in(one_account()[0], zipped([("a.csv", csv)], method)).reason == "zip_method"
    assert deposit_in(one_account()[0], b"MZ\0" + good).reason == "not_csv"


def test_the_reason_of_a_refusal() -> None:
    for text, reason in (
        ("Référence;Email\n", "no_rows"),
        ("Référence;Nom\nA;N\n", "missing_column"),
        ("Référence,Email\nA,a@b.fr\n", "wrong_separator"),
        ("\x1a", "empty_file"),
    ):
        outcome = deposit_in(one_account()[0], text)
        assert (outcome.state, outcome.reason) == ("ko", reason)
    with pytest.raises(Refused):
        decode(b"\xff", "utf-8")
