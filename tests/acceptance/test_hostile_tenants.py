"""What an account does to harm others: names, homes, links, swaps, floods. It gets nowhere, and others go on."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from contactsync.processing.lanes import MAX_LOGGED_STRAYS
from tests.acceptance import host as hosts
from tests.acceptance.host import ACME
from tests.acceptance.program import Program, people

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WAIT = 10.0  # seconds, on a machine that is busy with much else
FLOOD = 2000  # files in one in/; CONTACTSYNC_FLOOD=100000 for the long form
RACE_SECONDS = 3.0
SECRET = b"Email\nsecret@example.com\n"


# --- homes and names -----------------------------------------------------------------------------------------------


@pytest.fixture
def rooted(tmp_path: Path, database_url: str) -> Iterator[Program]:
    """A program with the account acme, which the test starts."""
    with closing(Program(tmp_path / "rooted", database_url, rescan_seconds=0.1)) as program:
        program.add_account("acme")
        yield program


def test_homes_that_are_not_ones_own_are_left_alone(rooted: Program) -> None:
    """Written into the table by SQL: told once each in the log, nothing below them is touched, and acme goes on."""
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
        "alias": None,  # the link above lies in the place of its home
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
        told = rooted.until(
            lambda: (
                len(rooted.events("account.bad_home")) >= len(homes) and rooted.events("account.bad_home")
            ),
            "all are told",
        )
        assert {line["account"] for line in told} == set(homes)
        assert len(told) == len(homes)
        assert all(line["fix"].startswith("contactsync account set") for line in told)
        rooted.connection.execute("UPDATE account SET home = %s WHERE name = 'climbing'", [str(outside)])
        rooted.until(lambda: rooted.ledger("climbing"), "its home was mended")
    assert [name for name in homes if rooted.ledger(name)] == ["climbing"]
    assert (inside / "list.csv").read_bytes() == people(1)
    assert len(rooted.ledger("acme")) == 1
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
    """Whoever writes it."""
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
        assert [line["account"] for line in rooted.events("account.bad_home")] == ["thief"]
    assert rooted.ledger("thief") == []


# --- floods --------------------------------------------------------------------------------------------------------


def test_a_flood_of_files_delays_nobody_else(tmp_path: Path, database_url: str) -> None:
    """While one account's thousands of files are worked off in order, another's small deposits take what they take."""
    count = int(os.environ.get("CONTACTSYNC_FLOOD", FLOOD))
    with closing(Program(tmp_path / "flooded", database_url, rescan_seconds=0.5)) as program:
        for name in ("flood", "other"):
            program.add_account(name)
        inbox = program.box("flood", "in")
        for number in range(count):  # empty: as quickly refused as any
            (inbox / f"{number:06}.csv").touch()
        for number in range(count // 10):
            (inbox / f".dot-{number}").touch()
            (inbox / f"{number}.tmp").touch()
        for number in range(300):
            (inbox / f"folder-{number}").mkdir()
        with program:
            memory, waits = _rss(program), []
            for number in range(20):
                begun = time.monotonic()
                program.drop("other", f"{number}.csv", people(1))
                waits.append(program.settled("other", f"{number}.csv").at - begun)
            done = program.rows(DONE)
            assert len(done) < count, "the flood was over too soon to tell anything"
            print(f"{count} files: others wait {sorted(waits)[10]:.3f} s, at most {max(waits):.3f} s")
            assert max(waits) < LONGEST_WAIT
            while "CONTACTSYNC_FLOOD" in os.environ and len(done) < count:
                time.sleep(1)  # by hand only
                done = program.rows(DONE)
            took = (done[-1]["finished_at"] - done[0]["finished_at"]).total_seconds()
            grown = _rss(program) - memory
            print(f"{len(done)} in {took:.0f} s, {_cpu(program):.1f} s of CPU, {grown >> 20} MiB more memory")
            assert grown < 60 << 20
            assert [row["name"] for row in done] == [f"{number:06}.csv" for number in range(len(done))]
            assert len(program.events("stray.folder")) == MAX_LOGGED_STRAYS
        assert program.events("bug") == program.events("deposit.waits") == []


DONE = (
    "SELECT d.name, finished_at FROM deposit AS d JOIN account AS a USING (account_id)"
    " WHERE a.name = 'flood' AND state = 'ko' ORDER BY deposit_id"
)


def _rss(program: Program) -> int:
    """Bytes of memory that the daemon has."""
    pages = int(Path(f"/proc/{program.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _cpu(program: Program) -> float:
    """Seconds of CPU that the daemon has used."""
    fields = Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- races ---------------------------------------------------------------------------------------------------------

# Swaps what lies in in/ and, where it may, the folders themselves, for whatever it can make, as fast as it can.
RACER = """
import os, random, sys, time
home, secret, seconds, whole = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4] == "whole tree"
rng, deadline, swaps = random.Random(1), time.monotonic() + seconds, 0
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
number = 0
while time.monotonic() < deadline:
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
print(swaps)
"""


@pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")
@pytest.mark.parametrize("what", ["its own files", "whole tree"])
def test_swaps_in_a_tight_loop(database_url: str, what: str) -> None:
    """Whatever is swapped for whatever while the daemon, here root, claims: nothing outside the home is read or changed."""
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory())
        )  # pytest's own are closed to other users
        folder.chmod(0o711)
        program = stack.enter_context(closing(Program(folder / "raced", database_url, rescan_seconds=0.05)))
        for name in ("racer", "other"):
            program.add_account(name, dedup="none")
        for path in (program.ftp / "racer", *(program.ftp / "racer").rglob("*")):
            os.chown(path, ACME, ACME)
        secret = program.drop("other", "waits.part", SECRET)
        secret.chmod(0o600)
        before = secret.stat()
        given = [str(program.ftp / "racer"), str(secret), str(RACE_SECONDS), what]
        racer = [*hosts.as_user(ACME), *hosts.TENANT_PYTHON, "-c", RACER, *given]
        with program, subprocess.Popen(racer, stdout=subprocess.PIPE, text=True) as racing:
            for number in range(3):
                program.drop("other", f"{number}.csv", people(1))
                assert program.settled("other", f"{number}.csv").state == "ok"
            assert racing.stdout is not None
            assert int(racing.stdout.read()) > 100
            assert racing.wait(60) == 0
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
