"""Directories as descriptors: links are refused, and a lock has one holder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from contactsync.runtime.directories import open_directory, open_locked, opened


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with `contacts/` and a link to it."""
    (tmp_path / "contacts").mkdir()
    (tmp_path / "link").symlink_to("contacts")
    return tmp_path


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))


def test_a_directory_is_open_until_the_block_ends(home: Path) -> None:
    """The block gets its descriptor, which is closed even if the block raises."""
    before = descriptors()
    with opened(home / "contacts") as fd:
        assert os.path.samestat(os.fstat(fd), (home / "contacts").stat())
    with pytest.raises(KeyError), opened(home / "contacts"):
        raise KeyError
    assert descriptors() == before
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)


def test_a_link_is_followed_only_on_request(home: Path) -> None:
    """A link to a directory is not a directory, unless the caller asks for its target."""
    with pytest.raises(NotADirectoryError):
        open_directory(home / "link")
    with opened(home / "link", follow=True) as fd:
        assert os.path.samestat(os.fstat(fd), (home / "contacts").stat())


def test_a_lock_has_one_holder(home: Path) -> None:
    """A second caller is refused, without a leaked descriptor, until the first one closes its descriptor."""
    first = open_locked(home, "contacts", wait=False)
    before = descriptors()
    with pytest.raises(BlockingIOError):
        open_locked(home, "contacts", wait=False)
    assert descriptors() == before
    os.close(first)
    os.close(open_locked(home, "contacts", wait=False))


@pytest.mark.parametrize("name", ["missing", "link"])
def test_only_an_existing_directory_is_locked(home: Path, name: str) -> None:
    """A missing directory and a link are refused, without a leaked descriptor."""
    before = descriptors()
    with pytest.raises(NotADirectoryError if name == "link" else FileNotFoundError):
        open_locked(home, name, wait=False)
    assert descriptors() == before
