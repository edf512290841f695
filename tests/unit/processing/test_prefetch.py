"""read_ahead: the same items, made by another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from contactsync.processing.prefetch import DEPTH, read_ahead


def test_items_come_in_their_order() -> None:
    """Nothing is lost, doubled or turned round."""
    assert list(read_ahead(iter(range(1000)))) == list(range(1000))


def test_nothing_gives_nothing() -> None:
    """An empty iterator ends at once."""
    assert list(read_ahead(iter(()))) == []


def test_items_before_an_error_are_seen() -> None:
    """The error does not overtake the items."""

    def items() -> Iterator[int]:
        yield from range(5)
        raise ValueError("five")

    ahead = read_ahead(items())
    assert [next(ahead) for _ in range(5)] == list(range(5))
    with pytest.raises(ValueError, match="five"):
        next(ahead)


def test_a_caller_that_stops_ends_the_thread() -> None:
    """Closing the generator leaves no thread waiting for room."""
    ahead = read_ahead(iter(range(10**6)))
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()
    assert not [t for t in threading.enumerate() if t.name == "read-ahead"]


def test_it_does_not_run_far_ahead() -> None:
    """Memory is bounded: the maker waits once DEPTH items are ready."""
    made = []
    waiting = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if len(made) > DEPTH + 3:  # the first, one in our hands, one that the maker would hand over
                waiting.set()
            yield number

    ahead = read_ahead(items())
    next(ahead)
    next(ahead)
    assert not waiting.wait(0.2)
    ahead.close()
