"""Proves that a deposit has vanished: the folder `on/` in which it was, and the identity of the FTP root.

An empty `on/` alone proves nothing: it may be the mount point of a disk that is not mounted, or belong to another
host's root.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from contactsync.runtime.directories import opened
from contactsync.spool.pins import Pin

FILE_NAME = ".contactsync-root"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_BYTES = 64


def root_identity(ftp_root: Path) -> str | None:
    """The random id of an FTP root; None if it has none, or it cannot be read."""
    with suppress(OSError, UnicodeDecodeError):
        fd = os.open(ftp_root / FILE_NAME, _READ)
        try:
            return os.read(fd, _MAX_BYTES).decode("ascii").strip() or None
        finally:
            os.close(fd)
    return None


def make_root_identity(ftp_root: Path) -> bool:
    """Give an FTP root an id unless it has one. Returns whether it was made; raises OSError."""
    with opened(ftp_root.resolve()) as folder:
        try:
            fd = os.open(FILE_NAME, _MAKE, 0o644, dir_fd=folder)
        except FileExistsError:
            return False
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(f"{uuid4()}\n")
            file.flush()
            os.fsync(fd)
        os.fsync(folder)
    return True


def place_of(folder: int, ftp_root: Path) -> Mapping[str, Any]:
    """The place of the deposits in an open folder `on/`, ready for JSON."""
    return {"root": root_identity(ftp_root), **asdict(Pin.of(folder))}


def is_place(recorded: Mapping[str, Any], folder: int, ftp_root: Path) -> bool:
    """Whether an open folder `on/` is the recorded place."""
    found = place_of(folder, ftp_root)
    if None not in (recorded["root"], found["root"]) and recorded["root"] != found["root"]:
        return False
    return _pin(recorded).fits(_pin(found))


def _pin(place: Mapping[str, Any]) -> Pin:
    return Pin(**{key: place[key] for key in ("device", "inode", "file_system", "boot")})
