"""One account cannot reach another account's files or the system's."""

from __future__ import annotations

import pytest

from contactsync.spool import unopened
from tests.acceptance import host as hosts
from tests.acceptance.host import ACME, DAEMON, GLOBEX, HostProgram, Tenant
from tests.acceptance.permissions.scheme import FORBIDDEN, SCHEME, changes, days, owner_of
from tests.acceptance.tables import people

pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")


def test_root_publishes_for_the_daemon(made: HostProgram) -> None:
    """What `report` makes belongs to the daemon, which will remove it."""
    assert made.cli("report", "--account", "acme").returncode == 0
    (day,) = days(made)
    assert owner_of(day) == (DAEMON, ACME, 0o750)


def test_links_to_other_files_are_refused_unread(program: HostProgram, acme: Tenant, globex: Tenant) -> None:
    """A link to another account's file or the system's is refused as it is; neither the daemon nor the account reads it."""
    program.drop("globex", "private.csv", people(5, first=700))
    private = program.settled("globex", "private.csv").path
    assert acme("os.link(p[0], p[1])", str(private), "contacts/import/in/hard.csv") in hosts.FORBIDDEN
    assert acme("os.link('/etc/passwd', p[0])", "contacts/import/in/hard.csv") in hosts.FORBIDDEN
    for name, target in (
        ("soft.csv", str(private)),
        ("shadow.csv", "/etc/shadow"),
        ("up.csv", "../../../../globex"),
    ):
        assert acme(f"os.symlink({target!r}, p[0])", f"contacts/import/in/{name}") is None
        settled = program.settled("acme", name)
        assert (settled.state, settled.result["reason"]) == ("ko", "not_a_file")
        assert acme.get(settled.path) == unopened.NOTE.decode()
    acme(f"os.symlink({str(private)!r}, p[0])", "contacts/import/.addToExistingList")
    acme(f"os.symlink({str(private)!r}, p[0])", "contacts/import/in/.syncExistingList")
    acme.put("contacts/import/in/after.csv", people(1))
    assert program.settled("acme", "after.csv").result["mode"] == 1
    acme("os.unlink(p[0])", "contacts/import/.addToExistingList")
    acme("os.unlink(p[0])", "contacts/import/in/.syncExistingList")
    assert not [
        each
        for each in program.contacts("acme")
        if each["reference"] >= "R700" and each["reference"] < "R705"
    ]
    assert owner_of(private) == (DAEMON, GLOBEX, 0o640)


def test_another_account_sees_nothing(program: HostProgram, acme: Tenant, globex: Tenant) -> None:
    """It neither lists, nor reads, nor writes, nor so much as looks whether something is there."""
    acme.put("contacts/import/in/mine.part", b"x")
    acme.put("contacts/import/.createNewList", b"")
    attempts: list[tuple[str, tuple[str, ...]]] = []
    for path in SCHEME:
        attempts += [
            ("os.listdir(p[0])", (path,)),
            ("os.open(p[0], os.O_WRONLY | os.O_CREAT)", (f"{path}/new",)),
            ("os.mkdir(p[0])", (f"{path}/new",)),
            ("os.chmod(p[0], 0o777)", (path,)),
        ]
    for path in [path for path in SCHEME if path.count("/")]:
        attempts += [("os.stat(p[0])", (path,)), ("os.chdir(p[0])", (path,))]
    for path in ("contacts/import/in/mine.part", "contacts/import/.createNewList"):
        attempts += [("open(p[0]).read()", (path,)), *changes(path)]
    assert globex.errors(attempts) == {}
    acme("os.unlink(p[0])", "contacts/import/in/mine.part")
    acme("os.unlink(p[0])", "contacts/import/.createNewList")


def test_reports_are_read_by_their_account_alone(program: HostProgram, acme: Tenant, globex: Tenant) -> None:
    """One day was published by `report`, run by root, the others by the daemon; the account can change neither."""
    program.until(lambda: len(days(program)) >= 3, "the days are published")
    for day in days(program):
        (zipped,) = day.iterdir()
        assert owner_of(day) == (DAEMON, ACME, 0o750)
        assert owner_of(zipped) == (DAEMON, ACME, 0o640)
        assert acme.get(zipped) == zipped.read_bytes().decode("latin-1")
        assert globex.get(zipped) == FORBIDDEN
        attempts = [
            ("os.mkdir(p[0])", (str(day / "new"),)),
            ("os.rename(p[0], p[1])", (str(day), f"{day}.x")),
        ]
        assert acme.errors([*attempts, *changes(str(zipped))]) == {}


def test_no_bug_and_no_output_on_standard_error(program: HostProgram) -> None:
    """After all of these: no bug, no failure, no line on standard error."""
    assert (program.events("bug"), program.stderr.read_text()) == ([], "")
