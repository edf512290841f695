"""`record_reaction` and `record_reactions` on a real PostgreSQL: what is recorded, what is refused (protocol 6, 7)."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.reports.platform import AT, MANY, ONE, Platform


def test_a_reaction_keeps_the_contact_as_it_was(platform: Platform) -> None:
    """A report can be built after the contact was changed or deleted."""
    platform.react(platform.whole)
    platform.conn.execute("UPDATE contactsync.contact SET email = 'new@example.com', field_15 = NULL")
    platform.conn.execute("DELETE FROM contactsync.contact")
    query = (
        "SELECT contact_id, medium, kind, occurred_at = %s, first_name, email, phone, birth_date::text, field_15, fax"
        " FROM contactsync.reaction"
    )
    assert platform.conn.execute(query, [AT]).fetchall() == [
        (
            platform.whole,
            "EMAIL",
            "opened",
            True,
            "Hélène",
            "h@example.com",
            "+33299415263",
            "1980-02-01",
            "quinze",
            None,
        )
    ]


def test_reaction_has_every_column_of_a_contact(platform: Platform) -> None:
    """With the same types. A new column of `contact` needs one in `reaction`."""
    columns = (
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'contactsync'"
        " AND table_name = '{}' AND column_name NOT IN ('identity', 'created_at', 'updated_at')"
    )
    contact, reaction = (set(platform.rows(columns.format(table))) for table in ("contact", "reaction"))
    assert len(contact) == 33
    assert contact < reaction
    assert {name for name, _ in reaction - contact} == {
        "campaign_id",
        "medium",
        "kind",
        "occurred_at",
        "reaction_id",
        "recorded_at",
    }


def test_reactions_are_recorded_in_order_and_counted(platform: Platform) -> None:
    kinds = [f"k{n}" for n in range(50)]
    assert platform.many(*(platform.reaction(kind=kind) for kind in kinds)) == 50
    found = platform.rows("SELECT kind FROM contactsync.reaction ORDER BY reaction_id")
    assert [kind for (kind,) in found] == kinds
    assert platform.many() == 0


@pytest.mark.parametrize(
    ("changed", "state", "says"),
    [
        ({"contact_id": 4711}, "23503", "reaction 2: there is no contact 4711 in account "),
        ({"campaign_id": 4712}, "23503", "reaction 2: there is no campaign 4712 in account "),
        ({"contact_id": None}, "22004", "reaction 2: contact_id is missing"),
        ({"campaign_id": None}, "22004", "reaction 2: campaign_id is missing"),
        ({"medium": None}, "22004", "reaction 2: medium is missing"),
        ({"kind": None}, "22004", "reaction 2: kind is missing"),
        ({"occurred_at": None}, "22004", "reaction 2: occurred_at is missing"),
        ({"occurred_at": "infinity"}, "22023", "reaction 2: occurred_at must be a moment"),
        ({"medium": "email"}, "22023", "reaction 2: medium must be EMAIL, SMS, VOICE or VOICEMAIL"),
        ({"kind": "OptOut"}, "22023", "reaction 2: kind must be a lower-case word"),
        ({"kind": "../x"}, "22023", "reaction 2: kind must be a lower-case word"),
        ({"kind": "opened\n"}, "22023", "reaction 2: kind must be a lower-case word"),
    ],
)
def test_one_invalid_reaction_refuses_the_whole_call(
    platform: Platform, changed: dict[str, object], state: str, says: str
) -> None:
    """The error names the reaction and the reason, and holds no value of a contact."""
    good = platform.reaction(kind="optout")
    with pytest.raises(psycopg.Error) as caught:
        platform.many(good, platform.reaction(**changed), good)
    assert caught.value.sqlstate == state
    assert str(caught.value.diag.message_primary).startswith(says)
    assert caught.value.diag.message_detail is None
    for table in ("reaction", "opt_out", "consent_event"):
        assert platform.rows(f"SELECT * FROM contactsync.{table}") == []


@pytest.mark.parametrize("given", ["{}", "null", '"x"', "3"])
def test_json_other_than_an_array_is_refused(platform: Platform, given: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        platform.value(MANY, platform.account, given)


def test_another_accounts_contacts_and_campaigns_are_unknown(platform: Platform) -> None:
    other = platform.value("INSERT INTO contactsync.account (name) VALUES ('other') RETURNING account_id")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        platform.conn.execute(ONE, [other, platform.campaign, platform.whole, "EMAIL", "opened", AT])
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        platform.conn.execute(ONE, [None, platform.campaign, platform.whole, "EMAIL", "opened", AT])


def test_parameters_can_be_named(platform: Platform) -> None:
    platform.conn.execute(
        "SELECT contactsync.record_reaction(account_id => %s, campaign_id => %s, contact_id => %s, medium => 'EMAIL',"
        " kind => 'opened', occurred_at => now())",
        [platform.account, platform.campaign, platform.whole],
    )
    platform.conn.execute(
        "SELECT contactsync.record_reactions(account_id => %s, reactions => '[]')", [platform.account]
    )
    assert platform.value("SELECT count(*) FROM contactsync.reaction") == 1
