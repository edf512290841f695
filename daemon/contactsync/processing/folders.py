"""Folders that somebody uploaded into `in/`: they stay there, and `ko/` says where files belong (protocol 1)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contactsync.database import ledger, statements
from contactsync.database.connection import Connection
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import Action, Claimed
from contactsync.domain.errors import FileRefused
from contactsync.processing import result_json
from contactsync.processing.answers import answers
from contactsync.processing.pipeline import Pipeline
from contactsync.processing.result_json import Subject
from contactsync.reading.findings import Findings
from contactsync.spool.spool import Spool


def answer(pipeline: Pipeline, account: Account, spool: Spool, action: Action, name: bytes) -> None:
    """Answer a folder once: its row in the ledger is the proof, and the file beside `ko/` is written from it.

    Every step can be repeated, under the account's lock. A folder of the same name is answered again once its row is
    forgotten (keep_history_days). Raises Retryable or OSError as a deposit does.
    """
    with pipeline.session() as conn:
        what = {"account_id": account.account_id, "action": action.name, "name_bytes": name}
        row = conn.execute(statements.get("ledger/folder_answer"), what).fetchone()
        if row is None:
            claimed, result = _refuse(conn, account, action, name)
        else:
            claimed, result = bytes(row["claimed_bytes"]), row["result"]
    if result is not None:
        spool.write_answers(action, claimed, answers(account, result, pipeline.rules))


def _refuse(
    conn: Connection, account: Account, action: Action, name: bytes
) -> tuple[bytes, Mapping[str, Any] | None]:
    """Record the refusal; returns the claimed name and the content of result.json, None if the name is taken."""
    now = int(time.time())
    claimed = Claimed(
        action=action,
        name=name,
        claimed_name=names.claimed_name(now, name),
        deposited_at=datetime.fromtimestamp(now, UTC),
        size_bytes=0,
        sha256=None,
        refusal="a_folder",
        mode=None,
    )
    with conn.transaction():
        attempt = ledger.begin(conn, account, claimed, count=0, repeat_days=0)
        if attempt is None:
            return claimed.claimed_name, None
        subject = Subject(account, claimed, attempt.deposit_id, Findings())
        refusal = FileRefused("a_folder", {"name": names.as_text(name)})
        result, counts = result_json.refused(subject, refusal)
        ledger.finish(conn, account, result, counts)
    return claimed.claimed_name, result
