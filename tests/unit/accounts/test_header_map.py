"""Which headers of its own an account may map to columns."""

from __future__ import annotations

from typing import Any

import pytest

from contactsync.accounts import rules


def understood(*options: str, **current: Any) -> tuple[list[str] | None, list[str]]:
    """The account's mapping after these options, and the problems."""
    values, problems = rules.understand({}, [], current, options)
    return values.get("header_map"), problems


def test_a_header_is_mapped_to_a_column() -> None:
    """The column may be named in French or English, or by the account's own label for a field."""
    labels = (None, None, "Magasin")
    options = ("Portable=mobile", " Mail = E-Mail", "Shop=MAGASIN", "a=b=City")
    assert understood(*options, field_labels=labels) == (
        ["Portable=Mobile", "Mail=Email", "Shop=Champ 3", "a=b=Ville"],
        [],
    )


def test_mappings_are_kept_replaced_and_removed() -> None:
    """Each header has one column; the order is that of preference."""
    before = ("Portable=Mobile", "Mail=Email")
    assert understood("GSM=Mobile", header_map=before)[0] == [*before, "GSM=Mobile"]
    assert understood("PORTABLE=Téléphone Fixe", header_map=before)[0] == [
        "Mail=Email",
        "PORTABLE=Téléphone Fixe",
    ]
    assert understood("mail=", header_map=before)[0] == ["Portable=Mobile"]


def test_a_title_may_be_mapped() -> None:
    """It is a civility or a job; the account decides."""
    assert understood("Title=Champ 1") == (["Title=Champ 1"], [])


@pytest.mark.parametrize(
    "option",
    [
        "Portable",
        "Portable=Handy",
        "=Mobile",
        " =Mobile",
        "Nom=Email",
        "E-mail=Mobile",
        "Ligne=Nom",
        "a\x07=Nom",
        "Mail=",
    ],
)
def test_what_cannot_be_mapped(option: str) -> None:
    """The problem names the option."""
    _, problems = understood(option, field_labels=(None,) * 15)
    assert len(problems) == 1
    assert problems[0].startswith("--header: ")


def test_a_separator_may_be_left_to_each_file() -> None:
    """`auto` is a separator of its own."""
    assert rules.understand({"separator": "auto", "headers": "protocol"}, [], {}) == (
        {"separator": "auto", "headers": "protocol"},
        [],
    )
    assert rules.understand({"separator": ":"}, [], {})[1]
