"""Applies one file in one transaction: read, validate, stage, merge, record in the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

from contactsync.applying.merge import Merge
from contactsync.applying.removal_guard import RemovalGuard
from contactsync.applying.staging import Stage
from contactsync.database import ledger, statements
from contactsync.database.connection import Connection, Session, patient
from contactsync.domain import names
from contactsync.domain.account import Account, ResultPages
from contactsync.domain.columns import in_order
from contactsync.domain.deposit import Claimed, Mode
from contactsync.domain.errors import FileRefused, MergeTimeout, Retryable
from contactsync.domain.messages.sentence import Context
from contactsync.processing import confirmation, result_json
from contactsync.processing.cpu_budget import CpuBudget
from contactsync.processing.pace import Pace
from contactsync.processing.prefetch import read_ahead
from contactsync.processing.rejected_csv import RejectedFile
from contactsync.processing.result_json import Subject
from contactsync.processing.returned import Originals
from contactsync.processing.share import LARGE_BYTES, SHORT_MERGE_SECONDS, Postponed, Share
from contactsync.reading.examination import Examination
from contactsync.spool.spool import Spool
from contactsync.telemetry.metrics import Metrics

CLOCK_TOLERANCE = 0.95
"""Two hosts' clocks need not run equally fast."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decide what happens to a file."""

    max_inflated_bytes: int
    max_file_bytes: int
    result_files: bool
    result_pages: ResultPages = "needed"
    defused: bool = True
    max_cpu_seconds: float = 300.0
    repeat_days: float = 30.0
    undo_days: int = 7


@dataclass(frozen=True, slots=True)
class FileTransaction:
    """What one file is applied with."""

    session: Session
    spool: Spool
    rules: Rules
    metrics: Metrics
    stopping: Callable[[], bool]
    share: Share = field(default_factory=Share)

    def apply(self, subject: Subject) -> Mapping[str, Any] | None:
        """Apply the file and settle its deposit in the ledger.

        What is only checked is rolled back, with the counts that it would have had. Returns the content of
        result.json, or None if another daemon has settled the deposit meanwhile. Raises
        FileRefused, Retryable if the daemon stops or the database is unreachable, MergeTimeout if a statement of the
        merge took too long, or Postponed if the deposit is long and has to wait; then nothing has changed.
        """
        account, claimed, findings = subject.account, subject.claimed, subject.findings
        action, name = claimed.action, claimed.claimed_name
        self.spool.drop_rejected(action, name)
        if claimed.refusal:
            raise FileRefused(claimed.refusal, {"limit": self.rules.max_file_bytes >> 20})
        if names.is_confirmation(claimed.name):
            return confirmation.apply(self.session, subject)
        confirmation.require_new_file(subject)
        if claimed.several_markers:
            findings.warnings["several_markers"] = 1
        pace = Pace(CpuBudget(self.rules.max_cpu_seconds), self.share, self.stopping)
        with self.spool.reading(action, name) as path:
            with pace.budget.charged():
                examination = Examination(
                    path,
                    account,
                    action,
                    findings,
                    mode=claimed.mode,
                    max_inflated_bytes=self.rules.max_inflated_bytes,
                    original=self._originals(account, pace).of(claimed, path),
                    between_chunks=pace,
                )
            with self.session(of_file=True) as conn, conn.transaction() as transaction:
                stage = Stage(conn, action)
                with self.metrics.timed("read", subject.stage_ms):
                    self._stage(claimed, examination, stage, pace)
                merge = Merge(
                    conn,
                    account,
                    claimed,
                    subject.deposit_id,
                    in_order(examination.header.positions),
                    datetime.now(UTC),
                    keep_members=findings.broken_references > 0,
                    guard=RemovalGuard() if subject.confirmed else RemovalGuard.of(account),
                    undoable=self.rules.undo_days > 0 and not claimed.is_check,
                )
                self.share.in_progress.merge()
                with self.metrics.timed("merge", subject.stage_ms), self._limited(conn):
                    merge.fold(stage)
                    if not merge.lock():
                        return None
                    effects = merge.apply(stage)
                if claimed.mode is Mode.SYNC:
                    findings.warn_of_nobody_removed()
                for code, located in effects.warnings.items():
                    findings.warn(code, located.count, located.lines)
                counts = effects.counts(findings.rows_read, findings.rows_rejected)
                result = result_json.applied(subject, counts, effects.list_name)
                if claimed.is_check:
                    raise psycopg.Rollback(transaction)
                ledger.finish(
                    conn,
                    account,
                    result,
                    counts,
                    list_id=effects.list_id,
                    stage_ms=subject.stage_ms,
                    undo=effects.undo,
                )
            if claimed.is_check and not ledger.finish(
                conn, account, result, counts, stage_ms=subject.stage_ms
            ):
                return None
        return result

    def _originals(self, account: Account, pace: Pace) -> Originals:
        return Originals(self.session, self.spool, account, self.rules.max_inflated_bytes, pace)

    @contextmanager
    def _limited(self, conn: Connection) -> Iterator[None]:
        """Limit each statement of the merge: briefly, unless the deposit is long (see `share`)."""
        limit = SHORT_MERGE_SECONDS
        if self.share.is_long:
            row = conn.execute(statements.get("applying/statement_timeout")).fetchone()
            limit = row["milliseconds"] / 1000 if row else 0.0
        else:
            conn.execute(statements.get("applying/limit_merge"), {"seconds": f"{limit:g}s"})
        started = time.monotonic()
        try:
            with patient(conn):
                yield
        except psycopg.errors.QueryCanceled:
            # A timeout has the same SQLSTATE as an operator's pg_cancel_backend, and its message may be in any language.
            if not limit or time.monotonic() - started < limit * CLOCK_TOLERANCE:
                raise Retryable("somebody cancelled its merge in the database") from None
            # A long deposit had all the time that the server gives. Any other starts over as a long one.
            raise (MergeTimeout if self.share.is_long else Postponed) from None

    def _stage(self, claimed: Claimed, examination: Examination, stage: Stage, pace: Pace) -> None:
        """Copy every accepted row to the database and every rejected one to the rejected file."""
        rejects = RejectedFile(
            lambda: self.spool.create_rejected(claimed.action, claimed.claimed_name),
            Context(examination.account, claimed),
            examination.encoding,
            examination.header,
            examination.raw_header,
            defuse=self.rules.defused,
        )
        examined_ahead = read_ahead(
            pace.budget.charging(iter(examination)),
            in_thread=claimed.size_bytes > LARGE_BYTES or examination.has_several_chunks,
            while_waiting=pace,
        )
        with closing(rejects) as rejected, closing(examined_ahead) as batches:
            for examined in batches:
                with pace.budget.charged():
                    stage.add(examined.accepted.columns, examined.batch.lines(examined.accepted.places))
                    if claimed.mode is Mode.SYNC:
                        stage.spare(examined.spared)
                    if self.rules.result_files:
                        rejected.write(examined.batch, examined.rejects)
                        examination.findings.rejects_left_out = rejected.left_out
                self.share.in_progress.read(examination.findings.rows_read)
                pace()
        stage.analyze()
