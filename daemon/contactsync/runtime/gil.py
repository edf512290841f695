"""One of many threads at a time works on small files; whoever waits for the database or a disk lets the next one on.

The interpreter lets one thread run at a time anyway, but hands over at each system call and each call of Arrow: two
hundred times a small file, which costs more than the file itself. Handed over at waits alone, it is twenty.

This is a courtesy, not a lock: who has waited for long goes on without, so that a thread that hangs on a disk holds up
nobody. Like the interpreter's own lock, the baton is one for the process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 0.05
"""Longer than nearly all that is done at a stretch. A file that needs longer, as a zip of 500 MB in 200 kB, costs others this much once a turn."""

_baton = threading.Lock()
_mine = threading.local()


@contextmanager
def in_turn() -> Iterator[None]:
    """Work in turn with the other threads that do so."""
    _take()
    try:
        yield
    finally:
        _lay_down()


@contextmanager
def yielded(*, when: bool = True) -> Iterator[None]:
    """Let the others go on for as long as the block takes; nothing for a thread that does not hold the baton."""
    if not (when and _lay_down()):
        yield
        return
    try:
        yield
    finally:
        _take()


def _take() -> None:
    assert not getattr(_mine, "has_turn", False), "a thread takes its turn once"
    _mine.has_turn = _baton.acquire(timeout=PATIENCE_SECONDS)


def _lay_down() -> bool:
    """Whether it was held."""
    held_until_now = getattr(_mine, "has_turn", False)
    if held_until_now:
        _mine.has_turn = False
        _baton.release()
    return held_until_now
