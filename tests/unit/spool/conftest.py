"""An open spool in a home of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from contactsync.domain.deposit import Action, Incoming
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import IMPORT, Drop, opened, seen


@pytest.fixture(autouse=True)
def _as_the_daemon_runs() -> Iterator[None]:
    """Ignore SIGIO and set umask 0, as the daemon does."""
    before, mask = signal.signal(signal.SIGIO, signal.SIG_IGN), os.umask(0)
    yield
    signal.signal(signal.SIGIO, before)
    os.umask(mask)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An FTP home with an empty `contacts/`."""
    (tmp_path / "acme" / "contacts").mkdir(parents=True)
    return tmp_path / "acme"


@pytest.fixture
def spool(home: Path) -> Iterator[Spool]:
    """An open spool with all its folders."""
    with opened(home) as found:
        found.recreate_missing()
        yield found


@pytest.fixture
def drop(home: Path, spool: Spool) -> Drop:
    """Uploads a file and returns it as the scan sees it."""

    def go(
        name: bytes = b"list.csv", content: bytes = b"Email\na@b.fr\n", action: Action = IMPORT
    ) -> Incoming:
        path = os.fsencode(home) + f"/contacts/{action.name}/in/".encode() + name
        with open(path, "wb") as file:
            file.write(content)
        return seen(spool, name, action)

    return go


@pytest.fixture
def secret(home: Path) -> Path:
    """A file of another account. A test can see whether it was read, renamed or written."""
    path = home.parent / "secret.csv"
    path.write_bytes(b"Email\nsecret@example.com\n")
    return path
