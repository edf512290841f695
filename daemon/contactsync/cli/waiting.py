"""What lies in the accounts' `in/` folders, and what it waits for: from the folders and the daemon's word alone."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contactsync.domain.deposit import ACTIONS
from contactsync.telemetry.status import Waiting

if TYPE_CHECKING:
    from contactsync.settings.settings import Settings
    from contactsync.telemetry.heartbeat import Sign


def homes_without_database(settings: Settings, sign: Sign) -> dict[str, Path]:
    """The accounts' homes as far as folders and daemon tell: every folder of ftp_root that has a `contacts/`."""
    found = {name: Path(home) for name, home in sign.content.get("homes", {}).items()}
    try:
        with os.scandir(settings.ftp_root) as entries:
            for entry in entries:
                if os.path.isdir(f"{entry.path}/contacts"):
                    found.setdefault(entry.name, Path(entry.path))
    except OSError:
        pass
    return dict(sorted(found.items()))


def queue(settings: Settings, account: str, home: Path) -> dict[str, Any]:
    """The deposits in an account's `in/` folders, and how many seconds the oldest has been there."""
    oldest, count, folders = None, 0, "ok"
    for action in ACTIONS:
        try:
            with os.scandir(home / "contacts" / action / "in") as entries:
                changed = [
                    status.st_ctime
                    for entry in entries
                    if not settings.ignores(os.fsencode(entry.name))
                    and (status := _status(entry)) is not None
                    and not stat.S_ISDIR(status.st_mode)
                ]
        except PermissionError:
            folders = "not readable"
            continue
        except (FileNotFoundError, NotADirectoryError):
            folders = f"missing: contactsync init {account}"
            continue
        count += len(changed)
        oldest = min((when for when in (oldest, *changed) if when is not None), default=None)
    age = None if oldest is None else max(0, round(time.time() - oldest))
    return {"waiting": count, "oldest_waiting_seconds": age, "folders": folders}


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # claimed, or taken away by its uploader
        return None


def waits_for(account: str, waiting: int, sign: Sign) -> str | None:
    """What an account's deposits wait for, None where there is nothing."""
    told = sign.content
    trouble = next((each for each in told.get("troubles", ()) if each["account"] == account), None)
    if sign.state == "not running":
        return "the daemon, which does not run" if waiting else None
    if sign.state == "silent":
        return "the daemon, which is silent" if waiting else None
    if sign.state == "unknown":
        return None
    if trouble is not None:
        return f"{trouble['reason']} (since {trouble['since'][:19]}Z, {trouble['failures']} tries)"
    if told.get("database_away") is not None:
        return "the database" if waiting else None
    return _turn(account, waiting, told)


def _turn(account: str, waiting: int, told: Mapping[str, Any]) -> str | None:
    upload = told.get("waiting", {}).get(account)
    if account in told.get("running", ()):
        return f"a deposit in work, {waiting} behind it" if waiting else "nothing: a deposit is in work"
    if account in (queued := told.get("queued", ())):
        place = queued.index(account) + 1
        return f"a free worker, place {place} of {len(queued)}" if waiting else None
    if upload is not None and waiting:
        until = datetime.fromisoformat(upload["until"]) if upload["until"] else None
        found = Waiting(**{**upload, "until": until})
        behind = f"; {found.behind} behind it" if found.behind else ""
        return found.sentence(datetime.now(UTC)) + behind
    return "the next look at its folders" if waiting else None
