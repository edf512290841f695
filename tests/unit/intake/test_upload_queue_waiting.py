"""What the queue shows that it waits for: the file in front, why, until when, and how many are behind it."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contactsync.intake.upload_queue import Claim, UploadQueue
from contactsync.reading.container import looks_whole
from contactsync.spool.spool import Spool
from contactsync.telemetry.status import Waiting
from tests.unit.intake.scene import GRACE, RESCAN, SETTLE

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WHOLE, HALF = b"Email\n", b"Email\na@exam"


def waiting_for(
    spool: Spool, root: Path, uploads: dict[str, bytes], settle: float = 0
) -> tuple[object, Waiting | None]:
    """What a queue returns for these uploads, and what it shows."""
    for name, content in uploads.items():
        (root / "import/in" / name).write_bytes(content)
    queue = UploadQueue(settle_seconds=settle, grace_seconds=GRACE, rescan_seconds=RESCAN)
    return queue.next(spool, lambda _action, _name: False, looks_whole), queue.waiting


def test_an_upload_that_settles(spool: Spool, root: Path) -> None:
    """It must stay quiet a while longer; the next one is behind it."""
    _, waiting = waiting_for(spool, root, {"a.csv": WHOLE, "b.csv": WHOLE}, settle=SETTLE)
    assert waiting is not None
    assert (waiting.action, waiting.why, waiting.behind) == ("import", "settling", 1)
    assert waiting.until is not None
    assert timedelta(0) < waiting.until - datetime.now(UTC) <= timedelta(seconds=SETTLE)


def test_an_incomplete_upload(spool: Spool, root: Path) -> None:
    """It waits for its grace time."""
    _, waiting = waiting_for(spool, root, {"a\n.csv": HALF})
    assert waiting is not None
    assert (waiting.file, waiting.why, waiting.behind) == (r"a\n.csv", "grace", 0)


def test_an_upload_that_is_being_written(spool: Spool, root: Path) -> None:
    """Its end is unknown."""
    path = root / "import/in/a.csv"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    _, waiting = waiting_for(spool, root, {})
    os.close(fd)
    assert waiting is not None
    assert (waiting.why, waiting.until) == ("written", None)


def test_nothing_is_waited_for(spool: Spool, root: Path) -> None:
    """Neither with empty folders nor after a claim."""
    assert waiting_for(spool, root, {}) == (None, None)
    claim, waiting = waiting_for(spool, root, {"a.csv": WHOLE})
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
