"""`status`: is it well, what is waiting, and for what."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from contactsync.cli import output, waiting
from contactsync.cli.exit_status import NO, explain
from contactsync.cli.session import load_settings, opened_database
from contactsync.domain.errors import ContactsyncError

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign

COLUMNS = (
    *("account", "waiting", "oldest_waiting", "waits_for", "in_work", "attempts", "ok_today", "ko_today"),
    *("last_refused", "folders"),
)
UNKNOWN = {"in_work": None, "attempts": None, "ok_today": None, "ko_today": None, "last_refused": None}


def status(
    ctx: typer.Context,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Show it again and again, until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option(min=0.1, max=3600, help="With --watch: seconds between two looks.")
    ] = 2.0,
    as_json: output.AsJson = False,
) -> None:
    """Show whether the daemon and the database are there, and for each account what waits for what.

    Where the database is away, the folders' queues and the daemon's own word are shown all the same, and the exit
    status is 1. With --json --watch each look is one line.

    Example: contactsync status --watch
    """
    settings = load_settings(ctx)
    with opened_database(settings) as where:  # an embedded server that we start runs until the last look
        look = _looks(settings, where)
        if watch:
            try:
                _watch(look, interval, as_json=as_json)
            except KeyboardInterrupt:
                return
        found = next(look)
    if as_json:
        output.as_json(found)
    else:
        typer.echo(_text(found))
    if not found["database"]["reachable"]:
        raise typer.Exit(NO)


def _watch(look: Iterator[dict[str, Any]], interval: float, *, as_json: bool) -> None:
    """Look for ever; on a terminal each look takes the place of the last."""
    if as_json or not sys.stdout.isatty():
        for found in look:
            if as_json:
                output.as_json(found, indent=None)
            else:
                typer.echo(_text(found) + "\n")
            time.sleep(interval)
    from rich.live import Live
    from rich.text import Text

    with Live(Text(""), screen=True, auto_refresh=False) as live:
        for found in look:
            now = f"{datetime.now().astimezone():%H:%M:%S}  (Ctrl-C ends)\n"
            live.update(Text(now + _text(found), no_wrap=True, overflow="ellipsis"), refresh=True)
            time.sleep(interval)


def _looks(settings: Settings, where: tuple[str, bool] | ContactsyncError) -> Iterator[dict[str, Any]]:
    """Look after look, each over a new connection."""
    from contactsync.database.connection import connect

    while True:
        sign = read_sign(settings)
        if isinstance(where, ContactsyncError):
            yield _without_database(settings, sign, str(where))
            continue
        try:
            with connect(where[0]) as conn:
                found = _found(conn, settings, sign, embedded=where[1])
        except Exception as error:
            told = explain(error)
            if told is None:
                raise
            found = _without_database(settings, sign, told.sentence)
        yield found


def read_sign(settings: Settings) -> Sign:
    """What the daemon says of itself, as far as we may read it."""
    from contactsync.telemetry import heartbeat

    try:
        return heartbeat.read(settings.data_dir)
    except PermissionError:
        return heartbeat.Sign("unknown", {}, settings.data_dir)


def _found(conn: Connection, settings: Settings, sign: Sign, *, embedded: bool) -> dict[str, Any]:
    from contactsync.accounts import store
    from contactsync.cli.session import require_schema
    from contactsync.database import statements

    require_schema(conn, embedded=embedded)
    row = conn.execute(statements.get("database/schema_version")).fetchone()
    schema = row["name"] if row else None
    return {
        "daemon": _daemon(sign),
        "database": {"reachable": True, "embedded": embedded, "schema": schema, "error": None},
        "accounts": [_account(conn, settings, account, sign) for account in store.every(conn)],
    }


def _without_database(settings: Settings, sign: Sign, sentence: str) -> dict[str, Any]:
    rows = []
    for name, home in waiting.homes_without_database(settings, sign).items():
        queue = waiting.queue(settings, name, home)
        rows.append(
            {
                "account": name,
                **queue,
                "waits_for": waiting.waits_for(name, queue["waiting"], sign),
                **UNKNOWN,
            }
        )
    away = {"reachable": False, "embedded": not settings.database_url, "schema": None, "error": sentence}
    return {"daemon": _daemon(sign), "database": away, "accounts": rows}


def _daemon(sign: Sign) -> dict[str, Any]:
    shown = (
        "pid",
        "since",
        "version",
        "as_of",
        "summary",
        "database_away",
        "database_away_since",
        "troubles",
    )
    told = {key: sign.content.get(key) for key in (*shown, "queued", "running", "pausing")}
    return {"state": sign.state, "sentence": sign.sentence, "silent_seconds": sign.silent_seconds, **told}


def _account(conn: Connection, settings: Settings, account: Account, sign: Sign) -> dict[str, Any]:
    from contactsync.database import statements
    from contactsync.domain import names

    what = {"account_id": account.account_id, "since": _today(account.time_zone)}
    ledger = conn.execute(statements.get("ledger/deposits_today"), what).fetchone() or {}
    refused = conn.execute(statements.get("ledger/last_refused"), what).fetchone()
    if refused:
        refused["file"] = names.printable(bytes(refused.pop("name_bytes")))
    queue = waiting.queue(settings, account.name, account.home_under(settings.ftp_root))
    waits_for = waiting.waits_for(account.name, queue["waiting"], sign)
    return {"account": account.name, **queue, "waits_for": waits_for, **ledger, "last_refused": refused}


def _today(time_zone: str) -> datetime:
    """When the account's day began."""
    try:
        now = datetime.now(ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError):  # written by others' SQL
        now = datetime.now().astimezone()
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _text(found: Mapping[str, Any]) -> str:
    database = found["database"]
    kind = "embedded" if database["embedded"] else "reachable"
    state = f"{kind}, schema {database['schema']}" if database["reachable"] else database["error"]
    rows = []
    for account in found["accounts"]:
        refused, age = account["last_refused"], account["oldest_waiting_seconds"]
        last = (
            f"{output.text(refused['finished_at'])} {refused['reason']}: {refused['file']}"
            if refused
            else None
        )
        waited = None if age is None else str(timedelta(seconds=age))
        rows.append({**account, "last_refused": last, "oldest_waiting": waited})
    lines = [f"daemon    {found['daemon']['sentence']}", f"database  {state}"]
    lines += (
        output.aligned(rows, COLUMNS) if rows else ["there is no account yet: contactsync account add NAME"]
    )
    return "\n".join(lines)
