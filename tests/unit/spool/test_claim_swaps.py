"""Claims of special files, and of uploads that are replaced during the claim."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from contactsync.runtime import kernel
from contactsync.spool import claim
from contactsync.spool.settled import Answers
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import IMPORT, Drop, nothing, seen, tree
from tests.unit.spool.swaps import SWAPS, before_calling, descriptors, swap


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "socket", "hard link"])
def test_a_special_file_is_moved_without_being_opened(
    home: Path, spool: Spool, drop: Drop, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is claimed as it is, refused with its reason and put away below `ko/`; its other name stays."""
    here = home / "contacts" / "import" / "in" / "list.csv"
    secret = home / "secret"
    secret.write_bytes(b"secret")
    sock = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(here.parent)
    make: dict[str, Callable[[], object]] = {
        "link": lambda: here.symlink_to(secret),
        "dangling": lambda: here.symlink_to(home / "nowhere"),
        "fifo": lambda: os.mkfifo(here),
        "socket": lambda: sock.bind("list.csv"),
        "hard link": lambda: here.hardlink_to(secret),
    }
    make[kind]()
    before = here.lstat()
    incoming = seen(spool)
    monkeypatch.setattr(spool, "open_incoming", None)
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    admitted = spool.admit(IMPORT, claimed, incoming)
    assert admitted.refusal == ("hard_link" if kind == "hard link" else "not_a_file")
    assert admitted.sha256 is None
    spool.settle(IMPORT, claimed, "ko", Answers(b"{}\n"), opened=False)
    moved = home / "contacts" / "import" / "ko" / ".unopened" / claimed.decode()
    assert (moved.lstat().st_ino, moved.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert secret.read_bytes() == b"secret"
    sock.close()


def test_a_file_swapped_during_the_rename_is_put_back(
    home: Path, spool: Spool, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that took the upload's place just before the rename goes back under its name, unchanged."""
    incoming = drop()
    here = home / "contacts" / "import" / "in" / "list.csv"

    def swap_then_rename(*given: object) -> None:
        here.unlink()
        here.write_bytes(b"another upload")
        monkeypatch.setattr(claim, "claim_noreplace", kernel.claim_noreplace)
        kernel.claim_noreplace(*given)  # type: ignore[arg-type]  # passed through

    # So that the inode is not used again.
    (home / "keep").hardlink_to(here)
    (home / "keep").unlink()
    held = here.open("rb")
    incoming = seen(spool)
    monkeypatch.setattr(claim, "claim_noreplace", swap_then_rename)
    assert spool.claim(incoming, nothing) is None
    held.close()
    assert here.read_bytes() == b"another upload"
    assert tree(home)["on"] == []


@pytest.mark.parametrize("kind", SWAPS)
def test_a_swap_before_the_file_is_opened(
    home: Path, spool: Spool, drop: Drop, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Between scan and open: nothing is claimed or followed, nothing blocks, and no descriptor leaks."""
    incoming = drop()
    here = home / "contacts" / "import" / "in" / "list.csv"
    before_calling(monkeypatch, os, "open", lambda: swap(kind, here, secret))
    open_before = descriptors()
    assert spool.claim(incoming, nothing) is None
    assert descriptors() == open_before
    assert tree(home)["on"] == []
    assert secret.read_bytes() == b"Email\nsecret@example.com\n"


@pytest.mark.parametrize("kind", SWAPS)
def test_a_swap_before_the_rename(
    home: Path, spool: Spool, drop: Drop, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Between open and rename: the new file goes back as it is, and nobody reads it."""
    incoming = drop()
    here = home / "contacts" / "import" / "in" / "list.csv"
    before_calling(monkeypatch, claim, "claim_noreplace", lambda: swap(kind, here, secret))
    open_before = descriptors()
    assert spool.claim(incoming, nothing) is None
    assert descriptors() == open_before
    assert tree(home) == {"in": [] if kind == "nothing" else ["list.csv"], "on": [], "ok": [], "ko": []}
    assert secret.read_bytes() == b"Email\nsecret@example.com\n"
    assert secret.stat().st_nlink == (2 if kind == "hard link" else 1)
