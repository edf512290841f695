"""Which rows of opt-out and opt-in files are valid."""

from __future__ import annotations

import pytest

from contactsync.domain.columns import FRENCH
from tests.unit.reading.verdicts import GOOD, accepted, account, judge, rejects, warned


@pytest.mark.parametrize(
    ("medium", "key", "value", "address"),
    [
        ("EMAIL", "email", "A@Example-mail.fr", "a@example-mail.fr"),
        ("SMS", "mobile", "06 12 34 56 78", "+33612345678"),
        ("VOICE", "phone", "0298441032", "+33298441032"),
        ("VOICEMAIL", "mobile", "0612345678", "+33612345678"),
    ],
)
@pytest.mark.parametrize("kind", ["optout", "optin"])
def test_consent_needs_only_the_column_of_its_medium(
    kind: str, medium: str, key: str, value: str, address: str
) -> None:
    """A row is valid if its medium's column is; the other means and the reference do not matter."""
    header = FRENCH[key]
    other = "email" if key != "email" else "mobile"
    good = GOOD if other == "email" else "0612345678"
    verdict = judge(
        {key: value, other: "nonsense"},
        {key: None, other: good},
        {key: "x", other: good},
        of=account(dedup="reference"),
        action=f"{kind}{medium}",
    )
    assert accepted(verdict, "key") == {3: address}
    assert rejects(verdict) == [(4, header, f"missing_{key}"), (5, header, f"invalid_{key}")]
    assert warned(verdict) == {}


def test_a_shortened_number_has_its_own_reason_in_consent_too() -> None:
    """Scientific notation has its own reason in consent files too."""
    assert rejects(judge({"mobile": "3.36E+10"}, action="optoutSMS")) == [
        (3, "Mobile", "scientific_notation")
    ]
