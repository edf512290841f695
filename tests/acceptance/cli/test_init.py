"""`init` creates an account's folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.acceptance.cli.command import Run


def test_init_makes_the_tree(contactsync: Run, acme: int, tmp_path: Path) -> None:
    """Modes are those of docs/ftp-facts.md; a second time changes nothing; a link below the home is not followed."""
    assert contactsync("init").returncode == 0
    home = tmp_path / "ftp/acme"
    modes = {
        "": 0o751,
        "contacts": 0o2750,
        "contacts/import": 0o3770,
        "contacts/delete": 0o2750,
        "contacts/optoutVOICEMAIL/in": 0o2770,
        "contacts/import/ko": 0o2750,
        "reporting": 0o2750,
    }
    for path, mode in modes.items():
        assert stat.S_IMODE((home / path).stat().st_mode) == mode, path
    assert len(list(home.rglob("*"))) == 2 + 10 + 40
    (home / "contacts/import/in").chmod(0o700)
    again = contactsync("init", "acme")
    assert "all folders exist" in again.stdout
    assert stat.S_IMODE((home / "contacts/import/in").stat().st_mode) == 0o700
    (home / "reporting").rmdir()
    (home / "reporting").symlink_to(tmp_path)
    linked = contactsync("init", "acme")
    assert linked.returncode == 2
    assert "reporting is not a folder" in linked.stderr
    assert contactsync("init", "nobody").returncode == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="owners change as root only")
def test_init_gives_owners_where_the_account_names_them(
    contactsync: Run, acme: int, conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    """The home is root's, the group the account's; modes of existing folders are repaired."""
    home = tmp_path / "ftp/acme"
    (home / "contacts/import/in").mkdir(parents=True, mode=0o700)
    conn.execute("UPDATE contactsync.account SET unix_user = 'nobody', unix_group = 'nogroup'")
    assert contactsync("init").returncode == 0
    for path, mode in (("", 0o751), ("contacts/import/in", 0o2770), ("contacts/import", 0o3770)):
        found = (home / path).stat()
        assert stat.S_IMODE(found.st_mode) == mode
        assert (home / path).group() == "nogroup"
    assert home.owner() == "root"
    conn.execute("UPDATE contactsync.account SET unix_user = 'no_such_user'")
    done = contactsync("init")
    assert done.returncode == 2
    assert "no_such_user" in done.stderr
