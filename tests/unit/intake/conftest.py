"""An account's open folders, a clock that the test sets, and a watch."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from contactsync.spool.home_pins import HomePins
from contactsync.spool.spool import Spool
from tests.unit.intake.scene import HostClock
from tests.unit.intake.watching import Watched


@pytest.fixture(autouse=True)
def _sigio_is_ignored() -> Iterator[None]:
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGIO, before)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The `contacts/` of a home."""
    (tmp_path / "contacts").mkdir()
    return tmp_path / "contacts"


@pytest.fixture
def clock(root: Path) -> HostClock:
    """A clock at the present of the file system, which runs only when a test lets it."""
    return HostClock(root.stat().st_ctime)


@pytest.fixture
def spool(root: Path) -> Iterator[Spool]:
    """An open spool."""
    with Spool(
        root.parent,
        HomePins(root.parent.parent, root.parent / "data"),
        max_bytes=1 << 20,
        ignored=lambda name: name.startswith(b"."),
    ) as found:
        found.recreate_missing()
        yield found


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A watch that has started and follows no folder yet."""
    found = Watched()
    found.watch.start()
    yield found
    found.watch.stop()


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The events that were logged."""
    with structlog.testing.capture_logs() as entries:
        yield lambda: [dict(entry) for entry in entries if entry["event"].startswith("watch.")]
