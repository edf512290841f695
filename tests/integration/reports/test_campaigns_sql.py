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


@pytest.mark.parametrize("media", ["{FAX}", "{EMAIL,NULL}", "{email}", "{}"])
def test_a_campaign_has_only_known_media(platform: Platform, media: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        platform.value(
            "INSERT INTO contactsync.campaign (account_id, name, media) VALUES (%s, 'x', %s)",
            platform.account,
            media,
        )


@pytest.mark.parametrize("name", ["", "  ", "\t\n"])
def test_a_campaign_has_a_name(platform: Platform, name: str) -> None:
    """The constraint's name says what is wrong; a platform sees it in the error."""
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        platform.value(
            "INSERT INTO contactsync.campaign (account_id, name, media) VALUES (%s, %s, '{SMS}')",
            platform.account,
            name,
        )
    assert caught.value.diag.constraint_name == "campaign_name_must_not_be_empty"


OMITTED = "INSERT INTO contactsync.campaign (account_id, name, media) VALUES (%s, 'x', '{SMS}') RETURNING campaign_id"
CHOSEN = (
    "INSERT INTO contactsync.campaign (account_id, campaign_id, name, media) VALUES (%s, %s, 'x', '{SMS}')"
)


def test_an_omitted_campaign_id_meets_none_that_was_chosen(platform: Platform, database_url: str) -> None:
    """Neither small ids, committed or not, nor those just above the last one."""
    last = platform.value(OMITTED, platform.account)
    platform.conn.execute(CHOSEN, [platform.account, last + 1])
    with psycopg.connect(database_url) as other:
        for chosen in range(1, 20):
            other.execute(CHOSEN, [platform.account, chosen])
        assert [platform.value(OMITTED, platform.account) for _ in range(3)] == [last + 2, last + 3, last + 4]
