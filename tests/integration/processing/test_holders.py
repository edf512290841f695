"""A process that keeps the daemon out of an account's folders for long is logged, once, with its pid."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import structlog

from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing import holders
from contactsync.processing.lanes import Lane
from contactsync.processing.share import Share
from contactsync.processing.watermark import Watermark
from contactsync.processing.worker import BUSY_SECONDS, DepositWorker
from contactsync.settings.settings import Settings
from tests.integration.processing.deposits import GOOD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Site

LOCK = "fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX)"
# The kernel takes a lease back after 45 s unless its holder gives it up; this one ignores the request.
LEASE = "fcntl.fcntl(os.open(path, os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)"


@contextmanager
def held(path: Path, how: str) -> Iterator[int]:
    """A process of the tenant that holds a lock or a lease; its pid."""
    script = (
        "import fcntl, os, signal, sys; path = sys.argv[1]; signal.signal(signal.SIGIO, signal.SIG_IGN);"
        f"{how}; print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.kill()


@pytest.fixture
def worker(site: Site) -> DepositWorker:
    """A worker of the site without waiting times."""
    settings = Settings(ftp_root=site.root, settle_seconds=0, grace_seconds=0)
    return DepositWorker(lambda: settings, site.pins, site.pipeline, Watermark())


@pytest.fixture
def lane(site: Site) -> Lane:
    """The lane of the site's account."""
    return Lane(site.account, UploadQueue(settle_seconds=0, grace_seconds=0, rescan_seconds=1))


def test_a_tenant_with_the_lock(
    site: Site, worker: DepositWorker, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account waits; after a minute the log has one line; then the upload is applied."""
    site.drop(GOOD)
    with held(site.root / "acme" / "contacts", LOCK) as pid, structlog.testing.capture_logs() as logs:
        assert worker.work(lane, Share()) == BUSY_SECONDS
        assert logs == []
        monkeypatch.setattr(holders, "PATIENCE_SECONDS", 0.0)
        assert [worker.work(lane, Share()) for _ in range(3)] == [BUSY_SECONDS] * 3
    assert [(line["event"], line["account"], line["pid"]) for line in logs] == [
        ("account.locked", "acme", pid)
    ]
    worker.work(lane, Share())
    assert [row["state"] for row in site.ledger()] == ["ok"]


def test_a_tenant_with_a_lease(
    site: Site, worker: DepositWorker, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with the lock; the line names the file."""
    path = site.drop(GOOD)
    with held(path, LEASE) as pid, structlog.testing.capture_logs() as logs:
        assert worker.work(lane, Share()) == BUSY_SECONDS
        assert logs == []
        monkeypatch.setattr(holders, "PATIENCE_SECONDS", 0.0)
        assert [worker.work(lane, Share()) for _ in range(3)] == [BUSY_SECONDS] * 3
    assert [(line["event"], line["file"], line["pid"]) for line in logs] == [
        ("upload.leased", "list.csv", pid)
    ]
    worker.work(lane, Share())
    assert [row["state"] for row in site.ledger()] == ["ok"]


def test_the_minute_counts_from_the_latest_time(
    site: Site, worker: DepositWorker, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that succeeds in between ends the account's wait."""
    folder = site.root / "acme" / "contacts"
    with held(folder, LOCK):
        worker.work(lane, Share())
    worker.work(lane, Share())
    assert lane.holders.since is None
    monkeypatch.setattr(holders, "PATIENCE_SECONDS", 0.0)
    with held(folder, LOCK), structlog.testing.capture_logs() as logs:
        worker.work(lane, Share())
        worker.work(lane, Share())
    assert [line["event"] for line in logs] == ["account.locked"]
