"""A pool whose steps a test ends one by one."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from contactsync.processing import outcomes
from contactsync.processing.pool import WorkerPool
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from tests.unit.processing.script import PATIENCE, Script, named, upload_queue

Start = Callable[..., WorkerPool]


@pytest.fixture
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that failed comes again at once."""
    monkeypatch.setattr(outcomes, "FIRST_BACKOFF_SECONDS", 0.001)


@pytest.fixture
def script() -> Script:
    """What the workers do."""
    return Script()


@pytest.fixture
def start(script: Script) -> Iterator[Start]:
    """Starts a pool with a number of workers and these accounts; it is stopped after the test."""
    started: list[WorkerPool] = []

    def go(count: int, *names: str, clock: Clock = SYSTEM_CLOCK) -> WorkerPool:
        pool = WorkerPool(count, lambda: script, upload_queue, clock=clock)
        pool.update(named(*names))
        pool.start()
        started.append(pool)
        return pool

    yield go
    for pool in started:
        with suppress(queue.Empty):
            while True:
                script.asked.get_nowait()
        for _ in range(20):
            script.end_step(None)
        assert pool.stop(PATIENCE)
