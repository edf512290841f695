"""The one line that the log gets per deposit (protocol 7), and the deposit's metrics."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from contactsync.domain import names
from contactsync.domain.deposit import Claimed
from contactsync.telemetry.metrics import Metrics

log = structlog.get_logger()


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
        state=result["state"],
        reason=result["reason"],
        rows_read=result["rows_read"],
        rows_applied=result["rows_applied"],
        rows_rejected=result["rows_rejected"],
        inserted=result["inserted"],
        updated=result["updated"],
        unchanged=result["unchanged"],
        removed=result["removed"],
        queued_ms=round(queued * 1000),
        duration_ms=round(worked * 1000),
    )
