"""read_ahead: the same items, made by a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from contactsync.processing.prefetch import DEPTH, read_ahead


def prefetching() -> list[threading.Thread]:
    """The threads that make items."""
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def test_items_come_in_their_order() -> None:
    """Nothing is lost, repeated or reordered."""
    assert list(read_ahead(iter(range(1000)))) == list(range(1000))


def test_nothing_gives_nothing() -> None:
    """An empty iterator ends at once."""
    assert list(read_ahead(iter(()))) == []


def test_items_before_an_error_are_seen() -> None:
    """The error comes after them."""

    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("five")

    ahead = read_ahead(items())
    assert [next(ahead) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match="five"):
        next(ahead)


def test_a_caller_that_stops_ends_the_thread() -> None:
    """Closing the generator leaves no thread too_far for room."""
    ahead = read_ahead(iter(range(10**6)))
    assert [next(ahead), next(ahead)] == [0, 1]
    assert prefetching()
    ahead.close()
    assert not prefetching()


def test_without_a_thread_the_caller_makes_the_items() -> None:
    """For a few items a thread costs more than it saves."""
    ahead = read_ahead(iter(range(3)), in_thread=False)
    assert [next(ahead), next(ahead)] == [0, 1]
    assert not prefetching()
    assert list(ahead) == [2]


def test_it_does_not_run_far_ahead() -> None:
    """Memory is bounded: the thread waits once DEPTH items are ready."""
    made = []
    too_far = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            # The first one, the one that the caller has, and the one that the thread wants to hand over.
            if len(made) > DEPTH + 3:
                too_far.set()
            yield number

    ahead = read_ahead(items())
    next(ahead)
    next(ahead)
    assert not too_far.wait(0.2)
    ahead.close()


def test_a_worker_that_waits_for_a_batch_looks_around() -> None:
    """Again and again, in its own thread; what it finds may end the deposit."""
    looked = threading.Event()
    seen: list[threading.Thread] = []

    def items() -> Iterator[int]:
        yield 1
        assert looked.wait(60)
        yield 2

    def look() -> None:
        seen.append(threading.current_thread())
        looked.set()

    assert list(read_ahead(items(), while_waiting=look)) == [1, 2]
    assert set(seen) == {threading.current_thread()}


def test_the_worker_makes_not_even_the_first_item() -> None:
    """A single worker gave way to nobody for the whole first batch: 1.2 s of processor time, 8 s on a busy host."""
    makers: list[threading.Thread] = []

    def items() -> Iterator[int]:
        makers.append(threading.current_thread())
        yield 1

    assert list(read_ahead(items())) == [1]
    assert threading.current_thread() not in makers


def test_what_a_waiting_worker_finds_may_end_the_deposit() -> None:
    """The thread that reads ends too."""
    ended = threading.Event()

    def slow() -> Iterator[int]:
        yield 1
        assert ended.wait(60)
        yield 2

    def end() -> None:
        ended.set()
        raise InterruptedError

    with pytest.raises(InterruptedError):
        list(read_ahead(slow(), while_waiting=end))
    assert prefetching() == []
