"""Finds accounts whose home must not be opened: it clashes with another's, is a link, or is another folder than before.

`account add` and `set` refuse homes that clash. But SQL can write anything to the table, and who can write in a folder
above a home can replace the home afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contactsync.domain.account import Account
from contactsync.domain.errors import HomeChanged
from contactsync.runtime.directories import split_way
from contactsync.spool.home_pins import HomePins


@dataclass(frozen=True, slots=True)
class HomeFault:
    """Why an account's home is left alone: the log event, its reason, and the command that allows the home."""

    event: Literal["account.bad_home", "account.home_changed"]
    reason: str
    fix: str
    # Whether only a link on the way is wrong.
    linked: bool = False

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.reason}: {self.fix}"


def faults(accounts: Collection[Account], ftp_root: Path, pins: HomePins) -> dict[str, HomeFault]:
    """The accounts that must be left alone, by name; changes nothing."""
    found = _clashes(accounts, ftp_root)
    pins.keep(account.home_under(ftp_root) for account in accounts)
    for account in accounts:
        if account.name not in found and (error := pins.change_of(account.home_under(ftp_root))):
            found[account.name] = _changed(account.name, error)
    return found


def examine(accounts: Collection[Account], ftp_root: Path, pins: HomePins) -> dict[str, HomeFault]:
    """The same, and record which folders the homes of the other accounts are (`HomePins.examine`)."""
    found = _clashes(accounts, ftp_root)
    own = {each.home_under(ftp_root): each.name for each in accounts if each.name not in found}
    refused_homes = [each.home_under(ftp_root) for each in accounts if each.name in found]
    changed = pins.examine(own, refused_homes)
    return found | {own[home]: _changed(own[home], error) for home, error in changed.items()}


def _clashes(accounts: Iterable[Account], ftp_root: Path) -> dict[str, HomeFault]:
    return {
        name: HomeFault("account.bad_home", reason, f"contactsync account set {name} --home …")
        for name, reason in refused(accounts, ftp_root).items()
    }


def _changed(name: str, error: HomeChanged) -> HomeFault:
    return HomeFault("account.home_changed", str(error), error.fix(name), error.linked)


def refused(accounts: Iterable[Account], ftp_root: Path) -> dict[str, str]:
    """The accounts whose homes clash with another's: name → a sentence with the reason.

    A home is an absolute path without `..`. After resolving links it is not another account's home, nor
    inside or around one. If two accounts share a home, it belongs to the one whose home is the folder of
    its name in `ftp_root`, otherwise to the older account. A home that is reached through a link takes
    nothing from an account whose home is not.
    """
    reasons: dict[str, str] = {}
    owners: dict[Path, Account] = {}
    around: dict[Path, Account] = {}
    sound: list[tuple[Account, Path]] = []
    for account in accounts:
        home = account.home_under(ftp_root)
        if problem := _path_problem(account, home, ftp_root):
            reasons[account.name] = problem
        else:
            sound.append((account, Path(os.path.realpath(home))))
    for account, real in sorted(sound, key=lambda each: _claim_on_home(each[0], each[1], ftp_root)):
        home = account.home_under(ftp_root)
        outer = next((owners[path] for path in (real, *real.parents) if path in owners), None)
        other = outer or around.get(real)
        if other is not None:
            reasons[account.name] = (
                f"its home {home} is, or is inside or around, the home of account {other.name}"
            )
            continue
        owners[real] = account
        around |= {path: account for path in real.parents if path not in around}
    return reasons


def _claim_on_home(account: Account, real: Path, ftp_root: Path) -> tuple[bool, bool, int]:
    """Sorts the accounts: of two with one home, the first keeps it."""
    start, below = split_way(account.home_under(ftp_root), ftp_root)
    linked = real != Path(os.path.realpath(start)).joinpath(*below)
    return linked, account.home is not None, account.account_id


def _path_problem(account: Account, home: Path, ftp_root: Path) -> str | None:
    if account.home and not (home.is_absolute() and ".." not in home.parts and len(home.parts) > 1):
        return f"its home {account.home!r} is not an absolute path without '..'"
    if not account.home and (home.parent != ftp_root or home.name in {"", ".."}):
        return "its name leads out of ftp_root"
    return None
