"""Proposes accounts for the homes that already exist below the FTP root. Reads the root's entries, changes nothing."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from contactsync.accounts.rules import name_problem
from contactsync.domain.account import Account
from contactsync.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry of the FTP root: an account to add, or with `skipped` the reason why it is none."""

    name: str
    unix_user: str | None = None
    unix_group: str | None = None
    skipped: str | None = None

    @property
    def options(self) -> dict[str, str | None]:
        """The columns to write, as `account add` takes them."""
        return {"unix_user": self.unix_user, "unix_group": self.unix_group}


def proposals(ftp_root: Path, accounts: Iterable[Account]) -> list[Proposal]:
    """What to do with each entry of the FTP root that is not an account's home yet, by name.

    A home that belongs to an ordinary user gives the account that user and group. Raises ConfigurationError if the
    root cannot be read.
    """
    homes = {account.home_under(ftp_root) for account in accounts}
    taken = {account.name for account in accounts}
    try:
        entries = sorted(os.scandir(ftp_root), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        raise ConfigurationError(f"ftp_root {ftp_root}: {error.strerror}") from None
    return [
        _proposal(entry, taken)
        for entry in entries
        if Path(entry.path) not in homes and not entry.name.startswith(".")
    ]


def _proposal(entry: os.DirEntry[str], taken: set[str]) -> Proposal:
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in entry.name)
    status = entry.stat(follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode):
        return Proposal(shown, skipped="not a folder")
    if name_problem(entry.name):
        return Proposal(
            shown, skipped="its name is not an account name: contactsync account add NAME --home …"
        )
    if entry.name in taken:
        return Proposal(shown, skipped="the account of this name has another home")
    # Root, or a user of another host: the FTP server maps logins itself.
    try:
        user = pwd.getpwuid(status.st_uid).pw_name if status.st_uid else None
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return Proposal(entry.name)
    return Proposal(entry.name, user, group) if user else Proposal(entry.name)
