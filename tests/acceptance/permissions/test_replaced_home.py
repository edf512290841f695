"""A tenant that can write above its home replaces it: by a link to another tenant's home, or by another folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance import host as hosts
from tests.acceptance.host import ACME, DAEMON, HostProgram, Tenant
from tests.acceptance.permissions.scheme import SCHEME, days, scheme
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")


@pytest.fixture(scope="module")
def program(made: HostProgram) -> Iterator[HostProgram]:
    """Its daemon runs, with a data_dir of its own."""
    data = made.folder / "data"
    data.mkdir(mode=0o700)
    os.chown(data, DAEMON, DAEMON)
    made.configure(data_dir=data)
    with made:
        yield made


@pytest.fixture
def own(program: HostProgram) -> Iterator[Path]:
    """The home of acme, in a folder that belongs to acme; its daemon has seen it."""
    above = program.folder / "own"
    above.mkdir()
    os.chown(above, ACME, ACME)
    home = above / "home"
    assert program.cli("account", "set", "acme", "--home", str(home)).returncode == 0
    assert program.cli("init", "acme").returncode == 0
    assert scheme(home) == SCHEME
    before = f"before{len(program.ledger('acme'))}.csv"
    (home / "contacts/import/in" / before).write_bytes(people(1))
    program.until(lambda: applied(program, before), "the daemon works in it")
    yield home
    # Not removed: the running daemon recreates what is missing.
    above.rename(f"{above}.{before}")
    program.connection.execute("UPDATE account SET home = null, revision = revision + 1")


def applied(program: HostProgram, name: str) -> bool:
    """Whether acme had a file of this name applied."""
    return (name, "ok") in [(each["name"], each["state"]) for each in program.ledger("acme")]


def check_again(program: HostProgram) -> None:
    """Let the daemon check all homes at once, as after any change of an account."""
    program.connection.execute("UPDATE account SET revision = revision + 1")


def test_a_replaced_home_is_left_alone(program: HostProgram, acme: Tenant, own: Path) -> None:
    """Nothing of globex reaches acme, by deposits, reports or commands; the log, status and doctor name the home."""
    globex = program.ftp / "globex"
    published, before = len(days(program)), scheme(globex)
    assert acme("os.rename(p[0], p[1])", str(own), f"{own}.aside") is None
    assert acme("os.symlink(p[0], p[1])", str(globex), str(own)) is None
    check_again(program)
    (globex / "contacts/import/in/private.csv").write_bytes(people(10, first=700))
    assert program.settled("globex", "private.csv").result["rows_applied"] == 10
    (logged,) = program.until(
        lambda: program.events("account.bad_home") + program.events("account.home_changed"), "it is logged"
    )
    assert (logged["account"], str(own) in logged["reason"]) == ("acme", True)
    assert [each["name"] for each in program.ledger("acme")] == ["before0.csv"]
    assert len(program.contacts("acme")) == 1
    for command in (["report", "--account", "acme"], ["init", "acme"], ["tidy", "--account", "acme"]):
        done = program.cli(*command)
        assert (done.returncode != 0, "acme" in done.stderr) == (True, True), command
    assert len(days(program)) == published
    assert scheme(globex) == before
    status = json.loads(program.cli("status", "--json").stdout)
    (mine,) = (each for each in status["accounts"] if each["account"] == "acme")
    assert (mine["waiting"], str(own) in mine["folders"]) == (0, True)
    assert str(own) in program.cli("doctor").stdout
    assert acme("os.unlink(p[0])", str(own)) is None
    assert acme("os.rename(p[0], p[1])", f"{own}.aside", str(own)) is None
    check_again(program)
    (own / "contacts/import/in/after.csv").write_bytes(people(1))
    program.until(lambda: applied(program, "after.csv"), "its home is back")


def test_another_folder_waits_for_an_operator(program: HostProgram, acme: Tenant, own: Path) -> None:
    """`init` names the command that allows it, and changes nothing before."""
    assert acme("os.rename(p[0], p[1])", str(own), f"{own}.aside") is None
    assert acme("os.makedirs(p[0])", f"{own}/contacts/import/in") is None
    check_again(program)
    logged = program.until(lambda: program.events("account.home_changed"), "it is logged")
    assert logged[-1]["fix"] == "contactsync init acme --accept-home"
    done = program.cli("init", "acme")
    assert (done.returncode, logged[-1]["fix"] in done.stderr) == (2, True)
    assert own.stat().st_uid == ACME
    done = program.cli("init", "--check", "acme")
    assert (done.returncode, logged[-1]["fix"] in done.stdout) == (1, True)
    assert logged[-1]["fix"] in program.cli("doctor").stdout
    program.shell(logged[-1]["fix"])
    assert scheme(own) == SCHEME
    (own / "contacts/import/in/allowed.csv").write_bytes(people(1))
    program.until(lambda: applied(program, "allowed.csv"), "it is worked in again")
