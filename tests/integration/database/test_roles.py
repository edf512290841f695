"""The rights of the three roles, with real connections: each does what it needs, and nothing else (protocol 7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from contactsync.database import roles
from tests.roles import as_daemon, as_sender

RECORD = "SELECT contactsync.record_reaction(1, 100, 1, 'SMS', 'optout', now())"
RECORD_MANY = "SELECT contactsync.record_reactions(1, %s)"
TRY_MANY = "SELECT * FROM contactsync.try_record_reactions(1, %s)"
DIRECTLY = (
    "INSERT INTO contactsync.reaction (account_id, campaign_id, contact_id, medium, kind, occurred_at)"
    " VALUES (1, 100, 1, 'EMAIL', 'opened', now())"
)
EVENT = (
    "INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, occurred_at)"
    " VALUES (1, 'EMAIL', 'p@example.com', 'optout', 'campaign', now())"
)
REACTION = {
    "campaign_id": 100,
    "contact_id": 1,
    "medium": "EMAIL",
    "kind": "opened",
    "occurred_at": "2015-04-27T09:15:00+02:00",
}


@pytest.fixture
def account(conn: psycopg.Connection[Any]) -> None:
    """Account 1 with contact 1 and campaign 100."""
    conn.execute("INSERT INTO contactsync.account (account_id, name) VALUES (1, 'acme')")
    conn.execute(
        "INSERT INTO contactsync.contact (account_id, contact_id, email, mobile)"
        " VALUES (1, 1, 'p@example.com', '+33612345678')"
    )
    conn.execute(
        "INSERT INTO contactsync.campaign (account_id, campaign_id, name, media) VALUES (1, 100, 'Spring', '{SMS}')"
    )


@pytest.fixture
def sender(database_url: str, account: None) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(as_sender(database_url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def daemon(database_url: str, account: None) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(as_daemon(database_url), autocommit=True) as connection:
        yield connection


def value(conn: psycopg.Connection[Any], query: str) -> Any:
    row = conn.execute(query.encode()).fetchone()
    return row and row[0]


# --- the sending platform ------------------------------------------------------------------------------------


def test_the_sender_keeps_campaigns_and_finds_whom_to_send_to(sender: psycopg.Connection[Any]) -> None:
    """It inserts and changes campaigns, with an id of its own or the next one, and reads lists and statuses."""
    sender.execute(
        "INSERT INTO contactsync.campaign (account_id, campaign_id, name, media) VALUES (1, 12345, 'a', '{EMAIL}')"
    )
    sender.execute("INSERT INTO contactsync.campaign (account_id, name, media) VALUES (1, 'b', '{EMAIL}')")
    sender.execute("UPDATE contactsync.campaign SET closed_on = '2026-11-22' WHERE campaign_id = 12345")
    assert value(sender, "SELECT email_active FROM contactsync.contact_status") is True
    for relation in ("account", "contact", "contact_list", "list_address", "list_member"):
        sender.execute(f"SELECT * FROM contactsync.{relation}")


def test_the_sender_records_reactions_by_function(
    sender: psycopg.Connection[Any], conn: psycopg.Connection[Any]
) -> None:
    """An opt-out takes effect, although the sender has no right on any of the three tables."""
    sender.execute(RECORD)
    assert sender.execute(RECORD_MANY, [json.dumps([REACTION])]).fetchone() == (1,)
    assert sender.execute(TRY_MANY, [json.dumps([REACTION | {"kind": "clicked"}])]).fetchall() == []
    assert value(conn, "SELECT count(*) FROM contactsync.reaction") == 3
    assert value(conn, "SELECT address FROM contactsync.opt_out WHERE medium = 'SMS'") == "+33612345678"
    assert value(conn, "SELECT kind || origin FROM contactsync.consent_event") == "optoutcampaign"
    assert value(sender, "SELECT sms_active FROM contactsync.contact_status") is False


FORBIDDEN_TO_THE_SENDER = [
    "INSERT INTO contactsync.opt_out VALUES (1, 'EMAIL', 'p@example.com', 'campaign', now())",
    EVENT,
    DIRECTLY,
    "DELETE FROM contactsync.opt_out",
    "UPDATE contactsync.consent_event SET kind = 'optin'",
    "DELETE FROM contactsync.consent_event",
    "DELETE FROM contactsync.campaign",
    "UPDATE contactsync.contact SET email = 'other@example.com'",
    "DELETE FROM contactsync.list_member",
    "UPDATE contactsync.account SET home = '/'",
    "SELECT * FROM contactsync.deposit",
    "SELECT * FROM contactsync.schema_migration",
    "SELECT contactsync.keep_reactions(1, '[]')",
    "SELECT contactsync.opt_out_addresses(1, '{EMAIL}', '{p@example.com}', '{2026-11-22}')",
    "DELETE FROM contactsync.reaction",
    "SELECT nextval('contactsync.reaction_id_seq')",
    "CREATE TABLE contactsync.x ()",
    "CREATE FUNCTION contactsync.x() RETURNS int LANGUAGE sql AS 'SELECT 1'",
]


@pytest.mark.parametrize("statement", FORBIDDEN_TO_THE_SENDER)
def test_the_sender_can_do_nothing_else(sender: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        sender.execute(statement.encode())


def test_the_functions_use_no_object_of_their_caller(
    sender: psycopg.Connection[Any], conn: psycopg.Connection[Any]
) -> None:
    """They run with the owner's rights, so the caller must not slip them a table or a function of its own."""
    sender.execute("CREATE TEMP TABLE opt_out (LIKE contactsync.contact_list)")
    sender.execute("CREATE TEMP TABLE pg_class ()")
    for name in ("jsonb_array_length(jsonb)", "isfinite(timestamptz)"):
        sender.execute(
            f"CREATE FUNCTION pg_temp.{name} RETURNS bool LANGUAGE plpgsql AS"
            " 'BEGIN RAISE ''called by %'', current_user; END'".encode()
        )
    sender.execute("SET search_path = pg_temp, contactsync, pg_catalog")
    sender.execute(RECORD)
    assert value(conn, "SELECT count(*) FROM contactsync.opt_out") == 1
    definers = conn.execute(
        "SELECT proname, proconfig FROM pg_proc"
        " WHERE pronamespace = 'contactsync'::regnamespace AND prosecdef ORDER BY proname"
    ).fetchall()
    assert {name for name, _ in definers} == {
        "next_campaign_id", "record_reaction", "record_reactions", "try_record_reactions",
    }  # fmt: skip
    assert {tuple(config) for _, config in definers} == {("search_path=pg_catalog, pg_temp",)}


# --- the daemon ----------------------------------------------------------------------------------------------

FORBIDDEN_TO_THE_DAEMON = [
    RECORD,
    DIRECTLY,
    "UPDATE contactsync.campaign SET name = 'x'",
    "UPDATE contactsync.consent_event SET kind = 'optin'",
    "DELETE FROM contactsync.account",
    "INSERT INTO contactsync.schema_migration (version, name, checksum) VALUES (9999, 'x', 'x')",
    "DROP TABLE contactsync.reaction",
    "ALTER TABLE contactsync.contact ADD COLUMN x int",
    "CREATE TABLE contactsync.x ()",
    "TRUNCATE contactsync.contact",
    "COPY (SELECT 1) TO '/tmp/x'",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "CREATE ROLE contactsync_test_other",
    "SET ROLE contactsync_migrator",
]


@pytest.mark.parametrize("statement", FORBIDDEN_TO_THE_DAEMON)
def test_the_daemon_can_do_only_what_it_needs(daemon: psycopg.Connection[Any], statement: str) -> None:
    """What it needs, all other tests show: they run it with this role."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        daemon.execute(statement.encode())


def test_no_role_is_a_superuser(conn: psycopg.Connection[Any]) -> None:
    """None bypasses rights, creates anything outside its schema, or is a member of another."""
    found = conn.execute(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'contactsync\\_%%' AND"
        " (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)"
    ).fetchall()
    assert found == []
    members = conn.execute("SELECT member::regrole::text FROM pg_auth_members").fetchall()
    assert not {name for (name,) in members} & {roles.MIGRATOR, roles.DAEMON, roles.SENDER}
