"""Reactions that are not valid: which are, and what the platform learns of them (protocol 6)."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.integration.reports.platform import AT, MANY, Platform

TRY = "SELECT * FROM contactsync.try_record_reactions(%s, %s)"


def refused(platform: Platform, *reactions: object) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught:
        platform.many(*reactions)
    assert caught.value.diag.message_detail is None
    assert platform.rows("SELECT FROM contactsync.reaction") == []
    return caught.value


@pytest.mark.parametrize(
    "kind",
    [
        "unsubscribe", "unsubscribed", "unsub", "opt-out", "opt_out", "opted-out", "spamreport", "spam", "spam_report",
        "complaint", "complained", "stop", "stopall", "list-unsubscribe", "group_unsubscribe", "abuse", "desinscription",
    ],
)  # fmt: skip
def test_a_word_that_means_an_opt_out_is_an_error_that_names_optout(platform: Platform, kind: str) -> None:
    """It would be recorded without effect. One that only resembles such a word is a kind like any other."""
    error = refused(platform, platform.reaction(kind=kind))
    assert error.sqlstate == "22023"
    assert error.diag.message_primary == f"reaction 1: kind must be optout for an opt-out, not {kind}"
    assert platform.many(*(platform.reaction(kind=each) for each in ("unsubscribe-page", "stopwatch"))) == 2


@pytest.mark.parametrize(
    "given",
    [
        "tomorrow", "now", "2026-11-22", "2026-11-22T09:15:00", "09:15:00+01:00", "2026-02-30T09:15:00Z",
        "2025-02-29T09:15:00Z", "1900-02-29T09:15:00Z", "2026-04-31T09:15:00Z", "2026-13-01T09:15:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T09:15:00 Europe/Paris", "22/11/2026 09:15:00+01:00", "0000-01-01T00:00:00Z",
        "2026-11-22T09:15:00+16:00", "2026-11-22T09:15:00Z\n", 1763800000, {}, True,
    ],
)  # fmt: skip
def test_a_time_is_iso_8601_with_an_offset(platform: Platform, given: object) -> None:
    error = refused(platform, platform.reaction(occurred_at=given))
    assert error.sqlstate == "22023"
    assert str(error.diag.message_primary).startswith("reaction 1: occurred_at must be a moment in ISO 8601")


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2016-11-22T09:15:00.123456+01:00", "2016-11-22 08:15:00.123456Z"),
        ("2016-11-22T09:15Z", "2016-11-22 09:15:00Z"),
        ("2016-11-22 09:15:00+0130", "2016-11-22 07:45:00Z"),
        ("2024-02-29T00:00:00-03", "2024-02-29 03:00:00Z"),
        ("2000-02-29T23:59:59.1234567890Z", "2000-02-29 23:59:59.123457Z"),
    ],
)
def test_these_times_are_understood(platform: Platform, given: str, moment: str) -> None:
    """Whatever the caller's settings are."""
    platform.conn.execute("SET DateStyle = 'SQL, DMY'; SET TimeZone = 'Asia/Tokyo'")
    assert platform.many(platform.reaction(occurred_at=given)) == 1
    assert platform.value("SELECT occurred_at = %s::timestamptz FROM contactsync.reaction", moment)


def test_a_time_may_be_five_minutes_ahead_and_not_more(platform: Platform) -> None:
    """Clocks differ a little. A single reaction has the same limit."""
    ahead = "SELECT to_char((now() + %s::interval) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    error = refused(platform, platform.reaction(occurred_at=platform.value(ahead, "6 minutes")))
    assert error.diag.message_primary == "reaction 1: occurred_at is more than five minutes in the future"
    assert platform.many(platform.reaction(occurred_at=platform.value(ahead, "4 minutes"))) == 1
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=r"^occurred_at is more than five minutes"):
        platform.react(platform.whole, at="2100-01-01 00:00:00Z")


def test_every_fault_is_reported_with_its_position(platform: Platform) -> None:
    """All that is wrong with each element; the SQLSTATE is that of the first."""
    error = refused(
        platform,
        platform.reaction(),
        platform.reaction(kind=None, medium=None),
        "no object",
        platform.reaction(contact_id="x", campaign_id=1.5),
        platform.reaction(contact_id=4711),
        platform.reaction(contact_id=platform.bare, medium="VOICE", kind="optout"),
    )
    assert error.sqlstate == "22004"
    assert str(error.diag.message_primary).split("; ") == [
        "reaction 2: medium is missing, kind is missing",
        "reaction 3: it must be an object",
        "reaction 4: campaign_id must be a whole number, contact_id must be a whole number",
        f"reaction 5: there is no contact 4711 in account {platform.account}: add the address that was mailed",
        (
            f"reaction 6: contact {platform.bare} has no address for the medium that it opted out of:"
            " add the address that was mailed"
        ),
    ]


def test_the_first_hundred_faults_are_listed(platform: Platform) -> None:
    error = refused(platform, *(platform.reaction(kind="X") for _ in range(130)))
    faults = str(error.diag.message_primary).split("; ")
    assert [fault.partition(":")[0] for fault in faults] == [
        *(f"reaction {n}" for n in range(1, 101)),
        "and 30 more",
    ]


@pytest.mark.parametrize(
    ("medium", "address"),
    [
        ("EMAIL", "no address"), ("EMAIL", "<h@example.com>"), ("EMAIL", "a@example.com,b@example.com"),
        ("SMS", "0612345678"), ("VOICE", "+33 6 12 34 56 78"), ("VOICEMAIL", "h@example.com"),
    ],
)  # fmt: skip
def test_an_address_that_no_contact_can_have_is_an_error(
    platform: Platform, medium: str, address: str
) -> None:
    """An opt-out of it would have no effect. The message does not repeat it."""
    error = refused(platform, platform.reaction(kind="optout", medium=medium, address=address))
    assert error.sqlstate == "22023"
    assert str(error.diag.message_primary).startswith("reaction 1: address must be ")
    assert address not in str(error)


def test_the_valid_reactions_of_a_batch_are_recorded_and_the_others_returned(platform: Platform) -> None:
    """With position, SQLSTATE and message, in order, however many; opt-outs do not depend on others' faults."""
    faulty = [platform.reaction(contact_id=4711), platform.reaction(kind="Stop"), 3]
    given = [faulty[0], platform.reaction(kind="optout"), faulty[1], platform.reaction(), faulty[2]]
    found = platform.conn.execute(TRY, [platform.account, json.dumps(given)]).fetchall()
    assert [(position, state) for position, state, _ in found] == [(1, "23503"), (3, "22023"), (5, "22023")]
    assert "optout" in found[1][2]
    assert platform.value("SELECT count(*) FROM contactsync.reaction") == 2
    assert platform.rows("SELECT address FROM contactsync.opt_out") == [("h@example.com",)]
    many = json.dumps([platform.reaction(kind="X")] * 150)
    assert len(platform.conn.execute(TRY, [platform.account, many]).fetchall()) == 150
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        platform.conn.execute(TRY, [platform.account, "{}"])
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        platform.conn.execute(MANY, [None, json.dumps([platform.reaction(occurred_at=AT)])])
