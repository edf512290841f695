"""Directories as descriptors: links are refused, and a lock has one holder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from contactsync.runtime.directories import open_directory, open_locked, open_way, opened


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


def test_a_link_is_not_a_directory(home: Path) -> None:
    """Not even a link to a directory."""
    with pytest.raises(NotADirectoryError):
        open_directory(home / "link")


def same(fd: int, path: Path) -> bool:
    """Whether a descriptor is of the directory at this path; closes it."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    finally:
        os.close(fd)


def test_a_way_leads_through_links_only_above_its_base(home: Path) -> None:
    """Operators make the way to the base; below it, a link at any place is refused, without a leaked descriptor."""
    (home / "contacts/deep/er").mkdir(parents=True)
    (home / "contacts/deep/link").symlink_to("er")
    before = descriptors()
    assert same(open_way(home / "link/deep/er", home / "link"), home / "contacts/deep/er")
    assert same(open_way(home / "link", home / "link"), home / "contacts")
    for path, base in (
        ("link/deep/er", "."),
        ("link", "."),
        ("contacts/deep/link", "contacts"),
        ("contacts/deep/link", "other"),
    ):
        with pytest.raises(NotADirectoryError):
            open_way(home / path, home / base)
    with pytest.raises(FileNotFoundError):
        open_way(home / "contacts/missing/er", home)
    assert descriptors() == before


def test_a_way_needs_no_right_to_read(home: Path) -> None:
    """A home belongs to root, and the daemon may only pass through it."""
    assert same(open_way(home / "contacts", home), home / "contacts")
    fd = open_way(home / "contacts", home)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.listdir(fd)
    os.close(fd)


@pytest.fixture
def parent(home: Path) -> Iterator[int]:
    """The open home."""
    with opened(home) as fd:
        yield fd


def test_a_lock_has_one_holder(parent: int) -> None:
    """A second caller is refused, without a leaked descriptor, until the first one closes its descriptor."""
    first = open_locked("contacts", parent, wait=False)
    before = descriptors()
    with pytest.raises(BlockingIOError):
        open_locked("contacts", parent, wait=False)
    assert descriptors() == before
    os.close(first)
    os.close(open_locked("contacts", parent, wait=False))


@pytest.mark.parametrize("name", ["missing", "link"])
def test_only_an_existing_directory_is_locked(parent: int, name: str) -> None:
    """A missing directory and a link are refused, without a leaked descriptor."""
    before = descriptors()
    with pytest.raises(NotADirectoryError if name == "link" else FileNotFoundError):
        open_locked(name, parent, wait=False)
    assert descriptors() == before
