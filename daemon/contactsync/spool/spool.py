"""An account's folders on disk. Alone in renaming deposits and in knowing the tree (protocol 1).

Everything goes through directory descriptors that were opened without following links, so that no name and no
swapped folder leads out of the account's home. Names are bytes.
"""

from __future__ import annotations

import errno
import hashlib
import heapq
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from contactsync.domain import names
from contactsync.domain.deposit import ACTIONS, Action, Claimed, FileIdentity, Incoming, Mode, Settled
from contactsync.domain.errors import Retryable
from contactsync.runtime import gil
from contactsync.runtime.clock import SYSTEM_CLOCK, Clock
from contactsync.runtime.kernel import (
    Lease,
    flush_to_disk,
    is_reservation,
    lease_is_broken,
    release_lease,
    rename_noreplace,
    take_lease,
)
from contactsync.spool import markers, settled
from contactsync.spool.folders import Folders
from contactsync.spool.unchanged import UnchangedFolders

FILE_MODE = 0o640

MAX_INCOMING = 10_000
"""How many of an account's oldest files a scan gives, so that memory does not grow with a flood of them."""

MAX_STRAYS = 100
"""How many folders in `in/` are told of: enough to see what its uploader does."""

_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_COPY, _RESULT, _REJECTED, _NAME = b".copy.", b".result.", b".rejected.", b".name."
_IN_THE_MAKING = (_COPY, _RESULT, _REJECTED, _NAME)
_COPY_BYTES = 1 << 20


def _open_as(name: bytes, folder: int, expected: Callable[[FileIdentity], bool]) -> BinaryIO | None:
    """Open a file for reading without following links or waiting; None unless its identity is as expected."""
    try:
        fd = os.open(name, _OPEN_FILE, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
            return None
        raise
    if expected(FileIdentity.of(os.fstat(fd))):
        return os.fdopen(fd, "rb", buffering=0)
    os.close(fd)  # before a file object is made of it: of a folder none can be, and the descriptor would leak
    return None


class Spool:
    """One account's `contacts/`, locked against other processes while it is open.

    After a scan `strays` names the folders in `in/` and `cut_off` tells of a flood; after a claim `leases` tells whether the kernel gave one.
    """

    def __init__(
        self,
        home: Path,
        *,
        max_bytes: int,
        ignored: Callable[[bytes], bool],
        wait: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        still: UnchangedFolders | None = None,
    ) -> None:
        """Prepare for the account whose FTP home is `home`; nothing is touched before `with`.

        With `wait`, whoever has the account is waited for. `still` is what is known of its folders from earlier.
        """
        self._clock = clock
        self._folders = Folders(home, wait=wait, still=still)
        self._max_bytes = max_bytes
        self._ignored = ignored
        self.strays: list[str] = []
        self.cut_off = False
        self.leases = True

    def __enter__(self) -> Spool:
        """Open and lock the folders; see `Folders.open`."""
        self._folders.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them, which also lets the lock go."""
        self._folders.close()

    def _dir(self, action: Action, box: str | None = None) -> int:
        return self._folders.fd(action, box)

    def recreate_missing(self) -> None:
        """Make again what is missing below `contacts/`."""
        self._folders.recreate_missing()

    # --- in/ -----------------------------------------------------------------------------------------------

    def incoming(self) -> list[Incoming]:
        """The deposits in the ten `in/` folders, finished or not, by their place; `strays` then names what is none.

        Of a flood the oldest MAX_INCOMING.
        """
        self.strays = []
        found = (file for action in ACTIONS.values() for file in self._scan(action))
        oldest = heapq.nsmallest(MAX_INCOMING, found, key=attrgetter("place"))
        self.cut_off = len(oldest) == MAX_INCOMING
        return oldest

    def _scan(self, action: Action) -> Iterator[Incoming]:
        if self._folders.is_still_empty(action, "in"):
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
                        self.strays.append(f"{action.name}/in/{names.printable(name)}")
        if empty:
            self._folders.note_empty(action, "in")

    def look(self, incoming: Incoming) -> FileIdentity | None:
        """The file's identity now; None where it has gone."""
        with suppress(FileNotFoundError):
            return FileIdentity.of(os.lstat(incoming.name, dir_fd=self._dir(incoming.action, "in")))
        return None

    def open_incoming(self, incoming: Incoming) -> BinaryIO | None:
        """The file for reading, if it still is the plain file that was seen.

        Raises PermissionError where the daemon may not read it: without CAP_DAC_READ_SEARCH, or not in its group.
        """
        with suppress(FileNotFoundError):
            return _open_as(
                incoming.name, self._dir(incoming.action, "in"), lambda seen: seen == incoming.identity
            )
        return None

    # --- in/ → on/ -----------------------------------------------------------------------------------------

    def claim(
        self, incoming: Incoming, taken: Callable[[Action, bytes], bool], deposited: int | None = None
    ) -> bytes | None:
        """Rename a finished upload to `on/<stamp>_<name>` and return that name (steps 6 to 9 of docs/ftp-facts.md).

        None where it has gone, changed, or is being written after all. `taken` tells names that the ledger has,
        `deposited` is the deposit date in nanoseconds since 1970: the change time, unless the line knows better.
        """
        when = incoming.identity.ctime if deposited is None else deposited
        stamp = max(0, min(when // 1_000_000_000, int(self._clock.wall())))
        stamp = self._free_stamp(incoming, stamp, taken)  # the database is asked before there is a lease
        if not incoming.identity.is_plain:
            return self._rename_in(incoming, stamp, taken)
        file = self.open_incoming(incoming)
        if file is None:
            return None
        with file:
            lease = take_lease(file.fileno())
            if lease is Lease.WRITER:
                return None
            self.leases = lease is Lease.FREE
            claimed = self._rename_in(incoming, stamp, taken)
            if claimed is None:
                return None
            moved = os.lstat(claimed, dir_fd=self._dir(incoming.action, "on"))
            broken = lease is Lease.FREE and lease_is_broken(file.fileno())
            if broken or moved.st_ino != incoming.identity.inode:
                self._put_back(incoming, claimed)
                return None
        return claimed

    def _rename_in(
        self, incoming: Incoming, stamp: int, taken: Callable[[Action, bytes], bool]
    ) -> bytes | None:
        """Rename to the first name from `stamp` on, which is free in `ok/`, `ko/` and the ledger, that is free in `on/` too."""
        action = incoming.action
        self._folders.note_change(action, "on")
        while True:
            claimed = names.claimed_name(stamp, incoming.name)
            self._keep_name(action, claimed, incoming.name)
            try:
                rename_noreplace(self._dir(action, "in"), incoming.name, self._dir(action, "on"), claimed)
            except FileNotFoundError:
                return None
            except FileExistsError:
                stamp = self._free_stamp(incoming, stamp + 1, taken)
            else:
                return claimed

    def _free_stamp(self, incoming: Incoming, stamp: int, taken: Callable[[Action, bytes], bool]) -> int:
        """The first stamp from this one on that makes a claimed name of which neither `ok/`, `ko/` nor the ledger know."""
        while True:
            claimed = names.claimed_name(stamp, incoming.name)
            if self._is_free(incoming.action, claimed) and not taken(incoming.action, claimed):
                return stamp
            stamp += 1

    def _keep_name(self, action: Action, claimed: bytes, name: bytes) -> None:
        """Write down the original of a shortened name, for a restart before the ledger has it."""
        if names.split_claimed(claimed)[1] != name:
            with self._create(self._dir(action, "on"), _NAME + claimed) as file:
                file.write(name)

    def _original_name(self, action: Action, claimed: bytes) -> bytes | None:
        with suppress(FileNotFoundError):
            file = _open_as(_NAME + claimed, self._dir(action, "on"), lambda seen: seen.is_plain)
            if file is not None:
                with file:
                    return file.read() or None
        return None

    def _is_free(self, action: Action, claimed: bytes) -> bool:
        """Whether neither a deposit nor a result of that name lies in `ok/` or `ko/`."""
        return not any(
            settled.lies_in(self._dir(action, box), name)
            for box in ("ok", "ko")
            for name in (claimed, *settled.result_names(claimed))
        )

    def _put_back(self, incoming: Incoming, claimed: bytes) -> None:
        # Where the name was taken again meanwhile, the file stays in on/ and is admitted when it is quiet.
        with suppress(FileExistsError):
            rename_noreplace(
                self._dir(incoming.action, "on"), claimed, self._dir(incoming.action, "in"), incoming.name
            )

    # --- on/ -----------------------------------------------------------------------------------------------

    def in_progress(self) -> list[tuple[Action, bytes]]:
        """What lies in the `on/` folders, oldest stamp first; leftovers of half-done work are cleared away."""
        found = []
        for action in ACTIONS.values():
            if self._folders.is_still_empty(action, "on"):
                continue
            entries = set(map(os.fsencode, os.listdir(self._dir(action, "on"))))
            if not entries:
                self._folders.note_empty(action, "on")
            for name in entries:
                prefix = next((p for p in _IN_THE_MAKING if name.startswith(p)), None)
                if (prefix and name.removeprefix(prefix) not in entries) or is_reservation(
                    self._dir(action, "on"), name
                ):
                    os.unlink(name, dir_fd=self._dir(action, "on"))
                elif not name.startswith(b"."):
                    found.append((action, name))
        return sorted(found, key=lambda each: (names.split_claimed(each[1])[0], each[0].name, each[1]))

    def admit(self, action: Action, claimed: bytes, seen: Incoming | None) -> Claimed:
        """Make the claimed file the daemon's own: a copy that its uploader cannot change (step 10).

        `seen` is the file as it was in `in/`, None after a restart. Raises Retryable while somebody writes.
        """
        stamp, name = names.split_claimed(claimed)
        when = seen.identity.ctime / 1e9 if seen and seen.identity.ctime // 1_000_000_000 == stamp else stamp
        identity = FileIdentity.of(os.lstat(claimed, dir_fd=self._dir(action, "on")))
        refusal = identity.refusal(self._max_bytes)
        mode, several = self.mode() if action.kind == "import" else (None, False)
        return Claimed(
            action,
            seen.name if seen else self._original_name(action, claimed) or name,
            claimed,
            datetime.fromtimestamp(when, UTC),
            identity.size,
            None if refusal else self._copy(action, claimed, identity),
            refusal,
            mode,
            several,
        )

    def refusal(self, action: Action, claimed: bytes) -> str | None:
        """Why a file in `on/` is not even copied (protocol 1), or None."""
        return FileIdentity.of(os.lstat(claimed, dir_fd=self._dir(action, "on"))).refusal(self._max_bytes)

    def _copy(self, action: Action, claimed: bytes, identity: FileIdentity) -> str:
        """Replace `on/<claimed>` by a copy on an inode of our own and return its SHA-256."""
        folder = self._dir(action, "on")
        temporary = _COPY + claimed
        digest = hashlib.sha256()
        source = _open_as(claimed, folder, lambda found: found == identity)
        if source is None:
            raise Retryable("a claimed file was swapped, or written to")
        with source:
            lease = take_lease(source.fileno())
            if lease is Lease.WRITER:
                raise Retryable("a claimed file is still being written")
            if lease is Lease.FREE:
                release_lease(source.fileno())
            left = (
                identity.size
            )  # not to its end: who appends faster than we read would never let us reach it
            with self._create(folder, temporary) as target:
                while left and (chunk := source.read(min(left, _COPY_BYTES))):
                    left -= len(chunk)
                    digest.update(chunk)
                    target.write(chunk)
                flush_to_disk(target)
            if FileIdentity.of(os.fstat(source.fileno())) != identity:
                raise Retryable("a claimed file was written to")
        os.rename(temporary, claimed, src_dir_fd=folder, dst_dir_fd=folder)
        # On disk before the ledger hears of it. in/ goes with it: a rename is one transaction of the file system.
        with gil.yielded():
            os.fsync(folder)
        return digest.hexdigest()

    @staticmethod
    def _create(folder: int, name: bytes) -> BinaryIO:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE, dir_fd=folder)
        file = os.fdopen(fd, "wb")  # buffered: a raw write may write less than it is given
        try:
            os.fchmod(fd, FILE_MODE)
        except OSError:
            file.close()
            raise
        return file

    @contextmanager
    def reading(self, action: Action, claimed: bytes) -> Iterator[Path]:
        """A path of the daemon's copy that is that file until the block ends, whatever comes to bear its name.

        Raises Retryable where the name is no plain file.
        """
        file = _open_as(claimed, self._dir(action, "on"), lambda seen: seen.is_plain)
        if file is None:
            raise Retryable("a claimed file was swapped")
        with file:
            yield Path(f"/proc/self/fd/{file.fileno()}")

    def create_rejected(self, action: Action, claimed: bytes) -> BinaryIO:
        """The rejected file in the making; `settle` puts it beside the deposit."""
        return self._create(self._dir(action, "on"), _REJECTED + claimed)

    def drop_rejected(self, action: Action, claimed: bytes) -> None:
        """Forget the rejected file of an attempt that came to nothing."""
        with suppress(FileNotFoundError):
            os.unlink(_REJECTED + claimed, dir_fd=self._dir(action, "on"))

    # --- on/ → ok/ or ko/ ----------------------------------------------------------------------------------

    def settle(self, action: Action, claimed: bytes, state: Settled, result: bytes | None) -> None:
        """Move the deposit to its folder, its result files first; may be repeated after a crash.

        Raises FileExistsError where something else lies under the deposit's name: nothing is overwritten.
        """
        source, target = self._dir(action, "on"), self._dir(action, state)
        if result is not None:
            with self._create(source, _RESULT + claimed) as file:
                file.write(result)
                flush_to_disk(file)
            os.rename(_RESULT + claimed, claimed + settled.RESULT, src_dir_fd=source, dst_dir_fd=target)
        with suppress(FileNotFoundError):
            os.rename(_REJECTED + claimed, claimed + settled.REJECTED, src_dir_fd=source, dst_dir_fd=target)
        with suppress(FileNotFoundError):  # another daemon has settled it
            rename_noreplace(source, claimed, target, claimed)
        with suppress(FileNotFoundError):
            os.unlink(_NAME + claimed, dir_fd=source)
        # No fsync of the folders: the ledger has the verdict, and whatever a power cut undoes here is done again.

    # --- ok/, ko/ → in/, or nowhere ------------------------------------------------------------------------

    def where(self, action: Action, claimed: bytes) -> str | None:
        """The folder in which a deposit lies under its claimed name, None where it is in none."""
        return next(
            (box for box in ("on", "ok", "ko") if settled.lies_in(self._dir(action, box), claimed)), None
        )

    def put_in_line(self, action: Action, claimed: bytes, name: bytes, spared: Collection[bytes]) -> bool:
        """Rename `ko/<claimed>` to `in/<name>`, then remove its old result files; may be repeated after a crash.

        `spared` are names of deposits, which are no result files. False where the file was not there any more.
        Raises FileExistsError where `in/` has something of that name.
        """
        source, target = self._dir(action, "ko"), self._dir(action, "in")
        try:
            rename_noreplace(source, claimed, target, name)
            moved = True
        except FileNotFoundError:
            moved = False
        settled.remove_results(source, claimed, spared)
        os.fsync(target)
        os.fsync(source)
        return moved

    def discard(
        self, action: Action, state: Settled, claimed: Iterable[bytes], spared: Collection[bytes]
    ) -> int:
        """Remove settled deposits with their result files; returns how many bytes that were."""
        folder = self._dir(action, state)
        freed = sum(settled.remove(folder, each, spared) for each in claimed)
        os.fsync(folder)  # before the ledger hears of it
        return freed

    # --- markers -------------------------------------------------------------------------------------------

    def adopt_markers(self) -> None:
        """Move markers from `import/in/` to `import/`, where they replace the one there (protocol 4)."""
        action = ACTIONS["import"]
        source, target = self._dir(action, "in"), self._dir(action)
        with suppress(FileNotFoundError):  # its uploader may take it away again
            found = markers.present(source)
            for name in sorted(found, key=lambda name: os.lstat(name, dir_fd=source).st_ctime_ns):
                with suppress(IsADirectoryError, NotADirectoryError):  # or make a folder of either
                    for old in markers.present(target):
                        os.unlink(old, dir_fd=target)
                    os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)

    def mode(self) -> tuple[Mode, bool]:
        """The import mode that the markers ask for, and whether there were several."""
        return markers.mode_of(markers.present(self._dir(ACTIONS["import"])))
