"""Real PostgreSQL for every test that wants one: a fresh database, cloned from a migrated template in 0.1 s.

The server is the embedded one, or the one that `CONTACTSYNC_TEST_DATABASE_URL` names (a superuser's URL). The URLs
here are the superuser's, for the tests' own connections; what is tested connects `as_daemon` (tests/roles.py).
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from contactsync.database.embedded.server import EmbeddedServer
from tests.roles import make_schema

# A slow machine is no failure.
settings.register_profile("contactsync", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("contactsync")

Databases = Callable[[], AbstractContextManager[str]]

_numbers = itertools.count(1)


def reached_by(url: str, *prefix: str) -> bool:
    """Whether a process under this prefix, with fewer rights, reaches the database: its folder may be closed to it."""
    asks = [*prefix, sys.executable, "-c", "import psycopg, sys; psycopg.connect(sys.argv[1]).close()", url]
    return subprocess.run(asks, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which databases can be made."""
    if given := os.environ.get("CONTACTSYNC_TEST_DATABASE_URL"):
        yield given
        return
    with EmbeddedServer(tmp_path_factory.mktemp("postgresql"), durable=False) as server:
        yield server.admin_url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to."""
    name = f"contactsync_template_{os.getpid()}"
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        # Roles are shared by all databases: other processes of the same test run may change them too.
        conn.execute("SELECT pg_advisory_lock(0)")
        make_schema(make_conninfo(server_url, dbname=name))
        conn.execute("SELECT pg_advisory_unlock(0)")
        yield name
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def databases(server_url: str, template: str) -> Databases:
    """Makes databases with the schema in them, each gone when its block ends; gives their libpq conninfo."""

    @contextmanager
    def database() -> Iterator[str]:
        name = f"contactsync_test_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(server_url, autocommit=True) as conn:
            named = sql.Identifier(name)
            conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(named, sql.Identifier(template)))
            yield make_conninfo(server_url, dbname=name)
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(named))

    return database


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A database of the test's own with the schema in it, as a libpq conninfo."""
    with databases() as url:
        yield url


@pytest.fixture
def conn(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit to the test's database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection
