"""The sending platform's side of an account: its campaigns, contacts and reactions, as SQL."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from psycopg import sql

ONE = "SELECT contactsync.record_reaction(%s, %s, %s, %s, %s, %s)"


MANY = "SELECT contactsync.record_reactions(%s, %s)"


AT = "2015-04-27 10:00:00.123456+02"


class Platform:
    """One account with a campaign and two contacts: `whole` has every address, `bare` only an e-mail address."""

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
