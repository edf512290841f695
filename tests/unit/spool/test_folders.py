"""The folders of an account: recreated, locked, never left through a link."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import AccountBusy, FoldersMissing
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import opened, tree


def test_missing_folders_are_recreated(home: Path, spool: Spool) -> None:
    """All forty exist afterwards; the group can write to `in/` only."""
    modes = {
        str(path.relative_to(home / "contacts")): stat.S_IMODE(path.stat().st_mode)
        for path in (home / "contacts").glob("*/*")
    }
    assert modes.keys() == {f"{action}/{name}" for action in ACTIONS for name in ("in", "on", "ok", "ko")}
    assert {name for name, mode in modes.items() if mode & 0o020} == {f"{action}/in" for action in ACTIONS}
    assert not any(mode & 0o007 for mode in modes.values())


def test_a_recreated_folder_is_like_its_siblings(home: Path) -> None:
    """It has the mode that the same folder of another action has."""
    with opened(home) as first:
        first.recreate_missing()
    for path in (home / "contacts").glob("*/in"):
        path.chmod(0o0777)
    (home / "contacts" / "delete" / "in").rmdir()
    with opened(home) as again:
        again.recreate_missing()
    assert stat.S_IMODE((home / "contacts" / "delete" / "in").stat().st_mode) == 0o777


def test_only_import_is_recreated_open_to_markers(home: Path) -> None:
    """No matter which of the other folders exist, and even if a file has the name of one."""
    contacts = home / "contacts"
    with opened(home) as first:
        first.recreate_missing()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in contacts.rglob("*")}
    assert {path.name for path, mode in modes.items() if mode & stat.S_ISVTX} == {"import"}
    for gone in (["delete"], ["import"], [name for name in ACTIONS if name != "import"], list(ACTIONS)):
        for name in gone:
            shutil.rmtree(contacts / name)
        with opened(home) as again:
            again.recreate_missing()
        assert {path: stat.S_IMODE(path.stat().st_mode) for path in contacts.rglob("*")} == modes
    shutil.rmtree(contacts / "optoutEMAIL")
    (contacts / "optoutEMAIL").touch(mode=0o777)
    shutil.rmtree(contacts / "optoutSMS")
    with opened(home) as again, pytest.raises(NotADirectoryError):
        again.recreate_missing()
    (contacts / "optoutEMAIL").unlink()
    with opened(home) as again:
        again.recreate_missing()
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in contacts.rglob("*")} == modes


def test_recreating_keeps_existing_files(home: Path) -> None:
    """Missing folders are recreated; existing files are not touched."""
    with opened(home) as first:
        first.recreate_missing()
    (home / "contacts" / "delete" / "ok" / "old").write_bytes(b"old")
    (home / "contacts" / "delete" / "on").rmdir()
    with opened(home) as again:
        again.recreate_missing()
    assert tree(home, "delete") == {"in": [], "on": [], "ok": ["old"], "ko": []}


def test_one_process_at_a_time_has_an_account(home: Path, spool: Spool) -> None:
    """A second spool of the same home is refused while the first is open."""
    with pytest.raises(AccountBusy), opened(home):
        pass
    spool.__exit__(None, None, None)
    with opened(home) as second:
        second.recreate_missing()


def test_a_home_without_contacts_was_never_initialised(tmp_path: Path) -> None:
    """The daemon recreates folders below `contacts/`, not `contacts/` itself."""
    with pytest.raises(FoldersMissing) as caught, opened(tmp_path):
        pass
    assert caught.value.path == tmp_path / "contacts"
    assert os.listdir(tmp_path) == []


def test_a_link_in_place_of_a_folder_is_not_followed(home: Path, tmp_path: Path) -> None:
    """A swapped folder does not lead out of the home."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (home / "contacts" / "import").symlink_to(outside)
    with opened(home) as found, pytest.raises(OSError, match="import"):
        found.recreate_missing()
    assert os.listdir(outside) == []
