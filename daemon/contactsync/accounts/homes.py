"""Finds accounts whose home must not be opened: it clashes with another's, is a link, or is another folder than before.

`account add` and `set` refuse homes that clash. But SQL can write anything to the table, and who can write in a folder
above a home can replace the home afterwards.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contactsync.domain.account import Account
from contactsync.domain.errors import HomeChanged
from contactsync.runtime.attended import Answer, Attended, NoAnswer
from contactsync.runtime.directories import split_way
from contactsync.runtime.file_system import mount_of
from contactsync.spool.home_pins import HomePins
from contactsync.spool.pins import Pin

ANSWER_SECONDS = 2.0
"""How long homes have to answer before an account is left alone for now; a hung mount never does."""

_JUDGED_ELSEWHERE = {errno.ENOENT, errno.EACCES, errno.EPERM}
"""A home that is missing, or that this user may not enter: the worker of the account reports that."""


@dataclass(frozen=True, slots=True)
class HomeFault:
    """Why an account's home is left alone: the log event, its reason, and the command that allows the home."""

    event: Literal["account.bad_home", "account.home_changed", "account.home_hung"]
    reason: str
    fix: str
    # Whether only a link on the way is wrong.
    linked: bool = False

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.reason}: {self.fix}"


def faults(
    accounts: Collection[Account],
    ftp_root: Path,
    pins: HomePins,
    attended: Attended[Path] | None = None,
    seconds: float = ANSWER_SECONDS,
) -> dict[str, HomeFault]:
    """The accounts that must be left alone, by name; changes nothing. Homes are only touched by `attended`."""
    attended = attended or Attended()
    found, own = _clashes(accounts, ftp_root, attended, seconds)
    pins.keep(account.home_under(ftp_root) for account in accounts)
    looked = attended.over(own, pins.look, seconds)
    for home, name in own.items():
        error = looked[home].error if home in looked else NoAnswer()
        if fault := _fault_of(name, home, error):
            found[name] = fault
    return found


def examine(
    accounts: Collection[Account],
    ftp_root: Path,
    pins: HomePins,
    attended: Attended[Path] | None = None,
    seconds: float = ANSWER_SECONDS,
) -> dict[str, HomeFault]:
    """The same, and record which folders the homes of the other accounts are (`HomePins.examine`).

    A home that answers with another error is no fault here: the worker of the account reports it, again and again.
    """
    attended = attended or Attended()
    found, own = _clashes(accounts, ftp_root, attended, seconds)
    refused_homes = [each.home_under(ftp_root) for each in accounts if each.name in found]
    looked = attended.over(own, pins.look, seconds)
    none: Answer[Pin] = Answer(error=NoAnswer())
    changed = pins.examine(own, refused_homes, lambda home: looked.get(home, none).get())
    silent = {name: hung(home) for home, name in own.items() if home not in looked}
    return found | silent | {own[home]: _changed(own[home], error) for home, error in changed.items()}


def _fault_of(name: str, home: Path, error: Exception | None) -> HomeFault | None:
    if error is None or (isinstance(error, OSError) and error.errno in _JUDGED_ELSEWHERE):
        return None
    if isinstance(error, HomeChanged):
        return _changed(name, error)
    if isinstance(error, NoAnswer):
        return hung(home)
    if isinstance(error, OSError):
        reason = f"its home {home} cannot be reached: {os.strerror(error.errno or 0)}"
        return HomeFault("account.home_hung", reason, _mount(home))
    raise error


def _clashes(
    accounts: Iterable[Account], ftp_root: Path, attended: Attended[Path], seconds: float
) -> tuple[dict[str, HomeFault], dict[Path, str]]:
    """The faults that are seen before a home is opened, by account; and the other homes with their accounts."""
    homes = {account.name: account.home_under(ftp_root) for account in accounts}
    found = {name: _unspeakable(home) for name, home in homes.items() if not _is_speakable(home)}
    rest = [account for account in accounts if account.name not in found]
    asked = [ftp_root, *(homes[account.name] for account in rest)]
    real = attended.over(asked, lambda path: Path(os.path.realpath(path)), seconds)
    # A home that does not answer cannot be compared by its links; by its name it can.
    reasons = refused(rest, ftp_root, lambda path: real[path].get() if path in real else path)
    found |= {
        name: HomeFault("account.bad_home", reason, f"contactsync account set {name} --home …")
        for name, reason in reasons.items()
    }
    silent = {name: hung(home) for name, home in homes.items() if home in asked and home not in real}
    found = silent | found
    return found, {home: name for name, home in homes.items() if name not in found}


def _changed(name: str, error: HomeChanged) -> HomeFault:
    return HomeFault("account.home_changed", str(error), error.fix(name), error.linked)


def hung(home: Path) -> HomeFault:
    """The fault of a home that does not answer."""
    return HomeFault(
        "account.home_hung", f"its home {home} does not answer: its file system hangs", _mount(home)
    )


def _mount(home: Path) -> str:
    return f"umount --force --lazy {mount_of(home).point}   # then mount it again"


def _is_speakable(home: Path) -> bool:
    try:
        os.fsencode(home)
    except UnicodeEncodeError:
        return False
    return True


def _unspeakable(home: Path) -> HomeFault:
    encoding = sys.getfilesystemencoding()
    reason = f"its home {str(home)!a} has letters that {encoding}, the encoding of the locale, does not have"
    return HomeFault("account.bad_home", reason, "systemctl edit contactsync: Environment=LC_ALL=C.UTF-8")


def refused(
    accounts: Iterable[Account],
    ftp_root: Path,
    real_path: Callable[[Path], Path] = lambda path: Path(os.path.realpath(path)),
) -> dict[str, str]:
    """The accounts whose homes clash with another's: name → a sentence with the reason.

    A home is an absolute path without `..`. After resolving links it is not another account's home, nor
    inside or around one. If two accounts share a home, it belongs to the one whose home is the folder of
    its name in `ftp_root`, otherwise to the older account. A home that is reached through a link takes
    nothing from an account whose home is not. `real_path` resolves links.
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
            sound.append((account, real_path(home)))
    for account, real in sorted(
        sound, key=lambda each: _claim_on_home(each[0], each[1], ftp_root, real_path)
    ):
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


def _claim_on_home(
    account: Account, real: Path, ftp_root: Path, real_path: Callable[[Path], Path]
) -> tuple[bool, bool, int]:
    """Sorts the accounts: of two with one home, the first keeps it."""
    start, below = split_way(account.home_under(ftp_root), ftp_root)
    linked = real != real_path(start).joinpath(*below)
    return linked, account.home is not None, account.account_id


def _path_problem(account: Account, home: Path, ftp_root: Path) -> str | None:
    if account.home and not (home.is_absolute() and ".." not in home.parts and len(home.parts) > 1):
        return f"its home {account.home!r} is not an absolute path without '..'"
    if not account.home and (home.parent != ftp_root or home.name in {"", ".."}):
        return "its name leads out of ftp_root"
    return None
