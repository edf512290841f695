"""`on/`: the daemon's own copy of a deposit, and what it writes beside it while it works."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from contactsync.domain import names
from contactsync.domain.deposit import ACTIONS, Action, Claimed, FileIdentity, Incoming
from contactsync.domain.errors import Retryable
from contactsync.runtime import gil
from contactsync.runtime.kernel import CLAIM, flush_to_disk
from contactsync.spool import place
from contactsync.spool.base import SpoolBase
from contactsync.spool.files import (
    COPY,
    NAME,
    REJECTED,
    TEMPORARY,
    create_file,
    has_writer,
    open_file,
    renaming,
)

_COPY_BYTES = 1 << 20
# A day: more than the clocks of two hosts differ.
_OLD_MARK_SECONDS = 86400.0


class InProgress(SpoolBase):
    """The chapter on `on/`."""

    def in_progress(self) -> list[tuple[Action, bytes]]:
        """The deposits in the `on/` folders, oldest stamp first; removes leftovers of interrupted work."""
        found = []
        for action in ACTIONS.values():
            if self._folders.is_known_empty(action, "on"):
                continue
            folder = self._dir(action, "on")
            entries = set(map(os.fsencode, os.listdir(folder)))
            if not entries:
                self._folders.note_empty(action, "on")
            for name in entries:
                prefix = next((each for each in TEMPORARY if name.startswith(each)), None)
                if (prefix and name.removeprefix(prefix) not in entries) or self._is_old_mark(folder, name):
                    os.unlink(name, dir_fd=folder)
                elif not name.startswith(b"."):
                    found.append((action, name))
        return sorted(found, key=lambda each: (names.split_claimed(each[1])[0], each[0].name, each[1]))

    def _is_old_mark(self, folder: int, name: bytes) -> bool:
        """Whether a process that was killed has left this mark of a claim; a claim takes milliseconds."""
        return (
            name.startswith(CLAIM)
            and self._clock.wall() - os.lstat(name, dir_fd=folder).st_mtime > _OLD_MARK_SECONDS
        )

    def admit(self, action: Action, claimed: bytes, seen: Incoming | None) -> Claimed:
        """Replace the claimed file by a copy that its uploader cannot change (step 10 of docs/ftp-facts.md).

        `seen` is the file as it was in `in/`, None after a restart. Raises Retryable while somebody writes to it.
        """
        stamp, name = names.split_claimed(claimed)
        changed = seen.identity.ctime // 1_000_000_000 if seen else stamp
        ended = datetime.fromtimestamp(seen.identity.ctime / 1e9 if seen else stamp, UTC)
        identity = self._identity(action, claimed)
        refusal = identity.refusal(self._max_bytes)
        mode, several = self.mode() if action.kind == "import" else (None, False)
        return Claimed(
            action,
            seen.name if seen else self._original_name(action, claimed) or name,
            claimed,
            ended if changed == stamp else datetime.fromtimestamp(stamp, UTC),
            identity.size,
            None if refusal else self._copy(action, claimed, identity),
            refusal,
            mode,
            several,
            place=self.place(action),
            asked_at=ended if changed < stamp else None,
        )

    def place(self, action: Action) -> Mapping[str, Any]:
        """What proves later that a deposit in `on/` has vanished."""
        return place.place_of(self._dir(action, "on"), self._ftp_root)

    def is_place(self, action: Action, recorded: Mapping[str, Any]) -> bool:
        """Whether `on/` is the folder that was recorded, and not that of another disk or host."""
        return place.is_place(recorded, self._dir(action, "on"), self._ftp_root)

    def refusal(self, action: Action, claimed: bytes) -> str | None:
        """Why a file in `on/` is not even copied, as a key of the reasons (protocol 1); None if it is."""
        return self._identity(action, claimed).refusal(self._max_bytes)

    def size(self, action: Action, claimed: bytes) -> int:
        """The size of a file in `on/`, in bytes."""
        return self._identity(action, claimed).size

    def _identity(self, action: Action, claimed: bytes) -> FileIdentity:
        return FileIdentity.of(os.lstat(claimed, dir_fd=self._dir(action, "on")))

    def _original_name(self, action: Action, claimed: bytes) -> bytes | None:
        with suppress(FileNotFoundError):
            file = open_file(NAME + claimed, self._dir(action, "on"), lambda found: found.is_plain)
            if file is not None:
                with file:
                    return file.read() or None
        return None

    def _copy(self, action: Action, claimed: bytes, identity: FileIdentity) -> str:
        """Replace `on/<claimed>` by a copy on an inode of our own and return its SHA-256 in hex."""
        folder = self._dir(action, "on")
        temporary = COPY + claimed
        digest = hashlib.sha256()
        source = open_file(claimed, folder, lambda found: found == identity)
        if source is None:
            raise Retryable("a claimed file was swapped, or written to")
        with source:
            if has_writer(source):
                raise Retryable("a claimed file is still being written")
            # Stop at the size that was seen. A writer that appends faster than we read has no end.
            left = identity.size
            with create_file(folder, temporary) as target:
                while left and (chunk := source.read(min(left, _COPY_BYTES))):
                    left -= len(chunk)
                    digest.update(chunk)
                    target.write(chunk)
                flush_to_disk(target)
            if FileIdentity.of(os.fstat(source.fileno())) != identity:
                raise Retryable("a claimed file was written to")
        with renaming(temporary, f"over the upload in {action.name}/on/"):
            os.rename(temporary, claimed, src_dir_fd=folder, dst_dir_fd=folder)
        # The copy is on disk before the ledger has its row. This covers in/ too: a rename is one transaction of
        # the file system.
        with gil.yielded():
            os.fsync(folder)
        return digest.hexdigest()

    @contextmanager
    def reading(self, action: Action, claimed: bytes) -> Iterator[Path]:
        """A path of the daemon's copy that stays that file until the block ends, even if its name is reused.

        Raises Retryable if the name is not a plain file.
        """
        file = open_file(claimed, self._dir(action, "on"), lambda found: found.is_plain)
        if file is None:
            raise Retryable("a claimed file was swapped")
        with file:
            yield Path(f"/proc/self/fd/{file.fileno()}")

    def create_rejected(self, action: Action, claimed: bytes) -> BinaryIO:
        """Create the rejected file; `settle` moves it beside the deposit."""
        return create_file(self._dir(action, "on"), REJECTED + claimed)

    def drop_rejected(self, action: Action, claimed: bytes) -> None:
        """Remove the rejected file of a failed attempt, if there is one."""
        with suppress(FileNotFoundError):
            os.unlink(REJECTED + claimed, dir_fd=self._dir(action, "on"))
