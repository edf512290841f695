"""Pins: what recognises a folder again, and a table of the pins of all homes (protocol 1). See `home_pins`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from contactsync.runtime.boot import boot_id


@dataclass(frozen=True, slots=True)
class Pin:
    """What recognises a folder: its inode on its device. `file_system` is the id in statvfs(3), 0 if it has none.

    `boot` is the boot of the machine in which the device had this number, "" if it is unknown.
    """

    device: int
    inode: int
    file_system: int
    boot: str

    @classmethod
    def of(cls, fd: int) -> Pin:
        """The pin of an open folder."""
        status = os.fstat(fd)
        return cls(status.st_dev, status.st_ino, os.fstatvfs(fd).f_fsid, boot_id())

    def fits(self, found: Pin) -> bool:
        """Whether `found` is the same folder.

        A remount or a reboot may give the same disk another number: device mapper, btrfs and network file systems do.
        Then the file system's own id decides. Some derive that from the device too, so after a reboot only the inode
        counts. A tenant can neither mount nor reboot.
        """
        same_device = self.device == found.device or self.file_system == found.file_system
        rebooted = "" != self.boot != found.boot != ""
        return self.inode == found.inode and (same_device or rebooted)

    @property
    def folder(self) -> tuple[int, int, int]:
        """Equal for two pins only if they are of one folder: `fits` may take two disks for one after a reboot."""
        return self.device, self.inode, self.file_system


@dataclass(frozen=True, slots=True)
class PinTable:
    """Pins by the path of the home. Safe from any thread: it only grows, by one entry at a time."""

    pins: dict[str, Pin] = field(default_factory=dict)
    _paths: dict[tuple[int, int, int], str] = field(default_factory=dict)

    @classmethod
    def of(cls, pins: Mapping[str, Pin]) -> PinTable:
        """A table of these pins."""
        return cls(dict(pins), {pin.folder: path for path, pin in pins.items()})

    def first(self, path: str, found: Pin) -> Pin:
        """The pin of a path, which is `found` if it has none yet."""
        pin = self.pins.setdefault(path, found)
        self._paths.setdefault(pin.folder, path)
        return pin

    def twin(self, path: str, found: Pin) -> str | None:
        """Another path whose home is this folder."""
        other = self._paths.get(found.folder, path)
        return None if other == path else other
