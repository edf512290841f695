"""The ledger: the database's row of each deposit. docs/internals/deposit-states.md lists its states."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from psycopg.types.json import Jsonb

from contactsync.database import retries, statements
from contactsync.database.connection import Connection
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS, Action, Claimed, Counts, Mode

MAX_ATTEMPTS = 3
"""A deposit that has crashed the process this often goes to `ko/` (docs/internals/deposit-states.md)."""

MAX_MERGE_TIMEOUTS = 3
"""A deposit whose merge has timed out this often goes to `ko/` (protocol 5.6)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A deposit's row. `claimed_at` is when its first attempt began; `result` is None in state `on`."""

    deposit_id: int
    state: Literal["on", "ok", "ko"]
    attempts: int
    claimed: Claimed
    claimed_at: datetime
    result: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Original:
    """A deposit whose rejected file came back."""

    state: Literal["on", "ok", "ko"]
    name: bytes
    claimed_name: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a deposit, committed before its file is parsed."""

    deposit_id: int
    number: int
    started_at: datetime
    # The uploader or an operator has confirmed the deposit.
    confirmed: bool = False
    repeats: Earlier | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The first of the deposits with the same action, name and content that were applied lately."""

    claimed_name: str
    deposited_at: datetime


def begin(
    conn: Connection, account: Account, claimed: Claimed, *, count: int, repeat_days: float = 0.0
) -> Attempt | None:
    """Commit that an attempt begins, and add `count` to the attempts; None if the deposit is already settled.

    An earlier deposit of the same file counts if it was applied within `repeat_days`.
    """
    now = datetime.now(UTC)
    was = next((each for each in retries.waiting(conn, account) if each.is_now(claimed)), None)
    row = conn.execute(
        statements.get("ledger/begin"),
        {
            "account_id": account.account_id,
            "action": claimed.action.name,
            "name": names.as_text(claimed.name),
            "name_bytes": claimed.name,
            "claimed_name": names.as_text(claimed.claimed_name),
            "claimed_bytes": claimed.claimed_name,
            "deposited_at": claimed.deposited_at,
            "claimed_at": now,
            "size_bytes": claimed.size_bytes,
            "sha256": claimed.sha256,
            "mode": claimed.mode,
            "retry_of": was.deposit_id if was else None,
            "place": None if claimed.place is None else Jsonb(dict(claimed.place)),
            "first_deposited_at": was.first_deposited_at if was else claimed.asked_at,
            "confirmed": was is not None and was.confirmed,
            "dry_run": claimed.is_check,
            "applied_name_bytes": names.without_check(claimed.name) if claimed.is_check else claimed.name,
            "repeated_since": now - timedelta(days=repeat_days),
            "count": count,
        },
    ).fetchone()
    if row is None:
        return None
    repeats = None
    if (found := row["repeats"]) is not None:
        repeats = Earlier(found["claimed_name"], datetime.fromisoformat(found["deposited_at"]))
    return Attempt(row["deposit_id"], row["attempts"], now, row["confirmed"], repeats)


def follows_closely(
    conn: Connection, account: Account, claimed: Claimed, seconds: int, headerless: Collection[str]
) -> bool:
    """Whether another deposit of the same action and name came at most so many seconds before.

    One that was refused for one of the reasons in `headerless` does not count.
    """
    stamp, _ = names.split_claimed(claimed.claimed_name)
    what = {
        "account_id": account.account_id,
        "action": claimed.action.name,
        "name_bytes": claimed.name,
        "claimed_bytes": claimed.claimed_name,
        "first": b"%010d_" % max(0, stamp - seconds),
        "headerless": list(headerless),
    }
    return conn.execute(statements.get("ledger/preceding"), what).fetchone() is not None


def find(conn: Connection, account: Account, action: Action, claimed_name: bytes) -> Entry | None:
    """The ledger's row for a file in `on/`."""
    row = conn.execute(
        statements.get("ledger/find"),
        {"account_id": account.account_id, "action": action.name, "claimed_bytes": claimed_name},
    ).fetchone()
    return _entry(row, action, claimed_name) if row else None


def unfinished(conn: Connection, account: Account) -> list[Entry]:
    """The deposits in state `on`."""
    rows = conn.execute(statements.get("ledger/unfinished"), {"account_id": account.account_id}).fetchall()
    return [
        _entry({**row, "state": "on", "result": None}, ACTIONS[row["action"]], bytes(row["claimed_bytes"]))
        for row in rows
    ]


def original(conn: Connection, account: Account, claimed_name: str) -> Original | None:
    """The import with this claimed name, as text, whose rejected file came back."""
    what = {"account_id": account.account_id, "claimed_name": claimed_name}
    row = conn.execute(statements.get("ledger/original"), what).fetchone()
    if row is None:
        return None
    return Original(row["state"], bytes(row["name_bytes"]), bytes(row["claimed_bytes"]))


def finish(
    conn: Connection,
    account: Account,
    result: Mapping[str, Any],
    counts: Counts,
    *,
    list_id: int | None = None,
    stage_ms: Mapping[str, int] | None = None,
    undo: Mapping[str, Any] | None = None,
) -> bool:
    """Write the verdict in `result` (the content of result.json); False if the deposit already has one.

    `stage_ms` is how long each stage of this attempt took, in milliseconds; `undo` is what `undo` needs to know.
    """
    cursor = conn.execute(
        statements.get("ledger/finish"),
        {
            **{key: result[key] for key in ("deposit_id", "state", "reason", "finished_at")},
            **asdict(counts),
            "account_id": account.account_id,
            "list_id": list_id,
            "result": Jsonb(dict(result)),
            "stage_ms": Jsonb(dict(stage_ms or {})),
            "undo": None if undo is None else Jsonb(dict(undo)),
        },
    )
    return cursor.rowcount == 1


def latest(conn: Connection) -> Sequence[Mapping[str, Any]]:
    """Per `account` and `action`, when a deposit was last applied (`ok`) and last refused (`ko`); None if never."""
    return conn.execute(statements.get("ledger/latest"), {"actions": list(ACTIONS)}).fetchall()


def uncount_attempt(conn: Connection, account: Account, deposit_id: int) -> None:
    """Uncount an attempt that ended cleanly and not because of the file."""
    conn.execute(
        statements.get("ledger/uncount_attempt"), {"account_id": account.account_id, "deposit_id": deposit_id}
    )


def count_merge_timeout(conn: Connection, account: Account, deposit_id: int) -> int:
    """Count that the merge of a deposit timed out; returns how often it has."""
    what = {"account_id": account.account_id, "deposit_id": deposit_id}
    row = conn.execute(statements.get("ledger/count_merge_timeout"), what).fetchone()
    return row["merge_timeouts"] if row else 0


def names_of_deposits(
    conn: Connection, account: Account, actions: Collection[str], candidates: Collection[bytes]
) -> frozenset[bytes]:
    """Those of the candidates that are claimed names of deposits of these actions."""
    what = {"account_id": account.account_id, "actions": list(actions), "names": list(candidates)}
    rows = conn.execute(statements.get("ledger/names"), what).fetchall()
    return frozenset(bytes(row["claimed_bytes"]) for row in rows)


def states_of_deposits(
    conn: Connection, account: Account, action: str, candidates: Collection[bytes]
) -> dict[bytes, str]:
    """Claimed name → state (`on`, `ok`, `ko`), for those candidates that are deposits of this action."""
    what = {"account_id": account.account_id, "actions": [action], "names": list(candidates)}
    rows = conn.execute(statements.get("ledger/names"), what).fetchall()
    return {bytes(row["claimed_bytes"]): row["state"] for row in rows}


def _entry(row: Mapping[str, Any], action: Action, claimed_name: bytes) -> Entry:
    return Entry(
        row["deposit_id"],
        row["state"],
        row["attempts"],
        Claimed(
            action,
            bytes(row["name_bytes"]),
            claimed_name,
            row["deposited_at"],
            row["size_bytes"],
            row["sha256"],
            None,
            Mode(row["mode"]) if row["mode"] else None,
            place=row["place"],
        ),
        row["claimed_at"],
        row["result"],
    )
