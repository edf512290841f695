"""Makes and checks an account's FTP tree (protocol 1), with the permissions that hold (docs/ftp-facts.md).

Below the home everything goes through directory descriptors that were opened without following links: the tree
is made by root in a place where the FTP account may write.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import ConfigurationError
from contactsync.spool.folders import BOX_MODE, BOXES, IN_MODE, MARKERS_MODE

HOME_MODE = 0o751
IMPORT_MODE = BOX_MODE | MARKERS_MODE
"""Sticky and writable by the group: markers can be made there, in/on/ok/ko cannot be moved."""

DAEMON_USER = "contactsync"

_OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the scheme and what is below it."""

    name: str
    mode: int
    below: tuple[Folder, ...] = ()


def _action(name: str) -> Folder:
    boxes = tuple(Folder(box, IN_MODE if box == "in" else BOX_MODE) for box in BOXES)
    return Folder(name, IMPORT_MODE if name == "import" else BOX_MODE, boxes)


LAYOUT = (Folder("contacts", BOX_MODE, tuple(map(_action, ACTIONS))), Folder("reporting", BOX_MODE))
"""What is below a home."""


@dataclass(frozen=True, slots=True)
class Owners:
    """Whose the folders are: the home is root's, the rest the daemon's, the group the FTP account's."""

    daemon: int
    group: int


def owners_of(account: Account) -> Owners | None:
    """The owners that the account's Unix user and group ask for; None where it names none.

    Raises ConfigurationError where this host does not know them.
    """
    if account.unix_user is None or account.unix_group is None:
        return None
    try:
        pwd.getpwnam(account.unix_user)
    except KeyError:
        raise ConfigurationError(f"account {account.name}: no Unix user {account.unix_user}") from None
    try:
        group = grp.getgrnam(account.unix_group).gr_gid
    except KeyError:
        raise ConfigurationError(f"account {account.name}: no Unix group {account.unix_group}") from None
    return Owners(_daemon_uid(), group)


def _daemon_uid() -> int:
    if os.geteuid() != 0:
        return os.geteuid()
    try:
        return pwd.getpwnam(DAEMON_USER).pw_uid
    except KeyError:
        return 0


def make(home: Path, owners: Owners | None) -> list[str]:
    """Make what is missing of the tree at `home`; returns what was made or mended, a path each.

    Owners and modes of folders that were there are mended only where `owners` are given. Raises
    ConfigurationError where something else lies in the way or the rights are lacking.
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
    """One pass over a tree; `at` is the folder in work, for the sentence that tells of an error."""

    def __init__(self, home: Path, owners: Owners | None) -> None:
        self.at, self.done = home, list[str]()
        self._home, self._owners = home, owners

    def run(self) -> None:
        before = os.umask(0o022)  # folders on the way to the home are passed through by everybody
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
        """Open the folder at `path`, made where it is missing. The home alone may be a link (protocol 1)."""
        self.at = path
        name = str(path) if parent is None else path.name
        try:
            os.mkdir(name, mode, dir_fd=parent)
            made = True
        except FileExistsError:
            made = False
        flags = _OPEN_DIR & ~os.O_NOFOLLOW if parent is None else _OPEN_DIR
        fd = os.open(name, flags, dir_fd=parent)
        try:
            mended = self._mend(fd, mode, made=made, is_home=parent is None)
            if made or mended:
                self.done.append(f"{'made' if made else 'mended'} {path}")
            yield fd
        finally:
            os.close(fd)

    def _mend(self, fd: int, mode: int, *, made: bool, is_home: bool) -> bool:
        """Give the folder its owners and mode; whether that changed anything."""
        if not made and self._owners is None:
            return False
        before = os.fstat(fd)
        if self._owners is not None:
            wanted = (0 if is_home else self._owners.daemon, self._owners.group)
            if (before.st_uid, before.st_gid) != wanted:
                os.fchown(fd, *wanted)
        if stat.S_IMODE(os.fstat(fd).st_mode) != mode:
            os.fchmod(fd, mode)  # mkdir takes neither the umask's bits nor setgid
        after = os.fstat(fd)
        return (before.st_mode, before.st_uid, before.st_gid) != (after.st_mode, after.st_uid, after.st_gid)


@dataclass(frozen=True, slots=True)
class Deviation:
    """Something that is not as `make` makes it. `fix` is a command for root's shell; modes are octal."""

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


def check(name: str, home: Path, owners: Owners | None) -> list[Deviation]:
    """What deviates in the tree of the account `name`; nothing is changed.

    Owners and modes are looked at only where `owners` are given, as `make` does. Raises ConfigurationError where the
    tree may not be looked at.
    """
    checker = _Checker(name, home, owners)
    try:
        checker.run()
    except PermissionError as error:
        raise ConfigurationError(
            f"{checker.at}: {error.strerror}: run `contactsync init --check` as root"
        ) from None
    return checker.found


class _Checker:
    """One look at a tree; `at` is as with `_Maker`."""

    def __init__(self, name: str, home: Path, owners: Owners | None) -> None:
        self.at, self.found = home, list[Deviation]()
        self._name, self._home, self._owners = name, home, owners

    def run(self) -> None:
        if self._owners is not None:
            for above in Path(os.path.realpath(self._home)).parents:
                self._exposure(above, self._owners)
        self._look(None, self._home, Folder("", HOME_MODE, LAYOUT))

    def _look(self, parent: int | None, path: Path, folder: Folder) -> None:
        self.at = path
        flags = _OPEN_DIR & ~os.O_NOFOLLOW if parent is None else _OPEN_DIR
        try:
            fd = os.open(str(path) if parent is None else folder.name, flags, dir_fd=parent)
        except FileNotFoundError:
            self._tell(path, "folder", None, "missing", f"contactsync init {self._name}")
            return
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            where = shlex.quote(str(path))
            self._tell(
                path,
                "kind",
                "something else",
                "a folder",
                f"mv {where} {where}.aside && contactsync init {self._name}",
            )
            return
        try:
            if self._owners is not None:
                owner = 0 if parent is None else self._owners.daemon
                self._compare(path, os.fstat(fd), (owner, self._owners.group, folder.mode))
            for each in folder.below:
                self._look(fd, path / each.name, each)
        finally:
            os.close(fd)

    def _compare(self, path: Path, found: os.stat_result, wanted: tuple[int, int, int]) -> None:
        owner, group, mode = wanted
        if found.st_uid != owner:
            self._change(path, "owner", _user(found.st_uid), _user(owner))
        if found.st_gid != group:
            self._change(path, "group", _group(found.st_gid), _group(group))
        if stat.S_IMODE(found.st_mode) != mode:
            self._change(path, "mode", f"{stat.S_IMODE(found.st_mode):04o}", f"{mode:04o}")

    def _exposure(self, above: Path, owners: Owners) -> None:
        """Who may write in a folder above the home may put another one in its place."""
        self.at = above
        with suppress(FileNotFoundError):
            found = os.stat(above)
            if found.st_uid not in (0, owners.daemon):
                self._change(above, "owner", _user(found.st_uid), "root")
            writers = 0o002 if found.st_gid == 0 else 0o022
            if found.st_mode & writers and not found.st_mode & stat.S_ISVTX:
                mode = stat.S_IMODE(found.st_mode)
                self._change(above, "mode", f"{mode:04o}", f"{mode & ~writers:04o}")

    def _change(self, path: Path, problem: str, found: str, expected: str) -> None:
        command = {"owner": "chown", "group": "chgrp", "mode": "chmod"}[problem]
        self._tell(path, problem, found, expected, f"{command} {expected} {shlex.quote(str(path))}")

    def _tell(self, path: Path, problem: str, found: str | None, expected: str, fix: str) -> None:
        self.found.append(Deviation(self._name, str(path), problem, found, expected, fix))


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
