"""A daemon without capabilities that is not the owner of the uploads."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import contactsync
from contactsync.runtime.kernel import Lease

AS_ANOTHER = """
import os, signal, sys
from pathlib import Path
from contactsync.runtime.kernel import take_lease
from contactsync.spool.home_pins import HomePins
from contactsync.spool.settled import Answers
from contactsync.spool.spool import Spool
signal.signal(signal.SIGIO, signal.SIG_IGN)
os.umask(0)
os.setgroups([])
os.setresgid(64003, 64003, 64003)
os.setresuid(64001, 64001, 64001)  # after the imports: it need not be able to read our interpreter
home = Path(sys.argv[1])
with Spool(home, HomePins(home.parent, home.parent / "data"), max_bytes=1000, ignored=lambda name: False) as spool:
    spool.recreate_missing()
    (incoming,) = spool.incoming()
    with spool.open_incoming(incoming) as file:
        print(take_lease(file.fileno()).name)
    claimed = spool.claim(incoming, lambda action, name: False)
    admitted = spool.admit(incoming.action, claimed, incoming)
    spool.settle(incoming.action, claimed, "ok", Answers(b"{}"))
    print(admitted.refusal, admitted.size_bytes)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_a_file_of_another_owner_is_claimed_without_capabilities() -> None:
    """The kernel grants no lease (UNKNOWN), but the file is claimed, copied and settled; the daemon owns the copy."""
    # Other users cannot enter pytest's own folders.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        _claim_as_another(Path(folder) / "acme")


def _claim_as_another(home: Path) -> None:
    daemon, uploader, group = 64_001, 64_002, 64_003
    contacts = home / "contacts"
    (contacts / "import" / "in").mkdir(parents=True)
    for path in (contacts, contacts / "import", contacts / "import" / "in"):
        os.chown(path, daemon, group)
        path.chmod(0o2770)
    upload = contacts / "import" / "in" / "list.csv"
    upload.write_bytes(b"Email\na@b.fr\n")
    os.chown(upload, uploader, group)
    upload.chmod(0o640)
    root = Path(contactsync.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER, str(home)],
        env={"PYTHONPATH": str(root), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split("\n") == [Lease.UNKNOWN.name, "None 13", ""]
    (settled,) = (contacts / "import" / "ok").glob("*_list.csv")
    assert settled.stat().st_uid == daemon
    assert not upload.exists()
