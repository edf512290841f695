"""Finds accounts whose home must not be opened, because it clashes with another account's home.

`account add` and `set` refuse such homes. But SQL can write anything to the table, and a folder above
a home can become a link afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from contactsync.domain.account import Account


def refused(accounts: Iterable[Account], ftp_root: Path) -> dict[str, str]:
    """The accounts that must be left alone: name → a sentence with the reason.

    A home is an absolute path without `..`. After resolving links it is not another account's home, nor
    inside or around one. If two accounts share a home, it belongs to the one whose home is the folder of
    its name in `ftp_root`, otherwise to the older account.
    """
    reasons: dict[str, str] = {}
    owners: dict[Path, Account] = {}
    around: dict[Path, Account] = {}
    for account in sorted(accounts, key=lambda each: (each.home is not None, each.account_id)):
        home = account.home_under(ftp_root)
        if problem := _path_problem(account, home, ftp_root):
            reasons[account.name] = problem
            continue
        real = Path(os.path.realpath(home))
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


def _path_problem(account: Account, home: Path, ftp_root: Path) -> str | None:
    if account.home and not (home.is_absolute() and ".." not in home.parts and len(home.parts) > 1):
        return f"its home {account.home!r} is not an absolute path without '..'"
    if not account.home and (home.parent != ftp_root or home.name in {"", ".."}):
        return "its name leads out of ftp_root"
    return None
