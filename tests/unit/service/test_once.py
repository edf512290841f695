"""When `run --once` ends, and with which exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import pytest

from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing.pool import WorkerPool
from contactsync.service import once
from contactsync.service.once import PATIENCE_SECONDS, RunOnce
from contactsync.settings.settings import Settings
from tests.unit.reports.accounts import account

if TYPE_CHECKING:
    from pathlib import Path

GRACE = 10.0


def never() -> NoReturn:
    raise AssertionError("no worker starts here")


@pytest.fixture
def pool() -> WorkerPool:
    """A pool whose threads are not started: what is queued stays."""
    found = WorkerPool(1, never, lambda: UploadQueue(settle_seconds=0, grace_seconds=0, rescan_seconds=1))
    found.progress = 100.0
    return found


@pytest.fixture
def running(pool: WorkerPool, tmp_path: Path) -> RunOnce:
    settings = Settings(ftp_root=tmp_path, settle_seconds=0, grace_seconds=GRACE)
    return RunOnce(lambda: settings, pool)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, set by the test; the last settled deposit was at 100 s."""
    now = [100.0]
    monkeypatch.setattr(once.time, "monotonic", lambda: now[0])
    return now


def test_it_ends_with_0_when_nothing_is_left(running: RunOnce) -> None:
    assert running.status(known=True) == 0


def test_it_does_not_end_before_the_accounts_are_known(running: RunOnce, clock: list[float]) -> None:
    """Without them, an empty pool means nothing."""
    assert running.status(known=False) is None


def test_it_gives_up_when_nothing_is_settled_any_more(
    running: RunOnce, pool: WorkerPool, clock: list[float]
) -> None:
    """An upload may need the grace time before it counts as complete."""
    pool.update([account(name="acme")])
    clock[0] = 100.0 + GRACE + PATIENCE_SECONDS - 0.1
    assert running.status(known=True) is None
    clock[0] += 0.2
    assert running.status(known=True) == 1


def test_it_gives_up_earlier_if_the_database_is_unreachable(
    running: RunOnce, pool: WorkerPool, clock: list[float]
) -> None:
    """No upload settles while it is, however long one waits."""
    pool.update([account(name="acme")])
    pool.outage.failed("", "connection refused")
    clock[0] = 100.0 + PATIENCE_SECONDS - 0.1
    assert running.status(known=True) is None
    clock[0] += 0.2
    assert running.status(known=True) == 1


def test_it_looks_often(running: RunOnce) -> None:
    """It ends soon after the last deposit, whatever `rescan_seconds` is."""
    assert running.pause() <= 0.1
