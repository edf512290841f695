"""The sending platform's side: campaigns, `record_reaction` and `record_reactions` on a real PostgreSQL (protocol 6, 7)."""

from __future__ import annotations

import json
import threading
from typing import Any

import psycopg
import pytest
from psycopg import sql

ONE = "SELECT contactsync.record_reaction(%s, %s, %s, %s, %s, %s)"
MANY = "SELECT contactsync.record_reactions(%s, %s)"
AT = "2015-04-27 10:00:00.123456+02"


class Platform:
    """One account with a campaign, and contacts 1 (all means) and 2 (an e-mail alone)."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.conn = conn
        self.account = self.value(
            "INSERT INTO contactsync.account (name) VALUES ('acme') RETURNING account_id"
        )
        self.campaign = self.value(
            "INSERT INTO contactsync.campaign (account_id, name, media, opened_on)"
            " VALUES (%s, 'Spring', '{EMAIL,SMS}', '2015-04-01') RETURNING campaign_id",
            self.account,
        )
        self.whole = self.contact(
            first_name="Hélène", email="h@example.com", phone="+33299415263", mobile="+33690123456",
            birth_date="1980-02-01", field_15="quinze",
        )  # fmt: skip
        self.bare = self.contact(email="y@example.com")

    def value(self, query: str, *values: object) -> Any:
        row = self.conn.execute(query, values).fetchone()
        return row[0] if row else None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.conn.execute(query).fetchall()

    def contact(self, **columns: object) -> int:
        statement = sql.SQL(
            "INSERT INTO contactsync.contact (account_id, {}) VALUES ({}, {}) RETURNING contact_id"
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            self.account,
            sql.SQL(", ").join(map(sql.Literal, columns.values())),
        )
        row = self.conn.execute(statement).fetchone()
        assert row
        return int(row[0])

    def react(self, contact: int, medium: str = "EMAIL", kind: str = "opened", at: str = AT) -> None:
        self.conn.execute(ONE, [self.account, self.campaign, contact, medium, kind, at])

    def reaction(self, **changed: object) -> dict[str, object]:
        return {
            "campaign_id": self.campaign, "contact_id": self.whole, "medium": "EMAIL", "kind": "opened", "occurred_at": AT,
        } | changed  # fmt: skip

    def many(self, *reactions: object) -> int:
        return int(self.value(MANY, self.account, json.dumps(reactions)))


@pytest.fixture
def platform(conn: psycopg.Connection[Any]) -> Platform:
    return Platform(conn)


def test_a_reaction_keeps_the_contact_as_it_was(platform: Platform) -> None:
    """A report can be made after the contact was changed, and after it was deleted."""
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
    """With the same types: who adds one to `contact` is reminded here."""
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
    }


@pytest.mark.parametrize(
    ("medium", "address"),
    [
        ("EMAIL", "h@example.com"),
        ("SMS", "+33690123456"),
        ("VOICE", "+33299415263"),
        ("VOICEMAIL", "+33690123456"),
    ],
)
def test_an_opt_out_deactivates_the_address_for_the_medium(
    platform: Platform, medium: str, address: str
) -> None:
    """With origin `campaign`, since the moment of the reaction."""
    platform.react(platform.whole, medium, "optout")
    assert platform.rows("SELECT medium, address, origin, since FROM contactsync.opt_out") == platform.rows(
        f"VALUES ('{medium}', '{address}', 'campaign', '{AT}'::timestamptz)"
    )
    event = "SELECT medium, address, kind, origin, deposit_id, occurred_at FROM contactsync.consent_event"
    assert platform.rows(event) == platform.rows(
        f"VALUES ('{medium}', '{address}', 'optout', 'campaign', NULL::bigint, '{AT}'::timestamptz)"
    )
    status = "SELECT email_active, sms_active, voice_active, voicemail_active FROM contactsync.contact_status LIMIT 1"
    media = ("EMAIL", "SMS", "VOICE", "VOICEMAIL")
    assert platform.rows(status) == [tuple(each != medium for each in media)]


def test_a_second_opt_out_is_a_reaction_but_no_change(platform: Platform) -> None:
    """An address that a file has deactivated stays with its origin; other kinds change nothing."""
    platform.conn.execute(
        "INSERT INTO contactsync.opt_out VALUES (%s, 'EMAIL', 'h@example.com', 'file', now())",
        [platform.account],
    )
    platform.react(platform.whole, "EMAIL", "optout")
    platform.react(platform.whole, "SMS", "clicked")
    platform.react(platform.bare, "EMAIL", "unsubscribe-page")
    assert platform.rows("SELECT origin FROM contactsync.opt_out") == [("file",)]
    assert platform.rows("SELECT * FROM contactsync.consent_event") == []
    assert platform.value("SELECT count(*) FROM contactsync.reaction") == 3


def test_one_address_of_two_contacts_changes_once(platform: Platform) -> None:
    """In one call too; the earlier moment counts."""
    twin = platform.contact(email="h@example.com")
    later = platform.reaction(contact_id=twin, kind="optout", occurred_at="2015-04-27T12:00:00+02:00")
    assert platform.many(later, platform.reaction(kind="optout")) == 2
    ((since,),) = platform.rows("SELECT since FROM contactsync.opt_out")
    assert since == platform.value("SELECT %s::timestamptz", AT)
    assert platform.value("SELECT count(*) FROM contactsync.consent_event") == 1


def test_many_are_recorded_in_their_order_and_counted(platform: Platform) -> None:
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
def test_what_cannot_be_recorded_is_refused_whole(
    platform: Platform, changed: dict[str, object], state: str, says: str
) -> None:
    """The error says which one and why, and nothing of any contact."""
    good = platform.reaction(kind="optout")
    with pytest.raises(psycopg.Error) as caught:
        platform.many(good, platform.reaction(**changed), good)
    assert caught.value.sqlstate == state
    assert str(caught.value.diag.message_primary).startswith(says)
    assert caught.value.diag.message_detail is None
    for table in ("reaction", "opt_out", "consent_event"):
        assert platform.rows(f"SELECT * FROM contactsync.{table}") == []


@pytest.mark.parametrize("medium", ["SMS", "VOICE", "VOICEMAIL"])
def test_an_opt_out_without_an_address_is_an_error(platform: Platform, medium: str) -> None:
    """Only an opt-out needs one."""
    platform.react(platform.bare, medium, "answered")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        platform.react(platform.bare, medium, "optout")
    assert str(caught.value.diag.message_primary).startswith(f"contact {platform.bare} has no address")
    assert caught.value.diag.message_detail is None
    assert platform.value("SELECT count(*) FROM contactsync.reaction") == 1


@pytest.mark.parametrize("given", ["{}", "null", '"x"', "3"])
def test_what_is_no_array_is_refused(platform: Platform, given: str) -> None:
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


def test_calls_with_the_same_addresses_wait_for_each_other_and_never_crosswise(
    platform: Platform, database_url: str
) -> None:
    """Whatever the order of their reactions, no deadlock; each address changes once."""
    people = [platform.contact(email=f"p{n}@example.com") for n in range(200)]
    optouts = [platform.reaction(contact_id=person, kind="optout") for person in people]
    errors: list[psycopg.Error] = []

    def call(order: list[dict[str, object]]) -> None:
        with psycopg.connect(database_url, autocommit=True) as conn:
            try:
                for _ in range(5):
                    conn.execute(MANY, [platform.account, json.dumps(order)])
                    conn.execute("DELETE FROM contactsync.opt_out WHERE address = 'p7@example.com'")
            except psycopg.Error as error:
                errors.append(error)

    threads = [
        threading.Thread(target=call, args=[order]) for order in (optouts, optouts[::-1], optouts[100:])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    changes = "SELECT count(*) FROM contactsync.consent_event WHERE address <> 'p7@example.com'"
    assert platform.value(changes) == 199


def test_a_campaign_that_has_reactions_stays(platform: Platform) -> None:
    """Its reactions would be in no report any more."""
    platform.react(platform.whole)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        platform.conn.execute("DELETE FROM contactsync.campaign")


@pytest.mark.parametrize("media", ["{FAX}", "{EMAIL,NULL}", "{email}"])
def test_a_campaign_has_known_media(platform: Platform, media: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        platform.value(
            "INSERT INTO contactsync.campaign (account_id, name, media) VALUES (%s, 'x', %s)",
            platform.account,
            media,
        )


def test_the_platforms_role_needs_no_more_than_the_readme_grants(
    platform: Platform, database_url: str
) -> None:
    """Rights as README, "For the sending platform", gives them."""
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
