"""A pooler between the program and PostgreSQL: one session per client works, shared sessions are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from contactsync.cli.doctor import server_settings
from contactsync.database.connection import Session, connect
from contactsync.domain.errors import DatabaseRefuses
from tests.acceptance.tables import people
from tests.faults.scene import Run
from tests.guarded_server import GuardedServer
from tests.pooler import PROGRAM, Pooler
from tests.roles import make_schema

pytestmark = pytest.mark.skipif(not PROGRAM, reason="needs pgbouncer: make servers")


@pytest.fixture(scope="module")
def server() -> Iterator[GuardedServer]:
    """Its commits would be lost in a crash, if the program did not set otherwise."""
    with TemporaryDirectory() as folder, GuardedServer(Path(folder)) as server:
        make_schema(server.admin_url)
        server.let_in("host all all 127.0.0.1/32 trust")
        server.execute("ALTER DATABASE contactsync SET synchronous_commit = off")
        yield server


@contextmanager
def pooled(server: GuardedServer, mode: str, **settings: object) -> Iterator[str]:
    """The database's URL through a pooler in this mode."""
    with TemporaryDirectory() as folder:
        # It runs as another user.
        Path(folder).chmod(0o755)
        with Pooler(Path(folder), server.port, mode, **settings) as pooler:
            yield pooler.url("contactsync")


@pytest.mark.parametrize("reset", ["DISCARD ALL", ""])
def test_sessions_of_their_own_work(server: GuardedServer, reset: str) -> None:
    """Settings and staging tables are there, also in a session that another client has left something in."""
    with pooled(server, "session", server_reset_query=reset) as url:
        for _ in range(3):
            session = Session(url)
            for _ in range(7):
                with session() as conn:
                    conn.execute("INSERT INTO staged_key VALUES ('x')")
                    assert conn.execute("SHOW synchronous_commit").fetchone() == {"synchronous_commit": "on"}
            session.close()
        with connect(url) as conn:
            (found,) = (each for each in server_settings.findings(conn) if each.check == "pooler")
    assert found.level == "ok"


@pytest.mark.parametrize("mode", ["transaction", "statement"])
@pytest.mark.parametrize("round_robin", [0, 1])
def test_shared_sessions_are_refused(server: GuardedServer, mode: str, round_robin: int) -> None:
    """At every connection, also beside other clients; the message says what to change."""
    with pooled(server, mode, server_round_robin=round_robin) as url, ExitStack() as others:
        for _ in range(4):
            with pytest.raises(DatabaseRefuses, match="shares sessions") as caught:
                connect(url)
            assert caught.value.fix.startswith("set pool_mode = session")
            busy = others.enter_context(psycopg.connect(url, autocommit=True))
            busy.execute("SELECT 1")


def test_a_pool_without_room_for_a_second_session(
    server: GuardedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot share sessions: the first client has the only one."""
    monkeypatch.setattr("contactsync.database.pooling.PROBE_SECONDS", 0.3)
    with pooled(server, "session", default_pool_size=1) as url, connect(url) as conn:
        assert conn.execute("SELECT 1 AS one").fetchone() == {"one": 1}


def test_a_daemon_behind_a_pooler(server: GuardedServer, tmp_path: Path) -> None:
    """Deposits are applied over one session per worker; with shared sessions, the daemon says so and waits."""
    run = Run(tmp_path / "run", server.admin_url, rescan_seconds=0.3)
    run.add_account("acme", dedup="none")
    run.drop("acme", "list.csv", people(3))
    with pooled(server, "transaction") as url:
        run.configure(database_url=url)
        run.start()
        (refused, *_) = run.until(lambda: run.events("database.refuses"), "it is logged")
        assert "shares sessions" in refused["reason"]
        assert "pool_mode = session" in refused["fix"]
        assert run.terminate() == 0
    with pooled(server, "session") as url:
        run.configure(database_url=url)
        run.start()
        assert run.settled("acme", "list.csv").state == "ok"
        assert run.terminate() == 0
    run.close()
