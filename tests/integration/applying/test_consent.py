"""Opt-out and opt-in files, and who can be reached afterwards."""

from __future__ import annotations

import pytest

from tests.integration.applying.samples import A, B, C, counts
from tests.integration.conftest import Site


def status(site: Site) -> list[tuple[bool, ...]]:
    """The rows of contact_status in the order of creation."""
    return site.rows(
        "SELECT email_active, sms_active, voice_active, voicemail_active FROM contactsync.contact_status ORDER BY contact_id"
    )


def test_an_opt_out_is_for_one_medium_and_every_contact_of_the_address(site: Site) -> None:
    """An opt-out for SMS leaves VOICEMAIL on, although both use the mobile."""
    site.apply("Mobile;Email\n0612345678;a@example-mail.fr\n+33612345678;\n")
    row = site.apply("Mobile\n06 12 34 56 78\n0612345678\n0699999999\n", action="optoutSMS")
    assert counts(row) == (3, 3, 0, 2, 0, 0, 0)
    assert status(site) == [(True, False, False, True), (False, False, False, True)]
    again = site.apply("Mobile\n0612345678\n0688888888\n", action="optoutSMS")
    assert counts(again) == (2, 2, 0, 1, 0, 1, 0)


def test_an_opt_out_outlives_deletion_and_waits_for_a_contact(site: Site) -> None:
    """An opt-out belongs to the address, not to the contact."""
    site.set(dedup="reference")
    site.apply(f"Email\n{A}\n{B}\n", action="optoutEMAIL")
    site.apply(f"Référence;Email\nR;{A}\n")
    assert status(site) == [(False, False, False, False)]
    assert site.apply("Référence\nR\n", action="delete")["removed"] == 1
    site.apply(f"Référence;Email\nR;{A}\n")
    assert status(site) == [(False, False, False, False)]


def test_an_opt_in_cancels_an_opt_out(site: Site) -> None:
    """Removed counts the addresses reactivated, unchanged those that were active."""
    site.apply(f"Email\n{A}\n{B}\n", action="optoutEMAIL")
    row = site.apply(f"Email\n{A}\n{C}\n{A}\nnonsense\n", action="optinEMAIL")
    assert counts(row) == (4, 3, 1, 0, 0, 1, 1)
    assert site.rows("SELECT medium, address, origin FROM contactsync.opt_out") == [("EMAIL", B, "file")]


def test_only_changes_have_consent_events(site: Site) -> None:
    """Each change has one event with its deposit; unchanged rows have none."""
    out = site.apply(f"Email\n{A}\n", action="optoutEMAIL")
    site.apply(f"Email\n{A}\n", action="optoutEMAIL")
    back = site.apply(f"Email\n{A}\n{B}\n", action="optinEMAIL")
    assert site.rows(
        "SELECT medium, address, kind, origin, deposit_id FROM contactsync.consent_event ORDER BY event_id"
    ) == [
        ("EMAIL", A, "optout", "file", out["deposit_id"]),
        ("EMAIL", A, "optin", "file", back["deposit_id"]),
    ]


def test_status_without_means_is_inactive(site: Site) -> None:
    """A contact without the medium's address is not active."""
    site.apply(f"Email;Téléphone Fixe\n{A};\n;0298441032\n")
    assert status(site) == [(True, False, False, False), (False, False, True, False)]


@pytest.mark.parametrize("medium", ["EMAIL", "SMS", "VOICE", "VOICEMAIL"])
def test_each_folder_is_for_its_medium(site: Site, medium: str) -> None:
    """Each folder opts out of its medium, and in again."""
    column, value = {"EMAIL": ("Email", A), "VOICE": ("Téléphone Fixe", "0298441032")}.get(
        medium, ("Mobile", "0612345678")
    )
    assert site.apply(f"{column}\n{value}\n", action=f"optout{medium}")["inserted"] == 1
    assert site.rows("SELECT medium FROM contactsync.opt_out") == [(medium,)]
    assert site.apply(f"{column}\n{value}\n", action=f"optin{medium}")["removed"] == 1
    assert site.rows("SELECT medium FROM contactsync.opt_out") == []
