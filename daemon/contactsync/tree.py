"""Makes an account's FTP tree (SPEC 1), with the permissions that hold (ftp/FACTS.md).

Below the home everything goes through directory descriptors that were opened without following links: the tree
is made by root in a place where the FTP account may write.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contactsync.errors import ConfigurationError
from contactsync.folders import BOX_MODE, BOXES, IN_MODE, MARKERS_MODE
from contactsync.model import ACTIONS, Account

HOME_MODE = 0o751
IMPORT_MODE = BOX_MODE | MARKERS_MODE
"""Sticky and writable by the group: markers can be made there, in/on/ok/ko cannot be moved."""

DAEMON_USER = "contactsync"

_OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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
            with self._folder(home, self._home / "contacts", BOX_MODE) as contacts:
                for name in ACTIONS:
                    mode = IMPORT_MODE if name == "import" else BOX_MODE
                    with self._folder(contacts, self._home / "contacts" / name, mode) as action:
                        for box in BOXES:
                            mode = IN_MODE if box == "in" else BOX_MODE
                            with self._folder(action, self._home / "contacts" / name / box, mode):
                                pass
            with self._folder(home, self._home / "reporting", BOX_MODE):
                pass

    @contextmanager
    def _folder(self, parent: int | None, path: Path, mode: int) -> Iterator[int]:
        """Open the folder at `path`, made where it is missing. The home alone may be a link (SPEC 1)."""
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
