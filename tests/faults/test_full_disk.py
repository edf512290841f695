"""A really full disk and one that turns read-only, under one account's home; the other's home is elsewhere."""

from __future__ import annotations

import json
import os
import socket
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from contactsync.domain.deposit import ACTIONS
from tests.acceptance.program import BOXES, DEADLINE
from tests.acceptance.tables import people
from tests.faults import files
from tests.faults.proxy import VERDICT, Hold, Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.scene import Run

pytestmark = pytest.mark.skipif(files.why_not() is not None, reason=files.why_not() or "")

SIZE = 512 << 10
# 80 KB.
CONTENT = people(2000) + b"R0;Personne;;\n"
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
    """However little room there is, no file is cut short. The file waits whole until there is room."""
    run.drop("acme", "list.csv", CONTENT)
    ballast = disk.fill(leaving=pages * os.sysconf("SC_PAGE_SIZE"))
    run.start()
    other_goes_on(run, "first.csv")
    run.until(
        lambda: run.events("disk.low") or run.events("deposit.waits") or run.ledger("acme"),
        "the disk is found full",
    )
    other_goes_on(run, "second.csv")
    left = run.everywhere("acme")
    assert len(left) == 1
    assert (run.box("acme", left[0][0]) / left[0][1]).read_bytes() == CONTENT
    ballast.unlink()
    settled = run.settled("acme", "list.csv")
    assert (settled.state, settled.path.read_bytes()) == ("ok", CONTENT)
    assert settled.result["rows_applied"] == 2000
    assert settled.beside(".rejected.csv").read_bytes().count(b"\n") == 2
    run.until(lambda: not os.listdir(run.box("acme", "on")), "on/ is empty")
    assert len(run.contacts("acme")) == 2000
    assert run.events("bug") == []


def test_nothing_is_claimed_on_a_disk_that_is_nearly_full(run: Run, disk: files.TinyDisk) -> None:
    """Uploads wait in `in/`; log, `status` and metric show it; other disks are served; claims resume when there is room."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run.configure(min_free_percent=50, metrics_port=port)
    ballast = disk.fill(leaving=SIZE // 4)
    run.drop("acme", "list.csv", people(4))
    run.start()
    low = run.until(lambda: run.events("disk.low"), "the disk is found nearly full")
    assert [(line["required_bytes"], line["free_bytes"] < SIZE // 2) for line in low] == [(SIZE // 2, True)]
    other_goes_on(run, "meanwhile.csv")
    assert run.everywhere("acme") == [("in", "list.csv")]
    status = run.until(lambda: found_low(run), "the heartbeat shows it")
    assert "too little free space" in status["summary"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"\ncontactsync_disks_low 1.0\n" in answer.read()
    ballast.unlink()
    assert run.settled("acme", "list.csv").state == "ok"
    run.until(lambda: run.events("disk.resumed"), "it is logged that there is room again")
    assert len(run.events("disk.low")) == 1
    run.stop()


def found_low(run: Run) -> dict[str, Any]:
    """The daemon's heartbeat if it shows a disk without room, otherwise nothing."""
    try:
        found: dict[str, Any] = json.loads((run.folder / "data" / "condition.json").read_text())
    except FileNotFoundError:
        return {}
    return found if found["low_disks"] else {}


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


@pytest.mark.parametrize(("content", "state"), [(CONTENT, "ok"), (b"Nom\nUn\n", "ko")])
def test_a_disk_that_is_full_when_the_verdict_falls(
    run: Run, disk: files.TinyDisk, database_url: str, content: bytes, state: str
) -> None:
    """Committed, and no room for the result: the file waits in `on/` and is not applied again when there is room."""
    with Proxy(database_url) as proxy:
        run.configure(database_url=proxy.url)
        hold = proxy.watch = Hold(VERDICT)
        run.drop("acme", "list.csv", content)
        run.start()
        assert hold.reached.wait(DEADLINE)
        ballast = disk.fill(leaving=0)
        hold.let_go()
        run.until(lambda: run.events("deposit.waits"), "the disk is found full")
        assert [row["state"] for row in run.ledger("acme")] == [state]
        other_goes_on(run, "meanwhile.csv")
        assert [box for box, _ in run.everywhere("acme")] == ["on"]
        ballast.unlink()
        assert run.settled("acme", "list.csv").state == state
        assert run.settled("acme", "list.csv").result["state"] == state
        assert len(run.contacts("acme")) == (2000 if state == "ok" else 0)
        assert [row["attempts"] for row in run.ledger("acme")] == [1]
        run.stop()


@pytest.mark.parametrize("box", ["on", "ok", "ko"])
def test_a_folder_that_is_a_separate_disk(run: Run, box: str) -> None:
    """No rename reaches it: the log says what to fix, nothing is lost, other accounts are served, and the fix is enough."""
    accounts = [run.add_account(name, dedup="none") for name in ("acme", "globex")]
    content = b"Nom\nUn\n" if box == "ko" else CONTENT
    with files.TinyDisk(run.box("acme", box), "64k") as disk:
        run.ftp, run.prefix = disk.seen(run.ftp), disk.enter
        run.configure(rescan_seconds=0.2)
        for account in accounts:
            run.drop(account, "list.csv", content)
        run.start()
        run.until(lambda: run.events("deposit.waits"), "it is logged")
        assert "are on several file systems" in run.events("deposit.waits")[0]["reason"]
        assert run.settled("globex", "list.csv").state == ("ko" if box == "ko" else "ok")
        assert [place for place, _ in run.everywhere("acme")] == ["in" if box == "on" else "on"]
        disk.take_away()
        settled = run.settled("acme", "list.csv")
        assert (settled.state, settled.path.read_bytes()) == ("ko" if box == "ko" else "ok", content)
        assert len(run.contacts("acme")) == len(run.contacts("globex"))
        assert run.events("bug") == []
        run.stop()
