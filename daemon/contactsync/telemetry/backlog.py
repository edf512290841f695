"""What lies in the accounts' `in/` and `on/`: how much, and since when. A look costs 14 µs an account and action."""

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
"""So many files are looked at; a flood of more is told as such (`is_whole`)."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The deposits that are not settled; `oldest` is the oldest one's date, seconds since 1970."""

    waiting: int
    in_work: int
    oldest: float | None
    is_whole: bool

    @property
    def age(self) -> float:
        """For how many seconds the oldest deposit has not been settled; 0 where there is none."""
        return 0.0 if self.oldest is None else max(0.0, time.time() - self.oldest)


@dataclass(frozen=True, slots=True)
class Inboxes:
    """The uploads in an account's `in/` folders; `oldest` is the oldest one's ctime, `problem` the last folder's."""

    waiting: int
    oldest: float | None
    problem: Literal["missing", "unreadable"] | None


def count_waiting(home: Path, ignores: Callable[[bytes], bool]) -> Inboxes:
    """Count the uploads in an account's `in/` folders, without those that `ignores` names (protocol 1)."""
    waiting, oldest = 0, float("inf")
    problem: Literal["missing", "unreadable"] | None = None
    for action in ACTIONS:
        try:
            for changed in _waiting(home, action, ignores, most=None):
                waiting, oldest = waiting + 1, min(oldest, changed)
        except (FileNotFoundError, NotADirectoryError):
            problem = "missing"
        except OSError:
            problem = "unreadable"
    return Inboxes(waiting, oldest if waiting else None, problem)


def look(homes: Iterable[Path], ignores: Callable[[bytes], bool]) -> Backlog:
    """Count the deposits in the folders of accounts; an unreadable folder counts as empty."""
    waiting, in_work, oldest = 0, 0, float("inf")
    for home in homes:
        for action in ACTIONS:
            with suppress(OSError):
                for changed in _waiting(home, action, ignores, most=MAX_FILES):
                    waiting, oldest = waiting + 1, min(oldest, changed)
            with suppress(OSError):
                for name, changed in _files(f"{home}/contacts/{action}/on", MAX_FILES):
                    # A leading dot marks a copy or a result that is being written.
                    if not name.startswith(b"."):
                        in_work, oldest = in_work + 1, min(oldest, names.split_claimed(name)[0] or changed)
            if waiting + in_work >= MAX_FILES:
                return Backlog(waiting, in_work, oldest, is_whole=False)
    return Backlog(waiting, in_work, oldest if waiting + in_work else None, is_whole=True)


def _waiting(
    home: Path, action: str, ignores: Callable[[bytes], bool], *, most: int | None
) -> Iterator[float]:
    """The ctime, which is the deposit date (protocol 1), of each upload in an `in/` folder."""
    return (changed for name, changed in _files(f"{home}/contacts/{action}/in", most) if not ignores(name))


def _files(folder: str, most: int | None) -> Iterator[tuple[bytes, float]]:
    """The names and ctimes of at most `most` files; raises OSError if the folder cannot be listed."""
    with os.scandir(os.fsencode(folder)) as entries:
        for entry in itertools.islice(entries, most):
            # The file may be claimed or removed meanwhile.
            with suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                if not stat.S_ISDIR(status.st_mode):
                    yield entry.name, status.st_ctime
