"""The skeleton of background threads: it starts, it stops under a deadline, and it pauses only until then."""

from __future__ import annotations

import threading

from contactsync.runtime.background import Background

DEADLINE = 60.0
LONG = 3600.0


class Waiting(Background[object, object]):
    """Does nothing but pause."""

    def __init__(self) -> None:
        super().__init__("waiting")
        self.pausing = threading.Event()

    def _run(self) -> None:
        while not self._stopping:
            self.pausing.set()
            self._pause(LONG)


class Hung(Background[object, object]):
    """Does not react to `stop` until the test releases it."""

    max_stop_seconds = 0.01

    def __init__(self) -> None:
        super().__init__("hung")
        self.release = threading.Event()

    def _run(self) -> None:
        self.release.wait(DEADLINE)


def test_stop_ends_a_pause_at_once() -> None:
    thread = Waiting()
    thread.start()
    assert thread.pausing.wait(DEADLINE)
    assert thread.stop(DEADLINE)


def test_stop_does_not_wait_longer_than_the_thread_allows() -> None:
    """One that hangs does not delay the end of the process, whatever deadline the caller has."""
    thread = Hung()
    thread.start()
    assert not thread.stop(LONG)
    thread.release.set()
    thread._thread.join(DEADLINE)
    assert thread.stop(0)


def test_stop_before_start_has_nothing_to_wait_for() -> None:
    assert Waiting().stop()


def test_the_thread_has_its_name_and_does_not_keep_the_process() -> None:
    """The names are those of docs/internals/concurrency.md."""
    thread = Waiting()
    assert (thread._thread.name, thread._thread.daemon) == ("waiting", True)


class OnDisk(Background[object, object]):
    """Hangs in its first round, as far as it can see."""

    def __init__(self) -> None:
        super().__init__("on-disk")
        self.release, self.rounds = threading.Event(), threading.Semaphore(0)
        self.seen: list[threading.Thread] = []

    def _hangs(self) -> bool:
        return len(self.seen) == 1

    def _run(self) -> None:
        while not self._is_over:
            self.seen.append(threading.current_thread())
            self.rounds.release()
            if len(self.seen) == 1:
                self.release.wait(DEADLINE)
            else:
                self._pause(LONG)


def test_a_thread_that_hangs_is_replaced() -> None:
    """The new one works at once; the old one ends when it returns, and `stop` waits for the new one only."""
    thread = OnDisk()
    thread.start()
    assert thread.rounds.acquire(timeout=DEADLINE)
    thread.replace_hung()
    assert thread.rounds.acquire(timeout=DEADLINE)
    thread.replace_hung()
    assert thread.stop(DEADLINE)
    thread.release.set()
    thread.seen[0].join(DEADLINE)
    assert len(thread.seen) == 2
