"""How a deposit ends: the verdict goes to the ledger first, then its answers and the file follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contactsync.accounts import store
from contactsync.database import ledger
from contactsync.database.connection import Session
from contactsync.database.ledger import MAX_ATTEMPTS, MAX_MERGE_TIMEOUTS, Attempt
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import Claimed
from contactsync.domain.errors import FileRefused, MergeTimeout, Retryable
from contactsync.processing import result_json
from contactsync.processing.apply import FileTransaction
from contactsync.processing.result_json import Subject
from contactsync.spool.settled import Answers
from contactsync.spool.spool import Spool

PIECES_SECONDS = 600
"""A file without a header line that follows another of its name so closely is the rest of an upload (protocol 1)."""

HEADERLESS = ("no_known_column", "not_csv", "continuation")
"""The reasons of files without a header line."""


def apply_or_refuse(
    transaction: FileTransaction, subject: Subject, attempt: Attempt
) -> Mapping[str, Any] | None:
    """The content of result.json, as the ledger has it now; None if another daemon was first."""
    session, spool = transaction.session, transaction.spool
    if attempt.number > MAX_ATTEMPTS:
        return refuse(session, spool, subject, FileRefused("poison", {"attempts": attempt.number - 1}))
    try:
        return transaction.apply(subject)
    except MergeTimeout:
        _require_last_timeout(session, subject)
        return refuse(session, spool, subject, FileRefused("too_large"))
    except FileRefused as refusal:
        _require_same_settings(session, subject.account)
        return refuse(session, spool, subject, _unless_in_pieces(session, subject, refusal))


def refuse(
    session: Session, spool: Spool, subject: Subject, refusal: FileRefused
) -> Mapping[str, Any] | None:
    """Write a refusal to the ledger. Returns the content of result.json, None if another daemon was first."""
    if refusal.code != "no_valid_row":
        spool.drop_rejected(subject.claimed.action, subject.claimed.claimed_name)
    result, counts = result_json.refused(subject, refusal)
    with session() as conn:
        finished = ledger.finish(conn, subject.account, result, counts, stage_ms=subject.stage_ms)
    return result if finished else None


def _unless_in_pieces(session: Session, subject: Subject, refusal: FileRefused) -> FileRefused:
    """The refusal; of a file without a header line that closely follows another of its name: `continuation`."""
    if refusal.code not in HEADERLESS:
        return refusal
    with session() as conn:
        rest = ledger.follows_closely(conn, subject.account, subject.claimed, PIECES_SECONDS, HEADERLESS)
    return FileRefused("continuation") if rest else refusal


def _require_last_timeout(session: Session, subject: Subject) -> None:
    """Count a merge that timed out; raise Retryable until MAX_MERGE_TIMEOUTS have."""
    with session() as conn:
        timeouts = ledger.count_merge_timeout(conn, subject.account, subject.deposit_id)
    if timeouts < MAX_MERGE_TIMEOUTS:
        raise Retryable(f"the merge took too long: try {timeouts} of {MAX_MERGE_TIMEOUTS}")


def _require_same_settings(session: Session, account: Account) -> None:
    """Raise Retryable if the account's settings changed: operators may just have fixed what refuses the file."""
    with session() as conn:
        if not store.is_current(conn, account):
            raise Retryable("the account's settings changed meanwhile")


def carry_out(spool: Spool, claimed: Claimed, result: Mapping[str, Any], answers: Answers) -> None:
    """Carry out what the ledger says: write the answers and move the file to `ok/` or `ko/`."""
    try:
        spool.settle(
            claimed.action,
            claimed.claimed_name,
            result["state"],
            answers,
            opened=claimed.sha256 is not None or result["state"] == "ok",
        )
    except FileExistsError:
        name = names.printable(claimed.claimed_name)
        raise Retryable(f"{result['state']}/ already holds {name}: move it away") from None
