"""Claimed files that somebody replaces or changes while they are copied or read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from contactsync.domain.errors import Retryable
from contactsync.runtime import kernel
from contactsync.runtime.kernel import Lease
from contactsync.spool import files, in_progress
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import IMPORT, Drop, claim_and_admit, nothing, tree
from tests.unit.spool.swaps import SWAPS, before_calling, descriptors, swap


@pytest.mark.parametrize("kind", [kind for kind in SWAPS if kind != "nothing"])
def test_a_swap_before_the_copy(
    home: Path, spool: Spool, drop: Drop, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Between the look at a claimed file and its copy, by somebody who can write in `on/`: it is retried."""
    incoming = drop()
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    here = home / "contacts" / "import" / "on" / claimed.decode()
    before_calling(monkeypatch, os, "open", lambda: swap(kind, here, secret))
    open_before = descriptors()
    with pytest.raises(Retryable):
        spool.admit(IMPORT, claimed, incoming)
    assert descriptors() == open_before
    assert tree(home)["on"] == [claimed.decode()]


@pytest.mark.parametrize("kind", [kind for kind in SWAPS if kind not in ("nothing", "other file")])
def test_a_swap_before_the_copy_is_read(
    home: Path, spool: Spool, drop: Drop, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Only a plain file is ever parsed, and an open file stays the same."""
    claimed = claim_and_admit(spool, drop())
    here = home / "contacts" / "import" / "on" / claimed.decode()
    with spool.reading(IMPORT, claimed) as path:
        swap(kind, here, secret)
        assert path.read_bytes() == b"Email\na@b.fr\n"
    open_before = descriptors()
    with pytest.raises(Retryable), spool.reading(IMPORT, claimed):
        pass
    assert descriptors() == open_before


@pytest.mark.parametrize("change", ["grow", "shrink", "truncate", "rewrite", "grow beyond the limit"])
def test_a_file_that_changes_while_it_is_copied(
    home: Path, spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """No mix of old and new is taken: it is retried, and no more is read than the size that was seen."""
    content = b"Email\n" + b"a@b.fr\n" * 100
    incoming = drop(content=content)
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    path = home / "contacts" / "import" / "on" / claimed.decode()

    def act() -> None:
        with path.open("r+b") as file:
            if change.startswith("grow"):
                file.seek(0, os.SEEK_END)
                file.write(b"c@d.fr\n" * (1 if change == "grow" else 100_000))
            elif change == "rewrite":
                file.write(b"c" * 9)
            else:
                file.truncate(0 if change == "truncate" else 100)

    # After the lease is released: until then a process that opens the file for writing waits.
    monkeypatch.setattr(files, "release_lease", lambda fd: (kernel.release_lease(fd), act()))
    copied: list[int] = []
    monkeypatch.setattr(in_progress, "flush_to_disk", lambda file: copied.append(file.tell()))
    with pytest.raises(Retryable):
        spool.admit(IMPORT, claimed, incoming)
    assert copied
    assert copied[0] <= len(content)
    monkeypatch.undo()
    if change != "grow beyond the limit":
        admitted = spool.admit(IMPORT, claimed, None)
        assert admitted.size_bytes == path.stat().st_size
        assert admitted.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        assert spool.admit(IMPORT, claimed, None).refusal == "file_too_large"


def test_a_file_that_keeps_growing_is_read_to_the_size_that_was_seen(
    home: Path, spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a lease, a writer that appends faster than we read cannot keep us reading."""
    incoming = drop(content=b"a" * 600)
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    monkeypatch.setattr(files, "take_lease", lambda _fd: Lease.UNKNOWN)
    monkeypatch.setattr(in_progress, "_COPY_BYTES", 100)
    path = home / "contacts" / "import" / "on" / claimed.decode()
    with path.open("ab", buffering=0) as writer:

        class Endless:
            def __init__(self) -> None:
                self.reads = 0
                self.update = lambda _chunk: (
                    writer.write(b"a" * 100),
                    setattr(self, "reads", self.reads + 1),
                )

        endless = Endless()
        monkeypatch.setattr(in_progress.hashlib, "sha256", lambda: endless)
        with pytest.raises(Retryable):
            spool.admit(IMPORT, claimed, incoming)
    assert endless.reads == 6
