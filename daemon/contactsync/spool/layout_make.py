"""Makes an account's FTP tree, or repairs it (`contactsync init`).

Root makes the tree in a place where the FTP account may write. So everything below `ftp_root` goes through directory
descriptors that were opened without following links, and a folder that the account may have moved into the tree is
left as it is.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from contactsync.domain.errors import ConfigurationError
from contactsync.runtime import directories
from contactsync.spool.layout import HOME_MODE, LAYOUT, Folder, Owners


class Admit(Protocol):
    """Requires that an open folder may be a home (`HomePins.admit`); `replaced` if it was made just now."""

    def __call__(self, home: Path, fd: int, /, *, replaced: bool) -> None:
        """Raise whatever keeps it from being the home."""


ABOVE_MODE = 0o755
"""Everybody may pass through the folders above the home."""


def _admit(_home: Path, _fd: int, *, replaced: bool) -> None:
    """Whatever the home is, it is made."""


def make(home: Path, ftp_root: Path, owners: Owners | None, *, admit: Admit = _admit) -> list[str]:
    """Make what is missing of the tree at `home`; returns what was done, as `made <path>` or `fixed <path>`.

    Owners and modes of existing folders of the tree are fixed only if `owners` are given; folders above the home are
    made, but never changed. `admit` is called with the open home before anything in it changes, and may raise; what it
    admits is what is made, whatever takes its place meanwhile. Raises ConfigurationError if something else is in the place of a folder, or if the process
    lacks a right.
    """
    maker = _Maker(home, ftp_root, owners, admit)
    try:
        maker.run()
    except PermissionError as error:
        raise ConfigurationError(f"{maker.at}: {error.strerror}: run `contactsync init` as root") from None
    except NotADirectoryError:
        kind = ", but a link" if maker.at.is_symlink() else ""
        raise ConfigurationError(f"{maker.at} is not a folder{kind}: move it away") from None
    return maker.done


class _Maker:
    """One pass over a tree. `at` is the current folder, for the sentence that reports an error."""

    def __init__(self, home: Path, ftp_root: Path, owners: Owners | None, admit: Admit) -> None:
        self.at, self.done = home, list[str]()
        self._home, self._root, self._owners, self._admit = home, ftp_root, owners, admit
        # Whether somebody else can replace what is in the current folder.
        self._exposed = False

    def run(self) -> None:
        start, (*above, _) = directories.split_way(self._home, self._root)
        self._make_start(start)
        with ExitStack() as stack:
            fd = directories.pass_through(start, follow=True)
            stack.callback(os.close, fd)
            self._note_exposure(fd)
            for name in above:
                start /= name
                fd = self._open_above(fd, start)
                stack.callback(os.close, fd)
            with self._folder(fd, self._home, HOME_MODE) as home:
                self._below(home, self._home, LAYOUT)

    def _make_start(self, start: Path) -> None:
        """Make `ftp_root` and what is above it, where only operators write."""
        self.at = start
        before = os.umask(0o777 & ~ABOVE_MODE)
        try:
            start.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError from None
        finally:
            os.umask(before)

    def _open_above(self, parent: int, path: Path) -> int:
        """Open a folder between `ftp_root` and the home, and make it if it is missing."""
        self.at = path
        with suppress(FileExistsError):
            os.mkdir(path.name, ABOVE_MODE, dir_fd=parent)
        fd = directories.pass_through(path.name, parent)
        self._note_exposure(fd)
        return fd

    def _below(self, parent: int, path: Path, folders: tuple[Folder, ...]) -> None:
        for folder in folders:
            with self._folder(parent, path / folder.name, folder.mode) as fd:
                self._below(fd, path / folder.name, folder.below)

    @contextmanager
    def _folder(self, parent: int, path: Path, mode: int) -> Iterator[int]:
        """Open the folder at `path`, and make it if it is missing."""
        self.at = path
        try:
            os.mkdir(path.name, mode, dir_fd=parent)
            made = True
        except FileExistsError:
            made = False
        with directories.opened(path.name, parent) as fd:
            if path == self._home:
                self._admit(path, fd, replaced=made)
            # As it was found: the account had time to move other folders into it.
            exposed = self._exposed
            self._note_exposure(fd)
            fixed = self._fix(fd, mode, made=made, exposed=exposed)
            if made or fixed:
                self.done.append(f"{'made' if made else 'fixed'} {path}")
            yield fd
            self._exposed = exposed

    def _fix(self, fd: int, mode: int, *, made: bool, exposed: bool) -> bool:
        """Give the folder its owners and mode; returns whether that changed anything."""
        if not made and self._owners is None:
            return False
        before = os.fstat(fd)
        if self._owners is not None:
            if exposed:
                self._require_unplanted(fd, before, self._owners)
            wanted = (0 if self.at == self._home else self._owners.daemon, self._owners.group)
            if (before.st_uid, before.st_gid) != wanted:
                os.fchown(fd, *wanted)
        if stat.S_IMODE(os.fstat(fd).st_mode) != mode:
            # mkdir(2) applies the umask and drops setgid.
            os.fchmod(fd, mode)
        after = os.fstat(fd)
        return (before.st_mode, before.st_uid, before.st_gid) != (after.st_mode, after.st_uid, after.st_gid)

    def _require_unplanted(self, fd: int, found: os.stat_result, owners: Owners) -> None:
        """Raise ConfigurationError if the account may have renamed somebody else's folder to this one.

        A user who can write in a folder can rename what is in it, regardless of its owner. An empty folder hides nothing.
        """
        if found.st_uid not in (owners.tenant, owners.daemon) and os.listdir(fd):
            try:
                owner = pwd.getpwuid(found.st_uid).pw_name
            except KeyError:
                owner = str(found.st_uid)
            raise ConfigurationError(
                f"{self.at} belongs to {owner}, and others can write in the folder above it: somebody may have "
                "moved it there. Move it away; or, if it is the account's, give it to the account's user"
            )

    def _note_exposure(self, fd: int) -> None:
        if self._owners is not None:
            found = os.fstat(fd)
            self._exposed = self._owners.foreign_owner(found) or bool(self._owners.foreign_writers(found))
