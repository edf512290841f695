"""Accounts with reactions of yesterday, and the daily reports that a program publishes of them."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from psycopg import sql

if TYPE_CHECKING:
    from tests.acceptance.program import Program

PARIS = ZoneInfo("Europe/Paris")


def today() -> date:
    return datetime.now(UTC).astimezone(PARIS).date()


def ago(days: int) -> str:
    return str(today() - timedelta(days=days))


def insert(program: Program, table: str, **columns: object) -> dict[str, Any]:
    statement = sql.SQL("INSERT INTO contactsync.{} ({}) VALUES ({}) RETURNING *").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Literal, columns.values())),
    )
    row = program.connection.execute(statement).fetchone()
    assert row
    return row


def add_account(program: Program, name: str, **columns: object) -> int:
    """An account with its whole tree, which the daemon sees from now on."""
    (program.ftp / name / "reporting").mkdir(parents=True)
    program.add_account(name, **columns)
    (row,) = program.rows("SELECT account_id FROM account WHERE name = %s", name)
    return int(row["account_id"])


def seed(program: Program, account: int, people: list[dict[str, Any]], media: list[str]) -> None:
    """A campaign of yesterday, whose contacts clicked, and opted out of all its media."""
    contacts = [insert(program, "contact", account_id=account, **person) for person in people]
    program.rows("UPDATE contact SET identity = reference WHERE account_id = %s RETURNING 1", account)
    campaign = insert(
        program,
        "campaign",
        account_id=account,
        name="Été / 1",
        media=media,
        opened_on=ago(1),
        closed_on=ago(1),
    )["campaign_id"]
    noon = f"{ago(1)} 12:00 Europe/Paris"
    pairs = [("EMAIL", "clicked"), *((medium, "optout") for medium in media)]
    for contact in contacts:
        for medium, kind in pairs:
            program.rows(
                "SELECT record_reaction(%s, %s, %s, %s, %s, %s)",
                account, campaign, contact["contact_id"], medium, kind, noon,
            )  # fmt: skip


def published(program: Program, name: str, day: str) -> dict[str, bytes]:
    """The day's daily zip, unpacked, as soon as the day is there."""
    folder = program.ftp / name / "reporting" / day
    program.until(folder.exists, f"{folder} appears")
    with zipfile.ZipFile(folder / f"{day}_Daily.zip") as archive:
        assert archive.testzip() is None
        return {entry: archive.read(entry) for entry in archive.namelist()}
