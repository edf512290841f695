"""An account with its `reporting/`, and the reactions that tests record for it."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from contactsync.accounts import store
from contactsync.database.connection import connect
from contactsync.domain.account import Account
from contactsync.reports.days import day_of, zone_of
from contactsync.reports.folder import ReportFolder
from contactsync.reports.publish import publish
from contactsync.reports.writer import Contents
from contactsync.settings.settings import Settings
from contactsync.spool.home_pins import HomePins

DAY = date(2015, 4, 27)


NOON = "2015-04-27 12:00+02"


class Site:
    """An account `acme` with its `reporting/`, on a database of its own."""

    def __init__(self, root: Path, url: str, conn: psycopg.Connection[Any]) -> None:
        self.root, self.url, self.conn = root, url, conn
        self.reporting = root / "acme/reporting"
        self.reporting.mkdir(parents=True, mode=0o750)
        self.settings = Settings(ftp_root=root, database_url=url)
        conn.execute("INSERT INTO contactsync.account (name) VALUES ('acme')")

    @property
    def pins(self) -> HomePins:
        """What recognises the homes, as a new process reads it."""
        return HomePins(self.root, self.root / ".data")

    @property
    def account(self) -> Account:
        with connect(self.url) as conn:
            (found,) = store.every(conn)
        return found

    def set(self, **values: object) -> None:
        assigned = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(key), sql.Literal(value))
            for key, value in values.items()
        )
        self.conn.execute(sql.SQL("UPDATE contactsync.account SET {}").format(assigned))

    def campaign(self, number: int, name: str = "c", media: str = "{EMAIL}", **columns: object) -> int:
        columns = {"opened_on": "2015-04-27", "closed_on": "2015-04-27"} | columns
        self.conn.execute(
            "INSERT INTO contactsync.campaign (account_id, campaign_id, name, media, opened_on, closed_on)"
            " SELECT account_id, %s, %s, %s, %s, %s FROM contactsync.account",
            [number, name, media, columns["opened_on"], columns["closed_on"]],
        )
        return number

    def contact(self, **columns: object) -> int:
        columns = {"email": "p@example.com"} | columns
        statement = sql.SQL(
            "INSERT INTO contactsync.contact (account_id, {}) SELECT account_id, {} FROM contactsync.account"
            " RETURNING contact_id"
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(map(sql.Literal, columns.values())),
        )
        row = self.conn.execute(statement).fetchone()
        assert row
        return int(row[0])

    def react(self, campaign: int, contact: int, medium: str, kind: str, at: str = NOON) -> None:
        self.conn.execute(
            "SELECT contactsync.record_reaction(account_id, %s, %s, %s, %s, %s) FROM contactsync.account",
            [campaign, contact, medium, kind, at],
        )

    def many(self, count: int, address: str) -> None:
        """Add contacts who opened campaign 1. The last one's first name has a character without a Windows-1252 byte."""
        self.conn.execute(
            "INSERT INTO contactsync.contact (account_id, email, first_name, address_1)"
            " SELECT account_id, 'p' || n || '@example.com', 'é' || CASE n WHEN %s THEN 'Ł' ELSE '' END, "
            + address
            + " FROM contactsync.account, generate_series(1, %s) AS n",
            [count, count],
        )
        self.conn.execute(
            "SELECT contactsync.record_reactions(account_id, jsonb_agg(jsonb_build_object('campaign_id', 1,"
            " 'contact_id', contact_id, 'medium', 'EMAIL', 'kind', 'opened', 'occurred_at', %s::text)"
            " ORDER BY contact_id)) FROM contactsync.contact GROUP BY account_id",
            [NOON],
        )

    def publish(self, day: date = DAY, **settings: Any) -> Contents:
        account = self.account
        chosen = self.settings.model_copy(update=settings)
        with (
            ReportFolder(self.root / "acme", self.pins, daily_name=chosen.daily_zip_name) as folder,
            connect(self.url) as conn,
        ):
            return publish(conn, account, folder, day_of(day, zone_of(account)), chosen)

    def zips(self, day: date = DAY) -> list[str]:
        return sorted(os.listdir(self.reporting / str(day)))

    def raw(self, pair: str, name: str = "2015-04-27_Daily.zip", day: date = DAY) -> bytes:
        with zipfile.ZipFile(self.reporting / str(day) / name) as archive:
            return archive.read(f"{pair}.csv")

    def rows(self, pair: str, name: str = "2015-04-27_Daily.zip", day: date = DAY) -> list[dict[str, str]]:
        text = io.StringIO(self.raw(pair, name, day).decode("cp1252"), newline="")
        return list(csv.DictReader(text, delimiter=";", strict=True))

    def emails(self, pair: str, name: str = "2015-04-27_Daily.zip") -> list[str]:
        return [row["Email"] for row in self.rows(pair, name)]
