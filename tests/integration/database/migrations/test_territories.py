"""Migration 0005: stored numbers of the French dialling plan get their one form, and contacts never become one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import phonenumbers
import psycopg
import pytest

from contactsync.database.migrations import MigrationError, migrate
from contactsync.reading.values import territories

TARGET = "0005_territories.sql"


@pytest.fixture
def before(conn: psycopg.Connection[Any], migrate_before: Callable[[str], None]) -> psycopg.Connection[Any]:
    """A database with the migrations before this one, and two accounts."""
    migrate_before(TARGET)
    conn.execute("SET search_path TO contactsync")
    conn.execute(
        "INSERT INTO account (account_id, name, dedup) VALUES (1, 'acme', 'triplet'), (2, 'zeta', 'reference')"
    )
    conn.commit()
    return conn


def add(
    conn: psycopg.Connection[Any], account_id: int, contact_id: int, mobile: str, reference: str = ""
) -> None:
    identity = f"||{mobile}" if account_id == 1 else reference
    conn.execute(
        "INSERT INTO contactsync.contact (account_id, contact_id, mobile, reference, identity) VALUES (%s, %s, %s, %s, %s)",
        [account_id, contact_id, mobile, reference or None, identity],
    )


def rows(conn: psycopg.Connection[Any], statement: str) -> list[tuple[Any, ...]]:
    return conn.execute(statement).fetchall()  # type: ignore[call-overload, no-any-return]  # a literal of the test


def test_addresses_and_keys_are_converted(before: psycopg.Connection[Any]) -> None:
    """An opt-out and the contact that it is for keep the same address."""
    add(before, 1, 1, "+33690123456")
    add(before, 1, 2, "+33612345678")
    add(before, 2, 3, "+262612345678", "Re\u0301f")
    before.execute(
        "INSERT INTO contactsync.opt_out VALUES"
        " (1, 'SMS', '+33690123456', 'file', '2020-01-01'), (1, 'SMS', '+590690123456', 'file', '2021-01-01'),"
        " (2, 'SMS', '+262612345678', 'file', '2022-01-01'), (2, 'EMAIL', 'a@x.fr', 'file', '2022-01-01')"
    )
    before.execute(
        "INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, occurred_at)"
        " VALUES (1, 'SMS', '+33690123456', 'optout', 'file', '2020-01-01')"
    )
    before.commit()
    assert migrate(before) == ["0005_territories"]
    assert rows(before, "SELECT contact_id, mobile, identity FROM contactsync.contact ORDER BY 1") == [
        (1, "+590690123456", "||+590690123456"),
        (2, "+33612345678", "||+33612345678"),
        (3, "+33612345678", "Réf"),
    ]
    assert rows(
        before,
        "SELECT account_id, address, extract(year FROM since)::int FROM contactsync.opt_out ORDER BY 1, 2",
    ) == [
        (1, "+590690123456", 2020),
        (2, "+33612345678", 2022),
        (2, "a@x.fr", 2022),
    ]
    assert rows(before, "SELECT address FROM contactsync.consent_event") == [("+590690123456",)]


def test_two_contacts_never_become_one(before: psycopg.Connection[Any]) -> None:
    """The error lists the contacts by their ids, holds no value, and nothing is changed."""
    add(before, 1, 1, "+33690123456")
    add(before, 1, 2, "+590690123456")
    before.commit()
    with pytest.raises(MigrationError) as refused:
        migrate(before)
    assert "account 1: contacts 1 and 2" in str(refused.value)
    assert "690123456" not in str(refused.value)
    assert rows(before, "SELECT mobile FROM contactsync.contact ORDER BY contact_id") == [
        ("+33690123456",),
        ("+590690123456",),
    ]


def test_the_file_moves_the_numbers_that_the_importer_moves(before: psycopg.Connection[Any]) -> None:
    """The patterns in the file and the library agree on numbers of every range."""
    chance = random.Random(5)
    numbers = [
        phonenumbers.PhoneNumber(
            country_code=code, national_number=int(f"{start}{chance.randrange(10**6):06}")
        )
        for code in (33, 590, 594, 262, 596, 508)
        for start in [*range(590, 600), *range(260, 270), *range(690, 700), 612, 639, 709, 800, 892, 976, 939]
    ]
    e164 = phonenumbers.PhoneNumberFormat.E164
    for place, number in enumerate(numbers):
        text = phonenumbers.format_number(number, e164)
        add(before, 2, place, text, f"R{place}")
    before.commit()
    migrate(before)
    found = [
        mobile for (mobile,) in rows(before, "SELECT mobile FROM contactsync.contact ORDER BY contact_id")
    ]
    assert found == [phonenumbers.format_number(territories.settle_one(number), e164) for number in numbers]
