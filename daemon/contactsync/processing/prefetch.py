"""Lets one thread read and judge the next batches while another waits for the database."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

DEPTH = 2
"""Batches that may be ready before they are wanted: enough to even out, and a few megabytes at most."""


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


def read_ahead(items: Iterator[T], *, apart: bool = True) -> Generator[T, None, None]:
    """The same items in the same order; from the second one on a thread of their own makes them.

    What `items` raises is raised here, in its place. A caller that stops early must close this generator. Unless
    `apart`, there is no thread: for a few items it costs more than it brings.
    """
    if not apart:
        yield from items
        return
    for first in items:
        yield first
        break
    ready: queue.Queue[T | _End] = queue.Queue(DEPTH)
    stopped = threading.Event()

    def make() -> None:
        error = None
        try:
            for item in items:
                ready.put(item)
                if stopped.is_set():
                    break
        except BaseException as raised:  # noqa: BLE001 - it is raised again by who takes it
            error = raised
        ready.put(_End(error))

    thread = threading.Thread(target=make, name="read-ahead", daemon=True)
    thread.start()
    made = None
    try:
        while not isinstance(made := ready.get(), _End):
            yield made
    finally:
        stopped.set()
        while not isinstance(made, _End):  # it may wait for room
            made = ready.get()
        thread.join()
    if made.error is not None:
        raise made.error
