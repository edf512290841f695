"""What has to be confirmed before it is applied, and the empty `.confirm` file that does so (protocol 1, 10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from contactsync.database import ledger, retries
from contactsync.database.connection import Session
from contactsync.domain import names
from contactsync.domain.deposit import RELEASABLE, Counts
from contactsync.domain.errors import FileRefused
from contactsync.domain.messages.confirmed import CONFIRMED
from contactsync.domain.messages.sentence import sentence
from contactsync.processing import result_json
from contactsync.processing.result_json import Subject


def require_new_file(subject: Subject) -> None:
    """Warn of a file that was applied before; raise FileRefused if it has to be confirmed.

    By default that is an opt-in, which could undo a later opt-out; the account's `repeats` decides for all actions.
    """
    earlier, repeats = subject.repeats, subject.account.repeats
    if earlier is None:
        return
    details: dict[str, Any] = {"date": earlier.deposited_at, "claimed": earlier.claimed_name}
    refuses = repeats == "refuse" or (repeats == "warn" and subject.claimed.action.kind == "optin")
    if refuses and not subject.confirmed:
        raise FileRefused("repeated_file", details)
    subject.findings.warn("repeated_file", 1, **details)


def apply(session: Session, subject: Subject) -> Mapping[str, Any] | None:
    """Confirm the refused deposit that a `.confirm` file names, and settle the file itself in the same transaction.

    Returns the content of its result.json, None if another daemon was first. Raises FileRefused if there is nothing of
    that name to confirm. `requeue.finish` then moves the confirmed file back into `in/`.
    """
    account, claimed = subject.account, subject.claimed
    confirmed = names.confirmed_name(claimed.name)
    with session() as conn, conn.transaction():
        entry = ledger.find(conn, account, claimed.action, confirmed)
        waits = entry is not None and entry.result is not None and entry.result["reason"] in RELEASABLE
        if entry is None or not waits:
            raise FileRefused("nothing_to_confirm", {"claimed": names.as_text(confirmed)})
        if not retries.set_retried(conn, account, entry.deposit_id, datetime.now(UTC), confirmed=True):
            raise FileRefused("nothing_to_confirm", {"claimed": names.as_text(confirmed)})
        message = sentence(CONFIRMED, "confirmed", subject.context, {"claimed": names.as_text(confirmed)})
        result = {**result_json.applied(subject, Counts(), None), "message": message}
        finished = ledger.finish(conn, account, result, Counts())
    return result if finished else None
