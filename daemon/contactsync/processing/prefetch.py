"""Reads and validates the next batches of a file while its worker waits for the database."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

DEPTH = 2
"""Batches that may be ready in advance: enough to even out the two speeds, and a few megabytes at most."""


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


WAIT_SECONDS = 0.05
"""How often a worker that waits for the next batch looks for something else to do: a batch may take a second."""


def read_ahead(
    items: Iterator[T], *, in_thread: bool = True, while_waiting: Callable[[], None] = lambda: None
) -> Generator[T, None, None]:
    """The same items in the same order; a thread of its own makes them.

    An exception of `items` is raised here, in its place. A caller that stops early must close this generator. Without
    `in_thread` there is no thread: for a few items it costs more than it saves. `while_waiting` is called in the
    caller's thread again and again until the next item is there; it may raise.
    """
    if not in_thread:
        yield from items
        return
    ready: queue.Queue[T | _End] = queue.Queue(DEPTH)
    stopped = threading.Event()

    def make() -> None:
        error = None
        try:
            for item in items:
                ready.put(item)
                if stopped.is_set():
                    break
        except BaseException as raised:  # noqa: BLE001 - the caller's thread raises it again
            error = raised
        ready.put(_End(error))

    thread = threading.Thread(target=make, name="prefetch", daemon=True)
    thread.start()
    made = None
    try:
        while not isinstance(made := _next(ready, while_waiting), _End):
            yield made
    finally:
        stopped.set()
        # The thread may be waiting for room in the queue.
        while not isinstance(made, _End):
            made = ready.get()
        thread.join()
    if made.error is not None:
        raise made.error


def _next(ready: queue.Queue[T | _End], while_waiting: Callable[[], None]) -> T | _End:
    while True:
        try:
            return ready.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            while_waiting()
