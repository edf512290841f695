"""What a restart finds: the table in docs/internals/deposit-states.md, carried out before any new claim.

Where the file is and what the ledger knows decide; nothing else does.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from contactsync.database import ledger, vanished
from contactsync.database.ledger import Entry
from contactsync.domain.account import Account
from contactsync.domain.errors import FileRefused, Retryable
from contactsync.processing import requeue, settlement
from contactsync.processing.pipeline import Pipeline
from contactsync.processing.result_json import Subject
from contactsync.reading.findings import Findings
from contactsync.runtime import gil
from contactsync.spool.spool import Spool

log = structlog.get_logger()


def finish_in_progress(pipeline: Pipeline, account: Account, spool: Spool) -> bool:
    """Take every file in `on/` to its end; returns whether there was one.

    Raises Retryable or OSError if the database or the disk prevents it, and Postponed if a file is large and no worker
    is free for it; every file stays where it is.
    """
    leftovers = spool.in_progress()
    with gil.yielded(when=bool(leftovers)):
        for action, claimed_name in leftovers:
            with pipeline.session() as conn:
                entry = ledger.find(conn, account, action, claimed_name)
            if entry is not None and entry.result is not None and entry.result["reason"] == "vanished":
                entry = _reopen(pipeline, account, entry)
            if entry is None or _can_be_copied(entry, spool):
                pipeline.share.require_for(spool.size(action, claimed_name))
                pipeline.admit(account, spool, action, claimed_name, None)
            elif entry.result is not None:
                pipeline.settle(account, spool, entry.claimed, entry.result, entry.claimed_at, rejects={})
            else:
                refusal = None if entry.claimed.sha256 else spool.refusal(action, claimed_name)
                # Its folder may have moved with its file, to a new disk.
                claimed = replace(entry.claimed, refusal=refusal, place=spool.place(action))
                pipeline.process(account, spool, claimed, entry.attempts)
    return bool(leftovers)


def _reopen(pipeline: Pipeline, account: Account, entry: Entry) -> Entry | None:
    """Put a deposit in progress again that was closed as vanished, as its file has come back."""
    claimed = entry.claimed
    with pipeline.session() as conn:
        if vanished.reopen(conn, account, entry.deposit_id):
            log.warning("deposit.found_again", account=account.name, deposit_id=entry.deposit_id)
        return ledger.find(conn, account, claimed.action, claimed.claimed_name)


def _can_be_copied(entry: Entry, spool: Spool) -> bool:
    """Whether an unfinished deposit was not copied, but can be now: the limit was raised, or its other name is gone.

    Its uploader can still write to it, so it must not be read as it is.
    """
    claimed = entry.claimed
    return (
        entry.result is None
        and claimed.sha256 is None
        and spool.refusal(claimed.action, claimed.claimed_name) is None
    )


def close_vanished(pipeline: Pipeline, account: Account, spool: Spool) -> None:
    """Close the ledger's unfinished deposits whose file is nowhere in `on/`: somebody removed it.

    Raises Retryable if that is not proven, because `on/` is another folder than the one that the deposit was in.
    """
    with pipeline.session() as conn:
        entries = ledger.unfinished(conn, account)
    for entry in entries:
        action, place = entry.claimed.action, entry.claimed.place
        if spool.where(action, entry.claimed.claimed_name) != "on":
            if place is not None and not spool.is_place(action, place):
                raise Retryable(
                    f"deposit {entry.deposit_id} was in another folder {action.name}/on: mount its disk, "
                    f"or run contactsync init {account.name} --accept-home"
                )
            subject = Subject(account, entry.claimed, entry.deposit_id, Findings())
            settlement.refuse(pipeline.session, spool, subject, FileRefused("vanished"))
            log.error("deposit.vanished", account=account.name, deposit_id=entry.deposit_id)


def finish_retries(pipeline: Pipeline, account: Account, spool: Spool) -> None:
    """Put back into `in/` the deposits that a killed `contactsync retry` had begun to put back."""
    with pipeline.session() as conn:
        requeue.finish(conn, account, spool)
