"""docs/operations.md, "An existing PostgreSQL": both blocks of five lines work as they are pasted."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.docs.private_host import needs_root, run
from tests.guarded_server import debian_binaries

PAGE = Path(__file__).parents[2] / "docs/operations.md"
SECTION = re.compile(r"^### An existing PostgreSQL\n(.*?)^### ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# The user that the packages create, an empty /run/postgresql, and a new server with Debian's rules: peer for local
# connections, passwords for TCP.
HOST = r"""
echo 'contactsync:x:64999:64999::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
echo 'contactsync:x:64999:' >> /etc/group
mkdir -p /etc/contactsync && rm -f /etc/contactsync/* && touch /etc/contactsync/contactsync.toml
mkdir -p /run/postgresql && mount -t tmpfs -o mode=777 none /run/postgresql
export PATH="$PROGRAMS:$PATH"
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


@needs_root
@pytest.mark.skipif(debian_binaries() is None, reason="needs Debian's PostgreSQL")
@pytest.mark.parametrize("number", [0, 1], ids=["peer", "password"])
def test_the_lines_work_as_pasted(number: int, work: Path) -> None:
    """Root pastes them; the schema is made, and `doctor` finds nothing wrong with the database."""
    (work / "pasted").write_text(blocks()[number])
    more = {"SERVER": str(debian_binaries()), "PROGRAMS": str(Path(sys.executable).parent)}
    done = run(HOST, work, more)
    password = work / "etc/contactsync/database_password"
    assert password.exists() == bool(number)
    if number:
        assert password.read_text().strip() not in done.stdout + done.stderr
    assert "applied 0001_contacts" in done.stdout, done.stdout + done.stderr
    findings = [line.split(None, 2) for line in done.stdout.splitlines() if " database " in line]
    assert [level for level, *_ in findings] == ["ok"], done.stdout
