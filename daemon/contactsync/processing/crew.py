"""The worker threads: which lane each is in a step of, and which of them hang. The pool's lock guards all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from contactsync.processing.lanes import Lane
from contactsync.runtime.clock import Clock
from contactsync.telemetry import health


@dataclass(slots=True)
class Crew:
    """A fixed number of threads that work. One that hangs is replaced, and ends when it returns."""

    run: Callable[[], None]
    clock: Clock
    threads: list[threading.Thread] = field(default_factory=list)
    # Those that hang on a file system that does not answer; each has been replaced.
    abandoned: set[threading.Thread] = field(default_factory=set)
    # By thread: the lane that it is in a step of.
    running: dict[threading.Thread, Lane] = field(default_factory=dict)
    # By thread: the lane whose step has given way to the one in `running`.
    outer: dict[threading.Thread, Lane] = field(default_factory=dict)

    def start(self, count: int) -> None:
        """Start the threads. They are daemons: one that hangs in a system call does not keep the process alive."""
        for number in range(count):
            self._start_one(f"worker-{number + 1}")

    def _start_one(self, name: str) -> None:
        thread = threading.Thread(target=self.run, name=name, daemon=True)
        thread.start()
        self.threads.append(thread)

    def replace_hung(self) -> list[tuple[threading.Thread, Lane]]:
        """Replace the threads that are in a step of a hung lane; returns them."""
        hanging = [(each, self.running[each]) for each in self.threads if self._hangs(each)]
        for thread, _ in hanging:
            self.threads.remove(thread)
            self.abandoned.add(thread)
            self._start_one(thread.name)
        return hanging

    def _hangs(self, thread: threading.Thread) -> bool:
        lane = self.running.get(thread)
        return lane is not None and lane.is_hung

    @property
    def is_replaced(self) -> bool:
        """Whether the current thread has been replaced."""
        return threading.current_thread() in self.abandoned

    def leave(self) -> None:
        """The current thread ends."""
        self.abandoned.discard(threading.current_thread())

    def enter(self, lane: Lane) -> Lane | None:
        """The current thread begins a step; returns the lane that it is in a step of already."""
        thread = threading.current_thread()
        outer = self.running.get(thread)
        self.running[thread] = lane
        if outer is not None:
            self.outer[thread] = outer
        return outer

    def exit(self, outer: Lane | None) -> None:
        """The current thread ends a step."""
        self.outer.pop(threading.current_thread(), None)
        if outer is None:
            del self.running[threading.current_thread()]
        else:
            self.running[threading.current_thread()] = outer

    def step_seconds(self, thread: threading.Thread) -> float:
        """For how long a thread has been in its step, 0 if it is in none."""
        lane = self.running.get(thread)
        return 0.0 if lane is None else self.clock.monotonic() - lane.taken_at

    def longest_step_seconds(self) -> float:
        """The longest step in progress."""
        return max(map(self.step_seconds, self.running), default=0.0)

    def in_step_for(self, seconds: float) -> list[str]:
        """The accounts whose step has taken so long, and whose home is not known to hang."""
        return [
            lane.account.name
            for thread, lane in self.running.items()
            if not lane.is_hung and self.step_seconds(thread) > seconds
        ]

    def are_hung(self) -> bool:
        """Whether no worker is left: each has been in one step for over `health.STEP_SECONDS`, or has died."""
        return bool(self.threads) and all(
            not thread.is_alive() or self.step_seconds(thread) > health.STEP_SECONDS
            for thread in self.threads
        )

    def count_ended(self) -> int:
        """How many threads have ended and should not have."""
        return sum(not each.is_alive() for each in self.threads)


def join(threads: list[threading.Thread], seconds: float) -> None:
    """Wait for the end of threads, for so long in total."""
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
