"""The story of one deposit, from `on/` to `ok/` or `ko/`, top to bottom. Only this module knows all the others."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import structlog

from contactsync.accounts import store
from contactsync.applying.merge import Merge, Stage, stored_columns
from contactsync.database import ledger
from contactsync.database.connection import Session, patient
from contactsync.database.ledger import MAX_ATTEMPTS, Attempt
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import Action, Claimed, Incoming, Mode
from contactsync.domain.errors import FileRefused, Retryable
from contactsync.domain.messages.sentence import Context
from contactsync.intake.upload_queue import Claim, UploadQueue
from contactsync.processing import requeue, result_json
from contactsync.processing.isolation import Isolation
from contactsync.processing.prefetch import read_ahead
from contactsync.processing.result_json import RejectedFile, Subject
from contactsync.reading.container import looks_whole
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings
from contactsync.runtime import gil
from contactsync.spool.spool import Spool
from contactsync.telemetry.metrics import Metrics

SMALL_BYTES = 256 << 10
"""Up to here a file is read and judged in a few milliseconds: in turn with others, and by one thread."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decide what becomes of a file."""

    max_inflated_bytes: int
    max_file_bytes: int
    result_files: bool
    defused: bool = False


@dataclass(slots=True)
class Pipeline:
    """Works on one account's deposits at a time, over one connection.

    `begun` holds (account id, action, claimed name) of the attempts that this process has counted in the ledger;
    it and `quarantine` are shared by all workers.
    """

    session: Session
    rules: Rules
    stopping: Callable[[], bool] = lambda: False
    begun: set[tuple[int, str, bytes]] = field(default_factory=set)
    quarantine: Isolation = field(default_factory=Isolation)
    metrics: Metrics = field(default_factory=Metrics)
    progressed: Callable[[], None] = lambda: None  # told of each deposit that has come to its end

    def step(
        self, account: Account, line: UploadQueue, spool: Spool, *, seconds: float = 0.0
    ) -> float | None:
        """Take one deposit of the account from where it is to where it belongs; as long as `seconds` last, more.

        Returns in how many seconds to come again (0 where there is more to do), None where nothing is left.
        Raises Retryable where the database or the disk does not let it: everything stays as it is.
        """
        ends = time.monotonic() + seconds
        spool.recreate_missing()
        if self._recover(account, spool):
            return 0.0
        while True:
            spool.adopt_markers()
            claim = line.next(spool, lambda action, name: self._is_taken(account, action, name), looks_whole)
            if not isinstance(claim, Claim):
                return claim
            # While the account is locked nobody else puts anything into on/; a claim that could not be put back waits.
            with gil.yielded(when=claim.seen.identity.size > SMALL_BYTES):
                settled = self._admit(account, spool, claim.seen.action, claim.name, claim.seen)
            if not settled or self.stopping() or time.monotonic() >= ends:
                return 0.0

    def _is_taken(self, account: Account, action: Action, claimed_name: bytes) -> bool:
        with self.session() as conn:
            return ledger.find(conn, account, action, claimed_name) is not None

    # --- what a restart finds: the table "States of a deposit" in docs/internals/deposit-states.md ---------------------------

    def _recover(self, account: Account, spool: Spool) -> bool:
        """Finish what lies in `on/`; True where there was something."""
        leftovers = spool.in_progress()
        with gil.yielded(when=bool(leftovers)):
            for action, claimed_name in leftovers:
                with self.session() as conn:
                    entry = ledger.find(conn, account, action, claimed_name)
                if entry is None:
                    self._admit(account, spool, action, claimed_name, None)
                elif entry.result is not None:
                    self._settle(spool, entry.claimed, entry.result)
                    self._tell_settled(entry.claimed, entry.result, entry.claimed_at, {})
                else:
                    refusal = None if entry.claimed.sha256 else spool.refusal(action, claimed_name)
                    self._process(account, spool, replace(entry.claimed, refusal=refusal), entry.attempts)
        return bool(leftovers)

    def close_vanished(self, account: Account, spool: Spool) -> None:
        """Close the ledger's unfinished deposits whose file is nowhere: somebody took it out of `on/`."""
        with self.session() as conn:
            entries = ledger.unfinished(conn, account)
        for entry in entries:
            if spool.where(entry.claimed.action, entry.claimed.claimed_name) != "on":
                subject = Subject(account, entry.claimed, entry.deposit_id, Findings())
                self._refuse(spool, subject, FileRefused("vanished"))
                log.error("deposit.vanished", account=account.name, deposit_id=entry.deposit_id)

    def finish_retries(self, account: Account, spool: Spool) -> None:
        """Put back into line what `contactsync retry` was killed over."""
        with self.session() as conn:
            requeue.finish(conn, account, spool)

    # --- one deposit ----------------------------------------------------------------------------------------

    def _admit(
        self, account: Account, spool: Spool, action: Action, claimed_name: bytes, seen: Incoming | None
    ) -> bool:
        with self.metrics.timed("admit"):
            claimed = spool.admit(action, claimed_name, seen)
        if action.kind == "import" and names.is_rejected_file(names.as_text(claimed.name)):
            claimed = replace(claimed, mode=Mode.ADD)  # it completes what the original left out
        return self._process(account, spool, claimed)

    def _process(self, account: Account, spool: Spool, claimed: Claimed, attempts: int = 0) -> bool:
        """Take a deposit from `on/` to its end. `attempts` is what the ledger has counted so far.

        False where it is still in `on/`: the verdict is there already, and somebody has to carry it out.
        """
        mine = (account.account_id, claimed.action.name, claimed.claimed_name) in self.begun
        died_on_it = attempts - mine > 0
        with self.quarantine.alone() if died_on_it else self.quarantine.beside_others():
            return self._attempt(account, spool, claimed)

    def _attempt(self, account: Account, spool: Spool, claimed: Claimed) -> bool:
        key = (account.account_id, claimed.action.name, claimed.claimed_name)
        # Counted once a process, and remembered before the answer comes: a lost answer must not count twice.
        first = key not in self.begun
        self.begun.add(key)
        with self.session() as conn:
            attempt = ledger.begin(conn, account, claimed, count=int(first))
        if attempt is None:  # settled by another daemon meanwhile, or by a commit whose answer was lost
            return False
        subject = Subject(account, claimed, attempt.deposit_id, Findings())
        try:
            outcome = self._verdict(spool, subject, attempt)
        except MemoryError:
            self.begun.discard(key)  # it counts: the file may be too much for this host every time
            raise
        except Exception:
            with suppress(Retryable):  # else it stays counted, once
                self._uncount_attempt(account, attempt, key)
            raise
        self.begun.discard(key)
        if outcome is None:
            return False
        self._settle(spool, claimed, outcome)
        self._tell_settled(claimed, outcome, attempt.started_at, subject.findings.reject_codes)
        return True

    def _uncount_attempt(self, account: Account, attempt: Attempt, key: tuple[int, str, bytes]) -> None:
        """An attempt that ended in good order, for no fault of the file, does not count."""
        with self.session() as conn:
            ledger.uncount_attempt(conn, account, attempt.deposit_id)
        self.begun.discard(key)

    def _verdict(self, spool: Spool, subject: Subject, attempt: Attempt) -> Mapping[str, Any] | None:
        """Apply or refuse; the content of result.json, or None where another daemon was first."""
        if attempt.number > MAX_ATTEMPTS:
            return self._refuse(spool, subject, FileRefused("poison", {"attempts": attempt.number - 1}))
        try:
            return self._apply(spool, subject)
        except FileRefused as refusal:
            self._require_same_settings(subject.account)
            return self._refuse(spool, subject, refusal)

    def _require_same_settings(self, account: Account) -> None:
        """A refusal stands only where the account is still set as it was: ops may just have mended that."""
        with self.session() as conn:
            if not store.is_current(conn, account):
                raise Retryable("the account's settings changed meanwhile")

    def _apply(self, spool: Spool, subject: Subject) -> Mapping[str, Any] | None:
        """Read, judge, stage and merge; the content of result.json, or None where another daemon was first."""
        account, claimed, findings = subject.account, subject.claimed, subject.findings
        action, name = claimed.action, claimed.claimed_name
        spool.drop_rejected(action, name)
        if claimed.refusal:
            raise FileRefused(claimed.refusal, {"limit": self.rules.max_file_bytes >> 20})
        if claimed.several_markers:
            findings.warnings["several_markers"] = 1
        with spool.reading(action, name) as path:
            examination = Examination(
                path,
                account,
                action,
                findings,
                max_inflated_bytes=self.rules.max_inflated_bytes,
                defused=self.rules.defused,
            )
            with self.session() as conn, conn.transaction():
                stage = Stage(conn, action)
                with self.metrics.timed("read"):
                    self._stage(spool, claimed, examination, stage)
                columns = stored_columns(examination.header.positions)
                merge = Merge(conn, account, claimed, subject.deposit_id, columns, datetime.now(UTC))
                with self.metrics.timed("merge"), patient(conn):
                    merge.fold(stage)
                    if not merge.lock():
                        return None
                    effects = merge.apply(stage)
                counts = effects.counts(findings.rows_read, findings.rows_rejected)
                outcome = result_json.applied(subject, counts, effects.list_name)
                ledger.finish(conn, account, outcome, counts, list_id=effects.list_id)
        return outcome

    def _stage(self, spool: Spool, claimed: Claimed, examination: Examination, stage: Stage) -> None:
        """Copy every accepted row to the database and every rejected one to the rejected file."""
        rejects = RejectedFile(
            lambda: spool.create_rejected(claimed.action, claimed.claimed_name),
            Context(examination.account, claimed),
            examination.encoding,
            examination.header,
            examination.raw_header,
        )
        judged_ahead = read_ahead(iter(examination), apart=claimed.size_bytes > SMALL_BYTES)
        with closing(rejects) as rejected, closing(judged_ahead) as judged_batches:
            for judged in judged_batches:
                if self.stopping():
                    raise Retryable("the daemon is stopping")
                stage.add(judged.accepted.columns, judged.batch.lines(judged.accepted.places))
                if claimed.mode is Mode.SYNC:
                    stage.add_keys(judged.spared)
                if self.rules.result_files:
                    rejected.write(judged.batch, judged.rejects)
        stage.analyze()

    def _refuse(self, spool: Spool, subject: Subject, refusal: FileRefused) -> Mapping[str, Any] | None:
        """Write the refusal to the ledger; None where another daemon was first."""
        if refusal.code != "no_valid_row":
            spool.drop_rejected(subject.claimed.action, subject.claimed.claimed_name)
        outcome, counts = result_json.refused(subject, refusal)
        with self.session() as conn:
            finished = ledger.finish(conn, subject.account, outcome, counts)
        return outcome if finished else None

    def _settle(self, spool: Spool, claimed: Claimed, outcome: Mapping[str, Any]) -> None:
        written = result_json.as_json(outcome) if self.rules.result_files else None
        try:
            with self.metrics.timed("settle"):
                spool.settle(claimed.action, claimed.claimed_name, outcome["state"], written)
        except FileExistsError:
            name = names.printable(claimed.claimed_name)
            raise Retryable(f"{outcome['state']}/ already holds {name}: move it away") from None

    def _tell_settled(
        self, claimed: Claimed, outcome: Mapping[str, Any], started_at: datetime, rejects: Mapping[str, int]
    ) -> None:
        """The canonical line of a deposit (protocol 7), and its metrics."""
        queued = max(0.0, (started_at - claimed.deposited_at).total_seconds())
        worked = max(0.0, (datetime.now(UTC) - started_at).total_seconds())
        self.progressed()
        self.metrics.settled(outcome, rejects, queued=queued, worked=worked)
        log.log(
            logging.INFO if outcome["state"] == "ok" else logging.WARNING,
            "deposit.settled",
            account=outcome["account"],
            action=outcome["action"],
            deposit_id=outcome["deposit_id"],
            file=names.printable(claimed.name),
            state=outcome["state"],
            reason=outcome["reason"],
            rows_read=outcome["rows_read"],
            rows_applied=outcome["rows_applied"],
            rows_rejected=outcome["rows_rejected"],
            inserted=outcome["inserted"],
            updated=outcome["updated"],
            unchanged=outcome["unchanged"],
            removed=outcome["removed"],
            queued_ms=round(queued * 1000),
            duration_ms=round(worked * 1000),
        )
