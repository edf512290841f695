"""`show`: everything the ledger knows about one deposit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactsync.cli import output
from contactsync.cli.session import connected, find_account, load_settings
from contactsync.domain.errors import AnswerIsNo

if TYPE_CHECKING:
    from pathlib import Path

    from contactsync.database.connection import Connection

COUNTS = (
    *("rows_read", "rows_applied", "rows_rejected"),
    *("inserted", "updated", "unchanged", "removed"),
)

_STATES = {"on": "in progress", "ok": "applied", "ko": "refused"}
_STAGES = {"read": "read and staged", "merge": "merged"}
_MODES = {1: "a new list (mode 1)", 2: "added to the list (mode 2)", 3: "the list replaced (mode 3)"}


def show(
    ctx: typer.Context,
    deposit: Annotated[
        int, typer.Argument(metavar="DEPOSIT", help="The id of a deposit, as shown by `history`.")
    ],
    *,
    as_json: output.AsJson = False,
) -> None:
    """Show everything about a deposit: verdict, times, counts, errors, warnings, files and retries.

    Times are UTC. No value of the file is shown: the ledger has none.

    Example: contactsync show 4711
    """
    settings = load_settings(ctx)
    with connected(settings) as (conn, _):
        found = _find(conn, deposit)
        home = find_account(conn, found["account"]).home_under(settings.ftp_root)
    found["path"] = str(_path(home, found)) if found["tidied_at"] is None else None
    if as_json:
        output.as_json(found)
        return
    for line in _lines(found):
        typer.echo(line)


def _find(conn: Connection, deposit: int) -> dict[str, Any]:
    """The deposit's row with the result's errors, warnings and message, and the chain of its retries."""
    from contactsync.database import statements
    from contactsync.domain import names

    row = conn.execute(statements.get("ledger/show"), {"deposit_id": deposit}).fetchone()
    if row is None:
        raise AnswerIsNo(f"there is no deposit {deposit}: contactsync history")
    result = row.pop("result") or {}
    chain = {"account_id": row.pop("account_id"), "deposit_id": deposit}
    retries = conn.execute(statements.get("ledger/retry_chain"), chain).fetchall()
    row["file"] = names.printable(bytes(row.pop("name_bytes")))
    row["claimed_name"] = names.printable(bytes(row.pop("claimed_bytes")))
    of_result = ("message", "encoding", "separator", "rejected_left_out")
    return {
        **row,
        **{key: result.get(key) for key in of_result},
        "warnings": result.get("warnings", []),
        "errors": result.get("errors", []),
        "retries": retries if len(retries) > 1 else [],
    }


def _path(home: Path, found: Mapping[str, Any]) -> Path:
    return home.joinpath("contacts", found["action"], found["state"], found["claimed_name"])


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    reason = f": {found['reason']}" if found["reason"] else ""
    undone = ", undone later" if found["undone_at"] else ""
    checked = "only checked, would be " if found["dry_run"] and found["state"] != "on" else ""
    yield f"deposit {found['deposit_id']}, {found['account']}, {found['action']}: {checked}{_STATES[found['state']]}{reason}{undone}"
    if found["message"]:
        yield f"  {output.text(found['message'])}"
    yield from _section(_what(found))
    yield from _section(_times(found))
    if found["state"] != "on":
        yield from _section({count.replace("_", " "): found[count] for count in COUNTS})
    for kind in ("warnings", "errors"):
        if found[kind]:
            yield f"\n{kind}"
            yield from (_warning(each) if kind == "warnings" else _error(each) for each in found[kind])
    if found["errors"] and found["rows_rejected"] > len(found["errors"]):
        yield f"  and {found['rows_rejected'] - len(found['errors'])} more"
    if found["retries"]:
        yield "\nretries, oldest first"
        yield from (_retry(each, found["deposit_id"]) for each in found["retries"])


def _section(values: Mapping[str, object]) -> Iterator[str]:
    yield ""
    width = max(map(len, values))
    yield from (f"  {key.ljust(width)}  {output.text(value)}" for key, value in values.items())


def _what(found: Mapping[str, Any]) -> dict[str, object]:
    removed = f"removed on {output.text(found['tidied_at'])} (keep_settled_days)"
    # None in progress, and where the file was never read.
    known = {
        "mode": _MODES.get(found["mode"]),
        "list": found["list"],
        "encoding": found["encoding"],
        "separator": found["separator"],
        "sha256": found["sha256"],
    }
    return {
        "uploaded as": found["file"],
        "file": found["path"] or removed,
        "size": f"{found['size_bytes']} bytes",
        **{key: value for key, value in known.items() if value is not None},
    }


def _times(found: Mapping[str, Any]) -> dict[str, object]:
    stages = found["stage_ms"] or {}
    times: dict[str, object] = {
        "uploaded": found["deposited_at"],
        "started": found["claimed_at"],
        **{_STAGES.get(stage, stage): f"in {ms} ms" for stage, ms in stages.items()},
        "finished": found["finished_at"],
        "attempts": found["attempts"],
    }
    if found["merge_timeouts"]:
        times["merge timeouts"] = found["merge_timeouts"]
    if found["undone_at"]:
        times["undone"] = found["undone_at"]
    if found["retried_at"]:
        times["queued again"] = found["retried_at"]
    return times


def _warning(warning: Mapping[str, Any]) -> str:
    lines = ", ".join(map(str, warning["lines"]))
    where = f"; lines {lines}" if lines else ""
    return f"  {output.text(warning['message'])} ({warning['code']}, {warning['count']}{where})"


def _error(error: Mapping[str, Any]) -> str:
    column = f", {error['column']}" if error["column"] else ""
    return f"  line {error['line']}{column}: {output.text(error['message'])} ({error['code']})"


def _retry(deposit: Mapping[str, Any], shown: int) -> str:
    reason = f": {deposit['reason']}" if deposit["reason"] else ""
    this = "  (this one)" if deposit["deposit_id"] == shown else ""
    when = output.text(deposit["deposited_at"])
    return f"  {deposit['deposit_id']}  {when}  {_STATES[deposit['state']]}{reason}{this}"
