"""Daemons and FTP servers that a whole test file shares: each test then works in accounts of its own."""

from __future__ import annotations

import itertools
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.acceptance.ftp import FtpServer
from tests.acceptance.program import SETTLE_SECONDS, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Databases = Callable[[], AbstractContextManager[str]]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def databases(server_url: str, template: str) -> Databases:
    """Makes databases that outlive a test."""

    @contextmanager
    def database() -> Iterator[str]:
        name = f"{template}_shared_{next(_numbers)}"
        with psycopg.connect(server_url, autocommit=True) as conn:
            named = sql.Identifier(name)
            conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(named, sql.Identifier(template)))
            yield make_conninfo(server_url, dbname=name)
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(named))

    return database


@pytest.fixture(scope="session")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpServer]:
    """An FTP server whose root holds every test's folders."""
    with FtpServer(tmp_path_factory.getbasetemp()) as server:
        yield server


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A running daemon that waits for the end of uploads, two minutes for what does not look whole."""
    waits = {"settle_seconds": SETTLE_SECONDS, "grace_seconds": 120, "rescan_seconds": 0.3}
    folder = tmp_path_factory.mktemp("patient")
    with databases() as url, closing(Program(folder, url, **waits)) as program, program:
        yield program


@pytest.fixture
def down(tmp_path: Path, database_url: str) -> Iterator[Program]:
    """A program that the test starts itself."""
    with closing(Program(tmp_path / "down", database_url)) as program:
        yield program
