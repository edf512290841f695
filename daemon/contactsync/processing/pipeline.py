"""The story of one deposit, from `in/` to `ok/` or `ko/`, top to bottom: claim, admit, attempt, apply or refuse, settle.

What a restart finds in `on/` enters the story through `recovery`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from contactsync.database import ledger
from contactsync.database.connection import Session
from contactsync.domain import names
from contactsync.domain.account import Account
from contactsync.domain.deposit import Action, Claimed, Incoming, Mode
from contactsync.intake.upload_queue import Claim, UploadQueue
from contactsync.processing import canonical_line, requeue, settlement
from contactsync.processing.answers import answers
from contactsync.processing.apply import FileTransaction, Rules
from contactsync.processing.attempts import Attempts
from contactsync.processing.isolation import Isolation
from contactsync.processing.result_json import Subject
from contactsync.processing.share import LARGE_BYTES, Share
from contactsync.reading.container import looks_whole
from contactsync.reading.findings import Findings
from contactsync.runtime import gil
from contactsync.spool.spool import Spool
from contactsync.telemetry.metrics import Metrics


@dataclass(slots=True)
class Pipeline:
    """Works on one account's deposits at a time, over one connection.

    `attempts` and `isolation` are shared by all workers; `progressed` is called after each deposit that is settled.
    `share` and `before_claim` belong to the step; what `before_claim` raises keeps uploads in `in/`.
    """

    session: Session
    rules: Rules
    stopping: Callable[[], bool] = lambda: False
    attempts: Attempts = field(default_factory=Attempts)
    isolation: Isolation = field(default_factory=Isolation)
    metrics: Metrics = field(default_factory=Metrics)
    progressed: Callable[[], None] = lambda: None
    share: Share = field(default_factory=Share)
    before_claim: Callable[[], None] = lambda: None

    def step(
        self, account: Account, uploads: UploadQueue, spool: Spool, *, seconds: float = 0.0
    ) -> float | None:
        """Take one upload of the account to its end, and more while `seconds` last.

        Returns in how many seconds the next step is due (0 if there is more to do), None if nothing is left.
        Raises Retryable or OSError if the database or the disk prevents it, and Postponed if the upload is large and
        no worker is free for it; every file stays where it is.
        """
        ends = time.monotonic() + seconds
        while True:
            spool.adopt_markers()
            claim = uploads.next(
                spool,
                lambda action, name: self._is_taken(account, action, name),
                looks_whole,
                before=self._before_claim_of,
            )
            if not isinstance(claim, Claim):
                return claim
            # This process has locked the account, so nobody else puts a file into on/. A claim that could not be
            # undone waits there.
            with gil.yielded(when=claim.seen.identity.size > LARGE_BYTES):
                settled = self.admit(account, spool, claim.seen.action, claim.name, claim.seen)
            if not settled or self.stopping() or time.monotonic() >= ends:
                return 0.0

    def _before_claim_of(self, upload: Incoming) -> None:
        self.before_claim()
        self.share.require_for(upload.identity.size)

    def _is_taken(self, account: Account, action: Action, claimed_name: bytes) -> bool:
        with self.session() as conn:
            return ledger.find(conn, account, action, claimed_name) is not None

    def admit(
        self, account: Account, spool: Spool, action: Action, claimed_name: bytes, seen: Incoming | None
    ) -> bool:
        """Take a claimed file that the ledger does not know to its end; see `process`.

        `seen` is what it was in `in/`, None if an earlier process claimed it.
        """
        with self.metrics.timed("admit"):
            claimed = spool.admit(action, claimed_name, seen)
        if action.kind == "import" and names.is_rejected_file(names.as_text(claimed.name)):
            # A corrected rejected file completes what the original left out.
            claimed = replace(claimed, mode=Mode.ADD)
        return self.process(account, spool, claimed)

    def process(self, account: Account, spool: Spool, claimed: Claimed, attempts: int = 0) -> bool:
        """Take a deposit from `on/` to its end; `attempts` is what the ledger has counted so far.

        Returns False if the file is still in `on/`: the ledger has its result, and recovery moves it.
        """
        suspect = self.attempts.died(account, claimed, attempts)
        if suspect:
            self.share.require_long()
        self.share.require_for(claimed.size_bytes)
        with self._beside(suspect=suspect) as share, share.in_progress.deposit(claimed):
            counted = self.attempts.counted(self.session, account, claimed, self.rules.repeat_days)
            with counted as attempt:
                if attempt is None:
                    return False
                canonical_line.begun(account, claimed, attempt)
                subject = Subject(
                    account,
                    claimed,
                    attempt.deposit_id,
                    Findings(),
                    repeats=attempt.repeats,
                    confirmed=attempt.confirmed,
                )
                transaction = FileTransaction(
                    self.session, spool, self.rules, self.metrics, self.stopping, share
                )
                result = settlement.apply_or_refuse(transaction, subject, attempt)
            if result is None:
                return False
            self.settle(
                account, spool, claimed, result, attempt.started_at, rejects=subject.findings.reject_codes
            )
            if names.is_confirmation(claimed.name):
                with self.session() as conn:
                    requeue.finish(conn, account, spool)
            return True

    @contextmanager
    def _beside(self, *, suspect: bool) -> Iterator[Share]:
        """Beside other deposits, or alone for a while; gives what the deposit may take of the workers."""
        if not suspect:
            with self.isolation.beside_others():
                yield self.share
            return
        give_way = self.share.give_way
        with self.isolation.alone() as is_alone:
            # A single worker would wait for itself: what it gives way to waits until the suspect is no longer alone.
            yield replace(self.share, give_way=lambda: None if is_alone() else give_way())

    def settle(
        self,
        account: Account,
        spool: Spool,
        claimed: Claimed,
        result: Mapping[str, Any],
        started_at: datetime,
        *,
        rejects: Mapping[str, int],
    ) -> None:
        """Write the answers, move the file to `ok/` or `ko/` as the ledger says, log and count it."""
        with self.metrics.timed("settle"):
            settlement.carry_out(spool, claimed, result, answers(account, result, self.rules))
        self.progressed()
        canonical_line.record(self.metrics, claimed, result, started_at, rejects)
