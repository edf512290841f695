"""A whole account on real PostgreSQL and a real tree, processed step by step without threads or waiting."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row, tuple_row

from contactsync.accounts import store
from contactsync.database.connection import Connection, Session, connect
from contactsync.domain.account import Account
from contactsync.intake.upload_queue import UploadQueue
from contactsync.processing import recovery
from contactsync.processing.apply import Rules
from contactsync.processing.pipeline import Pipeline
from contactsync.spool.home_pins import HomePins
from contactsync.spool.spool import Spool
from tests.conftest import Databases
from tests.roles import as_daemon

MAX_BYTES = 1 << 20


@dataclass
class Site:
    """One account `acme`: its tree, its database, and the pipeline that works on it."""

    root: Path
    url: str
    conn: psycopg.Connection[Any]
    daemon: Connection
    pipeline: Pipeline
    made: list[Pipeline] = field(default_factory=list)

    @property
    def owner_url(self) -> str:
        """The same database for a connection of the superuser's."""
        return make_conninfo(self.url, user=self.conn.info.user)

    @property
    def account(self) -> Account:
        """The account as the database has it now."""
        return next(each for each in store.every(self.daemon) if each.name == "acme")

    def set(self, **values: Any) -> None:
        """Change the account as the CLI does: its revision rises."""
        assigned = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(key), sql.Literal(value))
            for key, value in values.items()
        )
        self.conn.execute(
            sql.SQL("UPDATE contactsync.account SET revision = revision + 1, {}").format(assigned)
        )

    def folder(self, action: str = "import", box: str = "") -> Path:
        """A folder of the tree."""
        return self.root / "acme" / "contacts" / action / box

    def drop(self, content: str | bytes, name: str = "list.csv", action: str = "import") -> Path:
        """Upload a file."""
        path = self.folder(action, "in") / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    @property
    def pins(self) -> HomePins:
        """What recognises the homes, as a new process reads it."""
        return HomePins(self.root, self.root / ".data")

    def spool(self) -> Spool:
        """The account's folders."""
        return Spool(
            self.root / "acme", self.pins, max_bytes=MAX_BYTES, ignored=lambda name: name.startswith(b".")
        )

    def step(self, account: Account | None = None, pipeline: Pipeline | None = None) -> float | None:
        """One step, with no waiting times."""
        return self.turn(0.0, account, pipeline)

    def turn(
        self, seconds: float, account: Account | None = None, pipeline: Pipeline | None = None
    ) -> float | None:
        """A step that takes deposits for so many seconds: recovery, then the pipeline, as a worker does."""
        account, pipeline = account or self.account, pipeline or self.pipeline
        uploads = UploadQueue(settle_seconds=0, grace_seconds=0, rescan_seconds=1)
        with self.spool() as spool:
            spool.recreate_missing()
            if recovery.finish_in_progress(pipeline, account, spool):
                return 0.0
            return pipeline.step(account, uploads, spool, seconds=seconds)

    def work(self) -> list[dict[str, Any]]:
        """Step until nothing is left; the ledger's new rows in order."""
        before = {row["deposit_id"] for row in self.ledger()}
        while self.step() is not None:
            pass
        return [row for row in self.ledger() if row["deposit_id"] not in before]

    def apply(self, content: str | bytes, name: str = "list.csv", action: str = "import") -> dict[str, Any]:
        """Upload one file and work it off; its ledger row."""
        self.drop(content, name, action)
        (row,) = self.work()
        return row

    def restarted(self) -> Pipeline:
        """A pipeline of a new process: it remembers nothing."""
        self.made.append(Pipeline(Session(self.url), Rules(1 << 24, MAX_BYTES, result_files=True)))
        return self.made[-1]

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.conn.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, values).fetchall()  # type: ignore[call-overload, no-any-return]  # a text

    def ledger(self) -> list[dict[str, Any]]:
        """The deposits, oldest first."""
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute("SELECT * FROM contactsync.deposit ORDER BY deposit_id").fetchall()

    def contacts(self, *columns: str) -> list[tuple[Any, ...]]:
        """These columns of all contacts, in order of creation."""
        return self.rows(f"SELECT {', '.join(columns)} FROM contactsync.contact ORDER BY contact_id")

    def members(self, name: str) -> list[list[str]]:
        """The e-mail addresses on each list of a name, oldest list first."""
        return [
            emails
            for (emails,) in self.rows(
                "SELECT coalesce(array_agg(c.email ORDER BY c.email) FILTER (WHERE c.email IS NOT NULL), '{}') "
                "FROM contactsync.contact_list AS l LEFT JOIN contactsync.list_member AS m USING (account_id, list_id) "
                "LEFT JOIN contactsync.contact AS c USING (account_id, contact_id) "
                "WHERE l.name = %s GROUP BY l.list_id ORDER BY l.list_id",
                name,
            )
        ]

    def boxes(self, action: str = "import") -> dict[str, list[str]]:
        """The files in the four folders, without their stamps."""
        return {
            box: sorted(name.split("_", 1)[-1] for name in os.listdir(self.folder(action, box)))
            for box in ("in", "on", "ok", "ko")
        }

    def result(self, row: dict[str, Any]) -> dict[str, Any]:
        """The result.json of a settled deposit."""
        path = self.folder(row["action"], row["state"]) / f"{row['claimed_name']}.result.json"
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found

    def marker(self, name: str | None) -> None:
        """The one import marker."""
        for old in self.folder().glob(".*List"):
            old.unlink()
        if name:
            (self.folder() / name).touch()


@pytest.fixture(scope="session")
def site_url(databases: Databases) -> Iterator[str]:
    """One database for all tests with a `site`; each finds it empty, which is quicker than a fresh one."""
    with databases() as url:
        yield url


def empty(conn: psycopg.Connection[Any]) -> None:
    """Delete every row of every table."""
    tables = conn.execute(
        "SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'contactsync' AND c.relkind = 'r' AND c.relname <> 'schema_migration' "
        "ORDER BY c.relname = 'account', c.relname = 'campaign', c.relname = 'contact_list'"
    ).fetchall()
    for (table,) in tables:
        conn.execute(f"DELETE FROM {table}")  # type: ignore[arg-type]  # names of our own tables


@pytest.fixture
def site(tmp_path: Path, site_url: str) -> Iterator[Site]:
    """The account `acme` with default settings, its folders made."""
    (tmp_path / "acme" / "contacts").mkdir(parents=True)
    # `Daemon.run` sets them like this.
    before, mask = signal.signal(signal.SIGIO, signal.SIG_IGN), os.umask(0)
    with psycopg.connect(site_url, autocommit=True) as conn, connect(as_daemon(site_url)) as daemon:
        empty(conn)
        conn.execute("INSERT INTO contactsync.account (name) VALUES ('acme')")
        found = Site(tmp_path, as_daemon(site_url), conn, daemon, None)  # type: ignore[arg-type]  # the next line makes it
        found.pipeline = found.restarted()
        with found.spool() as spool:
            spool.recreate_missing()
        yield found
        for pipeline in found.made:
            pipeline.session.close()
    os.umask(mask)
    signal.signal(signal.SIGIO, before)


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged."""
    with structlog.testing.capture_logs() as entries:
        yield lambda: [dict(entry) for entry in entries]
