"""One thread at a time works, as long as that holds up nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from contactsync.runtime import gil
from contactsync.runtime.kernel import flush_to_disk

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody goes on without the baton, unless a test says so."""
    monkeypatch.setattr(gil, "PATIENCE_SECONDS", PATIENCE)


@contextmanager
def beside(work: threading.Event) -> Iterator[None]:
    """Another thread that waits for the baton, and sets `work` once it has it."""

    def take() -> None:
        with gil.in_turn():
            work.set()

    thread = threading.Thread(target=take)
    thread.start()
    yield
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_only_one_works_at_a_time() -> None:
    """However many threads there are, and whatever they do that lets the interpreter change threads."""
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


def test_who_waits_lets_the_next_one_on() -> None:
    """And goes on in turn."""
    done = threading.Event()
    with gil.in_turn(), beside(done):
        assert not done.is_set()
        with gil.yielded():
            assert done.wait(PATIENCE)


def test_writing_to_disk_is_such_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes its time keeps nobody else from working."""
    done = threading.Event()
    waited = []
    monkeypatch.setattr("os.fsync", lambda _fd: waited.append(done.wait(PATIENCE / 10)))
    with gil.in_turn(), beside(done), open("/dev/null", "wb") as file:
        flush_to_disk(file)
    assert waited == [True]


def test_a_thread_that_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a moment's wait the others work without the baton."""
    monkeypatch.setattr(gil, "PATIENCE_SECONDS", 0.01)
    done = threading.Event()
    with gil.in_turn(), beside(done):
        assert done.wait(PATIENCE)


def test_who_went_on_without_it_lays_nothing_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one who holds it goes on holding it."""
    monkeypatch.setattr(gil, "PATIENCE_SECONDS", 0.01)

    def work() -> None:
        with gil.in_turn(), gil.yielded():
            pass

    with gil.in_turn():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(PATIENCE)
        assert gil._baton.locked()
    assert not gil._baton.locked()


def test_an_error_lays_it_down() -> None:
    """The next one need not wait."""
    with pytest.raises(ValueError, match="x"), gil.in_turn():
        raise ValueError("x")
    began = time.monotonic()
    with gil.in_turn():
        assert time.monotonic() - began < PATIENCE


def test_laying_down_means_nothing_to_others() -> None:
    """The main thread, or a command, uses the database without any of this."""
    with gil.yielded():
        assert not gil._baton.locked()
