"""Opens accounts' homes without following links, and remembers which folder each home was (protocol 1).

A tenant that may write in the folder above its home can put another folder or a link in its place. So the daemon
records device and inode of each home when it first sees it, and works in no other folder until an operator allows it.
The record is `data_dir/homes.json`: it describes the disks of this host, so the database has none of it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from contactsync.domain.errors import ConfigurationError, HomeChanged
from contactsync.runtime.directories import open_locked, open_way, opened
from contactsync.spool.pins import Pin, PinTable

FILE_NAME = "homes.json"
_NEW_NAME = f".{FILE_NAME}.new"
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class HomePins:
    """The pins of one host. `examine` and `refresh` are for one thread; `open` is safe from any."""

    def __init__(self, ftp_root: Path, data_dir: Path) -> None:
        """Read the record. `problem` is a sentence if it cannot be read or written: pins are then in memory only."""
        self._root, self._folder = ftp_root, data_dir
        # `_stored` is the record as last read or written.
        self._table = PinTable()
        self._stored: Mapping[str, Pin] = {}
        self._version: tuple[int, int] | None = None
        self.problem: str | None = None
        self.refresh()

    @property
    def ftp_root(self) -> Path:
        """Where homes are, unless an account has its own."""
        return self._root

    def refresh(self) -> bool:
        """Read the record again if another process has written it; returns whether it has."""
        try:
            found = os.stat(self._folder / FILE_NAME)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._fail(error)
            return False
        if self._version == (version := (found.st_ino, found.st_mtime_ns)):
            return False
        self._version = version
        with self._guarded():
            self._stored = self._read()
            self._table = PinTable.of({**self._table.pins, **self._stored})
        return True

    def open(self, home: Path) -> int:
        """Return a descriptor of a home that is good for passing through only. A home without a pin gets one.

        Raises FileNotFoundError if the home is missing, and HomeChanged if it must be left alone.
        """
        try:
            fd = open_way(home, self._root)
        except NotADirectoryError:
            reason = f"its home {home} is not a folder, or is reached through a link"
            raise HomeChanged(reason, linked=True) from None
        try:
            self.admit(home, fd)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def admit(self, home: Path, fd: int, *, replaced: bool = False) -> None:
        """Require that an open folder is this home, and pin it if the home has no pin.

        With `replaced`, it gets the pin in any case: it may be another folder than before. Raises HomeChanged if it is
        another folder than before, or the home of another account: somebody has moved that.
        """
        path, found = str(home), Pin.of(fd)
        known = None if replaced else self._table.pins.get(path)
        if known is not None and known.fits(found):
            return
        if other := self._table.twin(path, found):
            reason = f"its home {home} is the folder that was {other}, the home of another account"
            raise HomeChanged(f"{reason}: somebody has moved it there, so move it back", taken=True)
        if replaced:
            self._table = PinTable.of({**self._table.pins, path: found})
        elif not self._table.first(path, found).fits(found):
            reason = (
                f"its home {home} is another folder than before: it was replaced, or its disk is not mounted"
            )
            raise HomeChanged(reason)

    def open_locked(self, home: Path, name: str, *, wait: bool) -> int:
        """Open and lock the directory `name` in a home; raises what `open` and `directories.open_locked` raise."""
        way = self.open(home)
        try:
            return open_locked(name, way, wait=wait)
        finally:
            os.close(way)

    def look(self, home: Path) -> Pin:
        """Which folder a home is now. Raises what `open` raises; safe from any thread."""
        fd = self.open(home)
        try:
            return Pin.of(fd)
        finally:
            os.close(fd)

    def examine(
        self,
        homes: Iterable[Path],
        refused: Iterable[Path] = (),
        look: Callable[[Path], Pin] | None = None,
    ) -> dict[Path, HomeChanged]:
        """The homes that must be left alone. Pins those that are seen for the first time.

        `look` answers as `HomePins.look` does, for callers that have asked already. Those in `refused` keep their pins,
        but get none: a tenant can make its home clash with another. All other homes are forgotten.
        """
        look = look or self.look
        changed: dict[Path, HomeChanged] = {}
        homes = tuple(homes)
        self.keep((*homes, *refused))
        pins = dict(self._table.pins)
        for home in homes:
            # A home that is missing or out of reach keeps its pin; those who work in it report that.
            with suppress(OSError):
                try:
                    pins[str(home)] = look(home)
                except HomeChanged as error:
                    changed[home] = error
        self._table = PinTable.of(pins)
        if pins != self._stored:
            new = {path: pin for path, pin in pins.items() if self._stored.get(path) != pin}
            self._record(
                lambda now: {path: pin for path, pin in now.items() if path in pins} | new, make=True
            )
        return changed

    def keep(self, homes: Iterable[Path]) -> None:
        """Forget all other homes, in memory: what was an account's home may have become another account's."""
        known = self._table.pins
        self._table = PinTable.of({path: known[path] for path in map(str, homes) if path in known})

    def record(self, homes: Collection[Path]) -> None:
        """Store the pins of these homes: other processes then admit the same folders."""
        new = {str(home): self._table.pins[str(home)] for home in homes}
        self._record(lambda now: {**now, **new}, make=False)

    def require_record(self) -> None:
        """Raise ConfigurationError if the record cannot be used: a command must not work in a home unchecked."""
        if self.problem is not None:
            raise ConfigurationError(self.problem)

    def _record(self, change: Callable[[Mapping[str, Pin]], Mapping[str, Pin]], *, make: bool) -> None:
        """Change the record as other processes left it. Without `make`, only if data_dir exists."""
        with self._guarded():
            if make:
                os.makedirs(self._folder, 0o700, exist_ok=True)
            elif not self._folder.is_dir():
                return
            with opened(self._folder.resolve()) as folder:
                fcntl.flock(folder, fcntl.LOCK_EX)
                self._stored = change(self._read())
                self._write(folder, self._stored)
            self._table = PinTable.of({**self._table.pins, **self._stored})
            found = os.stat(self._folder / FILE_NAME)
            self._version = (found.st_ino, found.st_mtime_ns)

    def _write(self, folder: int, pins: Mapping[str, Pin]) -> None:
        with suppress(FileNotFoundError):
            os.unlink(_NEW_NAME, dir_fd=folder)
        fd = os.open(_NEW_NAME, _CREATE, 0o640, dir_fd=folder)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            # Root's commands write it too; it stays the daemon's.
            if (owner := os.fstat(folder).st_uid) != os.geteuid():
                os.fchown(fd, owner, -1)
            json.dump({path: asdict(pin) for path, pin in sorted(pins.items())}, file, indent=0)
            file.flush()
            os.fsync(fd)
        os.rename(_NEW_NAME, FILE_NAME, src_dir_fd=folder, dst_dir_fd=folder)

    def _read(self) -> Mapping[str, Pin]:
        try:
            found = json.loads((self._folder / FILE_NAME).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {path: Pin(**pin) for path, pin in found.items()}

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what goes wrong with the record into `problem`."""
        try:
            yield
        except (OSError, ValueError, TypeError, AttributeError) as error:
            self._fail(error)
        else:
            self.problem = None

    def _fail(self, error: Exception) -> None:
        path = self._folder / FILE_NAME
        if isinstance(error, PermissionError):
            why = f"{error.strerror}: run the command as root or as the daemon's user"
        elif isinstance(error, OSError):
            why = str(error.strerror)
        else:
            why = "it is not what contactsync wrote: remove it, and check that each home is its account's"
        self.problem = f"{path}, which holds device and inode of each home, cannot be used: {why}"
