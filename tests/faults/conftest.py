"""Databases and subjects for the tests that inject faults."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.faults import kill_points, scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Databases = Callable[[], AbstractContextManager[str]]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def fault_databases(server_url: str, template: str) -> Databases:
    """Makes databases that outlive a test."""

    @contextmanager
    def database() -> Iterator[str]:
        name = f"{template}_faults_{next(_numbers)}"
        with psycopg.connect(server_url, autocommit=True) as conn:
            named = sql.Identifier(name)
            conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(named, sql.Identifier(template)))
            yield make_conninfo(server_url, dbname=name)
            conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(named))

    return database


@pytest.fixture
def injection() -> None:
    """Skips where faults cannot be injected."""
    if reason := kill_points.why_not():
        pytest.skip(reason)


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Iterator[scene.Run]:
    """A program with a root and a database of its own, which the test starts."""
    program = scene.Run(tmp_path / "run", database_url)
    try:
        yield program
    finally:
        program.__exit__()
