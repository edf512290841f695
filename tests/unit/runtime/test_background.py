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
