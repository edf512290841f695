"""`ko/.unopened/`: what was refused without being opened, such as links and files over the size limit.

Such an object still belongs to its uploader, who could write to it, and a link leads whoever reads it elsewhere. The
daemon may neither change its mode nor read it. So it moves, as it is, to a folder that only the daemon may enter, and
a note takes its place in `ko/`.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from contactsync.domain.deposit import FileIdentity
from contactsync.runtime.directories import open_directory
from contactsync.runtime.kernel import rename_noreplace
from contactsync.spool import files

FOLDER = b".unopened"
FOLDER_MODE = 0o700

NOTE = b"contactsync did not open this file.\ncontactsync n'a pas ouvert ce fichier.\n"
"""The content of a note. It is the same for all, so a note is recognised by it."""


def put_away(source: int, ko: int, claimed: bytes) -> None:
    """Move an object from the open folder `source` (`on/`), and write its note; may be repeated after a crash.

    Raises FileExistsError if `ko/` has something else of that name.
    """
    vault = _open_or_make(ko)
    try:
        # The note comes first: without it, a restart would not see that something is missing.
        _write_note(source, ko, claimed)
        with suppress(FileNotFoundError):
            rename_noreplace(source, claimed, vault, claimed)
    finally:
        os.close(vault)


def take_back(ko: int, claimed: bytes, target: int, name: bytes) -> bool | None:
    """Rename an object to `name` in the folder `target`, then remove its note; may be repeated after a crash.

    Returns False if only the note was left, and None if the deposit is not one of these. Raises FileExistsError if
    `target` has something of that name.
    """
    if not _is_note(ko, claimed):
        return None
    moved = False
    with suppress(FileNotFoundError):
        vault = open_directory(FOLDER, ko)
        try:
            rename_noreplace(vault, claimed, target, name)
            moved = True
        finally:
            os.close(vault)
    os.unlink(claimed, dir_fd=ko)
    return moved


def discard(ko: int, claimed: bytes) -> int:
    """Remove an object, but not its note; returns how many bytes that frees. No object of that name is no error."""
    with suppress(FileNotFoundError):
        vault = open_directory(FOLDER, ko)
        try:
            size = os.lstat(claimed, dir_fd=vault).st_size
            os.unlink(claimed, dir_fd=vault)
        finally:
            os.close(vault)
        return size
    return 0


def _open_or_make(ko: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(FOLDER, FOLDER_MODE, dir_fd=ko)
    vault = open_directory(FOLDER, ko)
    try:
        # Made by root's `run --once`, it is still the daemon's.
        if os.fstat(vault).st_uid == os.geteuid() != (owner := os.fstat(ko).st_uid):
            with suppress(PermissionError):
                os.fchown(vault, owner, -1)
    except BaseException:
        os.close(vault)
        raise
    return vault


def _write_note(source: int, ko: int, claimed: bytes) -> None:
    if _is_note(ko, claimed):
        return
    with files.create_file(source, files.NOTE + claimed) as file:
        file.write(NOTE)
    rename_noreplace(source, files.NOTE + claimed, ko, claimed)


def _is_note(ko: int, claimed: bytes) -> bool:
    def plain_and_short(found: FileIdentity) -> bool:
        return stat.S_ISREG(found.mode) and found.size == len(NOTE)

    with suppress(FileNotFoundError):
        file = files.open_file(claimed, ko, plain_and_short)
        if file is not None:
            with file:
                return file.read() == NOTE
    return False
