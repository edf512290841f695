"""N threads that work on the accounts in turn, one deposit of an account at a time (protocol 4, "Order")."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Protocol

from contactsync.domain.account import Account
from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing.crew import Crew, join
from contactsync.processing.lanes import Lane, Lanes, State
from contactsync.processing.outcomes import Outcomes
from contactsync.processing.share import Share
from contactsync.processing.watermark import Watermark
from contactsync.runtime import gil
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.telemetry.metrics import Metrics
from contactsync.telemetry.outage import DatabaseOutage
from contactsync.telemetry.status import DaemonStatus

GIVE_WAY_SECONDS = 10.0
"""For this long at most, a single worker leaves a long deposit for the steps of others. Its transaction is idle
meanwhile, and PostgreSQL ends it after 120 s."""


class Worker(Protocol):
    """What a thread works with; each thread has its own."""

    def work(self, lane: Lane, share: Share) -> float | None:
        """Take one step of a lane, within its share of the workers.

        Returns in how many seconds the next one is due (0 if there is more to do), None if nothing is left.
        """

    def close(self) -> None:
        """Release what the worker holds."""


class WorkerPool:
    """The threads, and the lanes that they share. Every method is safe from any thread."""

    def __init__(
        self,
        count: int,
        make_worker: Callable[[], Worker],
        make_queue: Callable[[], UploadQueue],
        *,
        metrics: Metrics | None = None,
        clock: Clock = SYSTEM_CLOCK,
        abandon: Callable[[int], None] = lambda _thread: None,
    ) -> None:
        """`count` threads, not started yet; each calls `make_worker` once.

        `abandon` is called with the `threading.get_ident` of a thread that hangs: nobody may wait for it any more.
        """
        self._abandon = abandon
        self._count, self._make_worker, self._clock = count, make_worker, clock
        self.metrics = metrics or Metrics()
        self.outage = DatabaseOutage(clock)
        self.watermark = Watermark(clock)
        self.progress = clock.monotonic()
        self._outcomes = Outcomes(self.outage, self.metrics, clock)
        self._changed = threading.Condition()
        # One worker is kept free of long deposits. A single one gives way between two batches.
        self._lanes = Lanes(make_queue, self._changed.notify, long_steps=max(1, count - 1))
        self._crew = Crew(self._run, clock)
        self._stopping = False

    # --- called by the main thread ---------------------------------------------------------------

    def start(self) -> None:
        """Start the threads."""
        with self._changed:
            self._crew.start(self._count)

    def note_hung(self, names: Collection[str]) -> None:
        """The homes of these accounts do not answer, and of no others.

        No step of theirs begins. A thread that is in one is replaced: it works for the other accounts no more, and
        ends when its home answers.
        """
        with self._changed:
            self._lanes.note_hung(names, self._clock.now())
            hanging = self._crew.replace_hung()
            for thread, lane in hanging:
                self._lanes.leave_long(lane)
                if outer := self._crew.outer.get(thread):
                    self._lanes.leave_long(outer)
        if hanging:
            gil.abandon_holder()
        for thread, _ in hanging:
            self._abandon(thread.ident or 0)

    def in_step_for(self, seconds: float) -> list[str]:
        """The accounts whose step in progress has taken so long, and whose home is not known to hang."""
        with self._changed:
            return self._crew.in_step_for(seconds)

    def update(self, accounts: Iterable[Account]) -> None:
        """Serve these accounts; a new one is looked at once at least."""
        with self._changed:
            self._lanes.update(accounts)
            self.outage.keep_only([lane.account.name for lane in self._lanes])

    def hint(self, name: str) -> None:
        """Something may have happened in an account's folders."""
        with self._changed:
            if lane := self._lanes.get(name):
                self._lanes.hint(lane)

    def hint_all(self) -> None:
        """Events were lost: something may have happened anywhere."""
        with self._changed:
            for lane in self._lanes:
                self._lanes.hint(lane)

    def idle_accounts(self) -> list[Account]:
        """The accounts that are neither queued nor running: a rescan looks at their folders."""
        with self._changed:
            return [lane.account for lane in self._lanes if lane.state is State.IDLE]

    def unfinished(self) -> list[str]:
        """The accounts that have something to do, now or later."""
        with self._changed:
            return [
                lane.account.name
                for lane in self._lanes
                if lane.state is not State.IDLE or lane.wake_at or lane.is_hung
            ]

    def note_progress(self) -> None:
        """A deposit was settled."""
        self.progress = self._clock.monotonic()

    @property
    def stopping(self) -> bool:
        """Whether the pool stops: a step in progress may end early, if it ends cleanly."""
        return self._stopping

    def take_no_more(self) -> None:
        """Begin no further step. Takes no lock, so a signal handler may call it; `stop` has to follow."""
        self._stopping = True

    def stop(self, seconds: float) -> bool:
        """Begin no further step and wait for those in progress; False if one still runs after `seconds`."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            threads, abandoned = list(self._crew.threads), list(self._crew.abandoned)
        join(threads, seconds)
        # Nobody waits for those that hang.
        return not any(thread.is_alive() for thread in [*threads, *abandoned])

    def are_hung(self) -> bool:
        """Whether no worker is left: each has been in one step for over `health.STEP_SECONDS`, or has died."""
        with self._changed:
            return self._crew.are_hung()

    def status(self) -> DaemonStatus:
        """What the daemon works on and waits for now."""
        database_away, database_away_since = self.outage.now
        with self._changed:
            lanes = list(self._lanes)
            return DaemonStatus(
                as_of=self._clock.now(),
                database_away=database_away,
                database_away_since=database_away_since,
                accounts=len(lanes),
                queued=tuple(lane.account.name for lane in self._lanes.ready),
                running=tuple(lane.account.name for lane in lanes if lane.state is State.RUNNING),
                pausing=sum(lane.state is State.IDLE and lane.wake_at is not None for lane in lanes),
                troubles=tuple(sorted(self._lanes.troubles(), key=lambda trouble: trouble.since)),
                longest_step_seconds=self._crew.longest_step_seconds(),
                workers_ended=0 if self._stopping else self._crew.count_ended(),
                waiting={lane.account.name: found for lane in lanes if (found := lane.uploads.waiting)},
                low_disks=self.watermark.low,
                progress={lane.account.name: now for lane in lanes if (now := lane.in_progress.now)},
            )

    # --- what each thread does -------------------------------------------------------------------

    def _run(self) -> None:
        worker = self._make_worker()
        # What a single worker gives way with: the connection of the first one is in a transaction then.
        second = self._make_worker() if self._count == 1 else None
        while (lane := self._take()) is not None:
            self._step(worker, lane, second)
        worker.close()
        if second is not None:
            second.close()
        with self._changed:
            self._crew.leave()

    def _take(self) -> Lane | None:
        """Wait for the lane whose turn it is; None when the pool stops, or the thread has been replaced."""
        with self._changed:
            while not self._stopping and not self._crew.is_replaced:
                now = self._clock.monotonic()
                if lane := self._lanes.take(now):
                    return lane
                self._changed.wait(self._lanes.seconds_to_timer(now))
            return None

    def _step(self, worker: Worker, lane: Lane, second: Worker | None = None) -> None:
        """Take one step of a lane that runs; between the batches of a long deposit, `second` takes those of others."""
        share = Share(
            lane.in_long_step,
            partial(self._enter_long, lane),
            lambda: None if second is None else self._give_way(second),
            lane.in_progress,
        )
        with self._changed:
            outer = self._crew.enter(lane)
        delay = self._outcomes.of(lambda lane: worker.work(lane, share), lane)
        with self._changed:
            self._crew.exit(outer)
            self._lanes.put_back(lane, delay, self._clock.monotonic())

    def _enter_long(self, lane: Lane) -> bool:
        with self._changed:
            return self._lanes.enter_long(lane)

    def _give_way(self, worker: Worker) -> None:
        """Take one step of each lane that is ready without a long deposit."""
        ends = time.monotonic() + GIVE_WAY_SECONDS
        with self._changed:
            steps = self._lanes.count_short(self._clock.monotonic())
        with gil.yielded(when=steps > 0):
            while steps and not self._stopping and time.monotonic() < ends:
                steps -= 1
                with self._changed:
                    lane = self._lanes.take_short(self._clock.monotonic())
                if lane is None:
                    return
                self._step(worker, lane)
