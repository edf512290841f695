"""Deposits in `on/`: their order, and the copy that becomes the daemon's own."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import Retryable
from contactsync.spool.settled import Answers
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import IMPORT, MAX_BYTES, Drop, nothing, stamp, tree


def test_admitting_copies_to_an_inode_of_our_own(home: Path, spool: Spool, drop: Drop) -> None:
    """The copy has mode 0640; a process that has the upload open cannot change it. Size, hash and date are returned."""
    incoming = drop(content=b"Email\na@b.fr\n" * 50)
    handle = (home / "contacts" / "import" / "in" / "list.csv").open("rb")
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    admitted = spool.admit(IMPORT, claimed, incoming)
    path = home / "contacts" / "import" / "on" / claimed.decode()
    assert path.read_bytes() == b"Email\na@b.fr\n" * 50
    assert path.stat().st_ino != os.fstat(handle.fileno()).st_ino
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    handle.close()
    assert admitted.sha256 == hashlib.sha256(b"Email\na@b.fr\n" * 50).hexdigest()
    assert (admitted.size_bytes, admitted.name, admitted.refusal) == (650, b"list.csv", None)
    assert abs(admitted.deposited_at.timestamp() - incoming.identity.ctime / 1e9) < 1e-5
    with spool.reading(IMPORT, claimed) as readable:
        assert readable.read_bytes() == path.read_bytes()


def test_a_deposit_with_a_later_second_remembers_when_its_upload_ended(
    home: Path, spool: Spool, drop: Drop
) -> None:
    """The second of its name is the deposit date, but for consent it would be too young. Otherwise the date is enough."""
    incoming = drop()
    claimed = spool.claim(incoming, lambda _action, name: name.startswith(str(stamp(incoming)).encode()))
    assert claimed is not None
    admitted = spool.admit(IMPORT, claimed, incoming)
    assert admitted.deposited_at.timestamp() == stamp(incoming) + 1
    assert admitted.asked_at is not None
    assert abs(admitted.asked_at.timestamp() - incoming.identity.ctime / 1e9) < 1e-5
    assert spool.admit(IMPORT, claimed, None).asked_at is None


def test_a_file_over_the_limit_is_not_copied(home: Path, spool: Spool, drop: Drop) -> None:
    """It keeps its inode on its way to `ko/`. A file of exactly the limit is copied."""
    for size, refusal in ((MAX_BYTES, None), (MAX_BYTES + 1, "file_too_large")):
        incoming = drop(content=b"x" * size)
        claimed = spool.claim(incoming, nothing)
        assert claimed is not None
        admitted = spool.admit(IMPORT, claimed, incoming)
        inode = (home / "contacts" / "import" / "on" / claimed.decode()).stat().st_ino
        assert admitted.refusal == refusal
        assert (inode == incoming.identity.inode) == (refusal is not None)
        spool.settle(IMPORT, claimed, "ko", Answers())


def test_a_claimed_file_with_a_writer_is_retried(home: Path, spool: Spool, drop: Drop) -> None:
    """Admitting it raises Retryable; once the writer is gone, the copy is complete."""
    incoming = drop()
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    path = home / "contacts" / "import" / "on" / claimed.decode()
    with path.open("ab") as late:
        with pytest.raises(Retryable):
            spool.admit(IMPORT, claimed, incoming)
        late.write(b"c@d.fr\n")
    admitted = spool.admit(IMPORT, claimed, None)
    assert path.read_bytes() == b"Email\na@b.fr\nc@d.fr\n"
    assert (admitted.name, admitted.deposited_at.timestamp()) == (b"list.csv", stamp(incoming))
    assert tree(home)["on"] == [claimed.decode()]


def test_a_shortened_name_is_remembered_through_a_restart(home: Path, spool: Spool, drop: Drop) -> None:
    """The original name survives a crash that comes before the ledger has it."""
    name = b"x" * 240 + b".csv"
    incoming = drop(name)
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    assert len(claimed) == 240
    assert spool.in_progress() == [(IMPORT, claimed)]
    assert spool.admit(IMPORT, claimed, None).name == name
    spool.settle(IMPORT, claimed, "ok", Answers(b"{}"))
    assert tree(home)["on"] == []


def test_in_progress_is_in_order_of_deposit(home: Path, spool: Spool) -> None:
    """Oldest stamp first, whatever the folder; leftovers of interrupted work are removed."""
    on = home / "contacts"
    for path in ("import/on/1447797850_b.csv", "delete/on/1447797849_c.csv", "import/on/999999999_a.csv"):
        (on / path).touch()
    for path in (
        ".copy.1447797850_b.csv",
        ".copy.gone",
        ".result.gone",
        ".page.gone",
        ".rejected.gone",
        ".name.gone",
    ):
        (on / "import" / "on" / path).touch()
    assert spool.in_progress() == [
        (IMPORT, b"999999999_a.csv"),
        (ACTIONS["delete"], b"1447797849_c.csv"),
        (IMPORT, b"1447797850_b.csv"),
    ]
    assert tree(home)["on"] == [".copy.1447797850_b.csv", "1447797850_b.csv", "999999999_a.csv"]


@pytest.mark.parametrize(("hours", "left"), [(23, [".claim.1447797847_x.csv"]), (25, [])])
def test_a_mark_of_a_claim_is_no_deposit(home: Path, spool: Spool, hours: int, left: list[str]) -> None:
    """It may be another daemon's, so it is removed only after a day."""
    path = home / "contacts" / "import" / "on" / ".claim.1447797847_x.csv"
    path.touch()
    then = time.time() - 3600 * hours
    os.utime(path, (then, then))
    assert spool.in_progress() == []
    assert tree(home)["on"] == left


def test_a_partial_copy_is_replaced(home: Path, spool: Spool, drop: Drop) -> None:
    """A copy that a crash interrupted is made again."""
    incoming = drop()
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    (home / "contacts" / "import" / "on" / f".copy.{claimed.decode()}").write_bytes(b"Ema")
    spool.admit(IMPORT, claimed, None)
    assert tree(home)["on"] == [claimed.decode()]
    assert (home / "contacts" / "import" / "on" / claimed.decode()).read_bytes() == b"Email\na@b.fr\n"
