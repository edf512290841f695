"""Writes a day's reactions from PostgreSQL into zips, row by row: memory does not grow with their number (protocol 5.6).

The server makes the CSV (`COPY … TO STDOUT`); this module adds the header line, the encoding and the zip. A file's
encoding is known only at its end, so each file waits in a temporary file. A day is read in one transaction, so its
zips agree. The same data give the same bytes.
"""

from __future__ import annotations

import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from psycopg import IsolationLevel, sql

from contactsync.database import statements
from contactsync.database.connection import Connection
from contactsync.domain.account import Account
from contactsync.domain.columns import KEYS
from contactsync.domain.errors import ContactsyncError
from contactsync.domain.formulas import APOSTROPHE, SIGNS
from contactsync.reports import csv_text
from contactsync.reports.archives import Archive, Campaign, archives
from contactsync.reports.builds import SPOOL_PREFIX
from contactsync.reports.days import Day
from contactsync.reports.folder import Build
from contactsync.reports.phone_text import Formatted

CHUNK_BYTES = 1 << 18
SPOOL_BYTES = 1 << 21
"""A longer CSV waits on disk, in the folder where its zip is built."""

# The first year that a zip's timestamps can hold.
_OLDEST = 1980

# E.164 begins with a plus and is not a formula.
_ALWAYS_NUMBERS = ("phone", "mobile")

# A fax number is stored as typed.
_NUMBER = r"^\+[0-9 ().\/-]*$"


class Interrupted(ContactsyncError):  # noqa: N818 - nothing is wrong
    """The daemon is stopping: the day is not published and stays due."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What was written: the number of campaigns, of CSV files, and of rows in them, the daily zip included.

    `lossy` counts the files in which `?` replaces a character that the account's pinned encoding lacks. `reactions`
    and `reaction_ids` recognise the day's reactions: their number and the sum of their ids.
    """

    campaigns: int
    files: int
    rows: int
    lossy: int
    reactions: int = 0
    reaction_ids: Decimal = Decimal()


@dataclass(slots=True)
class Writer:
    """Writes the zips of one account's days over one connection."""

    conn: Connection
    account: Account
    daily_name: str
    defuse: bool
    spaced_phones: bool = True
    stopping: Callable[[], bool] = lambda: False
    _formatted: Formatted = field(default_factory=Formatted)
    # Around each phone number in the server's CSV. Random, so that no cell can contain it.
    _mark: bytes = field(default_factory=lambda: b"\x02" + secrets.token_hex(8).encode())

    def write(self, day: Day, build: Build) -> Contents:
        """Write all zips of a day. Raises Interrupted, OSError, psycopg.Error."""
        self.conn.isolation_level, self.conn.read_only = IsolationLevel.REPEATABLE_READ, True
        try:
            with self.conn.transaction():
                campaigns = self._campaigns(day)
                planned = archives(day.date, campaigns, self.daily_name)
                written = [self._archive(day, archive, build) for archive in planned]
                counted = self.conn.execute(statements.get("reports/count"), self._bounds(day)).fetchone()
        finally:
            if not self.conn.closed:
                self.conn.isolation_level, self.conn.read_only = None, None
        assert counted
        return Contents(
            campaigns=len(campaigns),
            files=sum(len(archive.files) for archive in planned),
            rows=sum(rows for rows, _ in written),
            lossy=sum(lossy for _, lossy in written),
            **counted,
        )

    def _campaigns(self, day: Day) -> list[Campaign]:
        rows = self.conn.execute(statements.get("reports/campaigns"), self._bounds(day) | {"day": day.date})
        return [
            Campaign(row["campaign_id"], row["name"], tuple(row["media"]), frozenset(row["recorded"]))
            for row in rows
        ]

    def _bounds(self, day: Day) -> dict[str, Any]:
        return {"account_id": self.account.account_id, "since": day.since, "until": day.until}

    def _archive(self, day: Day, archive: Archive, build: Build) -> tuple[int, int]:
        """Write one zip. Returns its number of rows and of lossy files."""
        rows = lossy = 0
        with build.create(archive.name) as file, ZipFile(file, "w") as into:
            for pair in archive.files:
                with tempfile.SpooledTemporaryFile(
                    SPOOL_BYTES, prefix=SPOOL_PREFIX, dir=str(build.path)
                ) as spool:
                    text = _Text(spool)
                    text.add(csv_text.header_line(self.account).encode())
                    if pair in archive.recorded:
                        for chunk, count in self._rows(day, archive, pair):
                            text.add(chunk)
                            rows += count
                    encoding = csv_text.file_encoding(self.account.encoding, western=text.western)
                    self._pack(into, _entry(pair, day.date, text.size), text, encoding)
                lossy += encoding.lossy
        return rows, lossy

    def _pack(self, into: ZipFile, entry: ZipInfo, text: _Text, encoding: csv_text.FileEncoding) -> None:
        with into.open(entry, "w") as packed:
            packed.write(encoding.bom)
            for chunk in text.chunks():
                self._pause()
                packed.write(encoding.encode(chunk))

    def _rows(self, day: Day, archive: Archive, pair: str) -> Iterator[tuple[bytes, int]]:
        """Yield the rows of one file as CSV in UTF-8: chunks of whole rows, each with its number of rows."""
        medium, _, kind = pair.partition("_")
        marked = self._mark.decode() if self.spaced_phones else ""
        columns = _columns(defuse=self.defuse, phone_mark=marked)
        statement = statements.get("reports/contacts").format(columns=columns)
        what = self._bounds(day) | {
            "medium": medium,
            "kind": kind,
            "separator": self.account.written_separator,
        }
        what["campaigns"] = list(archive.campaigns)
        with self.conn.cursor() as cursor, cursor.copy(statement, what) as copy:
            held, size = list[bytes](), 0
            for row in copy:
                held.append(bytes(row))
                size += len(held[-1])
                if size >= CHUNK_BYTES:
                    self._pause()
                    yield self._spaced(b"".join(held)), len(held)
                    held, size = [], 0
            yield self._spaced(b"".join(held)), len(held)

    def _spaced(self, rows: bytes) -> bytes:
        """The rows with their marked phone numbers as a spreadsheet leaves them alone."""
        parts = rows.split(self._mark)
        parts[1::2] = map(self._formatted.__getitem__, parts[1::2])
        return b"".join(parts)

    def _pause(self) -> None:
        if self.stopping():
            raise Interrupted("the daemon is stopping")


class _Text:
    """A CSV file being built, as UTF-8 in a temporary file."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        # Sizes of the chunks; each chunk holds whole characters.
        self._sizes = list[int]()
        self.western = True

    @property
    def size(self) -> int:
        return sum(self._sizes)

    def add(self, chunk: bytes) -> None:
        self._spool.write(chunk)
        self._sizes.append(len(chunk))
        self.western = self.western and csv_text.has_western_bytes(chunk)

    def chunks(self) -> Iterator[bytes]:
        self._spool.seek(0)
        return (self._spool.read(size) for size in self._sizes)


def _entry(pair: str, day: date, size: int) -> ZipInfo:
    """Return a file's entry in the zip. Nothing in it depends on when or where the zip is built."""
    entry = ZipInfo(f"{pair}.csv", (max(day.year, _OLDEST), day.month, day.day, 0, 0, 0))
    entry.compress_type = ZIP_DEFLATED
    # Unix, whatever system builds the zip.
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | 0o644) << 16
    # An upper limit: zipfile must know beforehand whether the entry needs zip64.
    entry.file_size = size
    return entry


def _columns(*, defuse: bool, phone_mark: str) -> sql.Composable:
    """Return the 31 columns as text. With `defuse`, formulas get an apostrophe (`domain/formulas.py`).

    `phone_mark` is put around phone numbers.
    """
    return sql.SQL(", ").join(_column(key, phone_mark, defuse=defuse) for key in KEYS)


def _column(key: str, phone_mark: str, *, defuse: bool) -> sql.Composable:
    if key == "birth_date":
        # The first of the accepted forms (protocol 3).
        return sql.SQL("to_char(birth_date, 'DD/MM/YYYY')")
    if key in _ALWAYS_NUMBERS:
        if not phone_mark:
            return sql.Identifier(key)
        return sql.SQL("{mark} || {key} || {mark}").format(key=sql.Identifier(key), mark=phone_mark)
    return _defused(key) if defuse else sql.Identifier(key)


def _defused(key: str) -> sql.Composable:
    safe = sql.SQL("fax ~ {} OR ").format(_NUMBER) if key == "fax" else sql.SQL("")
    return sql.SQL(
        "CASE WHEN {safe} left(ltrim({key}, {mark}), 1) <> ALL ({signs}) THEN {key} ELSE {mark} || {key} END"
    ).format(safe=safe, key=sql.Identifier(key), mark=APOSTROPHE, signs=list(SIGNS))
