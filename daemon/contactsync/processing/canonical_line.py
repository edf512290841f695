"""The one line that the log gets per deposit (protocol 7), and the deposit's metrics; for a large one also its start."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from contactsync.database.ledger import Attempt
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import Claimed
from contactsync.processing.share import LARGE_BYTES
from contactsync.telemetry.metrics import Metrics

log = structlog.get_logger()


def begun(account: Account, claimed: Claimed, attempt: Attempt) -> None:
    """Log that the work on a large deposit begins: minutes may pass until its canonical line."""
    if claimed.size_bytes > LARGE_BYTES:
        log.info(
            "deposit.claimed",
            account=account.name,
            action=claimed.action.name,
            deposit_id=attempt.deposit_id,
            file=names.printable(claimed.name),
            claimed_name=names.printable(claimed.claimed_name),
            size_bytes=claimed.size_bytes,
            attempt=attempt.number,
        )


def record(
    metrics: Metrics,
    claimed: Claimed,
    result: Mapping[str, Any],
    started_at: datetime,
    rejects: Mapping[str, int],
) -> None:
    """Log and count a deposit that reached `ok/` or `ko/`.

    `result` is the content of its result.json, `started_at` the begin of its first attempt, `rejects` the number of
    rejected rows per code.
    """
    queued = max(0.0, (started_at - claimed.deposited_at).total_seconds())
    worked = max(0.0, (datetime.now(UTC) - started_at).total_seconds())
    metrics.settled(result, rejects, queued=queued, worked=worked)
    log.log(
        logging.INFO if result["state"] == "ok" else logging.WARNING,
        "deposit.settled",
        account=result["account"],
        action=result["action"],
        deposit_id=result["deposit_id"],
        file=names.printable(claimed.name),
        claimed_name=names.printable(claimed.claimed_name),
        size_bytes=claimed.size_bytes,
        state=result["state"],
        dry_run=result.get("dry_run", False),
        reason=result["reason"],
        mode=result["mode"],
        # A list is named after the file, so it needs the same escapes.
        list=names.printable(result["list"].encode()) if result["list"] is not None else None,
        encoding=result["encoding"],
        rows_read=result["rows_read"],
        rows_applied=result["rows_applied"],
        rows_rejected=result["rows_rejected"],
        inserted=result["inserted"],
        updated=result["updated"],
        unchanged=result["unchanged"],
        removed=result["removed"],
        warnings=_by_code(result["warnings"]),
        queued_ms=round(queued * 1000),
        duration_ms=round(worked * 1000),
    )


def _by_code(warnings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Code → count; a code may have several warnings, such as one per column."""
    counts: Counter[str] = Counter()
    for warning in warnings:
        counts[warning["code"]] += warning["count"]
    return dict(counts)
