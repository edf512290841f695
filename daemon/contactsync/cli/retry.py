"""`retry` and `release`: queue a refused deposit again."""

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
        int, typer.Argument(metavar="DEPOSIT", help="The id of a refused deposit, as shown by `history`.")
    ],
    *,
    as_json: output.AsJson = False,
) -> None:
    """Queue a refused deposit again: move its file from ko/ back to in/, under its original name.

    It becomes a new deposit with the current date, behind those that already wait; the ledger links the two. An opt-in
    still removes only opt-outs from before the original. The result files of the refusal are removed; their content
    stays in the ledger. Safe beside a running daemon, and safe to repeat.

    Example: contactsync retry 4711
    """
    _queue(load_settings(ctx), deposit, confirmed=False, as_json=as_json)


def release(
    ctx: typer.Context,
    deposit: Annotated[
        int,
        typer.Argument(
            metavar="DEPOSIT",
            help="The id of a deposit that waits for a confirmation, as shown by `history`.",
        ),
    ],
    *,
    as_json: output.AsJson = False,
) -> None:
    """Confirm a deposit that was refused to ask for that (`repeated_file`, `too_many_removals`), and queue it again like `retry`.

    An empty file CLAIMED_NAME.confirm in the same in/ does the same over FTP.

    Example: contactsync release 4711
    """
    _queue(load_settings(ctx), deposit, confirmed=True, as_json=as_json)


def _queue(settings: Settings, deposit: int, *, confirmed: bool, as_json: bool) -> None:
    with connected(settings) as (conn, _):
        found = _find(conn, deposit)
        if confirmed:
            _require_releasable(found)
        account = find_account(conn, found["account"])
        require_own_homes(conn, settings, [account])
        name = _put_back(conn, settings, account, found, confirmed=confirmed)
    if as_json:
        queued = {"deposit_id": deposit, "account": account.name, "action": found["action"], "file": name}
        output.as_json(queued)
    else:
        typer.echo(f"deposit {deposit} is queued again: {account.name}, {found['action']}/in/{name}")


def _find(conn: Connection, deposit: int) -> dict[str, Any]:
    """The deposit's row; raises AnswerIsNo if it does not exist or cannot be retried."""
    from contactsync.database import statements
    from contactsync.domain import names

    found = conn.execute(statements.get("ledger/deposit"), {"deposit_id": deposit}).fetchone()
    if found is None:
        raise AnswerIsNo(f"there is no deposit {deposit}: contactsync history --state ko")
    claimed = names.printable(bytes(found["claimed_bytes"]))
    if found["state"] == "on":
        raise AnswerIsNo(f"deposit {deposit} is in progress: contactsync status")
    if found["state"] == "ok":
        raise AnswerIsNo(
            f"deposit {deposit} was applied; only a refused deposit can be retried. To apply it again, "
            f"copy {found['action']}/ok/{claimed} to {found['action']}/in/"
        )
    if found["tidied_at"] is not None:
        raise AnswerIsNo(
            f"deposit {deposit}: its file was removed on {output.text(found['tidied_at'])} UTC (keep_settled_days)"
        )
    return found


def _require_releasable(found: dict[str, Any]) -> None:
    from contactsync.domain.deposit import RELEASABLE

    if found["reason"] not in RELEASABLE:
        raise AnswerIsNo(
            f"deposit {found['deposit_id']} was refused as {found['reason']}, which nobody can confirm: "
            f"contactsync show {found['deposit_id']}"
        )


def _put_back(
    conn: Connection, settings: Settings, account: Account, found: dict[str, Any], *, confirmed: bool
) -> str:
    from contactsync.database import retries
    from contactsync.domain import names
    from contactsync.processing import requeue

    deposit = retries.as_retried(found)
    name = names.printable(deposit.name)
    if settings.ignores(deposit.name):
        raise AnswerIsNo(f"the daemon would ignore {name}: it matches a pattern in ignored_names")
    # A folder that the spool recreates gets the modes of its tree.
    os.umask(0)
    with opened(settings, account) as spool:
        try:
            if requeue.put_back(conn, account, spool, deposit, confirmed=confirmed):
                return name
        except FileExistsError:
            raise AnswerIsNo(
                f"{deposit.action.name}/in/{name} already exists, a new upload of that name: "
                "retry when the daemon has claimed it"
            ) from None
    if found["retried_as"] is not None:
        raise AnswerIsNo(
            f"deposit {deposit.deposit_id} was already retried, as deposit {found['retried_as']}"
        )
    if found["retried_at"] is not None:
        when = output.text(found["retried_at"])
        raise AnswerIsNo(
            f"deposit {deposit.deposit_id} was queued again on {when} UTC; its file waits in in/ or was removed"
        )
    raise AnswerIsNo(
        f"{deposit.action.name}/ko/{names.printable(deposit.claimed_name)} no longer exists: "
        "there is nothing to retry"
    )
