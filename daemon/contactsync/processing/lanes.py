"""A lane per account: what is remembered of the account between steps, and whose turn comes next."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from contactsync.domain.account import Account
from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing.holders import Holders
from contactsync.processing.in_progress import InProgress
from contactsync.spool.unchanged import UnchangedFolders
from contactsync.telemetry.log_throttle import Once
from contactsync.telemetry.status import Trouble

MAX_LOGGED_STRAYS = 100
"""How many folders in an account's `in/` are logged while the daemon runs: an uploader can make thousands."""

HANGS = "its home does not answer"


class State(Enum):
    """What happens to a lane next."""

    IDLE = "waits for a hint or for its time"
    QUEUED = "waits for a worker"
    RUNNING = "a worker is in a step of it"


@dataclass(slots=True, eq=False)
class Lane:
    """An account with what is remembered of it between steps; times are on the monotonic clock."""

    account: Account
    uploads: UploadQueue
    state: State = State.IDLE
    # A hint came during a step: one more step follows.
    hinted: bool = False
    # When an idle lane queues itself; None if it only waits for a hint.
    wake_at: float | None = None
    # When the step that runs began.
    taken_at: float = 0.0
    # Failed steps in a row.
    failures: int = 0
    trouble: Trouble | None = None
    # Its next deposit is long (processing/share.py): it waits until a long step may run.
    is_long: bool = False
    # The step that runs counts as a long one.
    in_long_step: bool = False
    # Whether the ledger's unfinished deposits were compared with the folders since the start or the last failure.
    ledger_checked: bool = False
    # Its home does not answer: no step of it begins.
    is_hung: bool = False
    in_progress: InProgress = field(default_factory=InProgress)
    unchanged: UnchangedFolders = field(default_factory=UnchangedFolders)
    holders: Holders = field(default_factory=Holders)
    reported: Once = field(default_factory=Once)
    strays: Once = field(default_factory=lambda: Once(MAX_LOGGED_STRAYS))


class Lanes:
    """The lanes of all accounts: a queue of those that are ready, and timers of those that wait.

    Not safe from several threads; the pool guards it.
    """

    def __init__(
        self, make_queue: Callable[[], UploadQueue], wake: Callable[[], None], *, long_steps: int = 1
    ) -> None:
        """No account yet.

        `make_queue` gives each new account its upload queue. `wake` lets one more worker look: it is called for each
        lane that becomes ready, and for each timer. At most `long_steps` steps with long deposits run at once.
        """
        self._make_queue, self._wake = make_queue, wake
        self._lanes: dict[str, Lane] = {}
        self._ready: deque[Lane] = deque()
        # Those whose next deposit is long.
        self._ready_long: deque[Lane] = deque()
        self._free_long_steps = long_steps
        # Accounts whose homes have not answered yet, so that they have no lane.
        self._unserved: dict[str, Trouble] = {}
        self._timers: list[tuple[float, int, Lane]] = []
        # Lanes cannot be compared: the ticket decides between two timers of one time.
        self._tickets = itertools.count()

    def __iter__(self) -> Iterator[Lane]:
        """Every account's lane."""
        return iter(self._lanes.values())

    def get(self, name: str) -> Lane | None:
        """The lane of an account, None if it is not served."""
        return self._lanes.get(name)

    @property
    def ready(self) -> Iterable[Lane]:
        """The lanes that wait for a worker, the next one first; those with a long deposit last."""
        return [*self._ready, *self._ready_long]

    def update(self, accounts: Iterable[Account]) -> None:
        """Serve these accounts, with their settings of now. A new one is queued at once."""
        current = {account.name: account for account in accounts}
        for name in self._lanes.keys() - current.keys():
            del self._lanes[name]
        for name, account in current.items():
            if name in self._lanes:
                self._lanes[name].account = account
            else:
                self._lanes[name] = Lane(account, self._make_queue())
                self.queue(self._lanes[name])

    def note_hung(self, names: Collection[str], now: datetime) -> None:
        """The homes of these accounts do not answer, and of no others; those that answer again are queued."""
        for lane in self:
            if lane.is_hung and lane.account.name not in names:
                lane.is_hung, lane.trouble = False, None
                self.queue(lane)
            elif not lane.is_hung and lane.account.name in names:
                lane.is_hung = True
                lane.trouble = Trouble(lane.account.name, HANGS, now, lane.failures + 1)
        unserved = [name for name in names if name not in self._lanes]
        self._unserved = {name: self._unserved.get(name) or Trouble(name, HANGS, now, 1) for name in unserved}

    def troubles(self) -> list[Trouble]:
        """Why accounts cannot continue, those too whose homes have never answered this daemon."""
        return [*self._unserved.values(), *(lane.trouble for lane in self if lane.trouble is not None)]

    def queue(self, lane: Lane) -> None:
        """Queue an idle lane; one that is queued or runs gets one more step afterwards."""
        if lane.state is State.IDLE:
            lane.state, lane.wake_at = State.QUEUED, None
            (self._ready_long if lane.is_long else self._ready).append(lane)
            self._wake()
        else:
            lane.hinted = True

    def hint(self, lane: Lane) -> None:
        """Queue a lane because something may have happened, unless it waits out its backoff."""
        if not (lane.failures and lane.wake_at):
            self.queue(lane)

    def take(self, now: float) -> Lane | None:
        """The lane whose turn it is, now running; None if none is ready.

        A lane with a long deposit comes first, as soon as a long step may run: the others have workers of their own.
        """
        self._queue_due(now)
        if self._free_long_steps and (lane := self._first(self._ready_long, now)):
            self._free_long_steps -= 1
            lane.in_long_step = True
            return lane
        return self._first(self._ready, now)

    def take_short(self, now: float) -> Lane | None:
        """The next lane without a long deposit, now running; None if none is ready."""
        self._queue_due(now)
        return self._first(self._ready, now)

    def count_short(self, now: float) -> int:
        """How many lanes without a long deposit are ready."""
        self._queue_due(now)
        return len(self._ready)

    def _queue_due(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            wake_at, _, lane = heapq.heappop(self._timers)
            # Otherwise a hint has queued it meanwhile.
            if lane.wake_at == wake_at:
                self.queue(lane)

    def _first(self, ready: deque[Lane], now: float) -> Lane | None:
        while ready:
            lane = ready.popleft()
            if lane.is_hung:
                # It is queued again when its home answers.
                lane.state = State.IDLE
            # Otherwise its account is no longer served.
            elif self._lanes.get(lane.account.name) is lane:
                lane.state, lane.taken_at, lane.is_long = State.RUNNING, now, False
                return lane
        return None

    def enter_long(self, lane: Lane) -> bool:
        """Whether the lane's step may process a long deposit from now on."""
        if not lane.in_long_step and self._free_long_steps:
            self._free_long_steps -= 1
            lane.in_long_step = True
        return lane.in_long_step

    def leave_long(self, lane: Lane) -> None:
        """The lane's step does not count as a long one any more."""
        if lane.in_long_step:
            lane.in_long_step = False
            self._free_long_steps += 1
            if self._ready_long:
                self._wake()

    def put_back(self, lane: Lane, delay: float | None, now: float) -> None:
        """End a lane's step; it is queued again after `delay` seconds, with None only by a hint."""
        lane.state = State.IDLE
        self.leave_long(lane)
        hinted, lane.hinted = lane.hinted and not lane.failures, False
        if hinted or delay == 0:
            self.queue(lane)
        elif delay is not None:
            lane.wake_at = now + delay
            heapq.heappush(self._timers, (lane.wake_at, next(self._tickets), lane))
            self._wake()

    def seconds_to_timer(self, now: float) -> float | None:
        """In how many seconds the next timer is due, None if there is none."""
        return self._timers[0][0] - now if self._timers else None
