"""The upgrade from version 0.1.0, with data: what its own daemon left, killed in the middle of a file.

`upgrade/0.1.0.sql` is a dump of its database (three accounts, lists, opt-outs by file and by campaign, reactions),
`upgrade/0.1.0.tar.gz` its FTP tree: settled files, one in `on/`, one in `in/`.
"""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from contactsync.database import roles
from tests.acceptance.commands import cli
from tests.acceptance.program import Program
from tests.acceptance.tables import people
from tests.roles import as_migrator

if TYPE_CHECKING:
    from collections.abc import Iterator

BEFORE = Path(__file__).parent / "upgrade"


@pytest.fixture
def old(down: Program) -> Iterator[Program]:
    """The database and the tree of 0.1.0, and the roles as docs/operations.md makes them; the new daemon is stopped."""
    with psycopg.connect(down.database_url, autocommit=True) as admin:
        admin.execute("DROP SCHEMA contactsync CASCADE")
        admin.execute((BEFORE / "0.1.0.sql").read_bytes())
        # The dump leaves an empty search_path behind.
        admin.execute("RESET ALL")
        roles.create(admin)
    with tarfile.open(BEFORE / "0.1.0.tar.gz") as archive:
        archive.extractall(down.ftp, filter="fully_trusted")
    yield down
    down.stop()


def migrate(program: Program) -> subprocess.CompletedProcess[str]:
    environment = program._environment | {"CONTACTSYNC_DATABASE_URL": as_migrator(program.database_url)}
    return subprocess.run(
        program._command("migrate"), env=environment, text=True, capture_output=True, timeout=120, check=False
    )


def test_a_new_daemon_waits_for_migrate_and_then_finishes_what_the_old_one_left(old: Program) -> None:
    """Nothing is refused meanwhile. The killed file and the waiting one are applied once; all data is there."""
    old.start()
    old.logged("database.schema")
    assert old.files_in("globex", "in") == ["waiting.csv"]
    done = migrate(old)
    assert (done.returncode, done.stderr) == (0, "")
    assert "applied 0004_real_files" in done.stdout
    assert old.settled("acme", "killed.csv").state == "ok"
    assert old.settled("globex", "waiting.csv").state == "ok"
    assert [row["attempts"] for row in old.ledger("acme")][-1:] == [1]
    contacts = {row["reference"]: row["email"] for row in old.contacts("acme")}
    assert contacts == {
        "R1": "helene@example.com",
        "R2": "yann@example.com",
        "R3": "chloe.muller@example.com",
        "R5": "five@example.com",
    }
    assert old.opt_outs("acme") == {
        ("EMAIL", "nobody@example.com"),
        ("EMAIL", "chloe.muller@example.com"),
        ("SMS", "+33612345678"),
    }
    assert old.lists("acme") == [("clients", 2), ("killed", 1)]
    assert old.events("bug") == []


def test_a_number_of_an_overseas_territory_gets_its_country_code(old: Program) -> None:
    """Migration 0005: 0692 12 34 56 was stored under +33 and rings only under +262."""
    before = {row["reference"]: row["mobile"] for row in old.contacts("acme")}
    assert before["R2"] == "+33692123456"
    assert migrate(old).returncode == 0
    assert {row["reference"]: row["mobile"] for row in old.contacts("acme")}["R2"] == "+262692123456"


def test_every_command_knows_the_old_deposits(old: Program) -> None:
    """The ledger of 0.1.0 is shown, a refused deposit is retried, and the same file again is recognised."""
    assert migrate(old).returncode == 0
    shown = cli(old, "history", "--account", "initech").stdout
    assert "no_known_column" in shown
    (bad,) = [row for row in old.ledger("initech") if row["state"] == "ko"]
    for command in (
        ("show", bad["deposit_id"]),
        ("retry", bad["deposit_id"]),
        ("report",),
        ("account", "show", "acme"),
    ):
        done = cli(old, *command)
        assert (done.returncode, done.stderr) == (0, ""), command
    with old:
        assert old.settled("initech", "bad.csv").result["reason"] == "no_known_column"
        old.drop("initech", "more.csv", people(2))
        assert old.settled("initech", "more.csv").state == "ok"
        assert [name for name, _ in old.lists("initech")] == ["people", "more"]
