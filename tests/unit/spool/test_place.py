"""What recognises the folder in which a deposit is in progress."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from contactsync.runtime.directories import opened
from contactsync.spool import place

if TYPE_CHECKING:
    from pathlib import Path


def recorded(folder: Path, root: Path) -> dict[str, Any]:
    """The place of a folder, as the ledger returns it."""
    with opened(folder) as fd:
        found: dict[str, Any] = json.loads(json.dumps(place.place_of(fd, root)))
        return found


def fits(where: dict[str, Any], folder: Path, root: Path) -> bool:
    with opened(folder) as fd:
        return place.is_place(where, fd, root)


def test_a_folder_is_its_own_place_and_no_other_is(tmp_path: Path) -> None:
    """Whether or not the root has an identity."""
    on, other = tmp_path / "on", tmp_path / "other"
    on.mkdir()
    other.mkdir()
    for _ in range(2):
        where = recorded(on, tmp_path)
        assert (fits(where, on, tmp_path), fits(where, other, tmp_path)) == (True, False)
        place.make_root_identity(tmp_path)


def test_a_root_gets_its_identity_once(tmp_path: Path) -> None:
    """And keeps it; everybody may read it."""
    assert place.root_identity(tmp_path) is None
    assert place.make_root_identity(tmp_path)
    first = place.root_identity(tmp_path)
    assert first is not None
    assert not place.make_root_identity(tmp_path)
    assert place.root_identity(tmp_path) == first
    assert os.stat(tmp_path / place.FILE_NAME).st_mode & 0o444 == 0o444


def test_a_root_that_gets_its_identity_later_is_the_same(tmp_path: Path) -> None:
    """A deposit that began before is judged by its folder alone."""
    where = recorded(tmp_path, tmp_path)
    place.make_root_identity(tmp_path)
    assert fits(where, tmp_path, tmp_path)


def test_another_root_is_another_place(tmp_path: Path) -> None:
    """Even if device and inode are the same by chance."""
    place.make_root_identity(tmp_path)
    where = recorded(tmp_path, tmp_path) | {"root": "another"}
    assert not fits(where, tmp_path, tmp_path)
