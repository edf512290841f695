"""The ten `in/` folders: what uploaders put there, finished or not, and the markers."""

from __future__ import annotations

import heapq
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from operator import attrgetter
from typing import BinaryIO

from contactsync.domain.deposit import ACTIONS, Action, FileIdentity, Incoming
from contactsync.spool import markers
from contactsync.spool.base import SpoolBase
from contactsync.spool.files import has_writer, open_file

MAX_INCOMING = 10_000
"""How many of an account's files a scan returns, the oldest first: a flood of uploads must not fill the memory."""

MAX_STRAYS = 100
"""How many folders in `in/` a scan reports: enough to show what the uploader does."""


class Probe(Enum):
    """What a look into an upload shows."""

    WRITTEN = "somebody has it open for writing"
    WHOLE = "nobody has it open for writing, and it looks whole"
    PARTIAL = "nobody has it open for writing, but its end is missing"
    GONE = "it is missing, has changed, or is not a plain file"


class Inbox(SpoolBase):
    """The chapter on `in/`. It renames nothing but markers."""

    def incoming(self) -> list[Incoming]:
        """The files in the ten `in/` folders, in their order of deposit; sets `strays` and `cut_off`.

        Returns the MAX_INCOMING oldest files if there are more.
        """
        self.strays = []
        found = (file for action in ACTIONS.values() for file in self._scan(action))
        oldest = heapq.nsmallest(MAX_INCOMING, found, key=attrgetter("place"))
        self.cut_off = len(oldest) == MAX_INCOMING
        return oldest

    def _scan(self, action: Action) -> Iterator[Incoming]:
        if self._folders.is_known_empty(action, "in"):
            return
        empty = True
        with os.scandir(self._dir(action, "in")) as entries:
            for entry in entries:
                empty = False
                name = os.fsencode(entry.name)
                if self._ignored(name):
                    continue
                with suppress(FileNotFoundError):
                    identity = FileIdentity.of(entry.stat(follow_symlinks=False))
                    if not stat.S_ISDIR(identity.mode):
                        yield Incoming(action, name, identity)
                    elif len(self.strays) < MAX_STRAYS:
                        self.strays.append((action, name))
        if empty:
            self._folders.note_empty(action, "in")

    def look(self, incoming: Incoming) -> FileIdentity | None:
        """The file's identity now; None if it is gone."""
        with suppress(FileNotFoundError):
            return FileIdentity.of(os.lstat(incoming.name, dir_fd=self._dir(incoming.action, "in")))
        return None

    def open_incoming(self, incoming: Incoming) -> BinaryIO | None:
        """Open the file for reading; None unless it still is the plain file that the scan saw.

        Raises PermissionError if the daemon may not read it: it lacks CAP_DAC_READ_SEARCH, or is not in its group.
        """
        with suppress(FileNotFoundError):
            return open_file(
                incoming.name, self._dir(incoming.action, "in"), lambda found: found == incoming.identity
            )
        return None

    def probe(self, incoming: Incoming, looks_whole: Callable[[int, FileIdentity], bool]) -> Probe:
        """Look into an upload: whether somebody is writing it, and whether it has its end.

        `looks_whole` gets a descriptor for reading and the file's identity. There is no lease while it reads, so
        that a client that overwrites the file need not wait. Raises PermissionError as `open_incoming` does.
        """
        file = self.open_incoming(incoming)
        if file is None:
            return Probe.GONE
        with file:
            if has_writer(file):
                return Probe.WRITTEN
            return Probe.WHOLE if looks_whole(file.fileno(), incoming.identity) else Probe.PARTIAL

    def adopt_markers(self) -> None:
        """Move markers from `import/in/` to `import/`, where they replace the existing one (protocol 4)."""
        action = ACTIONS["import"]
        source, target = self._dir(action, "in"), self._dir(action)
        # The uploader may remove a marker meanwhile, or replace one by a folder.
        with suppress(FileNotFoundError):
            found = markers.present(source)
            for name in sorted(found, key=lambda name: os.lstat(name, dir_fd=source).st_ctime_ns):
                with suppress(IsADirectoryError, NotADirectoryError):
                    for old in markers.present(target):
                        os.unlink(old, dir_fd=target)
                    os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
