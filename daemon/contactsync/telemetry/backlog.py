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


def look(homes: Iterable[Path], ignores: Callable[[bytes], bool]) -> Backlog:
    """Look at the folders of accounts; what cannot be read counts as empty."""
    waiting, in_work, oldest = 0, 0, float("inf")
    for home in homes:
        for action in ACTIONS:
            for name, changed in _files(f"{home}/contacts/{action}/in"):
                if not ignores(name):
                    waiting, oldest = waiting + 1, min(oldest, changed)
            for name, changed in _files(f"{home}/contacts/{action}/on"):
                if not name.startswith(b"."):  # else a copy or a result in the making
                    in_work, oldest = in_work + 1, min(oldest, names.split_claimed(name)[0] or changed)
            if waiting + in_work >= MAX_FILES:
                return Backlog(waiting, in_work, oldest, is_whole=False)
    return Backlog(waiting, in_work, oldest if waiting + in_work else None, is_whole=True)


def _files(folder: str) -> Iterator[tuple[bytes, float]]:
    """Each file's name and ctime, which in `in/` is the deposit date (protocol 1)."""
    with suppress(OSError), os.scandir(os.fsencode(folder)) as entries:
        for entry in itertools.islice(entries, MAX_FILES):
            with suppress(FileNotFoundError):  # taken or claimed meanwhile
                status = entry.stat(follow_symlinks=False)
                if not stat.S_ISDIR(status.st_mode):
                    yield entry.name, status.st_ctime
