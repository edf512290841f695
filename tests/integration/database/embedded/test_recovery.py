"""The owner, the server or both are killed: nothing committed is lost, and the next start works."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from contactsync.database.embedded import server_files
from contactsync.database.embedded.server import EmbeddedServer
from tests.integration.database.embedded.process import Process, no_server, postmaster, query
from tests.polling import until


def test_killed_owner_leaves_no_server_and_loses_nothing(
    tmp_path: Path, process: Callable[..., Process]
) -> None:
    """`kill -9` of the owner ends the server at once; the next start has every committed row."""
    owner = process(tmp_path / "data")
    query(owner.url(), "CREATE TABLE kept AS SELECT 7 AS n")
    owner.kill()
    until(lambda: no_server(tmp_path / "data"))
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert query(server.admin_url, "SELECT n FROM kept") == 7


def test_owner_and_server_killed_together_recovers(tmp_path: Path, process: Callable[..., Process]) -> None:
    """If owner and server are killed at the same moment, the next start recovers every committed row."""
    owner = process(tmp_path / "data")
    query(owner.url(), "CREATE TABLE kept AS SELECT 7 AS n")
    for pid in (*server_files.processes_in(tmp_path / "data/pgdata"), owner.popen.pid):
        # A backend may have ended with its postmaster.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert query(server.admin_url, "SELECT n FROM kept") == 7
    assert "was not properly shut down" in (tmp_path / "data/postgresql.log").read_text()


def test_start_straight_after_the_owner_was_killed(tmp_path: Path, process: Callable[..., Process]) -> None:
    """A start waits for the dead owner's server while that is still shutting down, and works."""
    owner = process(tmp_path / "data")
    url = owner.url()
    query(url, "CREATE TABLE kept AS SELECT n FROM generate_series(1, 200000) n")
    owner.kill()
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert query(server.admin_url, "SELECT count(*) FROM kept") == 200000


def test_stale_pid_file_naming_a_living_process(server: EmbeddedServer, tmp_path: Path) -> None:
    """Lock files left by a crash do not prevent a start, even if another process has their process id."""
    server.start()
    pid_file, socket_lock = (
        tmp_path / "data/pgdata/postmaster.pid",
        tmp_path / "data/socket/.s.PGSQL.5432.lock",
    )
    before = pid_file.read_text().splitlines(), socket_lock.read_text().splitlines()
    server.stop()
    # Not an ancestor of the server: PostgreSQL ignores those.
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        for path, lines in zip((pid_file, socket_lock), before, strict=True):
            path.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        server.start()
        assert query(server.admin_url, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_ensure_restarts_a_killed_server(server: EmbeddedServer, tmp_path: Path) -> None:
    """After `kill -9` of PostgreSQL, `ensure` ends its orphans and starts it again, with the data."""
    server.start()
    query(server.admin_url, "CREATE TABLE kept AS SELECT 7 AS n")
    killed = postmaster(tmp_path / "data")
    os.kill(killed, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{killed}/cwd").exists())
    # The killed process can be reaped only a moment after it has lost its folder.
    until(server.ensure)
    assert query(server.admin_url, "SELECT n FROM kept") == 7


def test_orphaned_backend_that_does_not_notice_is_ended(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backend that outlives its postmaster is ended first: it could write beside the new server."""
    monkeypatch.setattr(server_files, "LEFTOVER_SECONDS", 0.3)
    server.start()
    with psycopg.connect(server.admin_url) as connection:
        backend = connection.info.backend_pid
        # A stopped backend does not notice that its postmaster is gone.
        os.kill(backend, signal.SIGSTOP)
        os.kill(postmaster(tmp_path / "data"), signal.SIGKILL)
        until(lambda: not server._process.runs)
        assert server.ensure()
        assert not Path(f"/proc/{backend}/cwd").exists()
    assert query(server.admin_url, "SELECT 1") == 1
