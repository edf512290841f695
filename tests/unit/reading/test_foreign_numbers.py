"""A rejected number that was written as one of another country has its own sentence (protocol 3)."""

from __future__ import annotations

import pytest

from tests.unit.reading.verdicts import account, judge


@pytest.mark.parametrize(
    ("number", "variant"),
    [
        ("+44 1", "foreign"),
        ("0044 1", "foreign"),
        ("(+44) 1", "foreign"),
        ("+33 6", ""),
        ("0033 6", ""),
        ("06 12 34 56 7", ""),
        ("n/a", ""),
    ],
)
@pytest.mark.parametrize(("action", "key"), [("import", "mobile"), ("optoutVOICE", "phone")])
def test_a_number_of_another_country(number: str, variant: str, action: str, key: str) -> None:
    """The remedy is the country's code, and not a sample number of the account's region."""
    (reject,) = judge({key: number}, of=account(), action=action).rejects
    assert (reject.code, reject.variant) == (f"invalid_{key}", variant)
