"""An empty database, and a folder with two migrations."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from contactsync.database import migrations
from contactsync.database.embedded.server import EmbeddedServer
from contactsync.database.migrations import migrate
from contactsync.database.statements import sql_root


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("pg"), durable=False) as server:
        yield server


@pytest.fixture
def url(server: EmbeddedServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """The test's own empty database."""
    name = f"t{abs(hash(request.node.name))}"
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield server.admin_url.replace("/contactsync?", f"/{name}?")
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def conn(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url) as connection:
        yield connection


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`sql/migrations` with two files: a table `contactsync.a`, then two rows in it."""
    folder = tmp_path / "sql/migrations"
    folder.mkdir(parents=True)
    (folder / "0001_first.sql").write_text(
        "CREATE TABLE contactsync.a (n int);\nCREATE INDEX ON contactsync.a (n);\n"
    )
    (folder / "0002_second.sql").write_text("INSERT INTO contactsync.a VALUES (10 % 4), (2);\n")
    monkeypatch.setattr(migrations, "sql_root", lambda: tmp_path / "sql")
    return folder


@pytest.fixture
def migrate_before(
    conn: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Apply the migrations before one, given by its file name; the next call of `migrate` applies that one."""

    def apply(target: str) -> None:
        real, folder = sql_root() / "migrations", tmp_path / "sql/migrations"
        shutil.copytree(real, folder)
        for path in folder.glob("*.sql"):
            if path.name >= target:
                path.unlink()
        monkeypatch.setattr(migrations, "sql_root", lambda: tmp_path / "sql")
        migrate(conn)
        shutil.copy(real / target, folder / target)

    return apply
