"""Sentences put together: the form for a count, the variant for a deposit, the blanks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.deposit import Mode
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, render, row_error, sentence
from contactsync.domain.messages.text import Text
from contactsync.domain.messages.unknown_columns import unknown_columns
from contactsync.domain.messages.warnings import WARNINGS
from contactsync.domain.messages.words import NBSP
from tests.messages import TABLES, context, details


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


DEPOSITS = [
    *(("import", mode, name) for mode in Mode for name in (b"clients.csv", b"clients.ZIP")),
    *((action, None, b"clients.csv") for action in ("optoutEMAIL", "optoutVOICE", "optinEMAIL", "optinSMS")),
    *(("delete", None, b"clients.csv") for _ in range(3)),
]
ACCOUNTS = cycle([("none", ";"), ("triplet", "\t"), ("reference", "|")])
CONTEXTS = [
    context(action, mode, name, language=language, dedup=dedup, separator=separator)
    for language in ("fr", "en")
    for (action, mode, name), (dedup, separator) in zip(DEPOSITS, ACCOUNTS, strict=False)
]
NEVER_ONE = ("zip_several_files", "several")
"""Sentences that are only sent for two or more."""


@pytest.mark.parametrize("count", [0, 1, 2, 1000, 1_000_000])
@pytest.mark.parametrize(
    ("table", "code"), [(table, code) for table, sentences in TABLES.items() for code in sentences]
)
def test_every_sentence_for_every_count_and_deposit(table: str, code: str, count: int) -> None:
    """No blank stays, and no count reads wrong: 1 is singular, more is plural, 0 has words of its own."""
    if count < 2 and code in NEVER_ONE:
        pytest.skip("only sent for two or more")
    text = TABLES[table][code]
    for where in CONTEXTS:
        for variant in ("", *text.variants, *text.then):
            given_ = details(
                code, count=count, rows=count, attempts=max(count, 1), limit=count, variant=variant
            )
            try:
                whole = render(text, where, given_)
            except ValueError:
                # It is not sent for 0.
                assert count == 0
                continue
            assert not re.search(r"[{}]|None(?! of)|\[", whole), whole
            assert not re.search(r"(?<![\d.,#_\u00a0])[01] (?!h\b|Mo|more|was|is)[a-z]+s\b", whole), whole
            if where.language == "fr":
                bare = re.sub(r"\d\d:\d\d|in/", "", whole)
                assert not re.search(r" [:;!?»%]|« ", bare), whole


@given(st.integers(0, 10**7))
def test_the_form_follows_the_count(count: int) -> None:
    """French 0 has the singular of its own form, as has 1; English too, where every 0 is "no"."""
    text = Text(("zéro", "un", "plusieurs"), ("none", "one", "many"))
    assert text.form("fr", count) == ("zéro", "un")[count] if count < 2 else "plusieurs"
    assert text.form("en", count) == ("none", "one")[count] if count < 2 else "many"


def test_a_sentence_that_is_not_sent_for_0_has_no_form_for_it() -> None:
    """Better a failing test than "Une adresse n'est pas valide" of a file that has none."""
    with pytest.raises(ValueError, match="no form for 0"):
        Text(("un", "plusieurs"), ("one", "many")).form("fr", 0)


def test_the_first_variant_whose_facts_all_hold_is_taken() -> None:
    """Facts of the deposit and the variant of the details count alike."""
    text = Text(
        "b", "base", variants={"zip mode_3": Text("z3", "z3"), "zip": Text("z", "z"), "x": Text("x", "x")}
    )
    assert render(text, context()) == "b"
    assert render(text, context(name=b"a.ZIP")) == "z"
    assert render(text, context(name=b"a.zip", mode=Mode.SYNC)) == "z3"
    assert render(text, context(), {"variant": "x"}) == "x"


def test_what_is_not_known_is_left_out_with_its_parenthesis() -> None:
    """A zip whose directory was not read has no names."""
    known = sentence(REASONS, "zip_several_files", context(), {"count": 5, "names": list("abcde")})
    assert plain(known).startswith("Le zip contient 5 fichiers (« a », « b », « c » et 2 autres) :")
    unknown = sentence(REASONS, "zip_several_files", context(), {"count": 5000})
    assert plain(unknown).startswith("Le zip contient 5 000 fichiers : ne")


def test_lines_beyond_the_listed_ones_are_counted() -> None:
    """Results list a hundred."""
    whole = sentence(WARNINGS, "invalid_email", context(), {"count": 250, "lines": list(range(2, 102))})
    assert "(lignes 2, 3, 4 et 247 autres)" in plain(whole)


def test_the_name_of_a_list_or_file_is_never_respaced() -> None:
    """It has to be typed as it is."""
    where = context(name=b"a : b;c .csv")
    given_ = {"date": datetime(2026, 3, 3, 13, 5, tzinfo=UTC), "claimed": "1 : 2.csv"}
    whole = sentence(REASONS, "repeated_file", where, given_)
    assert f"«{NBSP}1447797847_a : b;c .csv.confirm{NBSP}»" in whole
    assert "(1 : 2.csv)" in whole


def test_separators_are_called_by_name() -> None:
    """Each in the form that its sentence needs."""
    whole = sentence(REASONS, "wrong_separator", context(), {"found": "\t", "expected": ";"})
    assert plain(whole) == (
        "Les colonnes sont séparées par des tabulations, mais votre compte attend des points-virgules : "
        "exportez le fichier de nouveau avec le point-virgule comme séparateur."
    )
    english = sentence(REASONS, "wrong_separator", context(language="en"), {"found": ",", "expected": "|"})
    assert "by commas, but your account expects vertical bars" in english
    assert "un point-virgule" in sentence(
        REASONS, "too_many_fields", context(), {"count": 1, "line": 3, "sep": ";"}
    )


@pytest.mark.parametrize(
    ("where", "example"),
    [
        (context(), "« Référence;Nom;Email »"),
        (context(separator="|"), "« Référence|Nom|Email »"),
        (context(separator="\t"), "Référence, Nom et Email, séparés par des tabulations"),
        (context("optoutEMAIL"), "« Email »"),
        (context("optinVOICE", separator="\t"), "« Téléphone Fixe »"),
        (context("delete", dedup="reference"), "« Référence »"),
        (context("delete", dedup="triplet"), "« Email »"),
    ],
)
def test_the_example_of_a_header_line_is_one_that_the_action_accepts(where: Context, example: str) -> None:
    """A copy of it is a usable header line."""
    assert example in plain(sentence(REASONS, "no_known_column", where, {"sep": ";"} | _sep(where)))


def _sep(where: Context) -> dict[str, Any]:
    return {"sep": where.account.separator}


def test_splitting_is_never_advised_in_mode_3() -> None:
    """Each part would replace the list by its own contacts."""
    for code in ("inflated_too_large", "file_too_large", "too_large"):
        for name in (b"a.csv", b"a.zip"):
            whole = sentence(REASONS, code, context(mode=Mode.SYNC, name=name), {"limit": 20})
            assert "répartissez ses lignes" not in whole
            assert "spread" not in sentence(
                REASONS, code, context(mode=Mode.SYNC, name=name, language="en"), {"limit": 20}
            )


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (0, "votre compte n'en autorise aucun :"),
        (1, "n'en autorise qu'un à la fois :"),
        (5, "en autorise 5 à la fois :"),
    ],
)
def test_the_limit_of_removals_reads_right(limit: int, expected: str) -> None:
    """For none and one too."""
    given_ = {"count": 1, "total": 3000, "limit": limit}
    whole = plain(sentence(REASONS, "too_many_removals", context(mode=Mode.SYNC), given_))
    assert whole.startswith("Ce fichier retirerait un contact sur 3 000 de la liste « clients », alors que")
    assert expected in whole
    assert whole.endswith("nommé « 1447797847_clients.csv.confirm ».")


def test_a_sample_number_is_of_the_accounts_region() -> None:
    """A Belgian reader is not shown a French number."""
    french = row_error(ERRORS, "invalid_mobile", context(), "Mobile")
    assert french.endswith("par exemple 06 12 34 56 78")
    assert row_error(ERRORS, "invalid_phone", context(), None).endswith("par exemple 01 23 45 67 89")
    belgian = row_error(ERRORS, "invalid_mobile", context(region="BE"), "Mobile")
    assert "06 12" not in belgian


def test_a_row_error_of_the_reference_has_its_own_words() -> None:
    """Scientific notation ruins references as it ruins numbers."""
    assert row_error(ERRORS, "scientific_notation", context(), "Référence").startswith(
        "Référence en notation"
    )
    assert row_error(ERRORS, "scientific_notation", context(), "Mobile").startswith("Numéro en notation")
    assert row_error(ERRORS, "invalid_mobile", context(), "Mobile", "foreign").startswith("Numéro étranger")


def test_unknown_columns_of_every_kind() -> None:
    """Names, suggestions, and positions where a name would be somebody's data."""
    whole = unknown_columns(
        context(language="en"), ["Shoe", "Hat"], suggested=[("GSM", "Mobile")], unnamed=[2, 5]
    )
    assert whole == (
        "Columns 2 and 5 have no names: is the first line really the header line? "
        'The column "GSM" is not recognised: do you mean Mobile? '
        '2 columns are not recognised, their values were not stored: "Shoe" and "Hat". Rename those you need.'
    )


def test_unknown_columns_are_named_ten_at_most() -> None:
    """The rest is counted, and no suggestion is lost."""
    whole = unknown_columns(
        context(), [f"c{n}" for n in range(12)], suggested=[(f"s{n}", "Nom") for n in range(4)]
    )
    assert plain(whole).count("s'agit-il") == 3
    assert "13 colonnes" in plain(whole)
    assert plain(whole).endswith("« c9 » et 3 autres. Renommez celles dont vous avez besoin.")


def test_an_account_that_leaves_the_separator_to_each_file_has_examples_with_semicolons() -> None:
    """`auto` is no character; the examples have the separator of the files that we write."""
    auto = context(separator="auto")
    assert (auto.blanks["sep"], auto.blanks["header_line"]) == (";", context().blanks["header_line"])
    assert auto.facts == context().facts
