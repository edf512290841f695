"""docs/operations.md, "An existing PostgreSQL": both blocks of five lines work as they are pasted."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.guarded_server import debian_binaries

PAGE = Path(__file__).parents[2] / "docs/operations.md"
SECTION = re.compile(r"^### An existing PostgreSQL\n(.*?)^### ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# A copy of /etc with the user that the packages create, an empty /run/postgresql, a network of its own, and a new
# server with Debian's rules: peer for local connections, passwords for TCP.
HOST = r"""
set -e
cp -a /etc "$WORK/etc" && mount --bind "$WORK/etc" /etc
echo 'contactsync:x:64999:64999::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
echo 'contactsync:x:64999:' >> /etc/group
mkdir -p /etc/contactsync && rm -f /etc/contactsync/* && touch /etc/contactsync/contactsync.toml
mkdir -p /run/postgresql && mount -t tmpfs -o mode=777 none /run/postgresql
"$PYTHON" -c 'import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))'
export PATH="$PROGRAMS:$PATH"
cd /
runuser -u postgres -- "$SERVER/initdb" --pgdata="$WORK/pgdata" --encoding=UTF8 --locale=C --no-sync \
    --auth-local=peer --auth-host=scram-sha-256 >/dev/null
runuser -u postgres -- "$SERVER/pg_ctl" start --silent --wait --pgdata="$WORK/pgdata" --log="$WORK/log" \
    --options="-c listen_addresses=127.0.0.1 -c unix_socket_directories=/run/postgresql -c fsync=on"
set +e
bash "$WORK/pasted"
runuser -u postgres -- "$SERVER/pg_ctl" stop --silent --mode=immediate --pgdata="$WORK/pgdata"
"""


def blocks() -> list[str]:
    section = SECTION.search(PAGE.read_text(encoding="utf-8"))
    assert section is not None
    return BLOCK.findall(section[1])


def test_each_block_has_five_lines() -> None:
    assert [block.count("\n") for block in blocks()] == [5, 5]


@pytest.mark.skipif(
    os.geteuid() != 0 or debian_binaries() is None or shutil.which("unshare") is None,
    reason="needs root, mounts, and Debian's PostgreSQL",
)
@pytest.mark.parametrize("number", [0, 1], ids=["peer", "password"])
def test_the_lines_work_as_pasted(number: int) -> None:
    """Root pastes them; the schema is made, and `doctor` finds nothing wrong with the database."""
    with TemporaryDirectory() as folder:
        work = Path(folder)
        work.chmod(0o777)
        (work / "pasted").write_text(blocks()[number])
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("CONTACTSYNC_", "PG"))
        }
        environment |= {"WORK": folder, "SERVER": str(debian_binaries()), "PYTHON": sys.executable}
        environment |= {"PROGRAMS": str(Path(sys.executable).parent)}
        command = ["unshare", "--mount", "--net", "bash", "-c", HOST]
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if "unshare failed" in done.stderr:
            pytest.skip("no mounts here")
        password = work / "etc/contactsync/database_password"
        assert password.exists() == bool(number)
        if number:
            assert password.read_text().strip() not in done.stdout + done.stderr
    assert "applied 0001_contacts" in done.stdout, done.stdout + done.stderr
    findings = [line.split(None, 2) for line in done.stdout.splitlines() if " database " in line]
    assert [level for level, *_ in findings] == ["ok"], done.stdout
