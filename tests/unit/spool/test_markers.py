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
    """One marker chooses; none or several mean mode 1, and several are reported."""
    assert mode_of(found) == mode


def test_a_marker_is_a_regular_file(tmp_path: Path) -> None:
    """Its content does not matter. A folder, a link or a name in another case is not a marker."""
    (tmp_path / ".addToExistingList").write_bytes(b"anything")
    (tmp_path / ".syncExistingList").mkdir()
    (tmp_path / ".createNewList").symlink_to("nowhere")
    (tmp_path / ".ADDTOEXISTINGLIST").touch()
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        assert present(fd) == [b".addToExistingList"]
    finally:
        os.close(fd)
