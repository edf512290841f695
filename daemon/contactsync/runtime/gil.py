"""Turns for small files: one thread works at a time, and lets the next one work while it waits for a database or disk.

The interpreter's lock (the GIL) lets one thread run at a time anyway. But it changes hands at each system call and
each call of Arrow, two hundred times per small file, which costs more than the file itself. With turns it changes hands
only at waits, twenty times per file.

A turn is a courtesy, not a lock. A thread that has waited PATIENCE_SECONDS works without one, so that a thread that
hangs on a disk blocks no other. Like the GIL, there is one turn per process.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 0.05
"""Longer than nearly every stretch of work between two waits. A file that needs longer, such as a zip of 200 kB that
inflates to 500 MB, costs each other thread this much per turn."""

SWITCH_SECONDS = 0.0005
"""How long a thread that computes keeps the interpreter while others want it. Python's default is ten times as long. A
small file needs the interpreter two hundred times, so beside a file of slow values it waited 1.06 s at the median,
and 0.74 s with this (two hostile files, three workers, two busy cores)."""

_turn = threading.Lock()
_thread = threading.local()


def switch_often() -> None:
    """Make threads that compute hand over the interpreter every SWITCH_SECONDS, in the whole process."""
    sys.setswitchinterval(SWITCH_SECONDS)


@contextmanager
def in_turn() -> Iterator[None]:
    """Work for the length of the block in turn with the other threads that use this."""
    _acquire()
    try:
        yield
    finally:
        _release()


@contextmanager
def yielded(*, when: bool = True) -> Iterator[None]:
    """Let another thread have the turn while the block waits. Does nothing in a thread without a turn."""
    if not (when and _release()):
        yield
        return
    try:
        yield
    finally:
        _acquire()


def give_up() -> None:
    """Work without a turn for the rest of `in_turn`: what takes long would cost all others their patience, each time."""
    _release()


def abandon_holder() -> None:
    """Take turns without the thread that has one now: it hangs, and would cost each other thread its patience."""
    global _turn  # noqa: PLW0603 - there is one turn per process
    _turn = threading.Lock()


def _acquire() -> None:
    assert getattr(_thread, "turn", None) is None, "a thread takes its turn once"
    turn = _turn
    _thread.turn = turn if turn.acquire(timeout=PATIENCE_SECONDS) else None


def _release() -> bool:
    """End this thread's turn; returns whether it had one."""
    turn: threading.Lock | None = getattr(_thread, "turn", None)
    if turn is None:
        return False
    _thread.turn = None
    turn.release()
    return True
