"""The view `list_address`: the addresses of a list that may be contacted (protocol 7)."""

from __future__ import annotations

from typing import Any

from tests.integration.reports.platform import Platform

VIEW = (
    "SELECT medium, address, contact_id FROM contactsync.list_address WHERE account_id = {} AND list_id = {}"
)


def filled(platform: Platform, *contacts: int) -> int:
    """A new list with these contacts."""
    list_id = platform.value(
        "INSERT INTO contactsync.contact_list (account_id, name) VALUES (%s, 'l') RETURNING list_id",
        platform.account,
    )
    for contact in contacts:
        platform.conn.execute(
            "INSERT INTO contactsync.list_member VALUES (%s, %s, %s)", [platform.account, list_id, contact]
        )
    return int(list_id)


def test_it_has_each_address_of_the_list_once_unless_it_is_opted_out(platform: Platform) -> None:
    """For each medium by its own means; an address of two contacts names the first of them."""
    twin = platform.contact(email="h@example.com", mobile="+33612345678")
    list_id = filled(platform, platform.whole, platform.bare, twin)
    platform.react(platform.bare, "EMAIL", "optout")
    platform.react(platform.whole, "SMS", "optout")
    assert sorted(platform.rows(VIEW.format(platform.account, list_id))) == [
        ("EMAIL", "h@example.com", platform.whole),
        ("SMS", "+33612345678", twin),
        ("VOICE", "+33299415263", platform.whole),
        ("VOICEMAIL", "+33612345678", twin),
        ("VOICEMAIL", "+33690123456", platform.whole),
    ]


def test_its_rows_are_found_by_index(platform: Platform) -> None:
    """A short list of a large account reads neither all contacts nor all opt-outs."""
    platform.conn.execute(
        "INSERT INTO contactsync.contact (account_id, email) SELECT %s, 'u' || n || '@example.com'"
        " FROM generate_series(1, 20000) AS n",
        [platform.account],
    )
    other = filled(platform)
    platform.conn.execute(
        "INSERT INTO contactsync.list_member SELECT account_id, %s, contact_id FROM contactsync.contact",
        [other],
    )
    platform.conn.execute(
        "INSERT INTO contactsync.opt_out SELECT account_id, 'EMAIL', email, 'file', now()"
        " FROM contactsync.contact WHERE contact_id %% 2 = 0 AND account_id = %s",
        [platform.account],
    )
    list_id = filled(platform, platform.whole, platform.bare)
    platform.conn.execute("ANALYZE contactsync.contact, contactsync.opt_out, contactsync.list_member")
    query = VIEW.format(platform.account, list_id) + " AND medium = 'EMAIL'"
    plan: list[tuple[Any, ...]] = platform.rows(f"EXPLAIN {query}")
    used = " ".join(line for (line,) in plan)
    assert all(index in used for index in ("list_member_pkey", "contact_pkey", "opt_out_pkey")), used
    assert "Seq Scan" not in used
