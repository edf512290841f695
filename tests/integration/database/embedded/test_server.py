"""Starting and stopping the embedded PostgreSQL, always with the real binaries."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import psycopg
import pytest

from contactsync.database.embedded import cluster
from contactsync.database.embedded.server import EmbeddedServer, EmbeddedUnavailable
from tests.integration.database.embedded.process import no_server, postmaster, query


def test_first_start_makes_the_database_over_a_private_socket_only(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    """A first start makes a UTF-8 database, a socket folder of mode 0700, and no TCP port."""
    server.start()
    assert (
        query(
            server.admin_url,
            "SELECT current_database() || pg_encoding_to_char(encoding) FROM pg_database"
            " WHERE datname = current_database()",
        )
        == "contactsyncUTF8"
    )
    assert query(server.admin_url, "SHOW listen_addresses") == ""
    assert query(server.admin_url, "SELECT lower('ÉŒ')") == "éœ"
    assert (tmp_path / "data/socket").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data/pgdata").stat().st_mode & 0o777 == 0o700


def test_start_again_does_nothing(server: EmbeddedServer, tmp_path: Path) -> None:
    """`start` does nothing to a running server, and `ensure` returns that it had nothing to do."""
    server.start()
    before = postmaster(tmp_path / "data")
    server.start()
    assert not server.ensure()
    assert postmaster(tmp_path / "data") == before


def test_second_start_has_the_data_and_recovers_nothing(server: EmbeddedServer, tmp_path: Path) -> None:
    """A stopped server leaves no process. The next start uses the same cluster, without recovery."""
    server.start()
    query(server.admin_url, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    assert no_server(tmp_path / "data")
    log, before = tmp_path / "data/postgresql.log", (tmp_path / "data/pgdata").stat().st_ino
    first_start = log.stat().st_size
    server.start()
    assert query(server.admin_url, "SELECT n FROM kept") == 7
    assert (tmp_path / "data/pgdata").stat().st_ino == before
    second_start = log.read_text()[first_start:]
    assert "database system was shut down" in second_start
    assert "redo starts" not in second_start


def test_durable_server_keeps_fsync(tmp_path: Path) -> None:
    """Durability is the default."""
    with EmbeddedServer(tmp_path / "data") as server:
        assert query(server.admin_url, "SHOW fsync") == "on"
        assert query(server.admin_url, "SHOW full_page_writes") == "on"


def test_ctrl_c_does_not_reach_the_server(server: EmbeddedServer, tmp_path: Path) -> None:
    """The server has its own session, so Ctrl-C in a terminal does not end it before contactsync."""
    server.start()
    assert os.getsid(postmaster(tmp_path / "data")) == postmaster(tmp_path / "data")


def test_log_holds_no_statement_and_no_value(server: EmbeddedServer, tmp_path: Path) -> None:
    """A failing statement writes neither its text nor its values to the server's log (protocol 5.7)."""
    server.start()
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        query(server.admin_url, "SELECT 'helene.secret@example-mail.fr'::int")
    server.stop()
    log = (tmp_path / "data/postgresql.log").read_text()
    assert "ready to accept connections" in log
    assert "secret" not in log


def test_long_log_is_emptied_at_start(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is bounded: a start empties it if it has exceeded its limit."""
    monkeypatch.setattr(cluster, "LOG_BYTES", 1000)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/postgresql.log").write_text("old line\n" * 1000)
    server.start()
    assert "old line" not in (tmp_path / "data/postgresql.log").read_text()


def test_failed_start_reports_the_reason_of_postgresql(server: EmbeddedServer, tmp_path: Path) -> None:
    """If the server ends instead of starting, the error contains its last FATAL line."""
    server.start()
    server.stop()
    (tmp_path / "data/pgdata/global/pg_control").unlink()
    with pytest.raises(EmbeddedUnavailable, match=r"ended with status .*control file|could not open file"):
        server.start()


def test_other_threads_may_not_start_it(server: EmbeddedServer) -> None:
    """The server would end with the thread that started it, so only the main thread may."""
    caught: list[BaseException] = []

    def attempt() -> None:
        try:
            server.start()
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])


def test_unusable_data_dir_is_named(tmp_path: Path) -> None:
    """The error for a data_dir that cannot be made names it, and the fix."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedUnavailable, match="make it a folder that this user can write to"):
        EmbeddedServer(tmp_path / "file/data").start()
