"""The lock on `data_dir/postgresql.lock`: the process that holds it owns the embedded server."""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from contactsync.database.embedded.server_files import EmbeddedAway, EmbeddedUnavailable

_TRANSIENT = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class OwnerLock:
    """An flock for the life of the process; the kernel releases it, however its holder ends."""

    def __init__(self, data_dir: Path) -> None:
        """Lock nothing yet."""
        self._data_dir = data_dir
        self._descriptor: int | None = None

    @property
    def path(self) -> Path:
        """The lock file. Another process may hold it."""
        return self._data_dir / "postgresql.lock"

    @property
    def is_held(self) -> bool:
        """Whether this process is the owner."""
        return self._descriptor is not None

    def take(self) -> bool:
        """Try to become the owner; True if this process is it now. Makes `data_dir` if necessary.

        Raises EmbeddedUnavailable if data_dir cannot be used, or belongs to another user.
        """
        if self._descriptor is not None:
            return True
        try:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self._data_dir.stat().st_uid
            # Root may attach to another user's server, but not own it: without root's capabilities the
            # server could not work there. Nor may root leave a file there that the user cannot open.
            is_foreign = os.geteuid() == 0 and owner != 0
            create = 0 if is_foreign else os.O_CREAT
            lock = os.open(self.path, os.O_RDWR | os.O_CLOEXEC | create, 0o600)
        except FileNotFoundError:
            raise self._belongs_to(self._data_dir.stat().st_uid) from None
        except OSError as error:
            raise unusable(self._data_dir, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        if is_foreign:
            os.close(lock)
            raise self._belongs_to(owner)
        # The number is for people and one message only, so a full disk does not matter.
        with suppress(OSError):
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = lock
        return True

    def release(self) -> None:
        """Stop being the owner; does nothing if this process is not."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> str:
        """The process id of the last owner, as text for a message."""
        return self.path.read_text().strip() or "unknown"

    def _belongs_to(self, owner: int) -> EmbeddedUnavailable:
        return EmbeddedUnavailable(
            f"data_dir {self._data_dir} belongs to user id {owner}: run contactsync as that user"
        )


def unusable(data_dir: Path, error: OSError) -> EmbeddedUnavailable:
    """The error for a data_dir in which a system call failed; EmbeddedAway if that may pass."""
    kind = EmbeddedAway if error.errno in _TRANSIENT else EmbeddedUnavailable
    return kind(
        f"data_dir {data_dir} cannot be used ({error.strerror}: {error.filename}):"
        " make it a folder that this user can write to, or set database_url"
    )
