"""What waits in the accounts' `in/` folders, and for what: from the folders and the daemon's heartbeat alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contactsync.runtime.attended import Attended, NoAnswer
from contactsync.telemetry.status import Waiting

if TYPE_CHECKING:
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign


ANSWER_SECONDS = 5.0
"""How long homes have to answer, all together."""

ATTENDED: Attended[Path] = Attended()
"""Asks the homes of this process: no command hangs with one of them."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The uploads in an account's `in/` folders; `folders` is "ok" or what is wrong with them."""

    waiting: int
    oldest_waiting_seconds: int | None
    folders: str


def read_sign(settings: Settings) -> Sign:
    """The daemon's heartbeat; "unknown" if we may not read it."""
    from contactsync.telemetry import heartbeat

    try:
        return heartbeat.read(settings.data_dir)
    except PermissionError:
        return heartbeat.Sign("unknown", {}, settings.data_dir)


def homes_without_database(settings: Settings, sign: Sign) -> dict[str, Path]:
    """The accounts' homes as far as the daemon and ftp_root show them: its folders that have a `contacts/`."""
    found = {name: Path(home) for name, home in sign.content.get("homes", {}).items()}
    folders: list[Path] = []
    with suppress(OSError):
        folders = ATTENDED.one(settings.ftp_root, lambda: _folders(settings.ftp_root), ANSWER_SECONDS)
    answers = ATTENDED.over(folders, _may_be_home, ANSWER_SECONDS)
    for folder in folders:
        # One that does not answer is reported as well.
        if folder not in answers or answers[folder].get():
            found.setdefault(folder.name, folder)
    return dict(sorted(found.items()))


def _folders(ftp_root: Path) -> list[Path]:
    with os.scandir(ftp_root) as entries:
        # A link is no home (protocol 1).
        return [Path(entry.path) for entry in entries if not entry.is_symlink()]


def _may_be_home(folder: Path) -> bool:
    """Whether a folder has a `contacts/`, or is on a disk that is out of reach.

    On a hung disk, only the look at the folder itself ends with this process: a look at a name in it would wait for
    the daemon's look at the same name, and no signal ends that.
    """
    try:
        os.stat(folder)
        return stat.S_ISDIR(os.stat(folder / "contacts").st_mode)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    except OSError:
        return True


def queue(settings: Settings, account: str, home: Path) -> Queue:
    """Count the uploads in an account's `in/` folders."""
    from contactsync.telemetry import backlog

    try:
        found = ATTENDED.one(home, lambda: backlog.count_waiting(home, settings.ignores), ANSWER_SECONDS)
    except NoAnswer:
        return Queue(0, None, "do not answer: their file system hangs")
    age = None if found.age is None else round(found.age)
    missing = f"missing: contactsync init {account}"
    return Queue(found.count, age, missing if found.folders == "missing" else found.folders)


def waits_for(account: str, waiting: int, sign: Sign) -> str | None:
    """What an account's deposits wait for; None if nothing waits, or if it is unknown."""
    daemon = sign.content
    trouble = next((each for each in daemon.get("troubles", ()) if each["account"] == account), None)
    if sign.state == "not running":
        return "the daemon, which is not running" if waiting else None
    if sign.state in ("silent", "hangs"):
        return "the daemon, which hangs" if waiting else None
    if sign.state == "unknown":
        return None
    if trouble is not None:
        return f"{trouble['reason']} (since {trouble['since'][:19]}Z, {trouble['failures']} tries)"
    if daemon.get("database_away") is not None:
        return "the database" if waiting else None
    return _turn(account, waiting, daemon)


def _turn(account: str, waiting: int, daemon: Mapping[str, Any]) -> str | None:
    upload = daemon.get("waiting", {}).get(account)
    if account in daemon.get("running", ()):
        return f"the deposit in progress, {waiting} behind it" if waiting else None
    if account in (queued := daemon.get("queued", ())):
        position = queued.index(account) + 1
        return f"a free worker, position {position} of {len(queued)}" if waiting else None
    if upload is not None and waiting:
        until = datetime.fromisoformat(upload["until"]) if upload["until"] else None
        found = Waiting(**{**upload, "until": until})
        behind = f"; {found.behind} behind it" if found.behind else ""
        return found.sentence(datetime.now(UTC)) + behind
    return "the next scan of its folders" if waiting else None
