"""What was refused unopened: the tenant that uploaded it cannot write to it, and nobody is led elsewhere by it."""

from __future__ import annotations

import os
import stat

import pytest

from contactsync.spool import unopened
from tests.acceptance import host as hosts
from tests.acceptance.host import DAEMON, HostProgram, Tenant
from tests.acceptance.permissions.scheme import changes

pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")

UPLOADS = {
    "soft.csv": ("os.symlink('/etc/shadow', p[0])", "not_a_file"),
    "mine.csv": ("os.symlink(p[1], p[0])", "not_a_file"),
    "hard.csv": ("os.link(p[1], p[0])", "hard_link"),
    "pipe.csv": ("os.mkfifo(p[0], 0o666)", "not_a_file"),
    "socket.csv": ("os.mknod(p[0], 0o666 | stat.S_IFSOCK)", "not_a_file"),
}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_special_file(program: HostProgram, acme: Tenant, name: str) -> None:
    """A note takes its place, and the object is where no tenant gets."""
    other = "contacts/import/in/other.part"
    acme.put(other, b"Email\na@example.com\n")
    act, reason = UPLOADS[name]
    assert acme(act, f"contacts/import/in/{name}", other) is None
    settled = program.settled("acme", name)
    assert (settled.state, settled.result["reason"]) == ("ko", reason)
    assert_harmless(settled.path, acme)
    kept = settled.path.parent / ".unopened" / settled.path.name
    assert not stat.S_ISREG(kept.lstat().st_mode) or kept.lstat().st_nlink == 2
    acme("os.unlink(p[0])", other)


def test_a_file_over_the_limit(program: HostProgram, acme: Tenant) -> None:
    """The file of mode 0600 is the tenant's own. It is kept as it is, but the tenant cannot reach it."""
    content = b"Email\n" + b"x" * (20 << 20)
    assert acme(
        "open(p[0], 'wb').write(b'Email\\n' + b'x' * (20 << 20))", "contacts/import/in/large.csv"
    ) == len(content)
    settled = program.settled("acme", "large.csv")
    assert (settled.state, settled.result["reason"]) == ("ko", "file_too_large")
    assert_harmless(settled.path, acme)
    kept = settled.path.parent / ".unopened" / settled.path.name
    assert kept.stat().st_uid == hosts.ACME
    assert kept.read_bytes() == content
    done = program.cli("retry", str(program.ledger("acme")[-1]["deposit_id"]))
    assert (done.returncode, done.stderr) == (0, "")
    program.until(lambda: len([e for e in program.ledger("acme") if e["name"] == "large.csv"]) == 2, "again")


def assert_harmless(path: os.PathLike[str], acme: Tenant) -> None:
    """The note is the daemon's; neither it nor the object can be read through, changed, renamed or removed."""
    found = os.lstat(path)
    assert (stat.S_ISREG(found.st_mode), found.st_uid, stat.S_IMODE(found.st_mode)) == (True, DAEMON, 0o640)
    assert acme.get(str(path)) == unopened.NOTE.decode()
    folder, name = os.path.split(path)
    kept = f"{folder}/.unopened/{name}"
    assert acme.errors([*changes(str(path)), *changes(kept)]) == {}
    attempts = [(f"os.{call}(p[0])", (each,)) for call in ("listdir", "stat") for each in (kept,)]
    attempts += [("os.listdir(p[0])", (f"{folder}/.unopened",)), ("os.chmod(p[0], 0o777)", (kept,))]
    assert acme.errors(attempts) == {}
