"""The vocabulary of a deposit: actions, media, modes, the identity of its file, counts. Pure."""

from __future__ import annotations

import enum
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from contactsync.domain import names

Medium = Literal["EMAIL", "SMS", "VOICE", "VOICEMAIL"]
Kind = Literal["import", "optout", "optin", "delete"]
Settled = Literal["ok", "ko"]

MEANS_OF: MappingProxyType[str, str] = MappingProxyType(
    {"EMAIL": "email", "SMS": "mobile", "VOICE": "phone", "VOICEMAIL": "mobile"}
)
"""The column by which each medium reaches a contact (protocol 4)."""


@dataclass(frozen=True, slots=True)
class Action:
    """What the rows of a deposit request; `name` is also the folder's name."""

    name: str
    kind: Kind
    medium: Medium | None = None

    @property
    def means(self) -> str:
        """The medium's column; only opt-out and opt-in have one."""
        return MEANS_OF[self.medium or ""]


_MEDIA: tuple[Medium, ...] = ("EMAIL", "SMS", "VOICE", "VOICEMAIL")
ACTIONS: MappingProxyType[str, Action] = MappingProxyType(
    {
        action.name: action
        for action in (
            Action("import", "import"),
            *(Action(f"optout{medium}", "optout", medium) for medium in _MEDIA),
            *(Action(f"optin{medium}", "optin", medium) for medium in _MEDIA),
            Action("delete", "delete"),
        )
    }
)


class Mode(enum.IntEnum):
    """How an import treats the list that is named after its file (protocol 4)."""

    CREATE = 1
    ADD = 2
    SYNC = 3


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What changes when a file is touched; times are nanoseconds since 1970."""

    device: int
    inode: int
    mode: int
    links: int
    size: int
    mtime: int
    ctime: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileIdentity:
        """The identity in a stat result."""
        return cls(
            status.st_dev,
            status.st_ino,
            status.st_mode,
            status.st_nlink,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )

    @property
    def is_plain(self) -> bool:
        """A regular file with one name: nothing else is ever opened."""
        return stat.S_ISREG(self.mode) and self.links == 1

    def refusal(self, max_bytes: int) -> str | None:
        """Why the file must not be opened for copying, as a key of `reasons.REASONS`, or None (protocol 1)."""
        if not stat.S_ISREG(self.mode):
            return "not_a_file"
        if self.links > 1:
            return "hard_link"
        return "file_too_large" if self.size > max_bytes else None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file in `in/`, as it was when the folder was read."""

    action: Action
    name: bytes
    identity: FileIdentity

    @property
    def place(self) -> tuple[int, str, bytes]:
        """Sorts an account's files in the order in which they are claimed: by deposit date (protocol 4)."""
        return (self.identity.ctime, self.action.name, self.name)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A deposit in `on/`, under the name it keeps.

    `name` is the uploader's name for it. `sha256` (hex) is None if the file was not copied; `refusal` is then
    the code of the reason. Names are bytes, as on disk. `asked_at` is when the upload ended, if `deposited_at` is a
    later second that was free; for consent, that second would make the request younger than it is.
    """

    action: Action
    name: bytes
    claimed_name: bytes
    deposited_at: datetime
    size_bytes: int
    sha256: str | None
    refusal: str | None
    mode: Mode | None
    several_markers: bool = False
    # Which folder `on/` it is in, as `spool.place` describes it; None if it is unknown.
    place: Mapping[str, Any] | None = field(default=None, compare=False)
    asked_at: datetime | None = None

    @property
    def is_check(self) -> bool:
        """Whether it is only checked, and its effects are rolled back (protocol 4)."""
        return names.is_check(self.name)


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of a deposit (protocol 7): `rows_read = rows_applied + rows_rejected`."""

    rows_read: int = 0
    rows_applied: int = 0
    rows_rejected: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0


RELEASABLE = ("repeated_file", "too_many_removals")
"""The reasons of deposits that are applied once they are confirmed."""
