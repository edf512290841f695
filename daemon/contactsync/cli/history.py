"""`history`: lists the ledger's deposits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from contactsync.cli import moments, output
from contactsync.cli.completion import complete_accounts
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import ConfigurationError

STATES = ("on", "ok", "ko")
COLUMNS = (
    *("deposit_id", "account", "action", "file", "state", "reason"),
    *("rows_read", "rows_applied", "rows_rejected", "deposited_at", "finished_at"),
)
MORE = ("claimed_name", "attempts", "retry_of", "retried_as", "dry_run", "undone_at")
"""Columns of the JSON output only."""


def _reasons() -> list[str]:
    from contactsync.domain.messages.reasons import REASONS

    return sorted(REASONS)


def history(
    ctx: typer.Context,
    *,
    account: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only deposits of this account.", autocompletion=complete_accounts),
    ] = None,
    action: Annotated[
        str | None, typer.Option(help="Only deposits of this action.", autocompletion=lambda: list(ACTIONS))
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(
            help="Only deposits in this state: on (in progress), ok (applied) or ko (refused).",
            autocompletion=lambda: list(STATES),
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Only deposits refused for this reason, such as empty_file.",
            autocompletion=_reasons,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            help="Only files of this name, with or without its timestamp; * matches any text, ? one character.",
        ),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="Only deposits of this day, in the account's time zone: 2026-11-26, yesterday.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="Only deposits since then: a day as for --day, an age (1h, 2d), or a time on this host's clock "
            "(14:30, '2026-11-26 14:30').",
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The maximum number of deposits.")] = 50,
    as_json: output.AsJson = False,
) -> None:
    """List the latest deposits, newest first; times are UTC.

    "(check)" after the state: the file was only checked, its effects were rolled back; "(undone)": they were undone later.
    With --json, each also has its claimed name, its attempts, its retries (retry_of, retried_as), whether it was only
    checked (dry_run), and when it was undone (undone_at).

    Example: contactsync history --account acme --state ko --since yesterday --name 'list*.csv'
    """
    settings = load_settings(ctx)
    problems = [
        f"--{option}: {value!r} is not one of {', '.join(known)}"
        for option, value, known in (
            ("action", action, ACTIONS),
            ("state", state, STATES),
            ("reason", reason, _reasons() if reason is not None else ()),
        )
        if value is not None and value not in known
    ]
    now = datetime.now().astimezone()
    on_day = moments.day(day, now) if day is not None else None
    if day is not None and on_day is None:
        problems.append(f"--day: {day!r} is not a day such as 2026-11-26 or yesterday")
    from_day = moments.day(since, now) if since is not None else None
    from_time = moments.moment(since, now) if since is not None and from_day is None else None
    if since is not None and from_day is None and from_time is None:
        problems.append(f"--since: {since!r} is not a day or time such as {moments.EXAMPLES}")
    if problems:
        raise ConfigurationError("\n".join(problems))
    from contactsync.database import statements
    from contactsync.domain import names

    what: dict[str, Any] = {
        "action": action,
        "state": state,
        "reason": reason,
        "name": _pattern(name),
        "since": max((each for each in (on_day, from_day) if each is not None), default=None),
        "until": on_day,
        "after": from_time,
        "limit": limit,
    }
    with connected(settings) as (conn, _):
        what["account_id"] = find_account(conn, account).account_id if account else None
        rows = conn.execute(statements.get("ledger/history"), what).fetchall()
    for row in rows:
        row["file"] = names.printable(bytes(row.pop("name_bytes")))
        row["claimed_name"] = names.printable(bytes(row.pop("claimed_bytes")))
    if as_json:
        output.as_json([{column: row[column] for column in (*COLUMNS, *MORE)} for row in rows])
    else:
        for row in rows:
            row["state"] += " (check)" if row["dry_run"] else " (undone)" if row["undone_at"] else ""
        output.table(rows, COLUMNS, "no such deposit" if _is_filtered(what) else "no deposit yet")


def _is_filtered(what: dict[str, Any]) -> bool:
    return any(value is not None for key, value in what.items() if key != "limit")


def _pattern(name: str | None) -> str | None:
    """Translate a shell pattern for LIKE."""
    if name is None:
        return None
    for special in ("\\", "%", "_"):
        name = name.replace(special, f"\\{special}")
    return name.replace("*", "%").replace("?", "_")
