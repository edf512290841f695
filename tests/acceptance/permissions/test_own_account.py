"""What an account may do in its own home, and what it may not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.acceptance import host as hosts
from tests.acceptance.host import ACME, DAEMON, HostProgram, Tenant
from tests.acceptance.permissions.scheme import CONTENT, FORBIDDEN, OPEN, SCHEME, changes, owner_of, scheme
from tests.acceptance.tables import people

pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")


def test_an_upload_is_applied_and_its_account_reads_the_answer(
    program: HostProgram, acme: Tenant, globex: Tenant
) -> None:
    """A file of mode 0600 of the account's: the daemon reads it, and the account reads what became of it; nobody else."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    assert f"Uid:\t{DAEMON}\t{DAEMON}" in status
    assert acme.put("contacts/import/in/list.csv", CONTENT) == [len(CONTENT), None]
    settled = program.settled("acme", "list.csv")
    assert settled.state == "ok"
    assert len(program.contacts("acme")) == 2
    for path in (settled.path, settled.beside(".result.json"), settled.beside(".rejected.csv")):
        assert owner_of(path) == (DAEMON, ACME, 0o640)
        assert acme.get(path) == path.read_bytes().decode("latin-1")
        assert globex.get(path) == FORBIDDEN
    assert set(acme("os.listdir(p[0])", "contacts/import/ok")) == set(os.listdir(settled.path.parent))
    assert (program.events("lease.unavailable"), program.events("deposit.waits")) == ([], [])


def test_the_account_may_create_rename_and_delete_markers(program: HostProgram, acme: Tenant) -> None:
    """It makes, renames and deletes them, and each has its effect."""
    assert acme.put("contacts/import/.addToExistingList", b"") == [0, None]
    acme.put("contacts/import/in/marked.csv", people(1))
    assert program.settled("acme", "marked.csv").result["mode"] == 2
    assert (
        acme(
            "os.rename(p[0], p[1])", "contacts/import/.addToExistingList", "contacts/import/.syncExistingList"
        )
        is None
    )
    acme.put("contacts/import/in/renamed.csv", people(1))
    assert program.settled("acme", "renamed.csv").result["mode"] == 3
    assert acme("os.unlink(p[0])", "contacts/import/.syncExistingList") is None
    acme.put("contacts/import/in/deleted.csv", people(1))
    assert program.settled("acme", "deleted.csv").result["mode"] == 1
    assert acme.put("contacts/import/in/.syncExistingList", b"") == [0, None]
    acme.put("contacts/import/in/through.csv", people(1))
    assert program.settled("acme", "through.csv").result["mode"] == 3
    assert acme("os.unlink(p[0])", "contacts/import/.syncExistingList") is None


def test_the_account_may_do_anything_inside_in(program: HostProgram, acme: Tenant) -> None:
    """Under a name in progress it writes, resumes, renames and deletes, makes folders and removes them."""
    part = "contacts/delete/in/x.part"
    acme.put(part, b"R")
    assert acme("open(p[0], 'ab').write(b'x')", part) == 1
    assert acme("os.rename(p[0], p[1])", part, "contacts/delete/in/y.part") is None
    assert acme("os.listdir(p[0])", "contacts/delete/in") == ["y.part"]
    assert acme("os.unlink(p[0])", "contacts/delete/in/y.part") is None
    assert acme("os.mkdir(p[0])", "contacts/delete/in/folder") is None
    assert acme("os.rmdir(p[0])", "contacts/delete/in/folder") is None


def test_the_account_may_change_nothing_outside_in(program: HostProgram, acme: Tenant) -> None:
    """No folder of the tree can be renamed, removed, replaced or opened up, and nothing made outside `in/` and the markers."""
    acme.put("contacts/import/in/source.part", b"x")
    mine = "contacts/import/in/mine.part"
    acme("os.mkdir(p[0])", mine)
    folders = [path for path in SCHEME if path]
    closed = [path for path in SCHEME if not path.endswith("/in") and path != "contacts/import"]
    attempts: list[tuple[str, tuple[str, ...]]] = []
    move = "os.rename(p[0], p[1])"
    for path in folders:
        attempts += [
            (move, (path, f"{path}.away")),
            ("os.rmdir(p[0])", (path,)),
            # Not into itself, nor out of itself: that is refused for another reason.
            *((move, (path, f"{to}/taken")) for to in OPEN if not f"{to}/".startswith(f"{path}/")),
            *([] if "contacts/import/in/".startswith(f"{path}/") else [(move, (mine, path))]),
        ]
    for path in SCHEME:
        attempts += [
            ("os.chmod(p[0], 0o777)", (path,)),
            ("os.chown(p[0], os.getuid(), -1)", (path,)),
            ("os.utime(p[0], (1, 1))", (path,)),
            ("os.setxattr(p[0], 'user.x', b'x')", (path,))
            if path in closed
            else ("os.chmod(p[0], 0)", (path,)),
        ]
    for path in closed:
        attempts += [
            ("os.open(p[0], os.O_WRONLY | os.O_CREAT | os.O_EXCL)", (f"{path}/new",)),
            ("os.mkdir(p[0])", (f"{path}/new",)),
            ("os.symlink('/etc/passwd', p[0])", (f"{path}/new",)),
            ("os.mkfifo(p[0])", (f"{path}/new",)),
            (move, ("contacts/import/in/source.part", f"{path}/new")),
            ("os.link(p[0], p[1])", ("contacts/import/in/source.part", f"{path}/new")),
        ]
    assert acme.errors(attempts) == {}
    assert scheme(program.ftp / "acme") == SCHEME
    acme("os.unlink(p[0])", "contacts/import/in/source.part")
    acme("os.rmdir(p[0])", mine)


def test_the_account_cannot_change_the_claimed_copy(program: HostProgram, acme: Tenant) -> None:
    """Neither by path nor by a descriptor that was open before: what is applied is what was uploaded."""
    acme.put("contacts/delete/in/held.part", CONTENT)
    assert (
        acme("names.__setitem__('held', os.open(p[0], os.O_RDONLY))", "contacts/delete/in/held.part") is None
    )
    # The merge waits for the account's row: the file stays in on/.
    with program.connection.transaction():
        program.connection.execute("SELECT FROM account WHERE name = 'acme' FOR UPDATE")
        acme("os.rename(p[0], p[1])", "contacts/delete/in/held.part", "contacts/delete/in/held.csv")
        (claimed,) = program.until(lambda: program.files_in("acme", "on", "delete"), "it is claimed")
        on = f"contacts/delete/on/{claimed}"
        program.until(lambda: (program.ftp / "acme" / on).stat().st_uid == DAEMON, "it is copied")
        attempts = changes(on)
        assert acme.errors(attempts) == {}
        assert acme.get(on) == CONTENT.decode("latin-1")
        # The uploaded inode is still the account's: it may write there, and nobody reads it.
        assert acme("os.write(os.open(f'/proc/self/fd/{held}', os.O_WRONLY | os.O_TRUNC), b'other')") == 5
    settled = program.settled("acme", "held.csv", "delete")
    assert settled.path.read_bytes() == CONTENT
    assert settled.result["rows_read"] == 3
    ok = str(settled.path.relative_to(program.ftp / "acme"))
    for path in (ok, f"{ok}.result.json"):
        assert acme.errors(changes(path)) == {}
    assert settled.path.read_bytes() == CONTENT


def test_no_bug_and_no_output_on_standard_error(program: HostProgram) -> None:
    """After all of these: no bug, no failure, no line on standard error."""
    assert (program.events("bug"), program.stderr.read_text()) == ([], "")
