"""The files that choose the import mode."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contactsync.domain.deposit import Mode
from contactsync.spool.markers import mode_of, present


@pytest.mark.parametrize(
    ("found", "mode"),
    [
        ([], (Mode.CREATE, False)),
        ([b".createNewList"], (Mode.CREATE, False)),
        ([b".addToExistingList"], (Mode.ADD, False)),
        ([b".syncExistingList"], (Mode.SYNC, False)),
        ([b".addToExistingList", b".syncExistingList"], (Mode.CREATE, True)),
        ([b".createNewList", b".syncExistingList"], (Mode.CREATE, True)),
    ],
)
def test_the_mode_of_markers(found: list[bytes], mode: tuple[Mode, bool]) -> None:
    """One chooses, none or several are mode 1, several are told."""
    assert mode_of(found) == mode


def test_a_marker_is_a_regular_file(tmp_path: Path) -> None:
    """Whatever it holds; a folder, a link or another case is none."""
    (tmp_path / ".addToExistingList").write_bytes(b"anything")
    (tmp_path / ".syncExistingList").mkdir()
    (tmp_path / ".createNewList").symlink_to("nowhere")
    (tmp_path / ".ADDTOEXISTINGLIST").touch()
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        assert present(fd) == [b".addToExistingList"]
    finally:
        os.close(fd)
