"""Migration 0008: what earlier versions recorded twice, or without a time, gets the form that consent needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from contactsync.database.migrations import migrate

TARGET = "0008_consent.sql"


@pytest.fixture
def before(conn: psycopg.Connection[Any], migrate_before: Callable[[str], None]) -> psycopg.Connection[Any]:
    """A database with the migrations before this one, an account, and a campaign."""
    migrate_before(TARGET)
    conn.execute("SET search_path TO contactsync")
    conn.execute("INSERT INTO account (account_id, name) VALUES (1, 'acme')")
    conn.execute("INSERT INTO campaign (account_id, campaign_id, name, media) VALUES (1, 1, 'x', '{}')")
    conn.commit()
    return conn


def test_a_reaction_that_was_recorded_several_times_stays_once(before: psycopg.Connection[Any]) -> None:
    """The first one. Those that differ in any part of their identity stay."""
    same = "(1, 1, 1, 'EMAIL', 'opened', '2026-11-22 10:00Z', {}, {})"
    before.execute(
        "INSERT INTO reaction (account_id, campaign_id, contact_id, medium, kind, occurred_at, reaction_id, email) VALUES"
        + ", ".join(same.format(n, f"'{n}@example.com'") for n in (7, 5, 6))
        + ", (1, 1, 1, 'EMAIL', 'opened', '2026-11-22 10:01Z', 8, NULL),"
        " (1, 1, 2, 'EMAIL', 'opened', '2026-11-22 10:00Z', 9, NULL)"
    )
    before.commit()
    migrate(before)
    assert before.execute("SELECT reaction_id, email FROM reaction ORDER BY 1").fetchall() == [
        (5, "5@example.com"),
        (8, None),
        (9, None),
    ]
    with pytest.raises(psycopg.errors.UniqueViolation):
        before.execute(
            "INSERT INTO reaction (account_id, campaign_id, contact_id, medium, kind, occurred_at)"
            " SELECT account_id, campaign_id, contact_id, medium, kind, occurred_at FROM reaction LIMIT 1"
        )


def test_a_chain_of_retries_gets_the_date_of_its_first_deposit(before: psycopg.Connection[Any]) -> None:
    for deposit, retry_of in ((1, None), (2, 1), (3, 2), (4, None)):
        before.execute(
            "INSERT INTO deposit (account_id, deposit_id, action, name, name_bytes, claimed_name, claimed_bytes,"
            " deposited_at, claimed_at, size_bytes, retry_of)"
            " VALUES (1, %(id)s, 'optinEMAIL', 'x', 'x', 'x', %(id)s::text::bytea, %(at)s, now(), 1, %(of)s)",
            {"id": deposit, "at": f"2026-11-2{deposit} 10:00Z", "of": retry_of},
        )
    before.commit()
    migrate(before)
    found = before.execute(
        "SELECT deposit_id, extract(day FROM first_deposited_at AT TIME ZONE 'UTC')::int FROM deposit ORDER BY 1"
    ).fetchall()
    assert found == [(1, None), (2, 21), (3, 21), (4, None)]


def test_the_trail_gets_the_times_that_are_known(before: psycopg.Connection[Any]) -> None:
    """An event of a file was recorded when it occurred; when a campaign's was, nobody knows."""
    before.execute(
        "INSERT INTO consent_event (account_id, event_id, medium, address, kind, origin, occurred_at) VALUES"
        " (1, 1, 'SMS', '+33612345678', 'optout', 'file', '2026-11-22 10:00Z'),"
        " (1, 2, 'SMS', '+33612345679', 'optout', 'campaign', '2026-11-22 10:00Z')"
    )
    before.commit()
    migrate(before)
    found = before.execute("SELECT recorded_at = occurred_at FROM consent_event ORDER BY event_id").fetchall()
    assert found == [(True,), (None,)]


def test_a_campaign_without_media_stays_until_it_is_changed(before: psycopg.Connection[Any]) -> None:
    """The upgrade is not refused for it. Closing it needs a medium."""
    migrate(before)
    with pytest.raises(psycopg.errors.CheckViolation, match="campaign_media_must_not_be_empty"):
        before.execute("UPDATE campaign SET closed_on = '2026-11-22'")
    before.rollback()
    before.execute("UPDATE contactsync.campaign SET closed_on = '2026-11-22', media = '{SMS}'")
