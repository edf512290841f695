"""Opt-outs that the sending platform records (protocol 6, 7): which address is deactivated, and how often."""

from __future__ import annotations

import json
import threading

import psycopg
import pytest

from tests.integration.reports.platform import AT, MANY, Platform


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
    """Its origin is `campaign`, its time that of the reaction."""
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


def test_a_second_opt_out_is_recorded_but_changes_nothing(platform: Platform) -> None:
    """An address that a file has deactivated keeps its origin. Other kinds of reaction change nothing."""
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
    """Also within one call; the earlier time counts."""
    twin = platform.contact(email="h@example.com")
    later = platform.reaction(contact_id=twin, kind="optout", occurred_at="2015-04-27T12:00:00+02:00")
    assert platform.many(later, platform.reaction(kind="optout")) == 2
    ((since,),) = platform.rows("SELECT since FROM contactsync.opt_out")
    assert since == platform.value("SELECT %s::timestamptz", AT)
    assert platform.value("SELECT count(*) FROM contactsync.consent_event") == 1


@pytest.mark.parametrize("medium", ["SMS", "VOICE", "VOICEMAIL"])
def test_an_opt_out_without_an_address_is_an_error(platform: Platform, medium: str) -> None:
    """Only an opt-out needs one."""
    platform.react(platform.bare, medium, "answered")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        platform.react(platform.bare, medium, "optout")
    assert str(caught.value.diag.message_primary).startswith(f"contact {platform.bare} has no address")
    assert caught.value.diag.message_detail is None
    assert platform.value("SELECT count(*) FROM contactsync.reaction") == 1


def test_concurrent_calls_with_the_same_addresses_never_deadlock(
    platform: Platform, database_url: str
) -> None:
    """Whatever the order of their reactions; each address changes once."""
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
