"""`account disable`, `enable`, `remove`, and `adopt`."""

from __future__ import annotations

import json
import os
import pwd
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from contactsync.accounts import removal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.acceptance.cli.command import Run

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def migrator(bare: Run, database_url: str) -> Run:
    """Run `contactsync` with the rights of the one who migrates."""
    return lambda *arguments: bare(*arguments, CONTACTSYNC_DATABASE_URL=database_url)


def _contact(conn: psycopg.Connection[Any], account: int) -> None:
    conn.execute(
        "INSERT INTO contactsync.contact (account_id, email) VALUES (%s, 'x@example.com')", (account,)
    )
    conn.execute(
        "INSERT INTO contactsync.opt_out (account_id, medium, address, origin, since)"
        " VALUES (%s, 'EMAIL', 'x@example.com', 'file', now())",
        (account,),
    )


def test_disable_and_enable(contactsync: Run, acme: int) -> None:
    """Each is refused if it would change nothing; `status` names the command that ends it."""
    assert contactsync("account", "disable", "acme").returncode == 0
    again = contactsync("account", "disable", "acme")
    assert (again.returncode, again.stderr) == (1, "contactsync: account acme is already disabled\n")
    (shown,) = json.loads(contactsync("status", "--json").stdout)["accounts"]
    assert shown["waits_for"] == "contactsync account enable acme"
    assert contactsync("account", "enable", "acme").returncode == 0
    assert contactsync("account", "enable", "acme").returncode == 1


def test_disabling_lets_the_deposit_in_progress_end(
    contactsync: Run, acme: int, conn: psycopg.Connection[Any]
) -> None:
    """Its settings are still current: only a new revision would begin it again."""
    revision = "SELECT revision FROM contactsync.account"
    before = conn.execute(revision).fetchone()
    assert contactsync("account", "disable", "acme").returncode == 0
    assert conn.execute(revision).fetchone() == before


def test_tidy_and_report_leave_a_disabled_account_alone(contactsync: Run, acme: int, tmp_path: Path) -> None:
    """Unless it is named."""
    (tmp_path / "ftp").mkdir(exist_ok=True)
    assert contactsync("account", "disable", "acme").returncode == 0
    for command in (("tidy", "--dry-run", "--json"), ("report", "--json")):
        done = contactsync(*command)
        assert "acme" not in done.stdout + done.stderr, command


def test_remove_needs_a_disabled_account_and_consent(
    migrator: Run, acme: int, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """Nothing is removed while the account is served, or without the account's name; the files stay in any case."""
    file = tmp_path / "ftp/acme/contacts/import/ok/1_list.csv"
    file.parent.mkdir(parents=True)
    file.touch()
    _contact(conn, acme)
    served = migrator("account", "remove", "acme", "--yes")
    assert (served.returncode, "account disable acme" in served.stderr) == (1, True)
    assert migrator("account", "disable", "acme").returncode == 0
    shown = json.loads(migrator("account", "remove", "acme", "--dry-run", "--json").stdout)
    assert (shown["removed"], shown["rows"]["contact"], shown["rows"]["opt_out"]) == (False, 1, 1)
    kept = migrator("account", "remove", "acme")
    assert (kept.returncode, "is kept" in kept.stderr) == (1, True)
    assert migrator("account", "remove", "acme", "--yes").returncode == 0
    assert file.exists()
    for table in removal.TABLES:
        assert conn.execute(f"SELECT count(*) FROM contactsync.{table}").fetchone() == (0,)


def test_the_daemons_role_may_not_remove(contactsync: Run, acme: int, conn: psycopg.Connection[Any]) -> None:
    """The trail of consent is append-only for it: one sentence, and everything is still there."""
    assert contactsync("account", "disable", "acme").returncode == 0
    _contact(conn, acme)
    done = contactsync("account", "remove", "acme", "--yes")
    assert done.returncode == 1
    assert "as the migrator" in done.stderr
    assert conn.execute("SELECT count(*) FROM contactsync.contact").fetchone() == (1,)


def test_remove_covers_every_table(conn: psycopg.Connection[Any]) -> None:
    """A new table with an account_id must join the list."""
    found = conn.execute(
        "SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'contactsync'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'account_id'"
    ).fetchall()
    assert {name for (name,) in found} == set(removal.TABLES)


def test_adopt_existing_homes(contactsync: Run, conn: psycopg.Connection[Any], tmp_path: Path) -> None:
    """Each folder of ftp_root that has no account gets one, with the folder's owner; the rest is named with a reason."""
    root = tmp_path / "ftp"
    for name in ("acme", "beta", "bad name"):
        (root / name).mkdir(parents=True)
    (root / "readme.txt").touch()
    (root / "link").symlink_to(root / "acme")
    if os.geteuid() == 0:
        os.chown(root / "acme", NOBODY.pw_uid, NOBODY.pw_gid)
    proposed = json.loads(contactsync("adopt", "--dry-run", "--json").stdout)
    assert {each["name"]: each["skipped"] is None for each in proposed} == {
        "acme": True,
        "beta": True,
        "bad name": False,
        "readme.txt": False,
        "link": False,
    }
    assert conn.execute("SELECT count(*) FROM contactsync.account").fetchone() == (0,)
    assert contactsync("adopt", "beta").returncode == 0
    done = contactsync("adopt")
    assert (done.returncode, "contactsync init" in done.stdout) == (0, True)
    found = conn.execute("SELECT name, unix_user FROM contactsync.account ORDER BY name").fetchall()
    assert [name for name, _ in found] == ["acme", "beta"]
    if os.geteuid() == 0:
        assert found == [("acme", "nobody"), ("beta", None)]
    assert sorted(path.name for path in (root / "acme").iterdir()) == []
    wrong = contactsync("adopt", "gamma")
    assert (wrong.returncode, "gamma" in wrong.stderr) == (1, True)


def test_an_unknown_unix_user(contactsync: Run) -> None:
    """`account add` refuses a user or group that this host does not have, and names the command that makes it."""
    done = contactsync("account", "add", "acme", "--unix-user", "nosuch", "--unix-group", "nosuch")
    assert done.returncode == 2
    assert "--unix-user: this host has no Unix user nosuch: useradd " in done.stderr
    assert "--unix-group: this host has no Unix group nosuch: groupadd " in done.stderr


def test_names_are_completed(
    contactsync: Run, acme: int, database_url: str, bare: Run, tmp_path: Path
) -> None:
    """A shell completes the accounts, from the database or, without it, from the folders."""

    def completed(url: str) -> str:
        words = {"COMP_WORDS": "contactsync account show ac", "COMP_CWORD": "3"}
        return bare(_CONTACTSYNC_COMPLETE="complete_bash", CONTACTSYNC_DATABASE_URL=url, **words).stdout

    assert completed(database_url).split() == ["acme"]
    (tmp_path / "ftp/acorn/contacts").mkdir(parents=True)
    assert completed("host=/nonexistent user=x").split() == ["acorn"]
