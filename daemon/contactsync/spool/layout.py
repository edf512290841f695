"""An account's FTP tree: its folders, their modes and their owners (protocol 1; docs/ftp-facts.md, "Permissions")."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass

from contactsync.domain.account import Account
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.errors import ConfigurationError
from contactsync.spool.folders import BOX_MODE, BOXES, IN_MODE, MARKERS_MODE

HOME_MODE = 0o751
IMPORT_MODE = BOX_MODE | MARKERS_MODE
"""Sticky and writable by the group: markers can be created there, in/on/ok/ko cannot be moved."""

DAEMON_USER = "contactsync"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the tree and what is below it."""

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
    """Who owns the folders: root owns the home, the daemon the rest; the group is the FTP account's.

    `tenant` is the FTP account's own user, who owns none of them.
    """

    daemon: int
    tenant: int
    group: int

    def foreign_owner(self, folder: os.stat_result) -> bool:
        """Whether a folder belongs to somebody else, who can change what is in it."""
        return folder.st_uid not in (0, self.daemon)

    def foreign_writers(self, folder: os.stat_result) -> int:
        """The permission bits by which others can replace what is in a folder, 0 if there are none."""
        if folder.st_mode & stat.S_ISVTX:
            return 0
        return folder.st_mode & (0o002 if folder.st_gid == 0 else 0o022)


def owners_of(account: Account) -> Owners | None:
    """The owners that the account's Unix user and group ask for; None if it names none.

    Raises ConfigurationError if this host does not know them.
    """
    if account.unix_user is None or account.unix_group is None:
        return None
    try:
        tenant = pwd.getpwnam(account.unix_user).pw_uid
    except KeyError:
        raise ConfigurationError(f"account {account.name}: no Unix user {account.unix_user}") from None
    try:
        group = grp.getgrnam(account.unix_group).gr_gid
    except KeyError:
        raise ConfigurationError(f"account {account.name}: no Unix group {account.unix_group}") from None
    return Owners(_daemon_uid(), tenant, group)


def _daemon_uid() -> int:
    if os.geteuid() != 0:
        return os.geteuid()
    try:
        return pwd.getpwnam(DAEMON_USER).pw_uid
    except KeyError:
        return 0
