"""`doctor` on the server's settings: what deviates, what that means, and the statement that resets it."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from contactsync.cli.doctor.finding import Finding
from contactsync.database import roles
from tests.integration.cli.doctor.findings import Look
from tests.roles import as_daemon


def about(found: list[Finding], name: str) -> Finding:
    """The one finding on a setting."""
    (finding,) = (each for each in found if each.check == "server" and name in each.message)
    return finding


def change(url: str, where: sql.Composable, **settings: str) -> None:
    """`ALTER … SET`, as the superuser."""
    with psycopg.connect(url, autocommit=True) as admin:
        for name, value in settings.items():
            statement = sql.SQL("ALTER {} SET {} = {}")
            admin.execute(statement.format(where, sql.Identifier(name), sql.Literal(value)))


def test_what_matters_to_the_sending_platform_too(look: Look, database_url: str) -> None:
    """Our own commits are durable whatever the database says, other programs' are not; a session can show it."""
    with psycopg.connect(database_url) as conn:
        database = sql.Identifier(conn.info.dbname)
    change(database_url, sql.SQL("DATABASE {}").format(database), synchronous_commit="off")
    finding = about(look(database_url=as_daemon(database_url)), "synchronous_commit")
    assert finding.level == "warning"
    assert "off (database)" in finding.message
    assert (
        finding.fix == f"ALTER DATABASE {database.as_string()} RESET synchronous_commit;  -- as a superuser"
    )
    with psycopg.connect(database_url, autocommit=True) as conn:
        conn.execute(str(finding.fix))
    assert not any(
        "synchronous_commit" in each.message for each in look(database_url=as_daemon(database_url))
    )


def test_what_the_program_overrides_is_a_note(look: Look, database_url: str) -> None:
    """Each setting with both values, as SHOW writes them."""
    with psycopg.connect(database_url) as conn:
        where = sql.SQL("ROLE {} IN DATABASE {}").format(
            sql.Identifier(roles.DAEMON), sql.Identifier(conn.info.dbname)
        )
    change(database_url, where, work_mem="16MB", array_nulls="off")
    finding = about(look(database_url=as_daemon(database_url)), "work_mem")
    assert finding.level == "note"
    assert "array_nulls = on instead of off" in finding.message
    assert "work_mem = 64MB instead of 16MB" in finding.message


def test_what_no_session_can_change(look: Look, database_url: str) -> None:
    """Without foreign keys, or with a server that a crash destroys, there is an error and its fix."""
    with psycopg.connect(database_url) as conn:
        where = sql.SQL("DATABASE {}").format(sql.Identifier(conn.info.dbname))
        fsync = conn.execute("SHOW fsync").fetchone()
    change(database_url, where, session_replication_role="replica")
    found = look(database_url=as_daemon(database_url))
    finding = about(found, "session_replication_role")
    assert (finding.level, "foreign keys" in finding.message) == ("error", True)
    assert "RESET session_replication_role" in str(finding.fix)
    if fsync != ("off",):
        pytest.skip("this server is durable")
    finding = about(found, "fsync")
    assert (finding.level, "can destroy the database" in finding.message) == ("error", True)
    assert "fsync" in str(finding.fix)
