"""Calls that may never return: a stat(2) on a hung mount blocks its thread until the mount answers.

Such calls run in threads of their own, one per subject at most. The caller waits for a limited time, and gets the
answers that came.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

STALL_SECONDS = 0.2
"""If no answer comes for this long, another thread continues with the next subjects."""

MAX_HELPERS = 64
"""So many threads are added at once at most, doubling each time: a thousand hung subjects are met in seconds."""

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class NoAnswer(TimeoutError):  # noqa: N818 - it names what happened, as TimeoutError does
    """The call for a subject has not returned in time. An OSError, as the kernel's own time-outs are."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a call returned or raised."""

    value: T | None = None
    error: Exception | None = None

    def get(self) -> T:
        """Return the value, or raise what the call raised."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


@dataclass(slots=True, eq=False)
class _Round(Generic[K, T]):
    """The subjects that one caller asks about."""

    call: Callable[[K], T]
    todo: deque[K]
    answers: dict[K, Answer[T]] = field(default_factory=dict)
    # Those that this round's threads are in.
    begun: set[K] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        return not self.todo and not self.begun


class Attended(Generic[K]):
    """Runs calls about subjects, such as homes: one per subject at a time. Safe from any thread."""

    def __init__(self, stall_seconds: float = STALL_SECONDS) -> None:
        """Nothing is in progress."""
        self._stall = stall_seconds
        self._changed = threading.Condition()
        self._since: dict[K, float] = {}

    def over(self, subjects: Iterable[K], call: Callable[[K], T], seconds: float) -> Mapping[K, Answer[T]]:
        """Call for each subject, and wait for `seconds` at most. Returns the answers that have come.

        A subject is not called while an earlier call for it has not returned; then there is no answer for it.
        """
        started: _Round[K, T] = _Round(call, deque(subjects))
        if not started.todo:
            return {}
        deadline, helpers = time.monotonic() + seconds, 1
        self._add_threads(started, 1)
        with self._changed:
            while not started.is_over:
                before, left = len(started.answers), deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait_for(lambda: started.is_over, min(left, self._stall))
                if started.todo and len(started.answers) == before:
                    self._add_threads(started, min(helpers, len(started.todo)))
                    helpers = min(2 * helpers, MAX_HELPERS)
            # A thread that returns later does nothing more.
            started.todo.clear()
            return dict(started.answers)

    def one(self, subject: K, call: Callable[[], T], seconds: float) -> T:
        """Return what the call returns, or raise what it raises, or NoAnswer."""
        answer = self.over([subject], lambda _subject: call(), seconds).get(subject)
        if answer is None:
            raise NoAnswer(f"no answer for {seconds:g} s")
        return answer.get()

    def silent(self, seconds: float) -> dict[K, float]:
        """The subjects whose call has not returned for so long: since when, on the monotonic clock."""
        limit = time.monotonic() - seconds
        with self._changed:
            return {subject: since for subject, since in self._since.items() if since <= limit}

    def _add_threads(self, started: _Round[K, T], count: int) -> None:
        for _ in range(count):
            # A daemon thread: one that never returns does not keep the process from ending.
            threading.Thread(target=self._run, args=(started,), name="attended", daemon=True).start()

    def _run(self, started: _Round[K, T]) -> None:
        while (subject := self._begin(started)) is not None:
            try:
                answer = Answer(started.call(subject))
            except Exception as error:  # noqa: BLE001 - raised again where the answer is used
                answer = Answer(error=error)
            with self._changed:
                del self._since[subject]
                started.begun.discard(subject)
                started.answers[subject] = answer
                self._changed.notify_all()

    def _begin(self, started: _Round[K, T]) -> K | None:
        """Take the round's next subject; waits for another round's call about it, but not for one that stalls."""
        with self._changed:
            while started.todo:
                subject = started.todo.popleft()
                if self._has_stalled(subject):
                    continue
                if subject in self._since:
                    started.begun.add(subject)
                    self._changed.wait_for(lambda subject=subject: subject not in self._since, self._stall)  # type: ignore[misc]  # binds the loop's value
                    started.begun.discard(subject)
                if subject not in self._since:
                    self._since[subject] = time.monotonic()
                    started.begun.add(subject)
                    return subject
            self._changed.notify_all()
            return None

    def _has_stalled(self, subject: K) -> bool:
        since = self._since.get(subject)
        return since is not None and time.monotonic() - since > self._stall
