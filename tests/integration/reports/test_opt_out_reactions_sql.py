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


def test_a_second_opt_out_deactivates_nothing(platform: Platform) -> None:
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


def opt_outs(platform: Platform) -> list[str]:
    return [address for (address,) in platform.rows("SELECT address FROM contactsync.opt_out ORDER BY 1")]


def opted_in_again(platform: Platform) -> None:
    platform.conn.execute("DELETE FROM contactsync.opt_out")


def test_a_reaction_recorded_again_changes_nothing(platform: Platform) -> None:
    """A replayed opt-out leaves an address alone whose owner has opted in again. The call counts what is new."""
    given = platform.reaction(kind="optout")
    assert platform.many(given, given) == 1
    opted_in_again(platform)
    assert platform.many(given, platform.reaction()) == 1
    platform.react(platform.whole, "EMAIL", "optout")
    assert platform.value("SELECT count(*) FROM contactsync.reaction") == 2
    assert opt_outs(platform) == []
    assert platform.value("SELECT count(*) FROM contactsync.consent_event") == 1


def test_a_later_opt_out_is_remembered(platform: Platform) -> None:
    """Where the address is deactivated already, it has no event, but an older opt-in must not remove it."""
    for at in ("2015-04-27 10:00Z", "2015-04-27 12:00Z", "2015-04-27 11:00Z"):
        platform.react(platform.whole, "EMAIL", "optout", at)
    assert platform.rows("SELECT since, latest FROM contactsync.opt_out") == platform.rows(
        "VALUES ('2015-04-27 10:00Z'::timestamptz, '2015-04-27 12:00Z'::timestamptz)"
    )
    assert platform.value("SELECT count(*) FROM contactsync.consent_event") == 1


def test_an_opt_out_recorded_late_applies(platform: Platform) -> None:
    """Even if it is older than an opt-in: the date of a file is not the date on which the person agreed."""
    platform.react(platform.whole, "EMAIL", "optout", "2015-04-27 10:00Z")
    opted_in_again(platform)
    platform.react(platform.whole, "EMAIL", "optout", "2015-04-26 10:00Z")
    assert opt_outs(platform) == ["h@example.com"]


def test_the_trail_has_the_times_of_both_request_and_record(platform: Platform) -> None:
    """In the order of event_id, `recorded_at` ascends, whatever the reactions' own times are."""
    platform.react(platform.whole, "EMAIL", "optout", "2015-04-27 10:00Z")
    platform.react(platform.whole, "SMS", "optout", "2015-04-26 10:00Z")
    first, second = platform.rows(
        "SELECT recorded_at, occurred_at FROM contactsync.consent_event ORDER BY event_id"
    )
    assert first[0] < second[0]
    assert first[1] > second[1]
    assert platform.value(
        "SELECT now() - min(recorded_at) < interval '1 hour' FROM contactsync.consent_event"
    )


def test_the_address_that_was_mailed_is_the_one_opted_out(platform: Platform) -> None:
    """It is also what the report shows; contactsync's own form of it does not matter."""
    platform.many(platform.reaction(kind="optout", address=" Old@Example.com "))
    assert opt_outs(platform) == ["old@example.com"]
    assert platform.rows("SELECT email, first_name FROM contactsync.reaction") == [
        ("old@example.com", "Hélène")
    ]


def test_an_opt_out_is_for_the_address_of_earlier_reactions_in_the_campaign(platform: Platform) -> None:
    """The campaign reached the contact there, whatever its address is now; those of another medium do not count."""
    platform.react(platform.whole, "EMAIL", "opened")
    platform.react(platform.whole, "SMS", "delivered")
    platform.conn.execute("UPDATE contactsync.contact SET email = 'new@example.com'")
    platform.react(platform.whole, "VOICE", "optout")
    platform.react(platform.whole, "EMAIL", "optout")
    assert opt_outs(platform) == ["+33299415263", "h@example.com"]
    other = platform.value(
        "INSERT INTO contactsync.campaign (account_id, name, media) VALUES (%s, 'Other', '{EMAIL}') RETURNING campaign_id",
        platform.account,
    )
    platform.many(platform.reaction(campaign_id=other, kind="optout"))
    assert opt_outs(platform) == ["+33299415263", "h@example.com", "new@example.com"]


def test_every_address_where_the_campaign_reached_the_contact_is_opted_out(platform: Platform) -> None:
    """If there were several. The report shows the newest."""
    for n, address in enumerate(("b@example.com", "a@example.com")):
        platform.conn.execute("UPDATE contactsync.contact SET email = %s", [address])
        platform.react(platform.whole, "EMAIL", "opened", f"2015-04-2{n} 10:00Z")
    platform.react(platform.whole, "EMAIL", "optout")
    assert opt_outs(platform) == ["a@example.com", "b@example.com"]
    assert platform.value("SELECT email FROM contactsync.reaction WHERE kind = 'optout'") == "a@example.com"


def test_a_contact_that_was_deleted_can_opt_out(platform: Platform) -> None:
    """By its earlier reactions in the campaign, which also give the report's columns, or by the address."""
    platform.react(platform.whole, "SMS", "delivered")
    platform.conn.execute("DELETE FROM contactsync.contact")
    platform.react(platform.whole, "EMAIL", "optout")
    platform.many(
        platform.reaction(contact_id=platform.bare, kind="optout", address="y@example.com", medium="EMAIL")
    )
    assert opt_outs(platform) == ["h@example.com", "y@example.com"]
    assert platform.rows(
        "SELECT email, first_name, field_15, birth_date::text FROM contactsync.reaction WHERE kind = 'optout' ORDER BY email"
    ) == [("h@example.com", "Hélène", "quinze", "1980-02-01"), ("y@example.com", None, None, None)]


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
