"""Objects that were refused unopened: put away below `ko/`, where only the daemon gets, with a note in their place."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from contactsync.domain.errors import CannotRename
from contactsync.spool import unopened
from contactsync.spool.settled import Answers
from contactsync.spool.spool import Spool
from tests.unit.spool.scene import IMPORT, MAX_BYTES, Drop, nothing, seen, tree


@pytest.fixture
def link(home: Path, spool: Spool, secret: Path) -> bytes:
    """A link in `on/`, claimed and refused."""
    (home / "contacts/import/in/list.csv").symlink_to(secret)
    claimed = spool.claim(seen(spool), nothing)
    assert claimed is not None
    return claimed


def ko(home: Path) -> Path:
    return home / "contacts/import/ko"


def test_a_note_takes_the_place_of_an_object(home: Path, spool: Spool, link: bytes, secret: Path) -> None:
    """Readers of `ko/` see the note. The object is in a folder of mode 0700."""
    spool.settle(IMPORT, link, "ko", Answers(b"{}\n"), opened=False)
    note = ko(home) / link.decode()
    assert note.read_bytes() == unopened.NOTE
    assert (note.is_symlink(), stat.S_IMODE(note.stat().st_mode)) == (False, 0o640)
    vault = ko(home) / ".unopened"
    assert stat.S_IMODE(vault.stat().st_mode) & 0o777 == 0o700
    assert (vault / link.decode()).readlink() == secret
    assert tree(home)["on"] == tree(home)["in"] == []


@pytest.mark.parametrize("done", ["nothing", "a temporary note", "the note", "everything"])
def test_putting_away_may_be_repeated(home: Path, spool: Spool, link: bytes, done: str) -> None:
    """A daemon that was killed after any step starts from the beginning."""
    if done == "a temporary note":
        (home / "contacts/import/on" / f".note.{link.decode()}").write_bytes(b"half a no")
    elif done == "the note":
        (ko(home) / link.decode()).write_bytes(unopened.NOTE)
    elif done == "everything":
        spool.settle(IMPORT, link, "ko", Answers(b"{}\n"), opened=False)
    spool.settle(IMPORT, link, "ko", Answers(b"{}\n"), opened=False)
    assert tree(home)["on"] == []
    assert tree(home)["ko"] == sorted([".unopened", link.decode(), f"{link.decode()}.result.json"])
    assert (ko(home) / ".unopened" / link.decode()).is_symlink()


def test_putting_away_overwrites_nothing(home: Path, spool: Spool, link: bytes) -> None:
    """Another file of that name in `ko/` stays, and the object stays in `on/`."""
    (ko(home) / link.decode()).write_bytes(b"other")
    with pytest.raises(FileExistsError):
        spool.settle(IMPORT, link, "ko", Answers(b"{}\n"), opened=False)
    assert (ko(home) / link.decode()).read_bytes() == b"other"
    assert link.decode() in tree(home)["on"]


def test_the_folder_is_never_a_link(home: Path, spool: Spool, link: bytes, tmp_path: Path) -> None:
    """Where the tree has wrong owners, an account could plant one: the object stays in `on/`."""
    (tmp_path / "elsewhere").mkdir()
    (ko(home) / ".unopened").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotRename, match="Not a directory"):
        spool.settle(IMPORT, link, "ko", Answers(b"{}\n"), opened=False)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert link.decode() in tree(home)["on"]


@pytest.mark.parametrize("half", [False, True])
def test_a_retry_takes_the_object_back(home: Path, spool: Spool, drop: Drop, *, half: bool) -> None:
    """The file itself and not its note, even if a first try was killed after the rename."""
    incoming = drop(content=b"x" * (MAX_BYTES + 1))
    claimed = spool.claim(incoming, nothing)
    assert claimed is not None
    spool.settle(IMPORT, claimed, "ko", Answers(), opened=False)
    if half:
        (ko(home) / ".unopened" / claimed.decode()).rename(home / "contacts/import/in/list.csv")
    assert spool.put_in_line(IMPORT, claimed, b"list.csv", []) is not half
    assert (home / "contacts/import/in/list.csv").stat().st_ino == incoming.identity.inode
    assert tree(home)["ko"] == [".unopened"]
    assert list((ko(home) / ".unopened").iterdir()) == []


def test_a_retry_overwrites_no_upload(home: Path, spool: Spool, link: bytes) -> None:
    """The object stays away, with its note."""
    spool.settle(IMPORT, link, "ko", Answers(), opened=False)
    (home / "contacts/import/in/list.csv").write_bytes(b"new")
    with pytest.raises(FileExistsError):
        spool.put_in_line(IMPORT, link, b"list.csv", [])
    assert (home / "contacts/import/in/list.csv").read_bytes() == b"new"
    assert (ko(home) / ".unopened" / link.decode()).is_symlink()
    assert (ko(home) / link.decode()).read_bytes() == unopened.NOTE


def test_retention_removes_object_and_note(home: Path, spool: Spool, drop: Drop) -> None:
    """The bytes of both are counted."""
    claimed = spool.claim(drop(content=b"x" * 5000), nothing)
    assert claimed is not None
    spool.settle(IMPORT, claimed, "ko", Answers(), opened=False)
    assert spool.discard(IMPORT, "ko", [claimed], []) == 5000 + len(unopened.NOTE)
    assert tree(home)["ko"] == [".unopened"]
    assert list((ko(home) / ".unopened").iterdir()) == []
