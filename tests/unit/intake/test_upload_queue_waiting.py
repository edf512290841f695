"""What the line says it waits for: the file in front, why, until when, and how many are behind it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contactsync.intake.upload_queue import Claim, UploadQueue
from contactsync.reading.container import looks_whole
from contactsync.spool.spool import Spool
from contactsync.telemetry.status import Waiting

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WHOLE, HALF = b"Email\n", b"Email\na@exam"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """An open spool."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    (tmp_path / "contacts").mkdir()
    with Spool(tmp_path, max_bytes=1 << 20, ignored=lambda name: name.startswith(b".")) as found:
        found.recreate_missing()
        yield found
    signal.signal(signal.SIGIO, before)


def told(
    spool: Spool, root: Path, uploads: dict[str, bytes], **waits: float
) -> tuple[object, Waiting | None]:
    """What a line says of these uploads, and remembers."""
    for name, content in uploads.items():
        (root / "contacts/import/in" / name).write_bytes(content)
    line = UploadQueue(**{"settle_seconds": 0.0, "grace_seconds": 100.0, "rescan_seconds": 1.0} | waits)
    return line.next(spool, lambda _action, _name: False, looks_whole), line.waiting


def test_an_upload_that_settles(spool: Spool, tmp_path: Path) -> None:
    """It must be quiet a while more; the next one is behind it."""
    _, waiting = told(spool, tmp_path, {"a.csv": WHOLE, "b.csv": WHOLE}, settle_seconds=50)
    assert waiting is not None
    assert (waiting.action, waiting.why, waiting.behind) == ("import", "settling", 1)
    assert waiting.until is not None
    assert timedelta(0) < waiting.until - datetime.now(UTC) <= timedelta(seconds=50)


def test_an_upload_that_does_not_look_whole(spool: Spool, tmp_path: Path) -> None:
    """It waits out its grace."""
    _, waiting = told(spool, tmp_path, {"a\n.csv": HALF})
    assert waiting is not None
    assert (waiting.file, waiting.why, waiting.behind) == (r"a\n.csv", "grace", 0)


def test_an_upload_that_is_being_written(spool: Spool, tmp_path: Path) -> None:
    """Nobody knows until when."""
    path = tmp_path / "contacts/import/in/a.csv"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    _, waiting = told(spool, tmp_path, {})
    os.close(fd)
    assert waiting is not None
    assert (waiting.why, waiting.until) == ("written", None)


def test_nothing_is_waited_for(spool: Spool, tmp_path: Path) -> None:
    """With an empty folder, and when one is claimed."""
    assert told(spool, tmp_path, {}) == (None, None)
    claim, waiting = told(spool, tmp_path, {"a.csv": WHOLE})
    assert isinstance(claim, Claim)
    assert waiting is None


@pytest.mark.parametrize(
    ("waiting", "sentence"),
    [
        (Waiting("import", "x", "written", None, 0), "import/in/x is being written"),
        (
            Waiting("import", "x", "settling", NOW + timedelta(seconds=3), 0),
            "import/in/x must be quiet for 3 s more",
        ),
        (
            Waiting("delete", "x", "grace", NOW + timedelta(seconds=90), 0),
            "delete/in/x looks incomplete; will be processed in 90 s",
        ),
        (
            Waiting("delete", "x", "grace", NOW - timedelta(seconds=9), 0),
            "delete/in/x looks incomplete; will be processed in 0 s",
        ),
    ],
)
def test_in_words(waiting: Waiting, sentence: str) -> None:
    """Seconds are never negative."""
    assert waiting.sentence(NOW) == sentence
