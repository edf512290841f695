"""Makes an account's FTP tree, or repairs it (`contactsync init`).

Root makes the tree in a place where the FTP account may write. So everything below the home goes through directory
descriptors that were opened without following links.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contactsync.domain.errors import ConfigurationError
from contactsync.runtime import directories
from contactsync.spool.layout import HOME_MODE, LAYOUT, Folder, Owners


def make(home: Path, owners: Owners | None) -> list[str]:
    """Make what is missing of the tree at `home`; returns what was done, as `made <path>` or `fixed <path>`.

    Owners and modes of existing folders are fixed only if `owners` are given. Raises ConfigurationError if something
    else is in the place of a folder, or if the process lacks a right.
    """
    maker = _Maker(home, owners)
    try:
        maker.run()
    except PermissionError as error:
        raise ConfigurationError(f"{maker.at}: {error.strerror}: run `contactsync init` as root") from None
    except NotADirectoryError:
        raise ConfigurationError(f"{maker.at} is not a folder: move it away") from None
    return maker.done


class _Maker:
    """One pass over a tree. `at` is the current folder, for the sentence that reports an error."""

    def __init__(self, home: Path, owners: Owners | None) -> None:
        self.at, self.done = home, list[str]()
        self._home, self._owners = home, owners

    def run(self) -> None:
        before = os.umask(0o022)  # everybody may pass through the folders above the home
        try:
            self._home.parent.mkdir(parents=True, exist_ok=True)
        finally:
            os.umask(before)
        with self._folder(None, self._home, HOME_MODE) as home:
            self._below(home, self._home, LAYOUT)

    def _below(self, parent: int, path: Path, folders: tuple[Folder, ...]) -> None:
        for folder in folders:
            with self._folder(parent, path / folder.name, folder.mode) as fd:
                self._below(fd, path / folder.name, folder.below)

    @contextmanager
    def _folder(self, parent: int | None, path: Path, mode: int) -> Iterator[int]:
        """Open the folder at `path`, and make it if it is missing. Only the home may be a link (protocol 1)."""
        self.at = path
        is_home = parent is None
        name = str(path) if is_home else path.name
        try:
            os.mkdir(name, mode, dir_fd=parent)
            made = True
        except FileExistsError:
            made = False
        with directories.opened(name, parent, follow=is_home) as fd:
            fixed = self._fix(fd, mode, made=made, is_home=is_home)
            if made or fixed:
                self.done.append(f"{'made' if made else 'fixed'} {path}")
            yield fd

    def _fix(self, fd: int, mode: int, *, made: bool, is_home: bool) -> bool:
        """Give the folder its owners and mode; returns whether that changed anything."""
        if not made and self._owners is None:
            return False
        before = os.fstat(fd)
        if self._owners is not None:
            wanted = (0 if is_home else self._owners.daemon, self._owners.group)
            if (before.st_uid, before.st_gid) != wanted:
                os.fchown(fd, *wanted)
        if stat.S_IMODE(os.fstat(fd).st_mode) != mode:
            os.fchmod(fd, mode)  # mkdir applies the umask and drops setgid
        after = os.fstat(fd)
        return (before.st_mode, before.st_uid, before.st_gid) != (after.st_mode, after.st_uid, after.st_gid)
