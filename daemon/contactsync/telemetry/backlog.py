"""What is in the accounts' `in/` and `on/`: how much, and since when. A look costs 14 µs per account and action."""

from __future__ import annotations

import itertools
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contactsync.domain import names
from contactsync.domain.deposit import ACTIONS

MAX_FILES = 20_000
"""A look at all accounts stops once it has found this many files; `is_whole` is then false."""

Folders = Literal["ok", "missing", "not readable"]


@dataclass(frozen=True, slots=True)
class WaitingFiles:
    """The uploads in one account's `in/` folders, finished or not; `oldest` is in seconds since 1970.

    Unless `folders` is "ok", at least one folder could not be counted.
    """

    count: int
    oldest: float | None
    folders: Folders

    @property
    def age(self) -> float | None:
        """For how many seconds the oldest upload has waited; None if there is none."""
        return None if self.oldest is None else max(0.0, time.time() - self.oldest)


@dataclass(frozen=True, slots=True)
class Backlog:
    """The deposits that are not settled; `oldest` is the date of the oldest one, in seconds since 1970."""

    waiting: int
    in_progress: int
    oldest: float | None
    is_whole: bool

    @property
    def age(self) -> float:
        """For how many seconds the oldest deposit has not been settled; 0 if there is none."""
        return 0.0 if self.oldest is None else max(0.0, time.time() - self.oldest)


def count_waiting(home: Path, ignores: Callable[[bytes], bool], *, limit: int | None = None) -> WaitingFiles:
    """Count the uploads in the `in/` folders below an account's home.

    With a `limit`, stops once it has found that many, and reads no more entries of a folder. An upload's date is its
    ctime (protocol 1).
    """
    count, oldest = 0, None
    folders: Folders = "ok"
    for action in ACTIONS:
        try:
            files = [
                changed
                for name, changed in _files(f"{home}/contacts/{action}/in", limit)
                if not ignores(name)
            ]
        except PermissionError:
            folders = "not readable"
            continue
        except OSError:
            if folders == "ok":
                folders = "missing"
            continue
        count += len(files)
        oldest = min([*files, *([] if oldest is None else [oldest])], default=None)
        if limit is not None and count >= limit:
            break
    return WaitingFiles(count, oldest, folders)


def look(homes: Iterable[Path], ignores: Callable[[bytes], bool]) -> Backlog:
    """Look at the folders of all accounts; a folder that cannot be read counts as empty."""
    waiting, in_progress, oldest = 0, 0, float("inf")
    for home in homes:
        uploads = count_waiting(home, ignores, limit=MAX_FILES)
        waiting, oldest = waiting + uploads.count, min(oldest, uploads.oldest or oldest)
        for date in _claimed(home):
            in_progress, oldest = in_progress + 1, min(oldest, date)
        if waiting + in_progress >= MAX_FILES:
            return Backlog(waiting, in_progress, oldest, is_whole=False)
    return Backlog(waiting, in_progress, oldest if waiting + in_progress else None, is_whole=True)


def _claimed(home: Path) -> Iterator[float]:
    """The dates of the deposits in an account's `on/` folders, which their names hold."""
    for action in ACTIONS:
        with suppress(OSError):
            for name, changed in _files(f"{home}/contacts/{action}/on", MAX_FILES):
                # Otherwise it is a copy or a result that is not finished.
                if not name.startswith(b"."):
                    yield names.split_claimed(name)[0] or changed


def _files(folder: str, limit: int | None) -> Iterator[tuple[bytes, float]]:
    """The name and ctime of each file. Raises OSError if the folder cannot be read."""
    with os.scandir(os.fsencode(folder)) as entries:
        for entry in itertools.islice(entries, limit):
            # It may be claimed or removed meanwhile.
            with suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                if not stat.S_ISDIR(status.st_mode):
                    yield entry.name, status.st_ctime
