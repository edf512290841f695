"""`history`: the ledger."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from contactsync.cli import show
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.errors import ConfigurationError
from contactsync.model import ACTIONS

STATES = ("on", "ok", "ko")
COLUMNS = (
    *("deposit_id", "account", "action", "file", "state", "reason"),
    *("rows_read", "rows_applied", "rows_rejected", "deposited_at", "finished_at"),
)


def history(
    ctx: typer.Context,
    account: Annotated[str | None, typer.Option(metavar="NAME", help="Only this account's.")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only this action's.", autocompletion=lambda: list(ACTIONS))
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(
            help="Only these: on (in work), ok (applied) or ko (refused).",
            autocompletion=lambda: list(STATES),
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    *,
    as_json: show.AsJson = False,
) -> None:
    """List the last deposits, newest first; times are UTC.

    Example: contactsync history --account acme --state ko
    """
    settings = load_settings(ctx)
    problems = [
        f"--{option}: {value!r} is none of {', '.join(known)}"
        for option, value, known in (("action", action, ACTIONS), ("state", state, STATES))
        if value is not None and value not in known
    ]
    if problems:
        raise ConfigurationError("\n".join(problems))
    from contactsync import names, statements

    with connected(settings) as (conn, _):
        what: dict[str, Any] = {"action": action, "state": state, "limit": limit}
        what["account_id"] = find_account(conn, account).account_id if account else None
        rows = conn.execute(statements.get("status/history"), what).fetchall()
    for row in rows:
        row["file"] = names.printable(bytes(row.pop("name_bytes")))
    rows = [{column: row[column] for column in COLUMNS} for row in rows]
    if as_json:
        show.as_json(rows)
    else:
        show.table(rows, COLUMNS, "no deposit yet")
