"""An account whose home is not its own: the daemon leaves it alone and serves the others."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.acceptance.program import Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def rooted(tmp_path: Path, database_url: str) -> Iterator[Program]:
    """A program with the account acme, which the test starts."""
    with closing(Program(tmp_path / "rooted", database_url, rescan_seconds=0.1)) as program:
        program.add_account("acme")
        yield program


def test_foreign_homes_are_left_alone(rooted: Program) -> None:
    """Written into the table by SQL: each is logged once, nothing below it is touched, and acme is served."""
    outside = rooted.folder / "outside"
    (outside / "contacts/import/in").mkdir(parents=True)
    (outside / "contacts/import/in/list.csv").write_bytes(people(1))
    (rooted.ftp / "alias").symlink_to(rooted.ftp / "acme")
    acme = str(rooted.ftp / "acme")
    homes = {
        "relative": os.path.relpath(outside),
        "climbing": f"{rooted.ftp}/../outside",
        "theft": acme,
        "within": f"{acme}/contacts/import/in",
        "around": str(rooted.ftp),
        "alias": None,  # its home is the link above
        "root": "/",
    }
    for name, home in homes.items():
        rooted.connection.execute("INSERT INTO account (name, home) VALUES (%s, %s)", [name, home])
    upload = rooted.drop("acme", "list.csv", people(3))
    inside = upload.parent / "contacts/import/in"
    inside.mkdir(parents=True)
    (inside / "list.csv").write_bytes(people(1))
    with rooted:
        assert rooted.settled("acme", "list.csv").state == "ok"
        logged = rooted.until(
            lambda: (
                len(rooted.events("account.bad_home")) >= len(homes) and rooted.events("account.bad_home")
            ),
            "all are logged",
        )
        assert {line["account"] for line in logged} == set(homes)
        assert len(logged) == len(homes)
        assert all(line["fix"].startswith("contactsync account set") for line in logged)
        rooted.connection.execute("UPDATE account SET home = %s WHERE name = 'climbing'", [str(outside)])
        rooted.until(lambda: rooted.ledger("climbing"), "its home is right again")
    assert [name for name in homes if rooted.ledger(name)] == ["climbing"]
    assert (inside / "list.csv").read_bytes() == people(1)
    # The folder itself may have an answer by now.
    assert [row["name"] for row in rooted.ledger("acme") if row["reason"] != "a_folder"] == ["list.csv"]
    for name in ("theft", "climbing"):
        done = subprocess.run(
            rooted._command("init", name),
            env=rooted._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, name in done.stderr) == ((0, False) if name == "climbing" else (2, True))


@pytest.mark.parametrize("name", ["../etc", "a/b", "..", ".hidden", "a\nb", "", "a" * 65, "é"])
def test_the_table_takes_no_name_that_leads_elsewhere(rooted: Program, name: str) -> None:
    """By SQL too."""
    with pytest.raises(psycopg.errors.CheckViolation):
        rooted.connection.execute("INSERT INTO account (name) VALUES (%s)", [name])


def test_a_home_that_becomes_a_link_to_anothers(rooted: Program) -> None:
    """However it came about, the next start leaves it alone; until then its lock keeps two from one tree."""
    rooted.add_account("thief")
    (rooted.ftp / "thief").rename(rooted.ftp / "before")
    (rooted.ftp / "thief").symlink_to("acme")
    with rooted:
        rooted.drop("acme", "list.csv", people(1))
        assert rooted.settled("acme", "list.csv").state == "ok"
        assert [line["account"] for line in rooted.logged("account.bad_home")] == ["thief"]
    assert rooted.ledger("thief") == []
