"""`retry`: a refused deposit back into line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.session import connected, find_account, load_settings, opened, require_own_homes
from contactsync.domain.errors import AnswerIsNo

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.settings.settings import Settings


def retry(
    ctx: typer.Context,
    deposit: Annotated[
        int, typer.Argument(metavar="DEPOSIT", help="The id of a refused deposit, as `history` tells it.")
    ],
    *,
    as_json: output.AsJson = False,
) -> None:
    """Put a refused deposit back into line: its file goes from ko/ to in/, under its original name.

    It is a new deposit then, of this moment and behind those that wait already; the ledger remembers what it was.
    The result files of the refusal are removed, their content stays in the ledger. Safe beside a running daemon,
    and safe to repeat.

    Example: contactsync retry 4711
    """
    settings = load_settings(ctx)
    with connected(settings) as (conn, _):
        found = _find(conn, deposit)
        account = find_account(conn, found["account"])
        require_own_homes(conn, settings, [account])
        name = _put_back(conn, settings, account, found)
    told = {"deposit_id": deposit, "account": account.name, "action": found["action"], "file": name}
    if as_json:
        output.as_json(told)
    else:
        typer.echo(f"deposit {deposit} is back in line: {account.name}, {found['action']}/in/{name}")


def _find(conn: Connection, deposit: int) -> dict[str, Any]:
    """The deposit's row; raises AnswerIsNo where it is none that can be tried again."""
    from contactsync.database import statements
    from contactsync.domain import names

    found = conn.execute(statements.get("ledger/deposit"), {"deposit_id": deposit}).fetchone()
    if found is None:
        raise AnswerIsNo(f"there is no deposit {deposit}: contactsync history --state ko")
    claimed = names.printable(bytes(found["claimed_bytes"]))
    if found["state"] == "on":
        raise AnswerIsNo(f"deposit {deposit} is in work: contactsync status")
    if found["state"] == "ok":
        raise AnswerIsNo(
            f"deposit {deposit} was applied, only a refused one can be tried again; to apply it once more, "
            f"copy {found['action']}/ok/{claimed} into {found['action']}/in/"
        )
    if found["tidied_at"] is not None:
        raise AnswerIsNo(
            f"deposit {deposit}: its file was removed on {output.text(found['tidied_at'])} UTC (keep_settled_days)"
        )
    return found


def _put_back(conn: Connection, settings: Settings, account: Account, found: dict[str, Any]) -> str:
    from contactsync.database import ledger
    from contactsync.domain import names
    from contactsync.processing import requeue

    deposit = ledger.as_retried(found)
    name = names.printable(deposit.name)
    if settings.ignores(deposit.name):
        raise AnswerIsNo(f"{name} would not be taken again: ignored_names has a pattern for it")
    os.umask(0)  # a folder that is healed keeps the modes of its tree
    with opened(settings, account) as spool:
        try:
            if requeue.put_back(conn, account, spool, deposit):
                return name
        except FileExistsError:
            raise AnswerIsNo(
                f"{deposit.action.name}/in/{name} is there already, a new upload of that name: "
                "try again when it has been taken"
            ) from None
    if found["retried_as"] is not None:
        raise AnswerIsNo(f"deposit {deposit.deposit_id} was tried again: it became {found['retried_as']}")
    if found["retried_at"] is not None:
        when = output.text(found["retried_at"])
        raise AnswerIsNo(
            f"deposit {deposit.deposit_id} was put back into line on {when} UTC, and waits in in/ or was taken away"
        )
    raise AnswerIsNo(
        f"{deposit.action.name}/ko/{names.printable(deposit.claimed_name)} is not there any more: "
        "nothing can be tried again"
    )
