"""What is in the accounts' `in/` and `on/`: how much, and since when. A look costs 14 µs per account and action."""

from __future__ import annotations

import errno
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
from contactsync.runtime.attended import Attended

MAX_FILES = 20_000
"""A look at all accounts stops once it has found this many files; `is_whole` is then false."""

SECONDS = 2.0
"""How long homes have to answer."""

Folders = Literal["ok", "missing", "not readable", "out of reach"]


class _Enough(Exception):  # noqa: N818 - nothing failed
    """So many files were found that the other homes are not asked."""


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
        except OSError as error:
            if folders == "ok":
                # Otherwise the disk does not answer as it should: a dead mount, an input/output error.
                is_missing = error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
                folders = "missing" if is_missing else "out of reach"
            continue
        count += len(files)
        oldest = min([*files, *([] if oldest is None else [oldest])], default=None)
        if limit is not None and count >= limit:
            break
    return WaitingFiles(count, oldest, folders)


def look(
    homes: Iterable[Path], ignores: Callable[[bytes], bool], attended: Attended[Path] | None = None
) -> Backlog:
    """Look at the folders of all accounts; a folder that cannot be read counts as empty.

    `attended` asks each home. Without those that do not answer, and above MAX_FILES, the count is not whole.
    """
    asked, counts = list(homes), [0]

    def of_home(home: Path) -> tuple[WaitingFiles, list[float]]:
        if counts[0] >= MAX_FILES:
            raise _Enough
        found = count_waiting(home, ignores, limit=MAX_FILES), list(_claimed(home))
        counts[0] += found[0].count + len(found[1])
        return found

    answers = (attended or Attended()).over(asked, of_home, SECONDS)
    found = [answer.get() for answer in answers.values() if not isinstance(answer.error, _Enough)]
    waiting = sum(uploads.count for uploads, _ in found)
    claimed = [date for _, dates in found for date in dates]
    oldest = min([*claimed, *(each.oldest for each, _ in found if each.oldest is not None)], default=None)
    is_whole = len(found) == len(asked) and waiting + len(claimed) < MAX_FILES
    return Backlog(waiting, len(claimed), oldest, is_whole=is_whole)


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
