"""One thread at a time works, unless that would block the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from contactsync.runtime import gil
from contactsync.runtime.kernel import flush_to_disk

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread works without a turn, unless a test allows it."""
    monkeypatch.setattr(gil, "PATIENCE_SECONDS", PATIENCE)


@contextmanager
def beside(work: threading.Event) -> Iterator[None]:
    """Another thread that waits for its turn, and then sets `work`."""

    def take() -> None:
        with gil.in_turn():
            work.set()

    thread = threading.Thread(target=take)
    thread.start()
    yield
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_one_thread_works_at_a_time() -> None:
    """However many threads there are, even at calls that let the interpreter switch threads."""
    inside, most = [0], [0]

    def work(_: int) -> None:
        with gil.in_turn():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            threading.Event().wait(0.001)
            inside[0] -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(80)))
    assert most == [1]


def test_a_waiting_thread_lets_the_next_one_work() -> None:
    """It takes its turn again afterwards."""
    done = threading.Event()
    with gil.in_turn(), beside(done):
        assert not done.is_set()
        with gil.yielded():
            assert done.wait(PATIENCE)


def test_a_flush_to_disk_yields(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow disk does not keep other threads from working."""
    done = threading.Event()
    waited = []
    monkeypatch.setattr("os.fsync", lambda _fd: waited.append(done.wait(PATIENCE)))
    with gil.in_turn(), beside(done), open("/dev/null", "wb") as file:
        flush_to_disk(file)
    assert waited == [True]


def test_a_hanging_thread_blocks_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a short wait the others work without a turn."""
    monkeypatch.setattr(gil, "PATIENCE_SECONDS", 0.01)
    done = threading.Event()
    with gil.in_turn(), beside(done):
        assert done.wait(PATIENCE)


def test_a_thread_without_a_turn_ends_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that has the turn keeps it."""
    monkeypatch.setattr(gil, "PATIENCE_SECONDS", 0.01)

    def work() -> None:
        with gil.in_turn(), gil.yielded():
            pass

    with gil.in_turn():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(PATIENCE)
        assert gil._turn.locked()
    assert not gil._turn.locked()


def test_an_error_ends_the_turn() -> None:
    """The next thread need not wait."""
    with pytest.raises(ValueError, match="x"), gil.in_turn():
        raise ValueError("x")
    assert not gil._turn.locked()


def test_yielding_without_a_turn_does_nothing() -> None:
    """The main thread and commands use the database without turns."""
    with gil.yielded():
        assert not gil._turn.locked()


def test_a_thread_that_hangs_keeps_no_turn(hung: threading.Event) -> None:
    """The others take turns without it; what it ends later disturbs nobody."""
    inside, done = threading.Event(), threading.Event()

    def hang() -> None:
        with gil.in_turn():
            inside.set()
            assert hung.wait(PATIENCE)

    thread = threading.Thread(target=hang)
    thread.start()
    assert inside.wait(PATIENCE)
    gil.abandon_holder()
    with gil.in_turn(), beside(done):
        hung.set()
        thread.join(PATIENCE)
        assert not done.is_set()
        with gil.yielded():
            assert done.wait(PATIENCE)


@pytest.fixture
def hung() -> Iterator[threading.Event]:
    """What the hung thread waits for."""
    released = threading.Event()
    yield released
    released.set()
