"""Whose home is whose: accounts whose home cannot be worked on are found before anybody opens it.

`account add` and `set` refuse such homes, but the table can be written to by SQL, and a folder above a home can become
a link afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from contactsync.domain.account import Account


def refused(accounts: Iterable[Account], ftp_root: Path) -> dict[str, str]:
    """The accounts that must be left alone, by name, each with a sentence that tells why.

    A home is an absolute path without `..`, and neither another account's home nor within or around one, links
    followed. Of two accounts that share one, the one whose home is the folder of its name below `ftp_root` keeps it,
    else the older account.
    """
    told: dict[str, str] = {}
    keepers: dict[Path, Account] = {}
    around: dict[Path, Account] = {}
    for account in sorted(accounts, key=lambda each: (each.home is not None, each.account_id)):
        home = account.home_under(ftp_root)
        if problem := _path_problem(account, home, ftp_root):
            told[account.name] = problem
            continue
        real = Path(os.path.realpath(home))
        within = next((keepers[path] for path in (real, *real.parents) if path in keepers), None)
        other = within or around.get(real)
        if other is not None:
            told[account.name] = (
                f"its home {home} is, or lies within or around, the home of account {other.name}"
            )
            continue
        keepers[real] = account
        around |= {path: account for path in real.parents if path not in around}
    return told


def _path_problem(account: Account, home: Path, ftp_root: Path) -> str | None:
    if account.home and not (home.is_absolute() and ".." not in home.parts and len(home.parts) > 1):
        return f"its home {account.home!r} is no absolute path without '..'"
    if not account.home and (home.parent != ftp_root or home.name in {"", ".."}):
        return "its name leads out of ftp_root"
    return None
