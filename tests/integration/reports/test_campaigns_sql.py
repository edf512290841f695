"""Campaigns as the sending platform writes them, and the rights that it needs (protocol 6, README)."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.reports.platform import Platform


def test_a_campaign_with_reactions_cannot_be_deleted(platform: Platform) -> None:
    """Its reactions would no longer be in any report."""
    platform.react(platform.whole)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        platform.conn.execute("DELETE FROM contactsync.campaign")


@pytest.mark.parametrize("media", ["{FAX}", "{EMAIL,NULL}", "{email}"])
def test_a_campaign_has_only_known_media(platform: Platform, media: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        platform.value(
            "INSERT INTO contactsync.campaign (account_id, name, media) VALUES (%s, 'x', %s)",
            platform.account,
            media,
        )


def test_the_platforms_role_needs_no_more_than_the_readme_grants(
    platform: Platform, database_url: str
) -> None:
    """The rights of README, "For the sending platform"."""
    role = "contactsync_test_platform"
    platform.conn.execute(f"DROP ROLE IF EXISTS {role}")
    platform.conn.execute(f"CREATE ROLE {role}")
    try:
        platform.conn.execute(
            f"GRANT USAGE ON SCHEMA contactsync TO {role};"
            f"GRANT SELECT ON contactsync.account, contactsync.contact, contactsync.contact_list,"
            f" contactsync.list_member, contactsync.contact_status TO {role};"
            f"GRANT SELECT, INSERT, UPDATE ON contactsync.campaign TO {role};"
            f"GRANT SELECT, INSERT ON contactsync.reaction, contactsync.opt_out, contactsync.consent_event TO {role};"
            f"GRANT USAGE ON SEQUENCE contactsync.campaign_id_seq, contactsync.reaction_id_seq,"
            f" contactsync.consent_event_id_seq TO {role}"
        )
        platform.conn.execute(f"SET ROLE {role}")
        platform.value(
            "INSERT INTO contactsync.campaign (account_id, name, media) VALUES (%s, 'x', '{SMS}') RETURNING campaign_id",
            platform.account,
        )
        platform.react(platform.whole, "SMS", "optout")
        assert platform.value("SELECT count(*) FROM contactsync.contact_status WHERE sms_active") == 0
    finally:
        platform.conn.execute("RESET ROLE")
        platform.conn.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
