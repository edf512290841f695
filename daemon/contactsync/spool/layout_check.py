"""Checks an account's FTP tree and changes nothing (`contactsync init --check`, `contactsync doctor`)."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import shlex
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from contactsync.domain.errors import ConfigurationError
from contactsync.runtime.directories import open_directory, split_way
from contactsync.spool.layout import HOME_MODE, LAYOUT, Folder, Owners

MAX_LINKS = 40
"""How many links Linux follows in a path; a path with more leads nowhere (path_resolution(7))."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """A difference from what `layout_make.make` makes. `fix` is a command for root's shell; modes are octal."""

    account: str
    path: str
    problem: str
    found: str | None
    expected: str
    fix: str

    def __str__(self) -> str:
        """One line for people."""
        found = f"{self.problem} is {self.found}, not {self.expected}" if self.found else self.expected
        return f"{self.path}: {found}: {self.fix}"


def check(name: str, home: Path, ftp_root: Path, owners: Owners | None) -> list[Deviation]:
    """The deviations in the tree of the account `name`; only the way to `ftp_root` may lead through links.

    Owners and modes are checked only if `owners` are given, as `make` does. Raises ConfigurationError if the process
    may not look at the tree.
    """
    checker = _Checker(name, home, ftp_root, owners)
    try:
        checker.run()
    except PermissionError as error:
        raise ConfigurationError(
            f"{checker.at}: {error.strerror}: run `contactsync init --check` as root"
        ) from None
    return checker.found


def replaced(name: str, home: Path, fix: str) -> Deviation:
    """The deviation of a home that is another folder than before (`home_pins`)."""
    return Deviation(name, str(home), "identity", "another folder", "the folder that it was", fix)


class _Checker:
    """One pass over a tree. `at` is the current folder, for the sentence that reports an error."""

    def __init__(self, name: str, home: Path, ftp_root: Path, owners: Owners | None) -> None:
        self.at, self.found = home, list[Deviation]()
        self._name, self._home, self._root, self._owners = name, home, ftp_root, owners

    def run(self) -> None:
        if self._owners is not None:
            for above in _folders_above(self._home):
                self._check_exposure(above, self._owners)
        start, below = split_way(self._home, self._root)
        for name in below[:-1]:
            self.at = start = start / name
            if start.is_symlink():
                self._add_replacement(start)
                return
        self._check_folder(None, self._home, Folder("", HOME_MODE, LAYOUT))

    def _check_folder(self, parent: int | None, path: Path, folder: Folder) -> None:
        self.at = path
        is_home = parent is None
        try:
            fd = open_directory(str(path) if is_home else folder.name, parent)
        except FileNotFoundError:
            self._add(path, "folder", None, "missing", f"contactsync init {self._name}")
            return
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            self._add_replacement(path)
            return
        try:
            if self._owners is not None:
                owner = 0 if is_home else self._owners.daemon
                self._compare(path, os.fstat(fd), (owner, self._owners.group, folder.mode))
            for each in folder.below:
                self._check_folder(fd, path / each.name, each)
        finally:
            os.close(fd)

    def _compare(self, path: Path, found: os.stat_result, wanted: tuple[int, int, int]) -> None:
        owner, group, mode = wanted
        if found.st_uid != owner:
            self._add_change(path, "owner", _user(found.st_uid), _user(owner))
        if found.st_gid != group:
            self._add_change(path, "group", _group(found.st_gid), _group(group))
        if stat.S_IMODE(found.st_mode) != mode:
            self._add_change(path, "mode", f"{stat.S_IMODE(found.st_mode):04o}", f"{mode:04o}")

    def _check_exposure(self, above: Path, owners: Owners) -> None:
        """Check a folder above the home: anyone who can write in it can replace the home."""
        self.at = above
        with suppress(FileNotFoundError):
            found = os.stat(above)
            if owners.foreign_owner(found):
                self._add_change(above, "owner", _user(found.st_uid), "root")
            if writers := owners.foreign_writers(found):
                mode = stat.S_IMODE(found.st_mode)
                self._add_change(above, "mode", f"{mode:04o}", f"{mode & ~writers:04o}")

    def _add_replacement(self, path: Path) -> None:
        where = shlex.quote(str(path))
        fix = f"mv {where} {where}.aside && contactsync init {self._name}"
        self._add(path, "kind", "something else", "a folder", fix)

    def _add_change(self, path: Path, problem: str, found: str, expected: str) -> None:
        command = {"owner": "chown", "group": "chgrp", "mode": "chmod"}[problem]
        self._add(path, problem, found, expected, f"{command} {expected} {shlex.quote(str(path))}")

    def _add(self, path: Path, problem: str, found: str | None, expected: str, fix: str) -> None:
        self.found.append(Deviation(self._name, str(path), problem, found, expected, fix))


def _folders_above(home: Path) -> list[Path]:
    """The folders above a home as its path is written, and those that each link on the way leads through."""
    found = dict.fromkeys(home.parents)
    for _ in range(MAX_LINKS):
        link = next((path for path in reversed((home, *home.parents)) if path.is_symlink()), None)
        if link is None:
            break
        target = os.path.normpath(link.parent / os.readlink(link))
        home = Path(target) / home.relative_to(link)
        found |= dict.fromkeys(home.parents)
    return list(found)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
