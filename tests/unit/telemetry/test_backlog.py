"""What is in the accounts' folders: how much, and since when."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS
from contactsync.telemetry import backlog
from contactsync.telemetry.backlog import WaitingFiles


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An account's home with its folders."""
    for action in ACTIONS:
        for box in ("in", "on"):
            (tmp_path / "contacts" / action / box).mkdir(parents=True)
    return tmp_path


def _ignores(name: bytes) -> bool:
    return name.endswith(b".part")


def test_what_waits_and_what_is_in_progress(home: Path) -> None:
    """Deposits and unfinished uploads count; ignored names, folders and unfinished results do not."""
    for name in ("in/a.csv", "in/b.csv", "in/c.part", "on/1700000000_d.csv", "on/.copy.1700000000_d.csv"):
        (home / "contacts/import" / name).touch()
    (home / "contacts/delete/in/folder").mkdir()
    found = backlog.look([home], _ignores)
    assert (found.waiting, found.in_progress, found.is_whole) == (2, 1, True)
    # The name of a claimed file holds its deposit date.
    assert found.oldest == 1_700_000_000
    assert found.age == pytest.approx(time.time() - 1_700_000_000, abs=60)


def test_the_age_of_a_file_in_in_is_since_its_ctime(home: Path) -> None:
    """So is its deposit date; the uploader can set the mtime."""
    path = home / "contacts/optinSMS/in/a.csv"
    path.touch()
    os.utime(path, (0, 0))
    assert backlog.look([home], _ignores).age < 60


def test_nothing_waits(home: Path, tmp_path: Path) -> None:
    """Without a deposit there is no age; a home without folders counts as empty."""
    found = backlog.look([home, tmp_path / "nowhere"], _ignores)
    assert (found.waiting, found.in_progress, found.oldest, found.age) == (0, 0, None, 0.0)


def test_a_flood_is_not_counted_in_full(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look is bounded."""
    monkeypatch.setattr(backlog, "MAX_FILES", 10)
    for number in range(30):
        (home / f"contacts/import/in/{number}.csv").touch()
    found = backlog.look([home], _ignores)
    assert (found.waiting, found.is_whole) == (10, False)


def test_one_accounts_uploads(home: Path) -> None:
    """How many wait in `in/`, and since when; what is in `on/` does not wait."""
    for name in ("in/a.csv", "in/b.csv", "in/c.part", "on/1700000000_d.csv"):
        (home / "contacts/import" / name).touch()
    (home / "contacts/delete/in/folder").mkdir()
    found = backlog.count_waiting(home, _ignores)
    first = (home / "contacts/import/in/a.csv").stat().st_ctime
    assert found == WaitingFiles(2, first, "ok")
    assert found.age is not None
    assert backlog.count_waiting(home, lambda _name: True) == WaitingFiles(0, None, "ok")


def test_missing_folders_are_reported(home: Path) -> None:
    """The other folders still count."""
    (home / "contacts/import/in/a.csv").touch()
    (home / "contacts/delete/in").rmdir()
    found = backlog.count_waiting(home, _ignores)
    assert (found.count, found.folders) == (1, "missing")
    assert backlog.count_waiting(home / "nowhere", _ignores) == WaitingFiles(0, None, "missing")


def test_a_folder_that_cannot_be_read_is_reported() -> None:
    """It weighs more than a missing one."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        home = Path(name)
        for action in ACTIONS:
            (home / "contacts" / action / "in").mkdir(parents=True)
        (home / "contacts/import/in").rmdir()
        (home / "contacts/delete/in").chmod(0)
        with as_nobody():
            found = backlog.count_waiting(home, _ignores)
    assert found == WaitingFiles(0, None, "not readable")


@contextmanager
def as_nobody() -> Iterator[None]:
    """If root runs the tests, do without its rights: it may read every folder."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)
