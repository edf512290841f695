"""The end of a zip: where its directory is, or what a transfer did to the file (protocol 1, 2). Pure.

The directory is found from the end of the file, as unzip does. So bytes before and after the zip do not matter.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from contactsync.domain.errors import FileRefused

# PKWARE APPNOTE 4.3.16
_RECORD = struct.Struct("<4s4H2LH")
# APPNOTE 4.3.15: directly before the end record
_LOCATOR64 = struct.Struct("<4sLQL")
# APPNOTE 4.3.14
_RECORD64 = struct.Struct("<4sQ2H2L4Q")

_TAIL_BYTES = _RECORD.size + 0xFFFF
"""The end record and the longest comment."""

# APPNOTE 4.4.1.4: the value is in the ZIP64 record.
_ELSEWHERE_16, _ELSEWHERE_32 = 0xFFFF, 0xFFFFFFFF

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ZipEnd:
    """What the end of a zip declares. `entries` is only a claim; `directory_start` is the directory's place in the file.

    `foreign_bytes` are before the zip: the offsets in its directory are that much too small.
    """

    entries: int
    directory_start: int
    directory_bytes: int
    foreign_bytes: int


@dataclass(frozen=True, slots=True)
class _Record:
    """The values of the end record and the place where the directory ends."""

    entries: int
    directory_start: int
    directory_bytes: int
    end: int


def locate(file: BinaryIO) -> ZipEnd | None:
    """The end of the zip in `file`, or None if there is none or it does not fit the file.

    Reads at most the last 65,633 bytes of the file, so it may be asked about any file.
    """
    record = _read_record(file)
    if record is None:
        return None
    foreign_bytes = record.end - record.directory_start - record.directory_bytes
    start = record.end - record.directory_bytes
    if foreign_bytes < 0 or start < 0:
        return None
    file.seek(start)
    if record.directory_bytes and file.read(4) != b"PK\x01\x02":
        return None
    return ZipEnd(record.entries, start, record.directory_bytes, foreign_bytes)


def damage(file: BinaryIO) -> FileRefused:
    """Why a zip cannot be read: `zip_truncated`, `zip_ascii_mode` if a transfer changed line ends, or `zip_damaged`."""
    record = _read_record(file)
    lone_lf, crlf = _line_ends(file)
    if crlf and not lone_lf:
        return FileRefused("zip_ascii_mode")
    if record is None:
        return FileRefused("zip_truncated")
    claims_a_place = _ELSEWHERE_32 not in (record.directory_start, record.directory_bytes)
    shrunk = claims_a_place and record.directory_start + record.directory_bytes > record.end
    return FileRefused("zip_ascii_mode" if shrunk and not crlf else "zip_damaged")


def _read_record(file: BinaryIO) -> _Record | None:
    size = file.seek(0, os.SEEK_END)
    tail_start = max(size - _TAIL_BYTES, 0)
    file.seek(tail_start)
    tail = file.read(_TAIL_BYTES)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _RECORD.size:
        return None
    *_, entries, directory_bytes, start, _comment = _RECORD.unpack_from(tail, place)
    plain = _Record(entries, start, directory_bytes, tail_start + place)
    return _with_zip64(file, plain)


def _with_zip64(file: BinaryIO, plain: _Record) -> _Record:
    """The record with the values of a ZIP64 record, which streaming writers add whether it is needed or not."""
    located = _unpacked(file, _LOCATOR64, plain.end - _LOCATOR64.size, b"PK\x06\x07")
    if located is None:
        return plain
    # Foreign bytes before the zip make the locator's own offset wrong; this place is right unless the record is longer.
    for place in (plain.end - _LOCATOR64.size - _RECORD64.size, located[2]):
        if found := _unpacked(file, _RECORD64, place, b"PK\x06\x06"):
            entries, directory_bytes, start = found[-3:]
            return _Record(
                entries if plain.entries == _ELSEWHERE_16 else plain.entries,
                start if plain.directory_start == _ELSEWHERE_32 else plain.directory_start,
                directory_bytes if plain.directory_bytes == _ELSEWHERE_32 else plain.directory_bytes,
                place,
            )
    return plain


def _unpacked(file: BinaryIO, form: struct.Struct, place: int, magic: bytes) -> tuple[int, ...] | None:
    """What is at a place of the file if it begins with `magic`."""
    try:
        file.seek(place)
        found = form.unpack(file.read(form.size))
    # A place that no file has, or that is past the end of this one.
    except (OSError, OverflowError, ValueError, struct.error):
        return None
    return found if found[0] == magic else None


def _line_ends(file: BinaryIO) -> tuple[int, int]:
    """How many LF have no CR before them, and how many have one.

    Compressed bytes have both kinds by chance. A transfer in ASCII mode leaves only one of them.
    """
    file.seek(0)
    lone, paired, last = 0, 0, b""
    while block := file.read(_BLOCK_BYTES):
        pairs = block.count(b"\r\n") + (last == b"\r" and block[:1] == b"\n")
        paired += pairs
        lone += block.count(b"\n") - pairs
        last = block[-1:]
    return lone, paired
