"""`doctor` on leftovers: files without a ledger row, rows without a file, unfinished work."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from contactsync.cli.doctor.finding import Finding
from contactsync.cli.waiting import ATTENDED
from contactsync.database import ledger, retries
from contactsync.domain.deposit import ACTIONS
from contactsync.domain.names import printable
from contactsync.runtime.attended import NoAnswer
from contactsync.spool import settled, unopened

if TYPE_CHECKING:
    from contactsync.database.connection import Connection
    from contactsync.domain.account import Account
    from contactsync.domain.deposit import Claimed
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign

OLD_SECONDS = 3600.0
"""No deposit is ever in progress this long."""
LOOK_SECONDS = 60.0
"""How long the look at one account may take; it asks the ledger about thousands of files."""
MOST_FILES = 20_000
"""The maximum number of files checked per folder."""


def findings(conn: Connection, settings: Settings, accounts: list[Account], sign: Sign) -> Iterator[Finding]:
    """A finding per leftover of each account, or one that there are none."""
    nothing = True
    for account in accounts:
        for finding in _of(conn, settings, account, sign):
            nothing = False
            yield finding
    for name in _names(settings.data_dir):
        if name.startswith(b".condition.json.") and not os.path.exists(
            f"/proc/{name.rpartition(b'.')[2].decode()}"
        ):
            nothing = False
            path = settings.data_dir / os.fsdecode(name)
            message = f"{path} is left over from a daemon that was killed"
            yield Finding("note", "leftovers", message, f"rm {shlex.quote(str(path))}")
    if nothing:
        yield Finding("ok", "leftovers", "files and ledger agree")


def _of(conn: Connection, settings: Settings, account: Account, sign: Sign) -> list[Finding]:
    """The leftovers of one account. One whose home does not answer has none: the check of the folders names it."""
    home = account.home_under(settings.ftp_root)
    contacts = home / "contacts"
    with suppress(NoAnswer):
        return ATTENDED.one(
            home,
            lambda: [*_in_progress(conn, account, contacts, sign), *_settled(conn, account, contacts)],
            LOOK_SECONDS,
        )
    return []


def _in_progress(conn: Connection, account: Account, contacts: Path, sign: Sign) -> Iterator[Finding]:
    """Compare the files in `on/` with the ledger's rows in state `on`, and find interrupted retries."""
    present = set()
    for action in ACTIONS:
        folder = contacts / action / "on"
        for name in _names(folder):
            present.add((action, name))
            if finding := _unfinished(f"{account.name}: {action}/on/{printable(name)}", folder, name, sign):
                yield finding
    for entry in ledger.unfinished(conn, account):
        if (entry.claimed.action.name, entry.claimed.claimed_name) not in present:
            yield from _elsewhere(account, contacts, entry.claimed, entry.deposit_id)
    for deposit in retries.waiting(conn, account):
        if os.path.lexists(contacts / deposit.action.name / "ko" / os.fsdecode(deposit.claimed_name)):
            message = f"{account.name}: the retry of deposit {deposit.deposit_id} was interrupted; its file is still in ko/"
            yield Finding("warning", "leftovers", message, f"contactsync retry {deposit.deposit_id}")


def _elsewhere(account: Account, contacts: Path, claimed: Claimed, deposit_id: int) -> Iterator[Finding]:
    """The finding for a row in state `on` whose file is not in `on/`.

    If the file is in `ok/` or `ko/`, it was settled after the database was saved.
    """
    folder, name = contacts / claimed.action.name, os.fsdecode(claimed.claimed_name)
    box = next((box for box in ("on", "ok", "ko") if os.path.lexists(folder / box / name)), None)
    if box is None:
        message = f"{account.name}: deposit {deposit_id} is in progress, but its file is not in on/"
        fix = "systemctl restart contactsync   # closes it as `vanished`"
        yield Finding("warning", "leftovers", message, fix)
    # In `on/`: it was claimed since the folders were listed.
    elif box != "on":
        message = (
            f"{account.name}: deposit {deposit_id} is in progress in the ledger, but its file is in "
            f"{claimed.action.name}/{box}/: the database is older than the folders"
        )
        yield Finding("error", "leftovers", message, _into_on(folder, box, claimed.claimed_name))


def _into_on(folder: Path, box: str, name: bytes) -> str:
    """The command after which the daemon checks a file again and does what the ledger says."""
    here, there = (shlex.quote(str(folder / each / os.fsdecode(name))) for each in (box, "on"))
    return f"mv -n {here} {there}"


def _unfinished(where: str, folder: Path, name: bytes, sign: Sign) -> Finding | None:
    """The finding for a file in `on/`, or None."""
    if name.startswith(b".doctor."):
        fix = f"rm {shlex.quote(str(folder / os.fsdecode(name)))}"
        return Finding("note", "leftovers", f"{where} is left over from a doctor that was killed", fix)
    age = _age(folder, name)
    if sign.state == "running" and age > OLD_SECONDS:
        message = f"{where} has been there for {age / 3600:.0f} h"
        return Finding("warning", "leftovers", message, "contactsync status")
    if sign.state != "running" and not name.startswith(b"."):
        message = f"{where} is unfinished; the daemon resumes it when it starts"
        return Finding("note", "leftovers", message, "systemctl start contactsync")
    return None


def _settled(conn: Connection, account: Account, contacts: Path) -> Iterator[Finding]:
    """Files in `ok/` and `ko/` that belong to no deposit, and deposits in the wrong one of the two."""
    for action in ACTIONS:
        for box in ("ok", "ko"):
            folder = contacts / action / box
            names = [name for name in _names(folder) if name != unopened.FOLDER][:MOST_FILES]
            bases = {name: _base(name) for name in names}
            known = ledger.states_of_deposits(conn, account, action, {*names, *bases.values()})
            foreign = [name for name in names if name not in known and bases[name] not in known]
            if foreign:
                message = (
                    f"{account.name}: {len(foreign)} file(s) in {action}/{box}/ that are not in the ledger, "
                    f"such as {printable(foreign[0])}: keep_settled_days does not remove them"
                )
                yield Finding("note", "leftovers", message, f"ls -l {shlex.quote(str(folder))}")
            wrong = [name for name in names if known.get(name, box) not in (box, "on")]
            if wrong:
                message = (
                    f"{account.name}: {len(wrong)} file(s) in {action}/{box}/ that are {known[wrong[0]]} in the "
                    f"ledger, such as {printable(wrong[0])}: the database is older than the folders"
                )
                yield Finding("error", "leftovers", message, _into_on(contacts / action, box, wrong[0]))


def _base(name: bytes) -> bytes:
    """The name without the suffix of a result file."""
    for suffix in (settled.RESULT, settled.PAGE, settled.REJECTED):
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name


def _names(folder: Path) -> list[bytes]:
    try:
        return sorted(map(os.fsencode, os.listdir(folder)))
    except OSError:
        return []


def _age(folder: Path, name: bytes) -> float:
    with suppress(OSError):
        return time.time() - os.lstat(folder / os.fsdecode(name)).st_ctime
    return 0.0
