"""The exceptions that contactsync raises on purpose. Any other exception is a bug.

`FileRefused` and `Retryable` (with `DatabaseAway` and `DatabaseRefuses`) end the work on a deposit early: the first for good, the
second until the next try. `AccountBusy` leaves an account to another process. `ConfigurationError` and
`AnswerIsNo` end a command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_LISTED_ERRORS = 100
"""How many malformed lines or rejected rows a result lists (protocol 2, 7)."""


@dataclass(frozen=True, slots=True)
class LineError:
    """One malformed line or rejected row.

    `line` is physical and counts from 1 (None for the file as a whole), `column` is the French standard
    header, `code` a key of `row_errors.ERRORS`, `variant` chooses its sentence. Never a cell's value.
    """

    line: int | None
    column: str | None
    code: str
    variant: str = ""


class ContactsyncError(Exception):
    """Base of the errors below; str() is one sentence for ops."""


@dataclass(slots=True)
class FileRefused(ContactsyncError):  # noqa: N818 - it is a verdict on a file, not an error of ours
    """The uploader has to correct the file: it moves to `ko/` and has changed nothing (protocol 5.3).

    `code` is a key of `reasons.REASONS`; `details` fill its sentence and hold no cell value.
    """

    code: str
    details: Mapping[str, Any] = field(default_factory=dict)
    errors: Sequence[LineError] = ()

    def __str__(self) -> str:
        """Only the code, which is safe to log."""
        return self.code


class Retryable(ContactsyncError):  # noqa: N818 - it names what to do
    """Not the file's fault (database unreachable, disk full): the deposit stays in place and is retried."""


class ConfigurationError(ContactsyncError):
    """The configuration cannot be used; str() holds every problem, one per line. Exit status 2."""


class DatabaseAway(Retryable):
    """The database is unreachable or cannot do its work now; str() holds libpq's message or an SQLSTATE, never a value."""

    def __init__(self, reason: str, fix: str | None = None) -> None:
        """`reason` is one line; `fix` is the command that helps if it does not pass."""
        super().__init__(reason)
        self.fix = fix


class DatabaseRefuses(DatabaseAway):
    """The database answers, and refuses until somebody does what `fix` says. It is tried again all the same."""

    def __init__(self, reason: str, fix: str) -> None:
        """Both as in DatabaseAway."""
        super().__init__(reason, fix)


class MergeTimeout(Retryable):
    """A statement of the merge took longer than the server allows."""


class CannotRename(Retryable):
    """The file system does not let the daemon rename a file; str() names the file and the folders."""


class FileLeased(Retryable):
    """A process holds a lease on a file (fcntl(2), F_SETLEASE), so opening it would have to wait."""

    def __init__(self, name: bytes, device: int, inode: int) -> None:
        """`name` is relative to its folder; `device` and `inode` are those of stat(2)."""
        super().__init__("another process holds a lease on a file")
        self.name, self.device, self.inode = name, device, inode


class AnswerIsNo(ContactsyncError):  # noqa: N818 - nothing is wrong
    """The command is valid but cannot be granted. Exit status 1, nothing changed."""


class FoldersMissing(ContactsyncError):  # noqa: N818 - nothing failed: `contactsync init` has not been run
    """The account has no folders at `path`; `contactsync init` makes them."""

    def __init__(self, path: Path) -> None:
        """`path` is the missing folder directly below the home: `contacts/` or `reporting/`."""
        super().__init__(f"there is no {path}: run contactsync init")
        self.path = path


class HomeChanged(Retryable):
    """The home is reached through a link, is another folder than before, or another account's: it is left alone.

    str() is the reason, which begins with "its home".
    """

    def __init__(self, reason: str, *, linked: bool = False, taken: bool = False) -> None:
        """`linked`: the way to the home leads through a link. `taken`: it is the home of another account."""
        super().__init__(reason)
        self.linked, self.taken = linked, taken

    def fix(self, account: str) -> str:
        """The command with which an operator allows the account's home."""
        if self.linked or self.taken:
            return f"contactsync account set {account} --home …"
        return f"contactsync init {account} --accept-home"


class AccountBusy(Exception):  # noqa: N818 - not an error: another daemon has the account
    """Another process works on this account's deposits."""
