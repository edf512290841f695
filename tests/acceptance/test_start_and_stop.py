"""A daemon that starts on a database without its schema, and one that stops under load."""

from __future__ import annotations

import signal

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.acceptance.program import Program
from tests.acceptance.systemd import Systemd
from tests.acceptance.tables import people
from tests.roles import make_schema

# --- the schema ----------------------------------------------------------------------------------------------


WAITING = "SELECT FROM pg_locks WHERE relation = 'campaign'::regclass AND NOT granted"


def test_it_waits_for_its_schema(service: Program, systemd: Systemd) -> None:
    """On a database without the schema it is ready and says what to do, and it starts work once that is done."""
    name = f"{psycopg.conninfo.conninfo_to_dict(service.database_url)['dbname']}_bare"
    with psycopg.connect(service.database_url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    bare = make_conninfo(service.database_url, dbname=name)
    try:
        service.configure(database_url=bare, rescan_seconds=0.2)
        service.start()
        systemd.until("READY=1")
        assert any("run `contactsync migrate`" in each for each in systemd.heard)
        (logged,) = service.until(lambda: service.events("database.schema"), "it is in the log")
        assert "run `contactsync migrate`" in logged["reason"]
        make_schema(bare)
        systemd.status("STATUS=0 accounts")
        assert service.terminate() == 0
        logged = [each["reason"] for each in service.events("database.schema")]
        # Once, and once again where it looked between two migrations.
        assert len(set(logged)) == len(logged)
    finally:
        with psycopg.connect(service.database_url, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_once_does_not_wait_for_its_schema(down: Program) -> None:
    """`run --once` prints what to do and exits with 2."""
    with psycopg.connect(down.database_url) as conn:
        conn.execute("DELETE FROM contactsync.schema_migration WHERE version > 1")
    down.start("--once")
    assert down.wait() == 2
    assert "run `contactsync migrate`" in down.stderr.read_text()


# --- SIGTERM -------------------------------------------------------------------------------------------------


def test_a_stopping_daemon_claims_nothing_more(service: Program, systemd: Systemd) -> None:
    """While an unfinished report delays the end, deposits that wait in `in/` stay there."""
    service.configure(shutdown_seconds=3)
    service.add_account("acme")
    (service.ftp / "acme/reporting").mkdir()
    for number in range(300):
        service.drop("acme", f"{number}.csv", people(3))
    with psycopg.connect(service.database_url) as report, psycopg.connect(service.database_url) as merge:
        report.execute("LOCK TABLE contactsync.campaign")
        merge.execute("SELECT FROM contactsync.account FOR UPDATE")
        service.start()
        service.until(lambda: service.rows(WAITING), "the report waits")
        service.until(lambda: service.files_in("acme", "on"), "a deposit is being merged")
        waiting = service.files_in("acme", "in")
        service.send_signal(signal.SIGTERM)
        systemd.until("STOPPING=1")
        # The worker finishes its deposit, and could then claim the next one.
        merge.rollback()
        assert service.wait() == 0
        assert len(waiting) == 299
        assert service.files_in("acme", "in") == waiting
