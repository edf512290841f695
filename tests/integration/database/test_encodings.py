"""A database in another encoding than UTF8 is refused everywhere, and the message names the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from contactsync.database.connection import connect
from contactsync.database.migrations import MigrationError, migrate
from contactsync.database.statements import sql_root
from tests.acceptance.commands import cli
from tests.acceptance.program import Program
from tests.integration.cli.doctor.conftest import look
from tests.integration.cli.doctor.findings import Look, bad

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Site

__all__ = ["look"]

FIX = "createdb --template=template0 --encoding=UTF8"


@pytest.fixture(params=["LATIN1", "SQL_ASCII"])
def url(server_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The superuser's URL of a database in this encoding."""
    name = f"{request.node.name}_{id(request)}".lower().replace("[", "_").replace("]", "")[-60:]
    made = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE_PROVIDER libc LOCALE 'C'")
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(made.format(sql.Identifier(name), sql.Literal(request.param)))
        yield make_conninfo(server_url, dbname=name)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_migrate_refuses_it(url: str) -> None:
    """It writes nothing."""
    with connect(url) as conn:
        with pytest.raises(MigrationError, match=FIX):
            migrate(conn)
        assert conn.execute("SELECT to_regnamespace('contactsync') AS found").fetchone() == {"found": None}


def test_doctor_refuses_it(look: Look, site: Site, url: str) -> None:
    """The other checks still run."""
    found = look(database_url=url)
    (error,) = (each for each in bad(found, "database") if each.level == "error")
    assert FIX in error.message
    assert any(each.check == "space" for each in found)


def test_the_daemon_refuses_it_and_stays(tmp_path: Path, url: str) -> None:
    """It waits for somebody who names another database; `run --once` and `migrate` end with status 2."""
    program = Program(tmp_path / "run", url)
    program.configure(database_url=url, rescan_seconds=0.1)
    with program:
        (refused, *_) = program.until(lambda: program.events("database.schema"), "it is logged")
        assert FIX in refused["reason"]
        assert program.terminate() == 0
    for command in (("migrate",), ("run", "--once")):
        done = cli(program, *command)
        assert (done.returncode, FIX in done.stderr) == (2, True)
    assert program.events("bug") == []


def test_what_is_sent_before_the_check_is_ascii() -> None:
    """The server could not convert anything else, not even in a comment."""
    for path in (sql_root() / "database").glob("*.sql"):
        assert path.read_text(encoding="utf-8").isascii(), path.name
