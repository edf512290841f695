"""The disk below `data_dir` is full: with the embedded PostgreSQL it is the database that has no room."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from contactsync.database.embedded import cluster
from contactsync.database.embedded.server import EmbeddedServer
from tests.acceptance.tables import people
from tests.faults import files
from tests.faults.scene import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(files.why_not() is not None, reason=files.why_not() or "")

ROWS = 20_000
CONTENT = people(ROWS) + b"R0;Personne;;\n"
MIB = 1 << 20


@pytest.fixture
def data() -> Iterator[Path]:
    """A short path: seen from outside the mount namespace, that of the socket must not exceed 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="cs") as name:
        yield Path(name)


@pytest.fixture
def disk(data: Path) -> Iterator[files.TinyDisk]:
    with files.TinyDisk(data, "220m") as disk:
        yield disk


@pytest.fixture
def run(disk: files.TinyDisk, data: Path, tmp_path: Path) -> Iterator[Run]:
    """A daemon with its own server on the tiny disk; its folders are elsewhere."""
    folder = tmp_path / "run"
    sockets = cluster.socket_folder(data)
    if sockets.is_relative_to(data):
        sockets = disk.seen(sockets)
    program = Run(folder, make_conninfo(host=str(sockets), user=cluster.ROLE, dbname=cluster.DATABASE))
    del program._environment["CONTACTSYNC_DATABASE_URL"]
    program.configure(data_dir=data, rescan_seconds=0.2, workers=2)
    program.prefix = disk.enter
    try:
        with program:
            yield program
    finally:
        program.__exit__()


def reconnected(run: Run) -> bool:
    """Whether the server takes connections again: the tests' own one ended with it."""
    if "connection" in run.__dict__:
        run.connection.close()
        del run.connection
    try:
        return bool(run.rows("SELECT 1"))
    except psycopg.OperationalError:
        return False


@pytest.mark.parametrize("what", ["tables", "wal"])
def test_a_full_disk_below_the_database(run: Run, disk: files.TinyDisk, what: str) -> None:
    """No room for rows (53100), or for the log of changes, at which the server itself ends: deposits wait, no more."""
    accounts = [run.add_account(name, dedup="none") for name in ("acme", "globex")]
    ballast = disk.fill(leaving=MIB)
    if what == "wal":
        run.rows("SELECT pg_switch_wal()")  # the next change needs a new file
    for account in accounts:
        run.drop(account, "list.csv", CONTENT)
    if what == "tables":
        run.until(lambda: "53100" in run.log(), "the log says that it is full")
    else:
        run.until(lambda: run.events("database.unavailable"), "it cannot be started")
        last = disk.fill(leaving=0, name="last")
        run.until(
            lambda: len(run.events("database.unavailable")) >= 3, "it cannot be started, again and again"
        )
        last.unlink()
        assert [event["times"] for event in run.events("database.unavailable")][:3] == [1, 2, 4]
    ballast.unlink()
    run.until(lambda: reconnected(run), "the server is there")
    for account in accounts:
        settled = run.settled(account, "list.csv")
        assert (settled.state, settled.result["rows_applied"]) == ("ok", ROWS)
        assert len(run.contacts(account)) == ROWS
        assert [row["attempts"] for row in run.ledger(account)] == [1]
    assert run.events("bug") == []


def test_a_full_disk_does_not_keep_the_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text in the lock file is for people: the server starts even if it cannot be written."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with EmbeddedServer(tmp_path, durable=False) as server:
        psycopg.connect(server.admin_url).close()
