"""Servers that crash at random moments, and one whose standby takes over: deposits wait, and are applied once."""

from __future__ import annotations

import threading
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.acceptance.tables import people
from tests.faults.scene import Run
from tests.faults.server import REPLICATING, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

CRASHES = 5
ACCOUNTS = 3
DEPOSITS = 5
ROWS = 2000
SEED = 3


def test_crashes_at_random_moments(tmp_path: Path) -> None:
    """`pg_ctl -m immediate` again and again under a stream of deposits: each once and in order, none refused."""
    rng = Random(SEED)
    with Server(tmp_path / "postgresql") as server:
        server.schema()
        run = Run(tmp_path / "run", server.admin_url, rescan_seconds=0.3, workers=2)
        accounts = [run.add_account(f"a{n}", dedup="none") for n in range(ACCOUNTS)]
        run.connection.close()
        del run.connection
        with run:
            for number in range(DEPOSITS):
                for account in accounts:
                    run.drop(account, f"{number}.csv", people(ROWS) + b"R0;Personne;;\n")
            for _ in range(CRASHES):
                # Any moment is right.
                threading.Event().wait(rng.uniform(0.02, 0.6))
                server.crash()
                server.start()
            for account in accounts:
                for number in range(DEPOSITS):
                    assert run.settled(account, f"{number}.csv").state == "ok"
                assert [row["name"] for row in run.ledger(account)] == [f"{n}.csv" for n in range(DEPOSITS)]
                assert {(row["attempts"], row["rows_applied"]) for row in run.ledger(account)} == {(1, ROWS)}
                assert run.lists(account) == [(str(n), ROWS) for n in range(DEPOSITS)]
                assert len(run.contacts(account)) == DEPOSITS * ROWS
                assert run.files_in(account, "on") == run.files_in(account, "in") == []
            assert run.events("bug") == []
        run.__exit__()


def test_what_is_in_ok_survives_a_crash_of_the_server(tmp_path: Path) -> None:
    """Whatever the database's own `synchronous_commit`: its log is written only every ten seconds here."""
    slow = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
    with Server(tmp_path / "postgresql", synchronous_commit="off", **slow) as server:
        server.schema()
        run = Run(tmp_path / "run", server.admin_url, rescan_seconds=0.1)
        run.add_account("acme", dedup="none")
        server.execute("CHECKPOINT")
        with run:
            run.drop("acme", "list.csv", people(3))
            assert run.settled("acme", "list.csv").state == "ok"
            run.connection.close()
            del run.connection
            server.crash()
            server.start()
            assert len(run.contacts("acme")) == 3
        run.__exit__()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can pass through.

    pytest's folder is closed to it. There, each server sees no more than its own data (`embedded/exec.py`), so a
    standby would not find its primary.
    """
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def test_a_standby_takes_over(tmp_path: Path, open_folder: Path) -> None:
    """With several hosts in the URL the one that takes writes is used; a read-only one is waited for."""
    copy = open_folder / "standby"
    with Server(open_folder / "primary", **REPLICATING) as primary:
        primary.schema()
        primary.copy_to(copy)
        with Server(copy, **REPLICATING) as standby:
            hosts = f"host={standby.host},{primary.host} user=contactsync dbname=contactsync"
            run = Run(tmp_path / "run", hosts, rescan_seconds=0.3)
            # The tests' own connection.
            run.database_url = primary.admin_url
            with run:
                run.add_account("acme", dedup="none")
                run.drop("acme", "before.csv", people(3))
                assert run.settled("acme", "before.csv").state == "ok"
                await_replayed(run, standby)
                run.connection.close()
                del run.connection
                primary.stop()
                run.database_url = standby.admin_url
                run.drop("acme", "after.csv", people(3))
                run.until(lambda: run.events("database.away"), "it is logged")
                assert run.everywhere("acme")[0] == ("in", "after.csv")
                standby.execute("SELECT pg_promote()")
                assert run.settled("acme", "after.csv").state == "ok"
                assert run.lists("acme") == [("before", 3), ("after", 3)]
            run.__exit__()


def test_a_database_that_takes_no_writes(run: Run) -> None:
    """25006 is the database's fault: the deposit waits, with one line in the log and not one for each try."""
    run.configure(rescan_seconds=0.1)
    run.add_account("acme")
    run.connection.execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',"
        " current_database()); END $$"
    )
    run.drop("acme", "list.csv", people(3))
    before = refused_transactions(run)
    with run:
        run.until(lambda: refused_transactions(run) >= before + 5, "five tries")
        assert [event["reason"][:5] for event in run.logged("database.away")] == ["25006"]
        assert run.events("database.back") == []
        assert run.log().count("\n") < 5
        run.connection.execute(
            "DO $$ BEGIN SET LOCAL transaction_read_only = off;"
            " EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database()); END $$"
        )
        assert run.settled("acme", "list.csv").state == "ok"
        run.until(lambda: run.events("database.back"), "it is logged")


def await_replayed(run: Run, standby: Server) -> None:
    """Wait until the standby itself shows the list that the primary has; if it never does, print why."""

    def replayed() -> bool:
        with psycopg.connect(standby.admin_url) as conn:
            return conn.execute("SELECT 1 FROM contactsync.deposit WHERE state = 'ok'").fetchall() == [(1,)]

    try:
        run.until(replayed, "the standby has it too")
    except AssertionError:
        print(run.rows("SELECT * FROM pg_stat_replication"))
        print(standby.log_path.read_text())
        raise


def refused_transactions(run: Run) -> int:
    """The transactions in this database that were rolled back."""
    (row,) = run.rows("SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()")
    return int(row["xact_rollback"])
