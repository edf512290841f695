"""Markers that are adopted from `import/in/`, also while their uploader replaces them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS, Mode
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import IMPORT, Drop, nothing, put, tree
from tests.unit.spool.swaps import SWAPS, before_calling, swap


def test_a_marker_in_in_replaces_the_current_one(home: Path, spool: Spool) -> None:
    """For servers on which only `in/` is writable."""
    put(home, ".addToExistingList", "in/.syncExistingList")
    assert spool.mode() == (Mode.ADD, False)
    spool.adopt_markers()
    assert spool.mode() == (Mode.SYNC, False)
    assert tree(home)["in"] == []


def test_the_latest_of_several_markers_in_in_counts(home: Path, spool: Spool) -> None:
    """Each replaces the one before it, in order of change time."""
    put(home, "in/.syncExistingList", "in/.addToExistingList")
    first, last = (
        home / "contacts" / "import" / "in" / name for name in (".addToExistingList", ".syncExistingList")
    )
    while last.stat().st_ctime_ns <= first.stat().st_ctime_ns:
        last.chmod(0o600)
    spool.adopt_markers()
    assert spool.mode() == (Mode.SYNC, False)
    assert os.listdir(home / "contacts" / "import" / "in") == []


def test_without_a_new_marker_the_old_ones_stay(home: Path, spool: Spool) -> None:
    """Several markers in `import/` itself contradict each other."""
    put(home, ".addToExistingList", ".syncExistingList")
    spool.adopt_markers()
    assert spool.mode() == (Mode.CREATE, True)


def test_the_mode_is_read_when_the_file_is_admitted(home: Path, spool: Spool, drop: Drop) -> None:
    """Only imports have a mode."""
    put(home, ".syncExistingList")
    incoming = drop()
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    assert spool.admit(IMPORT, claimed, incoming).mode is Mode.SYNC
    other = drop(action=ACTIONS["delete"])
    claimed = spool.claim(other, nothing)
    assert claimed is not None
    assert spool.admit(ACTIONS["delete"], claimed, other).mode is None


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "socket", "full folder"])
@pytest.mark.parametrize("where", ["", "in/"])
def test_only_a_regular_file_is_a_marker(
    home: Path, spool: Spool, secret: Path, kind: str, where: str
) -> None:
    """Anything else chooses no mode, is not followed, and does not keep another marker from being adopted."""
    marker = home / "contacts" / "import" / f"{where}.addToExistingList"
    marker.touch()
    swap(kind.removeprefix("full "), marker, secret)
    if kind == "full folder":
        (marker / "file").touch()
    spool.adopt_markers()
    assert spool.mode() == (Mode.CREATE, False)
    put(home, "in/.syncExistingList")
    spool.adopt_markers()
    assert spool.mode() == (Mode.SYNC, False)
    assert os.path.lexists(marker)
    assert secret.read_bytes() == b"Email\nsecret@example.com\n"


@pytest.mark.parametrize("kind", [kind for kind in SWAPS if kind not in ("other file", "device")])
@pytest.mark.parametrize("which", ["new", "old"])
def test_a_marker_that_is_swapped_while_it_is_adopted(
    home: Path, spool: Spool, secret: Path, *, monkeypatch: pytest.MonkeyPatch, kind: str, which: str
) -> None:
    """Whatever it becomes between the look and the rename, there is no error and no other account's file changes."""
    put(home, "in/.syncExistingList", ".addToExistingList")
    name = {"new": "in/.syncExistingList", "old": ".addToExistingList"}[which]
    marker = home / "contacts" / "import" / name
    before_calling(
        monkeypatch, os, {"new": "rename", "old": "unlink"}[which], lambda: swap(kind, marker, secret)
    )
    spool.adopt_markers()
    assert secret.read_bytes() == b"Email\nsecret@example.com\n"
    monkeypatch.undo()
    # Its uploader removes it.
    for path in (marker, marker.parent.parent / marker.name):
        if path.is_dir():
            path.rmdir()
    put(home, "in/.createNewList")
    spool.adopt_markers()
    assert spool.mode() == (Mode.CREATE, False)
