"""`status`: is it well, and what is waiting."""

from __future__ import annotations

import os
import stat
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from contactsync.cli import show
from contactsync.cli.failure import NO, first_line
from contactsync.cli.session import connected, load_settings
from contactsync.model import ACTIONS, Account

if TYPE_CHECKING:
    from contactsync.config import Settings
    from contactsync.db import Connection

COLUMNS = (
    *("account", "waiting", "oldest_waiting", "in_work", "attempts", "ok_today", "ko_today", "last_refused"),
    "folders",
)


def status(ctx: typer.Context, *, as_json: show.AsJson = False) -> None:
    """Show whether the database is there, and for each account what waits, is in work and was settled today.

    Example: contactsync status --json
    """
    settings = load_settings(ctx)
    import psycopg

    from contactsync import accounts, statements

    try:
        with connected(settings) as (conn, embedded):
            row = conn.execute(statements.get("status/schema")).fetchone()
            found: dict[str, Any] = {
                "database": {
                    "reachable": True,
                    "embedded": embedded,
                    "schema": row["name"] if row else None,
                    "error": None,
                },
                "accounts": [_account(conn, settings, account) for account in accounts.every(conn)],
            }
    except psycopg.OperationalError as error:
        away = {"reachable": False, "embedded": False, "schema": None, "error": first_line(error)}
        found = {"database": away, "accounts": []}
    if as_json:
        show.as_json(found)
    else:
        _print(found)
    if not found["database"]["reachable"]:
        raise typer.Exit(NO)


def _account(conn: Connection, settings: Settings, account: Account) -> dict[str, Any]:
    from contactsync import names, statements

    what = {"account_id": account.account_id, "since": _today(account.time_zone)}
    ledger = conn.execute(statements.get("status/deposits"), what).fetchone() or {}
    refused = conn.execute(statements.get("status/last_refused"), what).fetchone()
    if refused:
        refused["file"] = names.printable(bytes(refused.pop("name_bytes")))
    return {"account": account.name, **_waiting(settings, account), **ledger, "last_refused": refused}


def _today(time_zone: str) -> datetime:
    """When the account's day began."""
    try:
        now = datetime.now(ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError):  # written by others' SQL
        now = datetime.now().astimezone()
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _waiting(settings: Settings, account: Account) -> dict[str, Any]:
    """The deposits in the account's `in/` folders, and how many seconds the oldest has been there."""
    contacts = account.home_under(settings.ftp_root) / "contacts"
    oldest, count, folders = None, 0, "ok"
    for action in ACTIONS:
        try:
            with os.scandir(contacts / action / "in") as entries:
                changed = [
                    entry.stat(follow_symlinks=False).st_ctime
                    for entry in entries
                    if not settings.ignores(os.fsencode(entry.name)) and not _is_folder(entry)
                ]
        except PermissionError:
            folders = "not readable"
            continue
        except FileNotFoundError:
            folders = f"missing: contactsync init {account.name}"
            continue
        count += len(changed)
        oldest = min((when for when in (oldest, *changed) if when is not None), default=None)
    age = None if oldest is None else max(0, round(time.time() - oldest))
    return {"waiting": count, "oldest_waiting_seconds": age, "folders": folders}


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode)


def _print(found: dict[str, Any]) -> None:
    database = found["database"]
    if not database["reachable"]:
        typer.echo(f"database  away: {database['error']}")
        return
    typer.echo(
        f"database  {'embedded' if database['embedded'] else 'reachable'}, schema {database['schema']}"
    )
    rows = []
    for account in found["accounts"]:
        refused, age = account["last_refused"], account["oldest_waiting_seconds"]
        last = (
            f"{show.text(refused['finished_at'])} {refused['reason']}: {refused['file']}" if refused else None
        )
        waited = None if age is None else str(timedelta(seconds=age))
        rows.append({**account, "last_refused": last, "oldest_waiting": waited})
    show.table(rows, COLUMNS, "there is no account yet: contactsync account add NAME")
