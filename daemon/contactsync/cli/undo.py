"""`undo`: reverses the effects of a deposit that was applied."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.session import connected, find_account, load_settings, opened, require_own_homes
from contactsync.domain.errors import AnswerIsNo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from contactsync.applying.undo import Undone
    from contactsync.domain.account import Account
    from contactsync.settings.settings import Settings

COLUMNS = (
    *("deposit_id", "action", "file", "contacts_removed", "contacts_restored"),
    *("members_removed", "members_restored", "opted_out_again"),
)


def undo(
    ctx: typer.Context,
    deposit: Annotated[
        int, typer.Argument(metavar="DEPOSIT", help="The id of an applied deposit, as shown by `history`.")
    ],
    *,
    all_after: Annotated[
        bool,
        typer.Option("--all-after", help="Undo the later deposits that are in the way too, newest first."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Undo nothing; only count what would be undone.")
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Undo an import, a delete or an opt-in of the last undo_days, as if it had never been uploaded.

    Contacts, lists and opt-outs get back what the deposit changed, in one transaction. If later deposits used the same
    contacts, lists or addresses, nothing is changed, and they are named. An opt-out is never undone. The file stays in
    ok/; its result file says when it was undone.

    Example: contactsync undo 4711 --dry-run
    """
    settings = load_settings(ctx)
    from contactsync.applying import undo as undoing
    from contactsync.database import statements

    with connected(settings) as (conn, _):
        found = conn.execute(statements.get("undo/deposit"), {"deposit_id": deposit}).fetchone()
        if found is None:
            raise AnswerIsNo(f"there is no deposit {deposit}: contactsync history --state ok")
        account = find_account(conn, found["account"])
        require_own_homes(conn, settings, [account])
        if found["undone_at"] is not None:
            # A command that was killed may not have come to the result file.
            _rewrite_results(
                settings, account, [(found["action"], bytes(found["claimed_bytes"]), found["result"])]
            )
        undone = undoing.undo(conn, account, deposit, datetime.now(UTC), all_after=all_after, dry_run=dry_run)
    if not dry_run:
        changed = [(each.deposit.action, each.deposit.claimed_bytes, each.result) for each in undone]
        _rewrite_results(settings, account, changed)
    rows = [_row(each) for each in undone]
    if as_json:
        output.as_json({"account": account.name, "dry_run": dry_run, "undone": rows})
        return
    output.table(rows, COLUMNS, "")
    typer.echo("would be undone; nothing has changed" if dry_run else "undone", err=True)


def _rewrite_results(
    settings: Settings, account: Account, changed: Sequence[tuple[str, bytes, Mapping[str, Any]]]
) -> None:
    """Let the result files in ok/ say that the deposits were undone: the uploader sees nothing else.

    `changed` are the action, the claimed name and the new content of each.
    """
    from contactsync.domain.deposit import ACTIONS
    from contactsync.processing import result_json

    # A folder that the spool recreates gets the modes of its tree.
    os.umask(0)
    with opened(settings, account) as spool:
        for action, claimed, result in changed:
            spool.replace_result(ACTIONS[action], claimed, result_json.as_json(result))


def _row(each: Undone) -> dict[str, Any]:
    counts = {column: getattr(each, column) for column in COLUMNS[3:]}
    deposit = each.deposit
    return {
        "deposit_id": deposit.deposit_id,
        "action": deposit.action,
        "file": deposit.claimed_name,
        **counts,
    }
