"""Campaigns as the sending platform writes them (protocol 6)."""

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
