"""A really full disk and one that turns read-only, under one account's home; the other's home is elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from contactsync.model import ACTIONS
from tests.acceptance.program import BOXES, people
from tests.faults import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.scene import Run

pytestmark = pytest.mark.skipif(files.why_not() is not None, reason=files.why_not() or "")

SIZE = 512 << 10
CONTENT = people(2000) + b"R0;Personne;;\n"  # 80 KB
OTHER = people(4)


@pytest.fixture
def disk(run: Run) -> Iterator[files.TinyDisk]:
    """A disk of 512 KiB under the FTP root, with the account acme; globex has its home elsewhere."""
    away = run.folder / "elsewhere"
    for action in ACTIONS:
        for box in BOXES:
            (away / "contacts" / action / box).mkdir(parents=True)
    with files.TinyDisk(run.ftp, str(SIZE)) as disk:
        run.ftp = disk.path
        run.prefix = disk.enter
        run.add_account("acme", dedup="none")
        run.connection.execute("INSERT INTO account (name, home) VALUES ('globex', %s)", [str(away)])
        run.configure(workers=1, rescan_seconds=0.2)
        yield disk
        run.stop()


def other_goes_on(run: Run, name: str) -> None:
    """A file of the other account is applied meanwhile."""
    inbox = run.folder / "elsewhere" / "contacts" / "import" / "in"
    (inbox / ".upload").write_bytes(OTHER)
    (inbox / ".upload").rename(inbox / name)
    run.until(
        lambda: [row for row in run.ledger("globex") if row["name"] == name and row["state"] == "ok"], name
    )


@pytest.mark.parametrize("pages", range(0, 24, 4))
def test_a_full_disk_delays_its_account_alone(run: Run, disk: files.TinyDisk, pages: int) -> None:
    """However little room there is, no file is cut short; the file waits whole, and goes on when there is room."""
    run.drop("acme", "list.csv", CONTENT)
    ballast = disk.fill(leaving=pages * os.sysconf("SC_PAGE_SIZE"))
    run.start()
    other_goes_on(run, "first.csv")
    run.until(lambda: run.events("deposit.waits") or run.ledger("acme"), "the disk is found full")
    other_goes_on(run, "second.csv")
    lying = run.everywhere("acme")
    assert len(lying) == 1
    assert (run.box("acme", lying[0][0]) / lying[0][1]).read_bytes() == CONTENT
    ballast.unlink()
    settled = run.settled("acme", "list.csv")
    assert (settled.state, settled.path.read_bytes()) == ("ok", CONTENT)
    assert settled.result["rows_applied"] == 2000
    assert settled.beside(".rejected.csv").read_bytes().count(b"\n") == 2
    run.until(lambda: not os.listdir(run.box("acme", "on")), "on/ is empty")
    assert len(run.contacts("acme")) == 2000
    assert run.events("bug") == []


def test_a_disk_that_turns_read_only(run: Run, disk: files.TinyDisk) -> None:
    """Deposits stay where they are until it is writable again, then they are applied."""
    run.drop("acme", "list.csv", people(4))
    disk.remount("ro")
    run.start()
    run.until(lambda: run.events("deposit.waits"), "the disk is found read-only")
    other_goes_on(run, "meanwhile.csv")
    assert run.everywhere("acme") == [("in", "list.csv")]
    disk.remount("rw")
    assert run.settled("acme", "list.csv").state == "ok"
    assert len(run.contacts("acme")) == 4
    assert run.events("bug") == []
