"""N threads that take the accounts' deposits round-robin, one deposit of an account at a time (protocol 4, "Order")."""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Protocol

import structlog

from contactsync.domain.account import Account
from contactsync.domain.errors import DatabaseAway, Retryable
from contactsync.intake.upload_queue import UploadQueue
from contactsync.spool.unchanged import UnchangedFolders
from contactsync.telemetry.log import reason_of
from contactsync.telemetry.log_throttle import Doubling
from contactsync.telemetry.metrics import Metrics
from contactsync.telemetry.status import DaemonStatus, Trouble

MAX_BACKOFF_SECONDS = 5.0
"""Work goes on within seconds of the database's return."""
MAX_BUG_BACKOFF_SECONDS = 60.0
"""A deposit on which the program itself fails stays in `on/` until somebody mends the program."""

FLICKER_SECONDS = 30.0
"""A database that goes away again within so long flickers: not every time is told, unless it lasts."""
LASTING_SECONDS = 3.0

log = structlog.get_logger()


class State(Enum):
    """What becomes of a lane next."""

    IDLE = "waits for a hint or its time"
    QUEUED = "waits for a worker"
    RUNNING = "is being worked on"


@dataclass(slots=True)
class Lane:
    """An account with what is remembered of it between steps."""

    account: Account
    line: UploadQueue
    state: State = State.IDLE
    hinted: bool = False
    wake_at: float | None = None
    failures: int = 0
    ledger_checked: bool = False
    told_missing: bool = False
    told_no_lease: bool = False
    strays: set[str] = field(default_factory=set)
    still: UnchangedFolders = field(default_factory=UnchangedFolders)
    trouble: Trouble | None = None
    taken_at: float = 0.0  # when the step that runs began, time.monotonic()


class Worker(Protocol):
    """What a thread does its work with; each has one of its own."""

    def work(self, lane: Lane) -> float | None:
        """Take one step; see `Pipeline.step`."""

    def close(self) -> None:
        """Let go of what the worker holds."""


@dataclass(slots=True)
class WorkerPool:
    """The threads and the lanes they share."""

    count: int
    make_worker: Callable[[], Worker]
    make_line: Callable[[], UploadQueue]
    progress: float = field(default_factory=time.monotonic)
    database_away: str | None = None
    metrics: Metrics = field(default_factory=Metrics)
    _database_away_since: datetime | None = None
    _waiting: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)
    _repeats: Doubling = field(default_factory=lambda: Doubling(FLICKER_SECONDS))
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _ready: deque[Lane] = field(default_factory=deque)
    _timers: list[tuple[float, int, Lane]] = field(default_factory=list)
    _ticket: itertools.count[int] = field(default_factory=itertools.count)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _threads: list[threading.Thread] = field(default_factory=list)
    _step_began: dict[int, float] = field(default_factory=dict)
    _stopping: bool = False

    # --- what the main thread says -------------------------------------------------------------------------

    def start(self) -> None:
        """Start the threads. They are daemons: one that hangs in a system call does not keep the process."""
        for number in range(self.count):
            thread = threading.Thread(target=self._run, name=f"worker-{number + 1}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def update(self, accounts: Iterable[Account]) -> None:
        """Take over the accounts as they are now; a new one is looked at once at least."""
        with self._changed:
            current = {account.name: account for account in accounts}
            for name in self._lanes.keys() - current.keys():
                del self._lanes[name]
            for name in self._waiting - current.keys() - {""}:
                self.tell_database_back(name)
            for name, account in current.items():
                if name in self._lanes:
                    self._lanes[name].account = account
                else:
                    self._lanes[name] = Lane(account, self.make_line())
                    self._queue(self._lanes[name])

    def hint(self, name: str) -> None:
        """Something may have happened in an account's folders."""
        with self._changed:
            if lane := self._lanes.get(name):
                self._queue_hinted(lane)

    def hint_all(self) -> None:
        """Events were lost: something may have happened anywhere."""
        with self._changed:
            for lane in self._lanes.values():
                self._queue_hinted(lane)

    def idle_accounts(self) -> list[Account]:
        """The accounts that nobody works on or waits for, which a rescan may have news of."""
        with self._changed:
            return [lane.account for lane in self._lanes.values() if lane.state is State.IDLE]

    def unfinished(self) -> list[str]:
        """The accounts that have something to do, now or later."""
        with self._changed:
            return [n for n, lane in self._lanes.items() if lane.state is not State.IDLE or lane.wake_at]

    def note_progress(self) -> None:
        """A deposit has come to its end."""
        self.progress = time.monotonic()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called: work in progress may end early, in good order."""
        return self._stopping

    def take_no_more(self) -> None:
        """Let `stopping` be true from now on. Without a lock, so that a signal handler may say it; `stop` follows."""
        self._stopping = True

    def are_hung(self, seconds: float) -> bool:
        """Whether nobody works any more: each thread has been on one step for longer than that, or has died."""
        now = time.monotonic()
        return bool(self._threads) and all(
            not thread.is_alive() or now - self._step_began.get(thread.ident or 0, now) > seconds
            for thread in self._threads
        )

    def stop(self, seconds: float) -> bool:
        """Take nothing more and wait for what runs, under one deadline; False where something still runs."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def tell_database_away(self, who: str, reason: str) -> None:
        """Note that an account, or the main thread (""), waits; each reason is logged once until nobody does.

        Of a database that flickers an outage is logged each time their number doubles, or when it lasts.
        """
        now = datetime.now(UTC)
        with self._changed:
            self._waiting.add(who)
            if self._database_away_since is None:
                self._database_away_since = now
                worth_it = self._repeats.count("database.away") > 0
            else:
                lasting = (now - self._database_away_since).total_seconds() > LASTING_SECONDS
                worth_it = lasting or bool(self._told)
            if worth_it and reason not in self._told:
                self._told.add(reason)
                log.warning("database.away", reason=reason)
            self.database_away = reason

    def tell_database_back(self, who: str) -> None:
        """Note that `who` got its answer.

        Some may get theirs while others wait on: a full or read-only database goes on answering questions.
        """
        with self._changed:
            self._waiting.discard(who)
            if self.database_away is not None and not self._waiting:
                if self._told:
                    log.info("database.back")
                self.database_away = self._database_away_since = None
                self._told.clear()

    def condition(self) -> DaemonStatus:
        """How it all is now, for whoever asks; safe from any thread."""
        with self._changed:
            lanes = list(self._lanes.values())
            troubles = [lane.trouble for lane in lanes if lane.trouble is not None]
            return DaemonStatus(
                as_of=datetime.now(UTC),
                database_away=self.database_away,
                database_away_since=self._database_away_since,
                accounts=len(lanes),
                queued=tuple(lane.account.name for lane in self._ready),
                running=tuple(lane.account.name for lane in lanes if lane.state is State.RUNNING),
                pausing=sum(lane.state is State.IDLE and lane.wake_at is not None for lane in lanes),
                troubles=tuple(sorted(troubles, key=lambda trouble: trouble.since)),
                longest_step_seconds=max(
                    (time.monotonic() - lane.taken_at for lane in lanes if lane.state is State.RUNNING),
                    default=0.0,
                ),
                workers_ended=0 if self._stopping else sum(not each.is_alive() for each in self._threads),
                waiting={lane.account.name: found for lane in lanes if (found := lane.line.waiting)},
            )

    # --- what each thread does -----------------------------------------------------------------------------

    def _queue_hinted(self, lane: Lane) -> None:
        if not (lane.failures and lane.wake_at):  # else it waits out its backoff
            self._queue(lane)

    def _queue(self, lane: Lane) -> None:
        if lane.state is State.IDLE:
            lane.state, lane.wake_at = State.QUEUED, None
            self._ready.append(lane)
            self._changed.notify()
        else:
            lane.hinted = True

    def _run(self) -> None:
        worker = self.make_worker()
        while (lane := self._take()) is not None:
            self._step_began[threading.get_ident()] = time.monotonic()
            delay = self._step(worker, lane)
            del self._step_began[threading.get_ident()]
            with self._changed:
                lane.state = State.IDLE
                hinted, lane.hinted = lane.hinted and not lane.failures, False
                if hinted or delay == 0:
                    self._queue(lane)
                elif delay is not None:
                    lane.wake_at = time.monotonic() + delay
                    heapq.heappush(self._timers, (lane.wake_at, next(self._ticket), lane))
                    self._changed.notify()
        worker.close()

    def _take(self) -> Lane | None:
        """The next lane in turn; None when the daemon stops."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                while self._timers and self._timers[0][0] <= now:
                    wake_at, _, lane = heapq.heappop(self._timers)
                    if lane.wake_at == wake_at:  # else it was hinted meanwhile
                        self._queue(lane)
                while self._ready:
                    lane = self._ready.popleft()
                    if self._lanes.get(lane.account.name) is lane:  # else its account is no more
                        lane.state, lane.taken_at = State.RUNNING, time.monotonic()
                        return lane
                self._changed.wait(self._timers[0][0] - now if self._timers else None)
            return None

    def _step(self, worker: Worker, lane: Lane) -> float | None:
        """One step; what it raises becomes a delay here and nowhere else."""
        longest = MAX_BACKOFF_SECONDS
        try:
            delay = worker.work(lane)
        except DatabaseAway as error:
            self.tell_database_away(lane.account.name, str(error))
            self._remember(lane, f"the database: {error}")
            self.metrics.trouble("database")
        except (Retryable, OSError) as error:
            reason = reason_of(error)
            self._tell(lane, "deposit.waits", reason=reason)
            self._remember(lane, reason)
            self.metrics.trouble("deposit")
        except Exception as error:  # noqa: BLE001 - a bug: told loudly, and nothing is lost
            self._tell(lane, "bug", exc_info=error)
            self._remember(lane, f"a bug ({type(error).__name__}): its traceback is in the log", is_bug=True)
            self.metrics.trouble("bug")
            longest = MAX_BUG_BACKOFF_SECONDS
        else:
            self.tell_database_back(lane.account.name)
            lane.failures = 0
            lane.trouble = None
            return delay
        lane.failures += 1
        lane.ledger_checked = False  # the file may have gone meanwhile
        backoff = min(longest, 0.25 * 2.0 ** min(lane.failures, 10))
        return backoff * random.uniform(0.5, 1)  # noqa: S311 - jitter, not a secret

    def _remember(self, lane: Lane, reason: str, *, is_bug: bool = False) -> None:
        """Keep why the account does not go on, since when, and how often it was tried."""
        since = lane.trouble.since if lane.trouble is not None else datetime.now(UTC)
        lane.trouble = Trouble(lane.account.name, reason, since, lane.failures + 1, is_bug)

    def _tell(self, lane: Lane, event: str, **fields: object) -> None:
        """Log a failure the first time, then each time their number doubles: not a line a second."""
        failures = lane.failures + 1
        if failures & (failures - 1) == 0:
            log.error(event, account=lane.account.name, failures=failures, **fields)
