"""An account that swaps files, links and folders while the daemon claims them."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.acceptance import host as hosts
from tests.acceptance.host import ACME
from tests.acceptance.program import DEADLINE, Program
from tests.acceptance.tables import people

SWAPS = 20_000
SECRET = b"Email\nsecret@example.com\n"


# Swaps files in in/ and, if it may, the folders themselves, for files, links, pipes and folders, as fast as it can.
RACER = """
import os, random, sys
home, secret, enough, whole = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "whole tree"
rng, swaps = random.Random(1), 0
contacts = f"{home}/contacts"
inbox = f"{contacts}/import/in"
def attempt(what, *given):
    global swaps
    try:
        what(*given)
        swaps += 1
    except OSError:
        pass
def write(path):
    with open(path, "wb") as file:
        file.write(b"Email\\nracer@example.com\\n" * rng.randrange(1, 2000))
kinds = [
    lambda path: os.symlink(secret, path),
    lambda path: os.symlink("..", path),
    lambda path: os.mkfifo(path),
    lambda path: os.mkdir(path),
    lambda path: os.link(f"{inbox}/other.part", path),
    lambda path: os.link(secret, path),
    write, write, write,
]
while swaps < enough:
    path = f"{inbox}/{rng.randrange(4)}.csv"
    aside = f"{inbox}/x.part"
    attempt(write, f"{inbox}/other.part")
    attempt(os.unlink, aside), attempt(os.rmdir, aside)
    attempt(rng.choice(kinds), aside)
    if rng.random() < 0.3:
        attempt(os.unlink, path), attempt(os.rmdir, path)
    attempt(os.rename, aside, path)
    if rng.random() < 0.2:
        attempt(os.truncate, path, rng.randrange(100))
    for marker in (".addToExistingList", "in/.syncExistingList"):
        attempt(os.unlink, f"{contacts}/import/{marker}"), attempt(os.rmdir, f"{contacts}/import/{marker}")
        attempt(rng.choice(kinds), f"{contacts}/import/{marker}")
    if whole:
        folder = rng.choice([contacts, f"{contacts}/import", inbox, f"{contacts}/import/on", f"{contacts}/import/ok"])
        attempt(os.rename, folder, f"{home}/away")
        attempt(os.symlink, os.path.dirname(secret), folder)
        attempt(os.unlink, folder)
        attempt(os.rename, f"{home}/away", folder)
"""


@pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")
@pytest.mark.parametrize("what", ["its own files", "whole tree"])
def test_swaps_in_a_tight_loop(database_url: str, what: str) -> None:
    """Whatever an account swaps while the daemon, here root, claims, nothing outside its home is read or changed."""
    with ExitStack() as stack:
        # pytest's own folders are closed to other users.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o711)
        program = stack.enter_context(closing(Program(folder / "raced", database_url, rescan_seconds=0.05)))
        for name in ("racer", "other"):
            program.add_account(name, dedup="none")
        for path in (program.ftp / "racer", *(program.ftp / "racer").rglob("*")):
            os.chown(path, ACME, ACME)
        secret = program.drop("other", "waits.part", SECRET)
        secret.chmod(0o600)
        before = secret.stat()
        given = [str(program.ftp / "racer"), str(secret), str(SWAPS), what]
        racer = [*hosts.as_user(ACME), *hosts.TENANT_PYTHON, "-c", RACER, *given]
        with program, subprocess.Popen(racer) as racing:
            for number in range(3):
                program.drop("other", f"{number}.csv", people(1))
                assert program.settled("other", f"{number}.csv").state == "ok"
            assert racing.wait(DEADLINE) == 0
            program.until(lambda: program.ledger("racer"), "one of the racer's files is claimed")
            program.drop("racer", "last.csv", people(1))
            program.settled("racer", "last.csv")
            assert program.events("bug") == []
            assert len(os.listdir(f"/proc/{program.pid}/fd")) < 100
            assert len(program.ledger("racer")) > 1
        after = secret.stat()
        assert secret.read_bytes() == SECRET
        assert (after.st_ino, after.st_ctime_ns, after.st_mode) == (
            before.st_ino,
            before.st_ctime_ns,
            before.st_mode,
        )
        assert "secret@example.com" not in {contact["email"] for contact in program.contacts("racer")}
        kept = [path for path in (program.ftp / "racer").rglob("*") if stat.S_ISREG(path.lstat().st_mode)]
        assert not [path for path in kept if b"secret@" in path.read_bytes()]
        assert len(program.ledger("other")) == 3
