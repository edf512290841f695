"""An account: a row of `contactsync.account`. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

Dedup = Literal["none", "triplet", "reference"]
Encoding = Literal["auto", "iso-8859-1", "utf-8"]
BlankCells = Literal["keep", "clear"]
PhoneCheck = Literal["possible", "valid"]
SyntaxErrors = Literal["refuse", "skip"]
Headers = Literal["known", "protocol"]
Language = Literal["fr", "en"]
DateOrder = Literal["dmy", "mdy"]
Repeats = Literal["warn", "apply", "refuse"]
ResultPages = Literal["needed", "always", "never"]

SEPARATORS = (";", ",", "|", "\t")
"""The characters that may separate an account's columns (protocol 2)."""

AUTO = "auto"
"""Instead of a separator: the header line of each file decides."""


@dataclass(frozen=True, slots=True)
class Account:
    """A row of `contactsync.account`; every change of the row raises `revision`.

    `separator` may be `AUTO`. `header_map` has the account's own headers as `Portable=Mobile`, the preferred first.
    """

    account_id: int
    name: str
    home: str | None
    unix_user: str | None
    unix_group: str | None
    separator: str
    dedup: Dedup
    field_labels: tuple[str | None, ...]
    region: str
    time_zone: str
    encoding: Encoding
    blank_cells: BlankCells
    phone_check: PhoneCheck
    syntax_errors: SyntaxErrors
    language: Language
    revision: int
    headers: Headers = "known"
    header_map: tuple[str, ...] = ()
    date_order: DateOrder = "dmy"
    disabled_at: datetime | None = None
    # None: the daemon's own setting.
    settle_seconds: float | None = None
    grace_seconds: float | None = None
    repeats: Repeats = "warn"
    # The most contacts that one file may remove; None: no limit.
    max_removals: int | None = None
    max_removal_percent: float | None = None

    @property
    def disabled(self) -> bool:
        """Whether the daemon leaves it alone, because an operator said so."""
        return self.disabled_at is not None

    @property
    def written_separator(self) -> str:
        """The separator of the files that we write for the account, and of its examples."""
        return SEPARATORS[0] if self.separator == AUTO else self.separator

    def home_under(self, ftp_root: Path) -> Path:
        """The account's FTP home: its own, or the folder with its name below the FTP root (protocol 1)."""
        return Path(self.home) if self.home else ftp_root / self.name
