"""`doctor` on the folders: what is missing, and what differs from what `init` makes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from contactsync.cli.doctor.finding import Finding, Level
from contactsync.cli.waiting import ANSWER_SECONDS, ATTENDED
from contactsync.runtime.attended import NoAnswer

if TYPE_CHECKING:
    from contactsync.accounts.homes import HomeFault
    from contactsync.domain.account import Account
    from contactsync.settings.settings import Settings


def findings(settings: Settings, accounts: list[Account] | None) -> Iterator[Finding]:
    """A finding per deviation, or one that there are none."""
    root = ATTENDED.over([settings.ftp_root], os.path.isdir, ANSWER_SECONDS).get(settings.ftp_root)
    if root is None or not root.get():
        message = f"{settings.ftp_root} (ftp_root) is not a folder, or cannot be reached"
        fix = f"mkdir -p {settings.ftp_root}   # or mount it; or change ftp_root"
        yield Finding("error", "folders", message, fix)
    if not os.access(settings.data_dir, os.R_OK | os.X_OK):
        message = f"{settings.data_dir} (data_dir) is missing or unreadable: the daemon's state is unknown"
        yield Finding("warning", "folders", message, f"install -d -o contactsync -m 0700 {settings.data_dir}")
    if accounts is None:
        yield Finding("warning", "folders", "not checked: the accounts are in the database")
        return
    faults = faults_of_homes(settings, accounts)
    wrong = False
    for account in accounts:
        if fault := faults.get(account.name):
            level: Level = "note" if account.disabled else "error"
            found = [Finding(level, "folders", f"{account.name}: {fault.reason}", fault.fix)]
        else:
            found = [] if account.disabled else _of_answering(settings, account)
        wrong = wrong or bool(found)
        yield from found
    if not wrong:
        yield Finding("ok", "folders", f"{len(accounts)} account(s), all folders are correct")


def faults_of_homes(settings: Settings, accounts: list[Account]) -> dict[str, HomeFault]:
    """The accounts whose homes must be left alone, by doctor too."""
    from contactsync.accounts import homes
    from contactsync.spool.home_pins import HomePins

    pins = HomePins(settings.ftp_root, settings.data_dir)
    return homes.faults(accounts, settings.ftp_root, pins, ATTENDED, ANSWER_SECONDS)


def _of_answering(settings: Settings, account: Account) -> list[Finding]:
    """What is wrong with an account's folders, even if they do not answer."""
    home = account.home_under(settings.ftp_root)
    try:
        return ATTENDED.one(home, lambda: list(_of(settings, account)), ANSWER_SECONDS)
    except NoAnswer:
        reason = "its home does not answer: its file system hangs"
    except OSError as error:
        reason = f"{error.filename or home}: {error.strerror}"
    return [Finding("error", "folders", f"{account.name}: {reason}", f"ls -l {home}")]


def _of(settings: Settings, account: Account) -> Iterator[Finding]:
    from contactsync.domain.errors import ConfigurationError
    from contactsync.spool import layout, layout_check

    try:
        found = layout_check.check(
            account.name,
            account.home_under(settings.ftp_root),
            settings.ftp_root,
            layout.owners_of(account),
        )
    except ConfigurationError as error:
        yield Finding("warning", "folders", str(error))
        return
    missing = [each for each in found if each.problem == "folder"]
    if missing:
        message = f"{account.name}: {len(missing)} folder(s) missing, such as {missing[0].path}"
        yield Finding("error", "folders", message, missing[0].fix)
    for each in found:
        if each.problem != "folder":
            level: Level = "error" if each.problem == "kind" else "warning"
            message = f"{account.name}: {each.path}: its {each.problem} is {each.found}, not {each.expected}"
            yield Finding(level, "folders", message, each.fix)
